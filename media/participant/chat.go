package participant

import (
	"errors"
	"sync"

	"golang.org/x/text/unicode/norm"

	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/sframe"
)

// chat seals and opens lines (PROTOCOL.md section 8): frames of stream 0, over the control session.
type chat struct {
	ring   *keyring
	seen   *sframe.Seen
	sender *sframe.Sender
	clock  clock

	mu        sync.Mutex // over both below
	e2ee      bool
	receivers map[e2ee.J]*sframe.Receiver // by who the server says has sent it
}

func newChat(r *room) (*chat, error) {
	sender, err := r.streams.Chat()
	if err != nil {
		return nil, err
	}
	r.ring.add(sender)
	return &chat{ring: r.ring, seen: r.seen, sender: sender, clock: r.clock, e2ee: r.e2ee, receivers: map[e2ee.J]*sframe.Receiver{}}, nil
}

// seal makes the frame of a line, for one member or for everyone.
func (c *chat) seal(text string, to *e2ee.J) ([]byte, error) {
	line := &e2ee.ChatLine{Text: norm.NFC.String(text)}
	if to != nil {
		line.To = to[:]
	}
	plain := e2ee.EncodeControl(line)
	if _, err := e2ee.DecodeChatLine(plain); err != nil {
		return nil, err
	}
	return c.sender.Seal(nil, c.clock.now(), 0, plain)
}

var errLine = errors.New("participant: the line is not by who the server says")

// open opens a frame that the server says is by j. Data of the frame is the plaintext.
func (c *chat) open(j e2ee.J, frame []byte) (l e2ee.ChatLine, f sframe.Frame, err error) {
	if !c.ring.has(j) { // so that receivers are bounded
		return l, f, sframe.NoMember
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.receivers[j]
	if r == nil {
		r = sframe.NewReceiver(c.ring, c.seen, c.e2ee)
		c.receivers[j] = r
	}
	f, err = r.Open(nil, frame)
	switch {
	case err != nil:
		return l, f, err
	case e2ee.J(f.Join) != j || f.Stream != 0:
		delete(c.receivers, j) // it has become another's
		return l, f, errLine
	}
	l, err = e2ee.DecodeChatLine(f.Data)
	return l, f, err
}

// forget drops the receivers of who is gone.
func (c *chat) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for j, r := range c.receivers {
		if !c.ring.has(j) {
			r.Close()
			delete(c.receivers, j)
		}
	}
}

// upgrade makes all receivers refuse the server's key, for good.
func (c *chat) upgrade() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.e2ee = true
	for _, r := range c.receivers {
		r.Upgrade()
	}
}

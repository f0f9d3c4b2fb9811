package participant

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/franking"
)

// Config is who takes part, and how.
type Config struct {
	Link   Link
	Name   string       // that a guest goes by; an account's is the server's word
	Folder string       // where the device's key and lasting notes are, for this participant alone; made if it is not there
	Host   bool         // this device made the meeting: it leads if it is end-to-end encrypted and nobody does
	HTTP   *http.Client // signed in with an account, by its cookies; nil for a guest
	Sink   Sink         // takes what others send; nil if nothing is to be received
	Ring   bool         // what was received is kept for reports, as on a host's device, for as long as the meeting's window (Participant.Window)
	Log    *slog.Logger // nil for none

	random io.Reader // nil for the system's; tests look at what is drawn
}

// Times of the participant's own.
const (
	tickEvery  = 200 * time.Millisecond // what the protocol wants done within 2 s is done
	goodbye    = 2 * time.Second        // for the last words to be sent
	mediaPause = time.Second            // before the media server is tried again
	maxUnseen  = 100                    // posts that are kept until they have come back
	maxEvents  = 1024
)

// Participant is one join of a meeting, until Ended. Its methods may be called from many goroutines.
type Participant struct {
	cfg     Config
	log     *slog.Logger
	folder  *folder
	events  chan Event
	asks    chan func()
	done    chan struct{}
	session *session
	room    *room
	chat    *chat
	stamps  *stamps
	lines   *waitingLines
	device  *e2ee.Device
	kill    context.CancelFunc

	// Of run's goroutine alone.
	member  *e2ee.Member
	unseen  [][]byte // posts that have not come back from the board
	join    []byte   // the message of this join
	next    uint64   // the number of the board's entry that is due
	up      bool     // the session is
	timed   bool     // the clock was held against the server's
	last    Ended    // by another's word than the member's
	ctx     context.Context
	pending sync.WaitGroup

	mu   sync.Mutex // over view
	view View
}

// Join asks the server to vouch for the device, opens the meeting, and gives the participant that goes on until ctx ends, Leave is
// called, or the meeting is over for it. It returns before anybody has let it in: the events tell.
func Join(ctx context.Context, cfg Config) (*Participant, error) {
	p := &Participant{cfg: cfg, log: cfg.Log, events: make(chan Event, maxEvents), asks: make(chan func()), done: make(chan struct{}), next: 1}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if p.cfg.HTTP == nil {
		p.cfg.HTTP = http.DefaultClient
	}
	if p.cfg.random == nil {
		p.cfg.random = rand.Reader
	}
	var err error
	if p.folder, err = openFolder(cfg.Folder, cfg.Link.Server); err != nil {
		return nil, err
	}
	device, err := p.folder.device()
	if err != nil {
		return nil, err
	}
	certificate, identity, err := p.certify(ctx, device)
	if err != nil {
		return nil, err
	}
	m, actions, err := e2ee.NewMember(e2ee.Config{Meeting: cfg.Link.Meeting, Device: device, Certificate: certificate, Identity: identity,
		Secret: cfg.Link.Secret, Host: cfg.Host, Rand: p.cfg.random, Memory: p.folder}, now())
	if err != nil {
		return nil, fmt.Errorf("making a join: %w", err)
	}
	p.member, p.device = m, device
	if err := p.open(device, certificate); err != nil {
		return nil, err
	}
	ctx, p.kill = context.WithCancel(ctx)
	p.ctx = ctx
	p.perform(actions)
	go p.run(ctx)
	return p, nil
}

func now() uint64 { return uint64(time.Now().UnixMilli()) }

// certify gets the device's certificate, and holds who signed it against the identity keys that this folder knows for the server.
func (p *Participant) certify(ctx context.Context, device *e2ee.Device) (certificate []byte, identity []e2ee.Key, err error) {
	certificate, key, err := fetchCertificate(ctx, p.cfg.HTTP, p.cfg.Link, device.Key, p.cfg.Name)
	if err != nil {
		return nil, nil, err
	}
	if _, err := e2ee.OpenCertificate(certificate, []e2ee.Key{key}, device.Key, p.cfg.Link.Meeting, now()); err != nil {
		return nil, nil, fmt.Errorf("the server's certificate does not hold: %w", err)
	}
	if identity, err = p.folder.identities(); err != nil {
		return nil, nil, fmt.Errorf("reading the server's identity keys: %w", err)
	}
	if len(identity) == 0 {
		if err := p.folder.accept(key); err != nil {
			return nil, nil, fmt.Errorf("keeping the server's identity key: %w", err)
		}
	} else if !slices.Contains(identity, key) {
		p.tell(IdentityChanged{key})
	}
	if !slices.Contains(identity, key) {
		identity = append(identity, key)
	}
	return certificate, identity, nil
}

// open makes the parts that the participant talks through.
func (p *Participant) open(device *e2ee.Device, certificate []byte) (err error) {
	p.session = newSession(p.cfg.Link, p.cfg.HTTP, func(w *e2ee.Welcome) []byte {
		return e2ee.EncodeControl(&e2ee.Hello{Certificate: certificate, Proof: device.Prove(p.cfg.Link.Meeting, w.Nonce)})
	})
	ring := newKeyring(p.cfg.Link.Meeting, p.member.J())
	p.stamps, p.lines = newStamps(p.cfg.Ring), newWaitingLines(p.tell)
	p.room = newRoom(ring, encrypted(p.member), p.sink(), p.log, p.mediaLost)
	p.chat, err = newChat(p.room)
	return err
}

// run owns the member.
func (p *Participant) run(ctx context.Context) {
	session, end := context.WithCancel(context.WithoutCancel(ctx)) // outlives ctx, for the last words
	p.pending.Go(func() { p.session.run(session) })
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	batch := time.NewTicker(batchEvery)
	defer batch.Stop()
	for p.member.State() != e2ee.Out {
		select {
		case m := <-p.session.in:
			p.received(m)
		case <-tick.C:
			p.step(e2ee.Tick{})
		case <-batch.C:
			p.batch()
			p.lines.tick(time.Now())
		case f := <-p.asks:
			f()
		case <-ctx.Done():
			p.step(e2ee.Leaving{})
		}
	}
	p.room.close()
	p.batch()
	p.stamps.forget()
	p.lines.close()
	p.farewell()
	p.kill()
	end()
	close(p.done)
	p.pending.Wait()
	cause, words := p.member.Ended()
	if p.last == (Ended{}) {
		p.last = Ended{string(cause), words}
	}
	p.tell(p.last)
	close(p.events)
}

// farewell waits until the last posts have come back, so that the others need not wait for this join's silence.
func (p *Participant) farewell() {
	if p.abandoned() {
		return
	}
	over := time.After(goodbye)
	for p.up && len(p.unseen) > 0 {
		select {
		case m := <-p.session.in:
			p.received(m)
		case <-over:
			return
		}
	}
}

// received takes what the control session brings.
func (p *Participant) received(message any) {
	switch m := message.(type) {
	case *sessionUp:
		p.stamps.keep(m.Welcome.Window)
		p.resume()
	case *sessionDown:
		p.up = false
		p.stamps.batches.Lost()
		p.tell(Session{Err: m.Err})
	case *e2ee.Entry:
		p.entry(m)
	case e2ee.Event: // *e2ee.LiveMessage, *e2ee.Grant, *e2ee.Roster
		p.step(m)
	case *e2ee.LineFrom:
		p.line(m)
	case *e2ee.Stamped:
		p.stamped(m)
	case *e2ee.Ticket:
		p.ticket(m)
	case *e2ee.Refused:
		p.refused(m)
	case *e2ee.Lobby:
		p.lobby(m)
	case *e2ee.Terms:
		p.tell(Terms{*m})
	case *e2ee.Phone:
		p.tell(Phone{*m})
	case *e2ee.Over:
		p.over(m)
	}
}

// resume begins a session, the first or after a loss: this join, what has not come back, and what was missed meanwhile.
func (p *Participant) resume() {
	p.up = true
	p.stamps.resumed()
	p.lines.resumed()
	p.tell(Session{Up: true})
	p.send(e2ee.EncodeControl(&e2ee.Post{Message: p.join}))
	for _, m := range p.unseen {
		if !bytes.Equal(m, p.join) {
			p.send(e2ee.EncodeControl(&e2ee.Post{Message: m}))
		}
	}
	p.send(e2ee.EncodeControl(&e2ee.Fetch{From: p.next}))
}

// entry takes an entry of the board. What this client posted has arrived with it.
func (p *Participant) entry(e *e2ee.Entry) {
	if e.Number == p.next {
		p.next++
	}
	p.unseen = slices.DeleteFunc(p.unseen, func(m []byte) bool { return bytes.Equal(m, e.Message) })
	if message, err := e2ee.DecodeMessage(e.Message); err == nil && message.Kind == "join" {
		p.stamps.noted(e.Message)
		if bytes.Equal(e.Message, p.join) && !p.timed {
			p.timed = true
			p.room.clock.meet(e.At)
		}
	}
	p.step(e)
}

// send puts a message into the session. While that is down it is lost, but for posts: resume sends those again.
func (p *Participant) send(m []byte) {
	if !p.up {
		return
	}
	select {
	case p.session.out <- m:
	default:
		p.session.again() // the server takes nothing any more
	}
}

// refused takes the server's no. What it will not put on the board is not sent again; without a join there is no part in a standard meeting.
func (p *Participant) refused(m *e2ee.Refused) {
	p.tell(Refused{m.What, m.Why})
	if m.What == "join" && !encrypted(p.member) {
		p.end(Ended{m.What, m.Why})
		return
	}
	first := slices.IndexFunc(p.unseen, func(data []byte) bool { // the server answers in order: an earlier one of the kind has had its answer
		message, err := e2ee.DecodeMessage(data)
		return err == nil && message.Kind == m.What
	})
	if first >= 0 {
		p.unseen = slices.Delete(p.unseen, first, first+1)
	}
}

// end ends this participant's part by another's word than the member's.
func (p *Participant) end(why Ended) {
	p.last = why
	p.unseen = nil
	p.step(e2ee.Leaving{})
}

// over is the server's last word. In an end-to-end encrypted meeting it is no authority, but nothing reaches this client any more
// (PROTOCOL.md section 10).
func (p *Participant) over(m *e2ee.Over) {
	if p.member.State() == e2ee.Out { // the board has said why
		return
	}
	why := Ended{m.Cause, m.Why}
	if encrypted(p.member) {
		why.Words = "The server ended this session: " + m.Why
	}
	p.end(why)
}

// step lets the member take an event, and does what it asks for.
func (p *Participant) step(e e2ee.Event) { p.perform(p.member.Step(now(), e)) }

func (p *Participant) perform(actions []e2ee.Action) {
	for _, a := range actions {
		p.act(a)
	}
	p.refresh()
}

func (p *Participant) act(action e2ee.Action) {
	switch a := action.(type) {
	case e2ee.PostEntry:
		p.post(a.Message)
	case e2ee.SendLive:
		p.send(e2ee.EncodeControl(&e2ee.LiveMessage{Signed: a.Signed}))
	case e2ee.FetchFrom:
		p.send(e2ee.EncodeControl(&e2ee.Fetch{From: a.From}))
	case e2ee.Install:
		p.seats() // of the list that names the epoch
		p.room.ring.install(a.Epoch)
	case e2ee.Drop:
		p.room.ring.drop(a.Name)
	case e2ee.Sending:
		p.room.ring.send(a.On)
	case e2ee.NewList:
		p.seats()
	case e2ee.Changed:
		p.turned(a)
	case e2ee.Knock:
		p.tell(Knock{a.Join.J, e2ee.Legible(a.Join.Certificate.Name), a.Join.Certificate.Guest()})
	case e2ee.Warning:
		p.tell(Warning{a.Code, a.About, a.Words})
	}
}

// post sends a message for the board and keeps it until it has come back.
func (p *Participant) post(m []byte) {
	if p.join == nil {
		p.join = m
	}
	if !slices.ContainsFunc(p.unseen, func(other []byte) bool { return bytes.Equal(other, m) }) {
		p.unseen = append(p.unseen, m)
	}
	if len(p.unseen) > maxUnseen {
		p.unseen = p.unseen[1:]
	}
	p.send(e2ee.EncodeControl(&e2ee.Post{Message: m}))
}

// turned notes another state. From a standard meeting on there is no way back for what opens frames either.
func (p *Participant) turned(c e2ee.Changed) {
	if c.To != e2ee.Standard && c.To != e2ee.Out {
		p.room.upgrade()
		p.chat.upgrade()
	}
	p.tell(StateChanged{c.From, c.To, c.Words})
}

// seats tells the keyring who the members are.
func (p *Participant) seats() {
	members := map[uint16]seat{}
	if l := p.member.List(); encrypted(p.member) && l != nil {
		for _, s := range l.Members {
			members[uint16(s.Index)] = p.seat(s.J)
		}
	} else if r := p.member.Roster(); !encrypted(p.member) && r != nil {
		for _, s := range r.Members {
			if s.Connector() || p.member.Join(s.J) != nil { // a person's join brings the device, which commitments name
				members[uint16(s.Index)] = p.seat(s.J)
			}
		}
	}
	p.room.ring.seats(members)
	p.chat.forget()
}

func (p *Participant) seat(j e2ee.J) seat {
	s := seat{join: j}
	if join := p.member.Join(j); join != nil {
		s.device = join.Device
	}
	return s
}

// refresh brings View up to date, and who the keyring takes for members: a roster may come before the joins that it names.
func (p *Participant) refresh() {
	v := viewOf(p.member)
	p.mu.Lock()
	same := sameView(p.view, v)
	p.view = v
	p.mu.Unlock()
	if same {
		return
	}
	p.seats()
	p.tell(ViewChanged{v})
}

func sameView(a, b View) bool {
	people := slices.Equal(a.People, b.People)
	a.People, b.People = nil, nil
	return people && a.State == b.State && a.E2EE == b.E2EE && a.Leads == b.Leads && a.Code == b.Code && a.Epoch == b.Epoch && a.Sending == b.Sending
}

// tell gives an event to whoever reads them.
func (p *Participant) tell(e Event) {
	select {
	case p.events <- e:
	default:
		p.log.Warn("an event is lost: nobody reads them", "event", fmt.Sprintf("%T", e))
	}
}

// lobby tells a host of a standard meeting who waits.
func (p *Participant) lobby(m *e2ee.Lobby) {
	if encrypted(p.member) || m.Meeting != p.cfg.Link.Meeting {
		return
	}
	l := *m
	l.Waiting = slices.Clone(m.Waiting)
	for i := range l.Waiting {
		l.Waiting[i].Name = e2ee.Legible(l.Waiting[i].Name)
	}
	p.tell(Lobby{l})
}

// ticket enters the media server's room.
func (p *Participant) ticket(t *e2ee.Ticket) {
	p.pending.Go(func() {
		err := p.room.connect(p.ctx, t.LiveKit, t.Token)
		switch {
		case errors.Is(err, errClosed) || p.ctx.Err() != nil:
		case err != nil:
			p.mediaFailed(err)
		default:
			p.tellSoon(Media{Up: true})
		}
	})
}

// mediaLost is called when the media server has ended the connection, or it is past mending.
func (p *Participant) mediaLost() {
	p.mediaFailed(errors.New("participant: the connection to the media server ended"))
}

// mediaFailed asks for a new ticket, which comes with a new session.
func (p *Participant) mediaFailed(err error) {
	p.tellSoon(Media{Err: err})
	time.AfterFunc(mediaPause, p.session.again)
}

// tellSoon is tell for other goroutines than run's, which closes the channel.
func (p *Participant) tellSoon(e Event) { _ = p.do(func() error { p.tell(e); return nil }) }

// abandoned tells whether this participant goes without a word, as one whose machine has stopped.
func (p *Participant) abandoned() bool { return p.last.Cause == abandon }

const abandon = "abandoned"

// Events tells what happens, until Ended, after which it is closed. Who falls 1,024 behind loses what comes then.
func (p *Participant) Events() <-chan Event { return p.events }

// J is the name of this join.
func (p *Participant) J() e2ee.J { return p.room.ring.join }

// View is how the meeting looks now.
func (p *Participant) View() View {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := p.view
	v.People = slices.Clone(v.People)
	return v
}

// Counts is what happened to frames so far.
func (p *Participant) Counts() Counts { return p.room.count() }

// Send begins to send a source of media. It is read at its own pace from now on, and sent whenever this participant may send.
func (p *Participant) Send(s franking.Source, from Source) error { return p.room.send(s, from) }

// Stop ends what Send began.
func (p *Participant) Stop(s franking.Source) { p.room.stop(s) }

// Mute holds a source's frames back; its clock goes on.
func (p *Participant) Mute(s franking.Source, on bool) { p.room.mute(s, on) }

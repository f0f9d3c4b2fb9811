package phone

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	"github.com/proffer/proffer/media/connector"
	"github.com/proffer/proffer/media/rtpframe"
)

const (
	tries     = 3                // PINs of one call
	patience  = 30 * time.Second // for each
	lobby     = 10 * time.Minute // for a host to let the caller in
	silence   = time.Minute      // without a packet: the caller is gone
	longestIn = 24 * time.Hour
	goodbye   = 10 * time.Second // to say it
	unheard   = 32 * time.Second // without an ACK: 64*T1 (RFC 3261, section 13.3.1.4)
)

var (
	errHungUp = errors.New("phone: the caller hung up")
	errSilent = no{sip.StatusRequestTimeout, "Nothing is heard of you any more"}
	errSlow   = no{sip.StatusRequestTimeout, "No PIN was entered"}
	errLobby  = no{sip.StatusRequestTimeout, "Nobody let you in"}
	errWrong  = no{sip.StatusForbidden, "No running meeting has this PIN"}
)

// call is one telephone call.
type call struct {
	server  *Server
	dialog  *sipgo.DialogServerSession
	tx      sip.ServerTransaction // of the INVITE
	contact sip.ContactHeader
	media   *media
	name    string
	ip      netip.Addr // that the caller sends sound to
	ctx     context.Context
	cancel  context.CancelCauseFunc

	once     sync.Once
	answered chan struct{} // closed when the INVITE has its final answer

	session, version atomic.Uint64 // of its descriptions
}

// describe is the answer to an offer of the caller's.
func (c *call) describe(o offer) []byte {
	c.session.CompareAndSwap(0, rand.Uint64N(1<<62)+1)
	return o.answer(netip.AddrPortFrom(c.ip, c.media.port()), c.session.Load(), c.version.Add(1))
}

// run is the whole call. pin is what was dialled at once, or "".
func (c *call) run(pin string) {
	defer c.server.forget(c)
	defer c.media.close()
	defer c.finish()
	var err error
	if pin != "" {
		err = c.direct(pin)
	} else if err = c.answer(); err == nil {
		err = c.asked()
	}
	c.hangUp(err)
}

// finish lets the INVITE's goroutine go.
func (c *call) finish() { c.once.Do(func() { close(c.answered) }) }

// direct takes a call whose PIN was dialled: it is answered once it is in the meeting, and refused without being answered.
func (c *call) direct(pin string) error {
	ctx, cancel := context.WithCancelCause(c.ctx)
	defer cancel(nil)
	context.AfterFunc(c.dialog.Context(), func() { cancel(errHungUp) }) // CANCEL
	_ = c.dialog.Respond(sip.StatusRinging, "Ringing", nil)
	meeting, ok := c.server.find(ctx, pin)
	if !ok {
		return errNoMeet
	}
	in, err := c.join(ctx, meeting)
	if err != nil {
		return err
	}
	defer in.leave()
	if err := c.answer(); err != nil {
		return err
	}
	return in.stay()
}

// answer answers the call, and waits until the caller knows.
func (c *call) answer() error {
	defer c.finish()
	defer time.AfterFunc(unheard, c.tx.Terminate).Stop() // the library would answer for ever
	defer context.AfterFunc(c.ctx, c.tx.Terminate)()
	c.media.mu.Lock()
	o := c.media.offer
	c.media.mu.Unlock()
	return c.dialog.RespondSDP(c.describe(o))
}

// asked asks for the PIN, and takes the caller into its meeting.
func (c *call) asked() error {
	tones := asking
	for range tries {
		pin, err := c.ask(tones)
		if err != nil {
			return err
		}
		meeting, ok := c.server.find(c.ctx, pin)
		if !ok {
			tones = append(append([]beep{}, wrong...), asking...)
			continue
		}
		in, err := c.join(c.ctx, meeting)
		if err != nil {
			return err
		}
		defer in.leave()
		return in.stay()
	}
	c.play(wrong)
	return errWrong
}

// ask plays tones over and over until a PIN has been entered, with or without # behind it.
func (c *call) ask(tones []beep) (pin string, err error) {
	var sound, said [frame]int16
	p := player{beeps: tones}
	err = errSlow
	ctx, cancel := context.WithTimeout(c.ctx, patience)
	defer cancel()
	every(ctx, func() bool {
		if !p.next(sound[:]) && pin == "" {
			p = player{beeps: asking}
		}
		c.media.play(sound[:])
		c.media.voice(said[:]) // nobody hears it
		for {
			select {
			case d := <-c.media.keys:
				p = player{}
				switch {
				case d == '#' && pin != "":
					err = nil
				case d == '*':
					pin = "" // begin again
				case d >= '0' && d <= '9':
					pin += string(d)
				}
			default:
				if len(pin) == PINLength {
					err = nil
				}
				return err != nil
			}
		}
	})
	if c.ctx.Err() != nil {
		return "", context.Cause(c.ctx)
	}
	return pin, err
}

// play plays beeps to their end.
func (c *call) play(beeps []beep) {
	p := player{beeps: beeps}
	var sound [frame]int16
	every(c.ctx, func() bool {
		more := p.next(sound[:])
		c.media.play(sound[:])
		return more
	})
}

// inside is a call that is in its meeting.
type inside struct {
	*caller
	call    *call
	bridge  *bridge
	release func()
}

// join takes the caller into a meeting.
func (c *call) join(ctx context.Context, meeting string) (*inside, error) {
	seat, err := c.sit(ctx, meeting)
	if err != nil {
		return nil, err
	}
	b, release := c.server.bridge(meeting)
	in := &inside{caller: &caller{media: c.media, tones: player{beeps: welcome}}, call: c, bridge: b, release: release}
	in.who, err = connector.Join(ctx, seat, connector.Options{Frame: func(f rtpframe.Frame) { b.hear(in.who, f) }, Log: c.server.config.Log})
	if err == nil {
		in.voice, err = in.who.Speak()
	}
	if err != nil {
		if in.who != nil {
			in.who.Leave()
		}
		release()
		c.server.config.Log.Error("a caller could not be taken into a meeting", "meeting", meeting, "err", err)
		return nil, no{sip.StatusServiceUnavailable, "The meeting cannot be reached, call again later"}
	}
	b.enter(in.caller)
	return in, nil
}

// sit takes a seat. Where a host has to let the caller in first, it hears that it waits.
func (c *call) sit(ctx context.Context, meeting string) (seat connector.Seat, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, lobby, errLobby)
	defer cancel()
	waits, done := context.WithCancel(context.Background())
	go func() {
		defer done()
		seat, err = c.server.config.Meetings.Sit(ctx, meeting, connector.Telephone, c.name)
	}()
	p := player{beeps: waiting}
	var sound, said [frame]int16
	every(waits, func() bool {
		if !p.next(sound[:]) {
			p = player{beeps: waiting}
		}
		c.media.play(sound[:])
		c.media.voice(said[:]) // nobody hears it
		return true
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, no{sip.StatusGlobalDecline, err.Error()}
	}
	return seat, nil
}

// stay lets the caller take part until somebody ends it, and tells why.
func (in *inside) stay() error {
	since := time.Now()
	look := time.NewTicker(5 * time.Second)
	defer look.Stop()
	for {
		select {
		case <-in.call.ctx.Done():
			return context.Cause(in.call.ctx)
		case <-in.who.Ended():
			return no{sip.StatusGlobalDecline, in.who.Why()}
		case <-look.C:
			if in.media.silent(since) > silence || time.Since(since) > longestIn {
				return errSilent
			}
		}
	}
}

func (in *inside) leave() {
	in.bridge.leave(in.caller)
	in.who.Leave()
	in.release()
}

// hangUp ends the call, with the reason in words: by a refusal while it is not answered, else by BYE.
func (c *call) hangUp(err error) {
	if err == nil || errors.Is(err, errHungUp) {
		return
	}
	n := errClosing
	errors.As(err, &n)
	if c.dialog.LoadState() < sip.DialogStateEstablished {
		_ = c.tx.Respond(n.response(c.dialog.InviteRequest)) // a caller who is gone needs no answer
		return
	}
	c.play(farewell)
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	bye := sip.NewRequest(sip.BYE, c.dialog.InviteRequest.Contact().Address)
	bye.SetTransport(c.dialog.InviteRequest.Transport())
	bye.AppendHeader(reason(n.status, n.words))
	if err := c.dialog.WriteBye(ctx, bye); err != nil {
		c.server.config.Log.Warn("a caller did not answer the end of the call", "err", err)
	}
}

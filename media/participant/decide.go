package participant

import (
	"errors"

	"github.com/proffer/proffer/media/e2ee"
)

// ErrEnded says that the meeting is over for this participant.
var ErrEnded = errors.New("participant: the meeting is over for this participant")

// errMode says that a decision means nothing in this kind of meeting.
var errMode = errors.New("participant: this cannot be decided in this kind of meeting")

// do lets the participant's own goroutine do something, and waits for it.
func (p *Participant) do(f func() error) error {
	answer := make(chan error, 1)
	select {
	case p.asks <- func() { answer <- f() }:
		return <-answer
	case <-p.done:
		return ErrEnded
	}
}

// decide takes a human's decision: to the member of an end-to-end encrypted meeting, or as an order to the server of a standard one.
// What it comes to, the events tell. Either may be nil where it means nothing.
func (p *Participant) decide(e e2ee.Event, o *e2ee.Order) error {
	return p.do(func() error {
		switch {
		case encrypted(p.member) && e != nil:
			p.step(e)
		case !encrypted(p.member) && o != nil:
			p.send(e2ee.EncodeControl(o))
		default:
			return errMode
		}
		return nil
	})
}

// Admit lets somebody in who waits.
func (p *Participant) Admit(j e2ee.J) error {
	return p.decide(e2ee.Admit{J: j}, &e2ee.Order{What: e2ee.OrderAdmit, J: j[:], On: true})
}

// Refuse keeps somebody out who waits.
func (p *Participant) Refuse(j e2ee.J) error {
	return p.decide(e2ee.Refuse{J: j}, &e2ee.Order{What: e2ee.OrderAdmit, J: j[:]})
}

// Remove takes somebody out.
func (p *Participant) Remove(j e2ee.J) error {
	return p.decide(e2ee.Remove{J: j}, &e2ee.Order{What: e2ee.OrderRemove, J: j[:], On: true})
}

// Lock says whether nobody is let in.
func (p *Participant) Lock(on bool) error {
	return p.decide(e2ee.Lock{On: on}, &e2ee.Order{What: e2ee.OrderLock, On: on})
}

// Lobby says whether who comes to a standard meeting waits until a host lets them in. In an end-to-end encrypted one they always do.
func (p *Participant) Lobby(on bool) error {
	return p.decide(nil, &e2ee.Order{What: e2ee.OrderLobby, On: on})
}

// CoHost makes somebody a host of a standard meeting beside this one, or takes that back.
func (p *Participant) CoHost(j e2ee.J, on bool) error {
	return p.decide(nil, &e2ee.Order{What: e2ee.OrderHost, J: j[:], On: on})
}

// Succession says who leads an end-to-end encrypted meeting when this leader is gone, in order.
func (p *Participant) Succession(order ...e2ee.J) error {
	return p.decide(e2ee.Succession{Order: order}, nil)
}

// HandOver lets a member lead an end-to-end encrypted meeting, and leaves.
func (p *Participant) HandOver(to e2ee.J) error { return p.decide(e2ee.HandOver{To: to}, nil) }

// EndForAll ends the meeting.
func (p *Participant) EndForAll() error {
	return p.decide(e2ee.EndForAll{}, &e2ee.Order{What: e2ee.OrderEnd, On: true})
}

// Record makes the server record a standard meeting, which everyone sees, or stop it.
func (p *Participant) Record(on bool) error {
	return p.decide(nil, &e2ee.Order{What: e2ee.OrderRecord, On: on})
}

// Upgrade makes a standard meeting end-to-end encrypted, for good, and carries these people over. Look at Terms before: there is no
// way back.
func (p *Participant) Upgrade(carry ...e2ee.J) error {
	return p.do(func() error {
		if encrypted(p.member) {
			return errMode
		}
		p.step(e2ee.GoE2EE{Carry: carry})
		return nil
	})
}

// Link is the link that others can join by. Of an upgraded meeting it is known as soon as this participant has its first key.
func (p *Participant) Link() (l Link) {
	l = p.cfg.Link
	_ = p.do(func() error {
		if secret, ok := p.member.Link(); ok {
			l.Secret = &secret
		}
		return nil
	})
	return l
}

// Say sends a line of chat to everyone.
func (p *Participant) Say(text string) error { return p.say(text, nil) }

// Whisper sends a line of chat that is shown to one member alone. Every member could read it.
func (p *Participant) Whisper(to e2ee.J, text string) error { return p.say(text, &to) }

func (p *Participant) say(text string, to *e2ee.J) error {
	frame, err := p.chat.seal(text, to)
	if err != nil {
		return err
	}
	return p.do(func() error {
		if !p.up {
			return errors.New("participant: the server cannot be reached now; say it again later")
		}
		p.send(e2ee.EncodeControl(&e2ee.Line{Frame: frame}))
		return nil
	})
}

// AcceptIdentity keeps the identity key that an IdentityChanged told of, after a human has heard of the change.
func (p *Participant) AcceptIdentity(key e2ee.Key) error { return p.folder.accept(key) }

// Leave leaves the meeting, and waits until the others have been told, or a few seconds.
func (p *Participant) Leave() {
	_ = p.do(func() error { p.step(e2ee.Leaving{}); return nil })
	<-p.done
}

// abandon ends everything at once and says nothing, as a crash would.
func (p *Participant) abandon() {
	_ = p.do(func() error {
		p.up = false
		p.end(Ended{abandon, "This participant was stopped."})
		return nil
	})
	<-p.done
}

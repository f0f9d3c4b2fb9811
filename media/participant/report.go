package participant

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/franking"
)

// ErrNoRing says that this participant keeps no ring: see Config.Ring.
var ErrNoRing = errors.New("participant: this participant keeps no ring to report from")

// errNobody is for a report about somebody whose join this client has not seen.
var errNobody = errors.New("participant: there is no join of that person")

// Frozen is what the ring held at one moment, while a human decides what of it to report.
type Frozen struct {
	by   *Participant
	clip *clip.Frozen
	at   time.Time
}

// Window is for how long devices of hosts keep what they received in this meeting, this one too if it keeps a ring; 0 before the server has said it.
func (p *Participant) Window() time.Duration {
	p.stamps.mu.Lock()
	defer p.stamps.mu.Unlock()
	return p.stamps.window
}

// Freeze keeps what the ring holds now. The ring goes on.
func (p *Participant) Freeze() (*Frozen, error) {
	s := p.stamps
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ring == nil {
		return nil, ErrNoRing
	}
	f := &Frozen{by: p, clip: s.ring.Freeze(time.Now()), at: time.Now()}
	s.frozen = append(s.frozen, f.clip)
	return f, nil
}

// Release forgets what was frozen.
func (f *Frozen) Release() {
	s := f.by.stamps
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = slices.DeleteFunc(s.frozen, func(c *clip.Frozen) bool { return c == f.clip })
}

// stampsCome is how long the stamps of the newest frames are waited for.
const stampsCome = time.Second

// Report makes the clip of one sender's camera and microphone, or screen and its sound, and the proof beside it. from and to are the sender's
// times in milliseconds; 0 and a large number are everything. It may be called after the participant has left.
func (f *Frozen) Report(ctx context.Context, sender e2ee.J, picture franking.Source, from, to uint64) (file, proof []byte, err error) {
	if err := f.wait(ctx); err != nil {
		return nil, nil, err
	}
	s := f.by.stamps
	s.mu.Lock()
	defer s.mu.Unlock()
	parties := f.parties(sender)
	if parties.Sender == nil || parties.Reporter == nil {
		return nil, nil, errNobody
	}
	return f.clip.Make(clip.Choice{Sender: sender, Picture: picture, From: from, To: to}, parties)
}

// Lines makes the file of what senders wrote in the chat, to everyone and to this participant, between their times from and to as Report has them. It may be
// called after the participant has left. clip.ErrNothing: none of them wrote anything then.
func (f *Frozen) Lines(ctx context.Context, senders []e2ee.J, from, to uint64) ([]byte, error) {
	if err := f.wait(ctx); err != nil {
		return nil, err
	}
	s := f.by.stamps
	s.mu.Lock()
	defer s.mu.Unlock()
	parties := f.parties(f.by.J())
	if parties.Reporter == nil {
		return nil, errNobody
	}
	var writers []clip.Writer
	for _, j := range senders {
		if s.joins[j] == nil {
			return nil, errNobody
		}
		writers = append(writers, clip.Writer{Join: j, Message: s.joins[j]})
	}
	return f.clip.MakeLines(writers, from, to, parties)
}

// wait lets the stamps of the newest frames come.
func (f *Frozen) wait(ctx context.Context) error {
	select {
	case <-time.After(time.Until(f.at.Add(stampsCome))):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// parties is who a report is by and about. stamps.mu is held.
func (f *Frozen) parties(sender e2ee.J) clip.Parties {
	return clip.Parties{Meeting: f.by.cfg.Link.Meeting, Reporter: f.by.stamps.joins[f.by.J()], Sender: f.by.stamps.joins[sender], Device: f.by.device.Key,
		Sign: f.by.device.Sign, Now: now()}
}

// Standing tells whether a stream may be shown now (PROTOCOL.md section 15). Frames of one that may not are handed to the sink all the same,
// marked so.
func (p *Participant) Standing(j e2ee.J, stream uint16) franking.Standing {
	return p.stamps.standing(j, stream)
}

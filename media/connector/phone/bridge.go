package phone

import (
	"context"
	"maps"
	"math"
	"sync"
	"time"

	"github.com/proffer/proffer/media/connector"
	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/rtpframe"
)

// tick is how long a frame of sound is.
const tick = 20 * time.Millisecond

// bridge joins the callers of one meeting with it and with each other: every 20 ms each caller is sent the sum of all that is said but
// by itself, and what it says goes into the meeting. One of the callers' participants, the ear, hears the others for all of them, so
// that every microphone is decoded once.
type bridge struct {
	mu      sync.Mutex // over all that follows
	callers map[[32]byte]*caller
	ear     *caller
	others  map[origin]*speaker // by the ear
	stop    context.CancelFunc  // of run, while there are callers
}

// origin is one microphone of the meeting.
type origin struct {
	join   [32]byte
	source franking.Source
}

// caller is one who is in the meeting.
type caller struct {
	media *media
	who   *connector.Participant
	voice *connector.Voice
	tones player // heard before everything else
	said  [frame]int16
	loud  bool // said is something
}

// maxSpeakers is of how many microphones a bridge takes sound at most.
const maxSpeakers = 256

func newBridge() *bridge {
	return &bridge{callers: map[[32]byte]*caller{}, others: map[origin]*speaker{}}
}

// enter lets a caller hear and be heard.
func (b *bridge) enter(c *caller) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.callers[c.who.Join()] = c
	if b.ear == nil {
		b.hearBy(c)
	}
	if b.stop == nil {
		var ctx context.Context
		ctx, b.stop = context.WithCancel(context.Background())
		go b.run(ctx)
	}
}

// leave takes a caller out. Another one hears for all then.
func (b *bridge) leave(c *caller) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.callers, c.who.Join())
	if b.ear == c {
		b.ear = nil
		for _, next := range b.callers {
			b.hearBy(next)
			break
		}
	}
	if len(b.callers) == 0 && b.stop != nil {
		b.stop()
		b.stop = nil
	}
}

// hearBy makes a caller's participant the ear. It is called with mu held.
func (b *bridge) hearBy(c *caller) {
	b.ear = c
	clear(b.others)
	go c.who.Listen(true) // sends messages
}

// hear takes what a caller's participant heard.
func (b *bridge) hear(by *connector.Participant, f rtpframe.Frame) {
	b.mu.Lock()
	s := b.speaker(by, f)
	b.mu.Unlock()
	if s != nil {
		s.take(f)
	}
}

// speaker is whose frame that is; nil where it is not to be heard. It is called with mu held.
func (b *bridge) speaker(by *connector.Participant, f rtpframe.Frame) *speaker {
	if b.ear == nil || b.ear.who != by || b.callers[f.Join] != nil { // a caller's own voice comes straight from its telephone
		return nil
	}
	o := origin{f.Join, f.Source}
	if s := b.others[o]; s != nil {
		return s
	}
	if len(b.others) >= maxSpeakers {
		maps.DeleteFunc(b.others, func(_ origin, s *speaker) bool { return s.silent() })
	}
	s, err := newSpeaker()
	if err != nil || len(b.others) >= maxSpeakers {
		return nil
	}
	b.others[o] = s
	return s
}

func (b *bridge) run(ctx context.Context) {
	every(ctx, func() bool { b.step(); return true })
}

// step is 20 ms of everything.
func (b *bridge) step() {
	b.mu.Lock()
	defer b.mu.Unlock()
	var sum [frame]int32
	for _, s := range b.others {
		s.add(sum[:])
	}
	for _, c := range b.callers {
		c.loud = c.media.voice(c.said[:])
		for i, x := range c.said {
			sum[i] += int32(x)
		}
	}
	for _, c := range b.callers {
		c.hear(&sum)
		if c.loud {
			c.voice.Send(encode(pcmu, c.said[:]), level(c.said[:]))
		}
	}
}

// hear plays the sum without what the caller said itself.
func (c *caller) hear(sum *[frame]int32) {
	var out [frame]int16
	if !c.tones.next(out[:]) {
		for i, x := range sum {
			out[i] = int16(min(math.MaxInt16, max(math.MinInt16, x-int32(c.said[i]))))
		}
	}
	c.media.play(out[:])
}

// every calls f every 20 ms by the clock on the wall, until it returns false or ctx is done. What is late is done at once, and what is
// very late is left out.
func every(ctx context.Context, f func() bool) {
	due := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if !f() {
			return
		}
		if due = due.Add(tick); time.Since(due) > 10*tick {
			due = time.Now()
		}
		timer.Reset(time.Until(due))
	}
}

package sframe

import (
	"errors"
	"sync"
	"testing"
)

var mic = KID{Term: 1, Epoch: 7, Index: 3, Stream: 1}

func TestSenderDrops(t *testing.T) {
	w := scenarioWorld()
	s := &Sender{stream: 1}
	var want Drops
	refuse := func(name string, d Drop, at uint64, what byte, frame string) {
		t.Helper()
		want[d]++
		if got, err := s.Seal([]byte("kept"), at, what, []byte(frame)); !errors.Is(err, d) || string(got) != "kept" {
			t.Errorf("%s: %q, %v; want %v", name, got, err, d)
		}
	}
	refuse("no key yet", NoKey, 1, opusMic, "sound")
	w.use(t, s, mic)
	refuse("a codec that is not there", BadWhat, 1, 0x51, "sound")
	refuse("a line of chat", BadWhat, 1, line, "hello")
	refuse("a frame that is shorter than its prefix", ShortFrame, 1, vp8Key, "ninebytes")
	refuse("a clock that is out of range", BadClock, maxTime, opusMic, "sound")
	s.counter = maxCounter - 1
	if _, err := s.Seal(nil, 1, vp8Key, []byte("ten bytes.")); err != nil {
		t.Errorf("the last counter: %v", err)
	}
	refuse("a stream that is spent", Spent, 1, opusMic, "sound")
	s.Stop()
	refuse("stopped", NoKey, 1, opusMic, "sound")
	if s.Drops() != want {
		t.Errorf("counted %v, want %v", s.Drops(), want)
	}
}

func TestSenderKeepsToItsStreamAndGoesForward(t *testing.T) {
	w := scenarioWorld()
	s := &Sender{stream: 1}
	for _, c := range []struct {
		kid KID
		err error
	}{
		{KID{Epoch: 9, Index: 3, Stream: 1}, nil},
		{KID{Term: 1, Epoch: 7, Index: 3, Stream: 2}, errStream},
		{KID{Term: 1, Epoch: 7, Index: 3, Stream: 1}, nil}, // the upgrade
		{KID{Epoch: 10, Index: 3, Stream: 1}, errBack},
		{KID{Term: 1, Epoch: 8, Index: 3, Stream: 1}, nil},
		{KID{Term: 1, Epoch: 7, Index: 3, Stream: 1}, errBack},
	} {
		key, frank, err := w.keys(c.kid)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Use(key, frank); !errors.Is(err, c.err) {
			t.Errorf("%v: got %v, want %v", c.kid, err, c.err)
		}
	}
}

// TestSenderTimeRises has a clock that stands still and goes back.
func TestSenderTimeRises(t *testing.T) {
	w := scenarioWorld()
	s, r := w.sender(t, mic), NewReceiver(w, &Seen{}, true)
	last := uint64(0)
	for _, at := range []uint64{0, 0, 100, 100, 50, 101, 102, 103, 104, 1} {
		b, err := s.Seal(nil, at, opusMic, []byte("sound"))
		if err != nil {
			t.Fatal(err)
		}
		f, err := r.Open(nil, b)
		if err != nil || f.Time <= last || f.Time < at {
			t.Errorf("captured at %d: %d after %d, %v", at, f.Time, last, err)
		}
		last = f.Time
	}
	if last != 107 {
		t.Errorf("the last time is %d", last)
	}
}

func TestStreamsGiveEachNumberOnce(t *testing.T) {
	var s Streams
	for want := 1; want < 1<<16; want++ {
		if got, err := s.Sender(); err != nil || int(got.Stream()) != want {
			t.Fatalf("got %v, %v; want %d", got, err, want)
		}
	}
	if got, err := s.Sender(); err == nil {
		t.Errorf("one more: %d", got.Stream())
	}
	if chat, err := s.Chat(); err != nil || chat.Stream() != 0 {
		t.Errorf("chat: %v, %v", chat, err)
	}
	if _, err := s.Chat(); err == nil {
		t.Error("a second chat")
	}
}

// TestOneSenderManyGoroutines seals on many at once, while the key changes: each counter is used once.
func TestOneSenderManyGoroutines(t *testing.T) {
	w := scenarioWorld()
	s := w.sender(t, mic)
	next := mic
	next.Epoch = 8
	var mu sync.Mutex
	seen := map[uint64]bool{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				b, err := s.Seal(nil, 1, opusMic, []byte("sound"))
				h, err2 := ParseHeader(b)
				mu.Lock()
				if err != nil || err2 != nil || seen[h.Counter] {
					t.Errorf("counter %d, %v, %v", h.Counter, err, err2)
				}
				seen[h.Counter] = true
				mu.Unlock()
			}
		})
	}
	w.use(t, s, next)
	all.Wait()
}

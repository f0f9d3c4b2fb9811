package sframe

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/proffer/proffer/media/franking"
)

// TestFramesOfEveryKind goes from a Sender to a Receiver, with everything that there is to send.
func TestFramesOfEveryKind(t *testing.T) {
	w := scenarioWorld()
	for what := range 256 {
		n, ok := prefixOf(byte(what))
		if want := franking.What(what).Valid() || what == line; ok != want {
			t.Errorf("what %#x: sframe says %v, franking %v", what, ok, want)
		}
		if !ok {
			continue
		}
		kid := mic
		if what == line {
			kid.Stream = 0
		}
		s, r := w.sender(t, kid), NewReceiver(w, &Seen{}, true)
		for size := n; size < n+40; size++ {
			frame := bytes.Repeat([]byte{byte(size)}, size)
			b, err := s.Seal(nil, 1, byte(what), frame)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(b[:n], frame[:n]) {
				t.Errorf("what %#x: the prefix is not clear", what)
			}
			f, err := r.Open(nil, b)
			if err != nil || !bytes.Equal(f.Data, frame) || f.What != byte(what) || f.KID != kid || f.Join != w.members[3] {
				t.Errorf("what %#x, %d bytes: %+v, %v", what, size, f, err)
			}
			h := franking.Header{Origin: w.origin(kid), Counter: f.Counter, Time: f.Time, What: franking.What(what)}
			if !franking.NewVerifier().Verify(&h, &f.Opening, &f.Commitment, frame) {
				t.Errorf("what %#x, %d bytes: the opening does not open the commitment", what, size)
			}
		}
	}
}

func TestModes(t *testing.T) {
	w := scenarioWorld()
	standard := w.sender(t, KID{Epoch: 9, Index: 3, Stream: 1})
	r := NewReceiver(w, &Seen{}, false)
	open := func(s *Sender, want error) {
		t.Helper()
		b, err := s.Seal(nil, 1, opusMic, []byte("sound"))
		if err == nil {
			_, err = r.Open(nil, b)
		}
		if !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	open(standard, nil)
	open(w.sender(t, KID{Term: 1, Epoch: 7, Index: 3, Stream: 2}), WrongMode)
	r.Upgrade()
	open(standard, WrongMode)
	w.use(t, standard, mic) // the same stream goes on in the first epoch
	open(standard, nil)
}

// TestTakenAnew plays a stream to a client that is made to take its track again: nothing comes twice.
func TestTakenAnew(t *testing.T) {
	w, seen := scenarioWorld(), &Seen{}
	s := w.sender(t, mic)
	var frames [][]byte
	for range 10 {
		b, err := s.Seal(nil, 1, opusMic, []byte("sound"))
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, b)
	}
	accepted := func(r *Receiver, frames [][]byte) (n int) {
		for _, b := range frames {
			if _, err := r.Open(nil, b); err == nil {
				n++
			} else if !errors.Is(err, Replayed) {
				t.Error(err)
			}
		}
		return n
	}
	first, second := NewReceiver(w, seen, true), NewReceiver(w, seen, true)
	if n := accepted(first, frames[:5]); n != 5 {
		t.Errorf("at first: %d", n)
	}
	if n := accepted(second, frames[:7]); n != 2 {
		t.Errorf("beside the first: %d", n)
	}
	if n := accepted(second, [][]byte{frames[9]}); n != 1 {
		t.Errorf("with a gap: %d", n)
	}
	first.Close()
	second.Close()
	if n := accepted(NewReceiver(w, seen, true), frames); n != 0 {
		t.Errorf("after the end: %d, also of the gap", n)
	}
	seen.Forget(w.members[3])
	if len(seen.streams) != 0 {
		t.Errorf("%d streams are remembered", len(seen.streams))
	}
}

// TestManyReceiversAcceptOnce hands the same frames to many receivers of one client at once.
func TestManyReceiversAcceptOnce(t *testing.T) {
	w, seen := scenarioWorld(), &Seen{}
	s := w.sender(t, mic)
	var frames [][]byte
	for range 200 {
		b, err := s.Seal(nil, 1, opusMic, []byte("sound"))
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, b)
	}
	var n atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			r := NewReceiver(w, seen, true)
			for _, b := range frames {
				if _, err := r.Open(nil, b); err == nil {
					n.Add(1)
				}
			}
		})
	}
	all.Wait()
	if n.Load() != int64(len(frames)) {
		t.Errorf("%d frames were accepted %d times", len(frames), n.Load())
	}
}

// TestWindow compares the window with the rule in its plainest form, over random counters and times.
func TestWindow(t *testing.T) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 1024))
		w, plain := &window{}, map[uint64]uint64{}
		head := uint64(rng.IntN(3000))
		for range 2000 {
			head += uint64(rng.IntN(3))
			if rng.IntN(300) == 0 {
				head += uint64(rng.IntN(2000))
			}
			counter := head - min(head, uint64(rng.IntN(1+rng.IntN(2000))))
			time := 1 + counter*2 + uint64(rng.IntN(3))
			if got, want := w.accept(counter, time), plainly(plain, counter, time); got != want {
				t.Fatalf("history %d: counter %d at %d: got %v, want %v", seed, counter, time, got, want)
			}
		}
	}
}

func plainly(accepted map[uint64]uint64, counter, time uint64) Fault {
	for c := range accepted {
		if c == counter || c >= counter+reorder {
			return Replayed
		}
	}
	for c, at := range accepted {
		if c < counter && at >= time || c > counter && at <= time {
			return TimeTurned
		}
	}
	accepted[counter] = time
	return 0
}

// TestNoAllocation is the promise of the package comment, with everything around the cipher.
func TestNoAllocation(t *testing.T) {
	w := scenarioWorld()
	s := w.sender(t, mic)
	found, _ := w.Find(mic)
	r := NewReceiver(one(found), &Seen{}, true)
	frame := make([]byte, 1200)
	sealed, opened := make([]byte, 0, len(frame)+Room), make([]byte, 0, len(frame)+2*Room)
	var b []byte
	for _, c := range []struct {
		name string
		run  func()
	}{
		{"Key.Seal", func() { sealed = found.Key.Seal(sealed[:0], 1, frame[:52], frame) }},
		{"Key.Open", func() { _, _ = found.Key.Open(opened[:0], sealed, frame[:52]) }},
		{"Sender and Receiver", func() {
			b, _ = s.Seal(sealed[:0], 1, opusMic, frame)
			if _, err := r.Open(opened[:0], b); err != nil {
				t.Fatal(err)
			}
		}},
		{"a frame that is refused", func() { _, _ = r.Open(opened[:0], b) }},
	} {
		if n := testing.AllocsPerRun(100, c.run); n >= 1 {
			t.Errorf("%s: %v allocations", c.name, n)
		}
	}
}

// one is a keyring with one key.
type one Source

func (o one) Find(KID) (Source, Fault) { return Source(o), 0 }

// FuzzReceiver hands a receiver anything: it must not panic, and accepts what was sealed and nothing else.
func FuzzReceiver(f *testing.F) {
	w := scenarioWorld()
	whole := map[string]bool{}
	for _, s := range scenario(f) {
		f.Add([]byte(s.Frame))
		if s.fault != Injected {
			whole[string(s.Frame)] = true
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReceiver(w, &Seen{}, true)
		if got, err := r.Open(nil, b); err == nil && !whole[string(b)] {
			t.Errorf("%x was accepted as %+v", b, got)
		}
	})
}

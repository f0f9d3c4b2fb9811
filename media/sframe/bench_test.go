package sframe

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"math"
	"testing"
	"time"
)

// batch is how many frames are timed together; the figure is the best of many batches, taken in turn with the bare cipher's, so that a
// busy machine is busy for both.
const batch = 500

// versus reports nanoseconds a frame, its ratio to bare AES-256-GCM of the standard library over the same plaintext without
// additional data, and allocations.
func versus(b *testing.B, bare, run func()) {
	b.Helper()
	best := [2]time.Duration{math.MaxInt64, math.MaxInt64}
	for b.Loop() {
		for range 40 {
			for i, f := range []func(){bare, run} {
				start := time.Now()
				for range batch {
					f()
				}
				best[i] = min(best[i], time.Since(start))
			}
		}
	}
	b.ReportMetric(float64(best[1])/batch, "ns/frame")
	b.ReportMetric(float64(best[1])/float64(best[0]), "x_bare_AES-256-GCM")
	b.ReportMetric(testing.AllocsPerRun(batch, run), "allocations_count")
}

// figures are what the benchmarks work on: a frame, and the cipher that they are compared with.
type figures struct {
	bare                  cipher.AEAD
	nonce, frame, meta    []byte
	bareSealed            []byte
	sealed, opened, other []byte // buffers
}

func sized(b *testing.B, run func(*testing.B, *figures)) {
	block, err := aes.NewCipher(make([]byte, keySize))
	if err != nil {
		b.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range []int{100, 1200, 10_000} {
		f := &figures{bare: gcm, nonce: make([]byte, nonceSize), frame: make([]byte, size), meta: make([]byte, trailerSize)}
		f.bareSealed = gcm.Seal(nil, f.nonce, f.frame, nil)
		f.sealed, f.opened, f.other = make([]byte, 0, size+Room), make([]byte, 0, size+2*Room), make([]byte, 0, size+Room)
		b.Run(fmt.Sprint(size), func(b *testing.B) { run(b, f) })
	}
}

func (f *figures) bareSeal() { f.other = f.bare.Seal(f.other[:0], f.nonce, f.frame, nil) }
func (f *figures) bareOpen() { f.other, _ = f.bare.Open(f.other[:0], f.nonce, f.bareSealed, nil) }

// BenchmarkSeal is SFrame alone, with the metadata of an audio frame. Limit: 1.25 at 1200 bytes.
func BenchmarkSeal(b *testing.B) {
	k := newKey(b, make([]byte, 32), 1<<52|1<<28|1)
	sized(b, func(b *testing.B, f *figures) {
		counter := uint64(1 << 16)
		versus(b, f.bareSeal, func() {
			counter++
			f.sealed = k.Seal(f.sealed[:0], counter, f.meta, f.frame)
		})
	})
}

// BenchmarkOpen is SFrame alone, with the metadata of an audio frame. Limit: 1.25 at 1200 bytes.
func BenchmarkOpen(b *testing.B) {
	k := newKey(b, make([]byte, 32), 1<<52|1<<28|1)
	sized(b, func(b *testing.B, f *figures) {
		f.sealed = k.Seal(f.sealed[:0], 1<<16, f.meta, f.frame)
		versus(b, f.bareOpen, func() {
			if _, err := k.Open(f.opened[:0], f.sealed, f.meta); err != nil {
				b.Fatal(err)
			}
		})
	})
}

// BenchmarkSendFrame is a whole frame of a Sender, with its commitment: two HMAC-SHA256 beside the cipher.
func BenchmarkSendFrame(b *testing.B) {
	w := scenarioWorld()
	sized(b, func(b *testing.B, f *figures) {
		s := w.sender(b, mic)
		versus(b, f.bareSeal, func() {
			var err error
			if f.sealed, err = s.Seal(f.sealed[:0], 1, opusMic, f.frame); err != nil {
				b.Fatal(err)
			}
		})
	})
}

// BenchmarkFrame is a whole frame's way from a Sender through a Receiver, against sealing and opening with the bare cipher.
func BenchmarkFrame(b *testing.B) {
	w := scenarioWorld()
	found, _ := w.Find(mic)
	sized(b, func(b *testing.B, f *figures) {
		s, r := w.sender(b, mic), NewReceiver(one(found), &Seen{}, true)
		versus(b, func() { f.bareSeal(); f.bareOpen() }, func() {
			var err error
			if f.sealed, err = s.Seal(f.sealed[:0], 1, opusMic, f.frame); err != nil {
				b.Fatal(err)
			}
			if _, err = r.Open(f.opened[:0], f.sealed); err != nil {
				b.Fatal(err)
			}
		})
	})
}

// uncommitted is franking that takes no time.
type uncommitted struct{}

func (uncommitted) Commit(uint64, uint64, byte, []byte) (opening, commitment [32]byte) { return }

// BenchmarkFranking is franking's share of a sender's and of a receiver's time for a frame: 1 less what the same takes without commitments.
func BenchmarkFranking(b *testing.B) {
	w := scenarioWorld()
	found, _ := w.Find(mic)
	plainly := found
	plainly.Franking = uncommitted{}
	sized(b, func(b *testing.B, f *figures) {
		var best [2][2]time.Duration // with franking and without; sealing and opening
		for b.Loop() {
			for round := range 40 {
				for i, source := range []Source{found, plainly} {
					seal, open := f.there(b, source)
					if round == 0 {
						best[i] = [2]time.Duration{seal, open}
					}
					best[i] = [2]time.Duration{min(best[i][0], seal), min(best[i][1], open)}
				}
			}
		}
		b.ReportMetric(float64(best[0][0]+best[0][1])/batch, "ns/frame")
		for act, name := range []string{"sender", "receiver"} {
			b.ReportMetric(1-float64(best[1][act])/float64(best[0][act]), "share-of-"+name+"_ratio")
		}
	})
}

// there is the time of a batch of frames from a sender to a receiver: of sealing, and of opening.
func (f *figures) there(b *testing.B, source Source) (seal, open time.Duration) {
	b.Helper()
	s, r := &Sender{stream: mic.Stream}, NewReceiver(one(source), &Seen{}, true)
	if err := s.Use(source.Key, source.Franking); err != nil {
		b.Fatal(err)
	}
	frames := make([][]byte, batch)
	began := time.Now()
	for i := range frames {
		var err error
		if frames[i], err = s.Seal(make([]byte, 0, len(f.frame)+Room), 1, opusMic, f.frame); err != nil {
			b.Fatal(err)
		}
	}
	seal = time.Since(began)
	began = time.Now()
	for _, x := range frames {
		if _, err := r.Open(f.opened[:0], x); err != nil {
			b.Fatal(err)
		}
	}
	return seal, time.Since(began)
}

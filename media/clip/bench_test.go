package clip_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/clip/cliptest"
	"github.com/proffer/proffer/media/franking"
)

// megabit is a scene of 60 seconds at about 1 Mb/s.
func megabit(b *testing.B) (s *scene, file, proof []byte) {
	s = newScene(b, 0)
	camera, sound := s.guest.Stream(franking.Camera, franking.VP8), s.guest.Stream(franking.Microphone, franking.Opus)
	start := s.Start + 10_000
	for ms := uint64(0); ms < 60_000; ms += 20 {
		now := time.UnixMilli(int64(start + ms))
		if ms%40 == 0 {
			key := ms%2000 == 0
			data := bytes.Repeat(s.Picture(key), 7)[:4700]
			s.ring.Add(camera.Send(start+ms, key, data), now)
		}
		s.ring.Add(sound.Send(start+ms, false, s.Picture(false)[:80]), now)
		if ms%240 == 220 {
			s.ring.Stamped(s.guest.Join, camera.Stamp(start+ms))
			s.ring.Stamped(s.guest.Join, sound.Stamp(start+ms))
		}
	}
	s.end = time.UnixMilli(int64(start) + 60_000)
	file, proof = s.report(b)
	return s, file, proof
}

// BenchmarkVerify verifies a clip of 60 seconds at 1 Mb/s. Limit: 4 times one SHA-256 over the same bytes.
func BenchmarkVerify(b *testing.B) {
	s, file, proof := megabit(b)
	var verify, sum time.Duration
	for b.Loop() {
		start := time.Now()
		if v := s.verify(b, file, proof); v.Grade != clip.Verified {
			b.Fatalf("%+v", v)
		}
		verify += time.Since(start)
		start = time.Now()
		sha256.Sum256(file)
		sum += time.Since(start)
	}
	b.ReportMetric(float64(verify)/float64(sum), "x_SHA-256_of_the_clip")
	b.ReportMetric(float64(len(proof))/float64(len(file)), "proof-against-clip_ratio")
}

// BenchmarkMake makes clip and proof of 60 seconds.
func BenchmarkMake(b *testing.B) {
	s, _, _ := megabit(b)
	for b.Loop() {
		s.report(b)
	}
}

// BenchmarkStamp stamps runs of 20 commitments, against bare HMAC-SHA-256 over the same bytes.
func BenchmarkStamp(b *testing.B) {
	w := cliptest.New("M-3K9QA-77ZPW", 1)
	run := franking.Run{Stream: 1, Sequence: 7, First: 300, Commitments: make([]byte, 20*32)}
	from := franking.Sender{Meeting: w.Meeting, Account: "A-HOST"}
	now, key := time.UnixMilli(int64(w.Start)), make([]byte, 32)
	var stamp, bare time.Duration
	const n = 1000
	for b.Loop() {
		start := time.Now()
		for range n {
			w.Notary.Stamp(&from, &run, now)
		}
		stamp += time.Since(start)
		start = time.Now()
		for range n {
			m := hmac.New(sha256.New, key)
			m.Write(run.Commitments)
			m.Sum(nil)
		}
		bare += time.Since(start)
	}
	b.ReportMetric(n*float64(b.N)/stamp.Seconds(), "stamps/s")
	b.ReportMetric(float64(stamp)/float64(bare), "x_HMAC-SHA-256")
}

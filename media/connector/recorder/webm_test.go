package recorder

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/rtpframe"
)

// TestSizes holds the shortest encoding of a size against RFC 8794, section 4.4.
func TestSizes(t *testing.T) {
	for n, want := range map[uint64]string{0: "\x80", 1: "\x81", 126: "\xfe", 127: "\x40\x7f", 16382: "\x7f\xfe", 16383: "\x20\x3f\xff"} {
		if got := string(appendSize(nil, n)); got != want {
			t.Errorf("%d is %x, want %x", n, got, want)
		}
	}
}

// TestOrder mixes two tracks whose frames come out of order within what the file waits for, and some that are too late.
func TestOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var out bytes.Buffer
	w := newWriter(&out, []track{{source: franking.Microphone, codec: franking.Opus}, {source: franking.ScreenSound, codec: franking.Opus}}, 1_000_000)
	for i := range 500 {
		w.add(block{track: 0, time: 1_000_000 + uint64(i)*20, data: []byte{0xfc, byte(i)}})
		if i >= 40 {
			w.add(block{track: 1, time: 1_000_000 + uint64(i-rng.IntN(40))*20 + 7, data: []byte{0xfc, byte(i)}})
		}
	}
	w.add(block{track: 1, time: 1_000_001, data: []byte{0xfc}})
	if err := w.finish(); err != nil || w.late != 1 {
		t.Errorf("%v, %d too late", err, w.late)
	}
	file := filepath.Join(t.TempDir(), "order.webm")
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	last := ""
	p := probe(t, file)
	for _, k := range p.Packets {
		if len(k.Time) < len(last) || len(k.Time) == len(last) && k.Time < last {
			t.Fatalf("%s comes after %s", k.Time, last)
		}
		last = k.Time
	}
	if len(p.Packets) != 500+460 {
		t.Errorf("%d frames", len(p.Packets))
	}
}

// TestHeld: however little the times of frames rise, what is held is bounded.
func TestHeld(t *testing.T) {
	w := newWriter(io.Discard, []track{{source: franking.Camera, codec: franking.VP8, width: 1, height: 1}}, 1)
	frame := make([]byte, 1<<20)
	for i := range 100 {
		w.add(block{time: uint64(i + 1), data: frame})
		if w.bytes > maxHeld+len(frame) {
			t.Fatalf("%d bytes are held", w.bytes)
		}
	}
}

// picked is what a reel writes, as files.
type picked struct{ files []*bytes.Buffer }

func (p *picked) Create(File) (io.WriteCloser, error) {
	b := &bytes.Buffer{}
	p.files = append(p.files, b)
	return struct {
		io.Writer
		io.Closer
	}{b, discard{}}, nil
}

var vp8Key = []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 1, 180, 0}

// TestReel: pictures that no decoder could show are left out, and nobody can make files without end.
func TestReel(t *testing.T) {
	var files picked
	r := &reel{create: files.Create, fail: func(err error) { t.Error(err) }, gone: func() bool { return false }, queue: make(chan rtpframe.Frame, maxQueued)}
	r.broken = map[franking.Source]bool{}
	at := uint64(1000)
	take := func(c franking.Codec, s franking.Source, key, whole bool, data []byte) {
		at++
		r.take(rtpframe.Frame{Source: s, Codec: c, Key: key, Whole: whole, Time: at, Data: data})
	}
	take(franking.VP8, franking.Camera, false, false, []byte("delta without a key frame"))
	take(franking.VP8, franking.Camera, true, true, vp8Key)
	r.begin()
	take(franking.VP8, franking.Camera, false, true, []byte("good delta"))
	take(franking.VP8, franking.Camera, false, false, []byte("after a loss"))
	take(franking.VP8, franking.Camera, false, true, []byte("hangs on a loss")) // the track's word would be false; the reel knows itself
	take(franking.VP8, franking.Camera, true, true, vp8Key)
	take(franking.VP9, franking.Camera, true, true, []byte("says that it is VP9 and is not")) // no file for that
	if r.out == nil || r.file.Part != 1 {
		t.Fatal("a picture that is none began a file")
	}
	r.finish()
	if got := files.files[0].Bytes(); bytes.Count(got, vp8Key) != 2 || !bytes.Contains(got, []byte("good delta")) || bytes.Contains(got, []byte("without")) ||
		bytes.Contains(got, []byte("after a loss")) || bytes.Contains(got, []byte("hangs")) {
		t.Errorf("%q", got)
	}
	for i := range 2 * maxParts { // a codec that changes all the time
		c := []franking.Codec{franking.Opus, franking.PCMU}[i%2]
		take(c, franking.Microphone, false, true, []byte{0xfc})
		if r.out == nil {
			r.begin()
		}
	}
	r.finish()
	if len(files.files) > maxParts {
		t.Errorf("%d files", len(files.files))
	}
}

// TestSlow: where nobody writes, frames are lost rather than held, and nobody waits.
func TestSlow(t *testing.T) {
	r := &reel{queue: make(chan rtpframe.Frame, maxQueued)}
	for range 3 * maxQueued {
		r.put(rtpframe.Frame{Data: make([]byte, 64<<10)})
	}
	if r.bytes.Load() > maxBytes || r.lost.Load() == 0 {
		t.Errorf("%d bytes wait, %d frames were lost", r.bytes.Load(), r.lost.Load())
	}
}

// full fails, as a disk does, after some bytes.
type full struct{ left int }

func (f *full) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}
func (f *full) Close() error { return nil }

var errFull = errors.New("the disk is full")

// TestDiskFills: a write that fails in the middle ends the recording.
func TestDiskFills(t *testing.T) {
	failed := make(chan error, 10)
	r := &reel{create: func(File) (io.WriteCloser, error) { return &full{left: 1000}, nil }, fail: func(err error) { failed <- err },
		gone: func() bool { return false }, queue: make(chan rtpframe.Frame, maxQueued)}
	go r.run()
	for at := uint64(1); ; at += 20 {
		r.put(rtpframe.Frame{Source: franking.Microphone, Codec: franking.Opus, Time: at, Data: make([]byte, 100), Whole: true})
		select {
		case err := <-failed:
			if !errors.Is(err, errFull) {
				t.Error(err)
			}
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// FuzzSize: no frame makes the reading of a picture's size panic, and what it gives is a size.
func FuzzSize(f *testing.F) {
	f.Add(vp8Key)
	f.Add([]byte{0x82, 0x49, 0x83, 0x42, 0x00, 0x27, 0xf0, 0x1d, 0xf6, 0x00, 0x38, 0x24, 0x1c, 0x18, 0x42, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, c := range []franking.Codec{franking.VP8, franking.VP9} {
			if w, h, err := size(c, b); err == nil && (w < 1 || w > 1<<16 || h < 1 || h > 1<<16) {
				t.Errorf("%d x %d", w, h)
			}
		}
	})
}

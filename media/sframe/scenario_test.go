package sframe

import (
	"bytes"
	"errors"
	"testing"

	"github.com/proffer/proffer/media/franking"
)

// step is a frame that a receiver is handed, and what must come of it. The steps of a scenario go to one receiver, in order.
type step struct {
	Name  string `json:"name"`
	Frame unhex  `json:"frame"`
	Fault string `json:"fault"` // "" where it must open
	Plain unhex  `json:"plain"` // what it opens to

	fault Fault
}

var (
	vp8Key   = byte(franking.Describe(franking.VP8, true, franking.Camera))
	vp8Delta = byte(franking.Describe(franking.VP8, false, franking.Camera))
	vp9Key   = byte(franking.Describe(franking.VP9, true, franking.Camera))
	opusMic  = byte(franking.Describe(franking.Opus, false, franking.Microphone))
	pcmuMic  = byte(franking.Describe(franking.PCMU, false, franking.Microphone))
	screen   = byte(franking.Describe(franking.VP8, true, franking.Screen))
)

// injectedTrailer ends the frames that LiveKit makes itself.
var injectedTrailer = []byte("LiveKit's own trailer")

func scenarioWorld() *world {
	w := newWorld()
	w.epoch(0, 9) // a standard key, which must not help
	w.epoch(1, 7)
	w.epoch(1, 8)
	w.member(3)
	w.member(4)
	return w
}

// scenario is one of each fault, in the order of the checks, and the rules about streams, counters and times. JavaScript runs it too.
func scenario(t testing.TB) []step {
	w := scenarioWorld()
	picture := []byte("ten bytes of prefix and then a picture")
	camera := KID{Term: 1, Epoch: 7, Index: 3, Stream: 1}
	base := forgery{kid: camera, counter: 10, time: 5000, what: vp8Key, frame: picture}
	with := func(change func(*forgery)) []byte {
		f := base
		change(&f)
		return w.forge(t, f)
	}
	at := func(counter, time uint64) func(*forgery) {
		return func(f *forgery) { f.counter, f.time, f.what = counter, time, vp8Delta }
	}
	first := with(func(*forgery) {})
	spoil := func(i int, x byte) []byte {
		b := with(func(f *forgery) { f.counter, f.time = 20, 5100 })
		if i < 0 {
			i += len(b)
		}
		b[i] ^= x
		return b
	}
	header := func(h string) []byte { // another header before the ciphertext
		trailer := first[len(first)-trailerSize:]
		return append(append(append([]byte{}, picture[:10]...), h...), append(make([]byte, 60), trailer...)...)
	}
	ok := func(name string, b []byte) step { return step{Name: name, Frame: b, Plain: picture} }
	no := func(name string, b []byte, f Fault) step {
		return step{Name: name, Frame: b, fault: f, Fault: faultWords[f]}
	}

	return []step{
		no("LiveKit's silence", append([]byte("\xf8\xff\xfe"), injectedTrailer...), Injected),
		no("nothing", []byte{}, Short),
		no("a trailer and a tag alone", first[len(first)-trailerSize-tagSize:], Short),
		no("a prefix that is cut", first[len(first)-trailerSize-tagSize-1:], Short),
		no("layout 1", spoil(-1, 3), Layout),
		no("codec 5", spoil(-2, 0x40), Reserved),
		no("source 4", spoil(-2, 0x04), Reserved),
		no("VP8 of a microphone", spoil(-2, 0x01), Reserved),
		no("Opus of a camera", spoil(-2, 0x28), Reserved),
		no("a key frame of Opus", spoil(-2, 0x21), Reserved),
		no("PCMU of a camera", spoil(-2, 0x58), Reserved),
		no("PCMU of the screen's sound", spoil(-2, 0x5b), Reserved),
		no("a key frame of PCMU", spoil(-2, 0x51), Reserved),
		no("a time of 2^53", spoil(-trailerSize+1, 0x20), Reserved),
		no("a line of chat on a stream of video", func() []byte {
			b := bytes.Clone(first[10:])
			b[len(b)-2] = line
			return b
		}(), Reserved),
		no("video on the stream of the chat", header("\xe0\x10\x00\x00\x70\x03\x00\x00"), Reserved),
		no("a KID with a zero before it", header("\xf0\x00\x00\x00\x00\x00\x00\x00\x01"), BadHeader),
		no("a counter of 2^48", with(func(f *forgery) { f.counter = maxCounter }), BadHeader),
		no("the server's key", with(func(f *forgery) { f.kid = KID{Epoch: 9, Index: 3, Stream: 1} }), WrongMode),
		no("an epoch that is not held", with(func(f *forgery) { f.kid.Epoch = 6 }), NoEpoch),
		no("an index of nobody", with(func(f *forgery) { f.kid.Index = 5 }), NoMember),
		no("a changed prefix", spoil(0, 1), Unopened),
		no("a changed ciphertext", spoil(30, 1), Unopened),
		no("a changed time", spoil(-trailerSize+7, 1), Unopened),
		no("a changed commitment", spoil(-10, 1), Unopened),
		no("a key bit taken away, which moves the cut", spoil(-2, 0x08), WrongMode),
		no("another frame's commitment", with(func(f *forgery) { f.commitment = func(c *[32]byte) { c[31] ^= 1 } }), Uncommitted),

		ok("the first frame that opens", first),
		no("the same again", first, Replayed),
		no("another frame with its counter", with(at(10, 5001)), Replayed),
		ok("a higher counter", with(at(14, 5040))),
		ok("one between, late", with(at(12, 5020))),
		no("a time as high as a higher counter's", with(at(13, 5040)), TimeTurned),
		no("a time as low as a lower counter's", with(at(13, 5020)), TimeTurned),
		ok("that counter with a time between", with(at(13, 5030))),
		no("a higher counter with the newest time", with(at(15, 5040)), TimeTurned),
		ok("one before the first", with(at(9, 4990))),
		ok("a counter far above", with(at(14+reorder, 6000))),
		no("a counter just out of the window", with(at(14, 5040)), Replayed),
		ok("the lowest in the window", with(at(15, 5050))),
		no("a time below all that left the window", with(at(16, 5041)), TimeTurned),

		ok("the next epoch, the same stream", with(func(f *forgery) { f.kid.Epoch, f.counter, f.time = 8, 2000, 7000 })),
		ok("a late frame of the last epoch", with(at(1999, 6999))),
		no("a frame that was held back", with(at(1998, 7000-slack-1)), Stale),
		no("another member", with(func(f *forgery) { f.kid.Index, f.counter, f.time = 4, 2001, 7001 }), OtherTrack),
		no("another source of this sender", with(func(f *forgery) { f.what, f.counter, f.time = screen, 2001, 7001 }), OtherTrack),
		no("another layer, in its middle", with(func(f *forgery) { f.kid.Stream, f.what, f.time = 2, vp8Delta, 7001 }), OtherLayer),
		no("another layer, long ago", with(func(f *forgery) { f.kid.Stream, f.time = 2, 7000-slack-1 }), Stale),
		ok("another layer, from a key frame on", with(func(f *forgery) { f.kid.Stream, f.time = 2, 7000-slack })),
		ok("its next frame", with(func(f *forgery) { f.kid.Stream, f.counter, f.what, f.time = 2, 11, vp8Delta, 7020 })),
		no("the first layer, in its middle", with(at(2001, 7030)), OtherLayer),
		no("a counter that the first layer passed over", with(func(f *forgery) { f.counter, f.time = 1998, 6998 }), Replayed),
		ok("the first layer, from a key frame on", with(func(f *forgery) { f.counter, f.time = 2001, 7030 })),
		ok("the highest counter", with(func(f *forgery) { f.counter, f.time = maxCounter-1, maxTime-1 })),
	}
}

func TestScenario(t *testing.T) {
	r := NewReceiver(scenarioWorld(), &Seen{}, true)
	r.IgnoreInjected(injectedTrailer)
	var want Counts
	for _, s := range scenario(t) {
		before := bytes.Clone(s.Frame)
		f, err := r.Open([]byte("before"), s.Frame)
		switch {
		case s.fault != 0:
			want[s.fault]++
			if !errors.Is(err, s.fault) {
				t.Errorf("%s: got %v, want %v", s.Name, err, s.fault)
			}
		case err != nil:
			t.Errorf("%s: %v", s.Name, err)
		case string(f.Data) != "before"+string(s.Plain):
			t.Errorf("%s: opened as %q", s.Name, f.Data)
		}
		if !bytes.Equal(before, s.Frame) {
			t.Errorf("%s: the input was changed", s.Name)
		}
	}
	if got := r.Counts(); got != want {
		t.Errorf("counted %v, want %v", got, want)
	}
	for f := Injected; f < faults; f++ {
		if want[f] == 0 {
			t.Errorf("no step has the fault “%s”", faultWords[f])
		}
	}
}

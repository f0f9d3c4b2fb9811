package clip_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/clip/cliptest"
	"github.com/proffer/proffer/media/franking"
)

var update = flag.Bool("update", false, "write ../testdata/clips.json anew")

// hexed is bytes in hexadecimal, as the vectors have them.
type hexed []byte

func (h hexed) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

func (h *hexed) UnmarshalText(b []byte) (err error) {
	*h, err = hex.DecodeString(string(b))
	return err
}

// vector is one report: what a ring received in its order, what was chosen, and what came of it. Numbers of frames are as in clip.Received.
type vector struct {
	Name     string        `json:"name"`
	Meeting  string        `json:"meeting"`
	Window   int           `json:"window_ms"`
	Reporter hexed         `json:"reporter"` // message of the join
	Seed     hexed         `json:"seed"`     // of the reporter's Ed25519 key (RFC 8032: the private key)
	Sender   hexed         `json:"sender"`
	Join     hexed         `json:"join"` // J of the sender
	Received []received    `json:"received"`
	Frozen   int64         `json:"frozen_ms"`
	Picture  int           `json:"picture"` // source that was chosen
	From     uint64        `json:"from"`
	To       uint64        `json:"to"`
	Made     uint64        `json:"made"`
	Clip     hexed         `json:"clip"`
	Proof    hexed         `json:"proof"`
	Grade    clip.Grade    `json:"grade"`
	Spans    [][]clip.Span `json:"spans"`
	Lines    hexed         `json:"lines,omitempty"` // what the sender wrote from From to To
	Text     []string      `json:"text,omitempty"`  // of the verified ones
}

// received is a frame or the stamp of a run.
type received struct {
	At         int64  `json:"at_ms"` // by the receiver's clock
	What       byte   `json:"what,omitempty"`
	Stream     uint16 `json:"stream"`
	Term       uint16 `json:"term,omitempty"`
	Epoch      uint32 `json:"epoch,omitempty"`
	Counter    uint64 `json:"counter"`
	Time       uint64 `json:"time,omitempty"`
	Data       hexed  `json:"data,omitempty"`
	Opening    hexed  `json:"opening,omitempty"`
	Commitment hexed  `json:"commitment,omitempty"`

	Run *stampedRun `json:"run,omitempty"`
}

type stampedRun struct {
	Key, At, Sequence, First uint64
	Commitments, MAC         hexed
}

// script makes a vector.
type script struct {
	*scene
	v *vector
}

func (s *script) send(st *cliptest.Stream, ms uint64, key bool, data []byte) {
	f := st.Send(s.Start+ms, key, data)
	s.v.Received = append(s.v.Received, received{At: int64(s.Start + ms + 30), What: byte(f.What), Stream: f.Stream, Term: f.Term, Epoch: f.Epoch,
		Counter: f.Counter, Time: f.Time, Data: f.Data, Opening: f.Opening[:], Commitment: f.Commitment[:]})
}

func (s *script) stamp(st *cliptest.Stream, ms uint64) {
	for _, r := range st.Stamp(s.Start + ms) {
		s.v.Received = append(s.v.Received, received{At: int64(s.Start + ms + 10), Stream: r.Stream,
			Run: &stampedRun{r.Key, r.At, r.Sequence, r.First, r.Commitments, r.MAC[:]}})
	}
}

// frame is a short frame of VP8 of that many pixels.
func frame(key bool, width byte, n byte) []byte {
	if !key {
		return []byte{0x11, n, 0, n, n}
	}
	return []byte{0x10, 2, 0, 0x9d, 1, 0x2a, width, 0, 120, 0, n, n}
}

// both sends seven seconds of camera and microphone.
func (s *script) both() {
	camera, sound := s.guest.Stream(franking.Camera, franking.VP8), s.guest.Stream(franking.Microphone, franking.Opus)
	for ms := uint64(1000); ms < 8000; ms += 250 {
		s.send(camera, ms, ms%2000 == 0, frame(ms%2000 == 0, 160, byte(ms/250)))
		s.send(sound, ms, false, []byte{0x78, byte(ms / 250)})
		s.send(sound, ms+101, false, bytes.Repeat([]byte{byte(ms / 250)}, 130))
		s.stamp(camera, ms+200)
		s.stamp(sound, ms+200)
	}
}

// scripts are the reports that the vectors are about.
var scripts = map[string]func(*script){
	"camera and microphone": (*script).both,
	"trimmed": func(s *script) {
		s.both()
		s.v.From, s.v.To = s.Start+4100, s.Start+6900
	},
	"layers": func(s *script) {
		low, high := s.guest.Stream(franking.Camera, franking.VP8), s.guest.Stream(franking.Camera, franking.VP8)
		for ms := uint64(1000); ms < 3000; ms += 250 {
			s.send(low, ms, ms == 1000, frame(ms == 1000, 80, byte(ms/250)))
			s.stamp(low, ms+200)
		}
		s.send(high, 2900, true, frame(true, 160, 1))
		s.send(low, 3000, false, frame(false, 80, 2)) // left
		s.send(high, 3150, false, frame(false, 160, 2))
		s.stamp(high, 3200)
		s.stamp(low, 3200)
	},
	"screen of VP9 with a hole": func(s *script) {
		screen := s.guest.Stream(franking.Screen, franking.VP9)
		for ms := uint64(1000); ms < 9000; ms += 500 {
			data := []byte{0x86, byte(ms / 250), 1}
			if ms%3000 == 1000 {
				data = []byte{0x82, 0x49, 0x83, 0x42, 0x00, 0x27, 0xf0, 0x2c, 0xf0, byte(ms / 250)}
			}
			if ms == 5000 {
				screen.Skip(s.Start + ms)
				continue
			}
			s.send(screen, ms, ms%3000 == 1000, data)
			s.stamp(screen, ms+200)
		}
		s.v.Picture = int(franking.Screen)
	},
	"conflict and no stamps": func(s *script) {
		sound := s.guest.Stream(franking.Microphone, franking.Opus)
		for ms := uint64(1000); ms < 1400; ms += 20 {
			s.send(sound, ms, false, []byte{0x78, byte(ms)})
		}
		s.v.Received[3].Commitment = bytes.Repeat([]byte{7}, 32)
		s.stamp(sound, 1450)
		for ms := uint64(1400); ms < 1500; ms += 20 {
			s.send(sound, ms, false, []byte{0x78, byte(ms)})
		}
	},
	"first key frame in conflict": func(s *script) {
		camera := s.guest.Stream(franking.Camera, franking.VP8)
		for ms := uint64(1000); ms < 4000; ms += 250 {
			s.send(camera, ms, ms%1000 == 0, frame(ms%1000 == 0, 160, byte(ms/250)))
			if ms == 1000 {
				s.v.Received[len(s.v.Received)-1].Commitment = bytes.Repeat([]byte{7}, 32)
			}
			s.stamp(camera, ms+200)
		}
	},
	"with chat": func(s *script) {
		chat := s.guest.Chat()
		say := func(ms uint64, text string, to ...byte) { s.send(chat, ms, false, cliptest.Line(text, to...)) }
		say(500, "before")
		s.stamp(chat, 600)
		s.both()
		say(8100, "Grüße, “all”\n\tand good-bye")
		say(8200, "to you", s.host.Join[:]...)
		s.stamp(chat, 8300)
		chat.Skip(s.Start + 8400)
		say(8500, "to be left out: another commitment was stamped")
		s.v.Received[len(s.v.Received)-1].Commitment = bytes.Repeat([]byte{7}, 32)
		say(8600, "the last one")
		s.stamp(chat, 8700)
		say(9000, "not stamped in time")
		s.v.From = s.Start + 1000
	},
	"out of the window": func(s *script) {
		s.both()
		s.v.Window = 15_000
		camera := s.guest.Stream(franking.Camera, franking.VP8)
		for ms := uint64(19_000); ms < 21_000; ms += 500 {
			s.send(camera, ms, ms == 19_000, frame(ms == 19_000, 200, 3))
			s.stamp(camera, ms+200)
		}
	},
}

func (v *vector) ring() *clip.Ring {
	ring := clip.NewRing(time.Duration(v.Window) * time.Millisecond)
	join := [32]byte(v.Join)
	for _, r := range v.Received {
		if r.Run != nil {
			ring.Stamped(join, []clip.StampedRun{{Key: r.Run.Key, At: r.Run.At, Stream: r.Stream, Sequence: r.Run.Sequence, First: r.Run.First,
				Commitments: r.Run.Commitments, MAC: [32]byte(r.Run.MAC)}})
			continue
		}
		ring.Add(clip.Received{Join: join, What: franking.What(r.What), Stream: r.Stream, Term: r.Term, Epoch: r.Epoch, Counter: r.Counter, Time: r.Time,
			Data: r.Data, Opening: [32]byte(r.Opening), Commitment: [32]byte(r.Commitment)}, time.UnixMilli(r.At))
	}
	return ring
}

func makeVector(t *testing.T, name string) vector {
	s := &script{newScene(t, 0), &vector{Name: name, Window: 60_000, To: 1 << 52}}
	s.v.Meeting, s.v.Reporter, s.v.Seed = s.Meeting, s.host.Message, hexed(s.host.Private.Seed())
	s.v.Sender, s.v.Join = s.guest.Message, s.guest.Join[:]
	s.v.Made = s.Start + 600_000
	scripts[name](s)
	s.v.Frozen = s.v.Received[len(s.v.Received)-1].At + 300
	file, proof, err := s.v.ring().Freeze(time.UnixMilli(s.v.Frozen)).Make(clip.Choice{Sender: s.guest.Join, Picture: franking.Source(s.v.Picture), From: s.v.From, To: s.v.To},
		s.host.Parties(s.guest))
	if err != nil {
		t.Fatal(name, err)
	}
	s.v.Clip, s.v.Proof = file, proof
	s.lines(t)
	v := s.verify(t, file, proof)
	s.v.Grade = v.Grade
	for _, track := range v.Tracks {
		s.v.Spans = append(s.v.Spans, track.Spans)
	}
	return *s.v
}

// lines makes the file of what the sender wrote, if there is anything.
func (s *script) lines(t *testing.T) {
	file, err := s.v.ring().Freeze(time.UnixMilli(s.v.Frozen)).MakeLines([]clip.Writer{writer(s.guest)}, s.v.From, s.v.To, s.host.Parties(s.guest))
	if errors.Is(err, clip.ErrNothing) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	s.v.Lines = file
	v, err := clip.VerifyLines(file, s.Platform())
	if err != nil || v.Grade != clip.Verified {
		t.Fatalf("%s: the lines are %+v, %v", s.v.Name, v, err)
	}
	for _, l := range v.Lines {
		s.v.Text = append(s.v.Text, l.Text)
	}
}

const vectorFile = "../testdata/clips.json"

// TestVectors holds this package against the vectors that web/js/meeting/clip is held against too.
func TestVectors(t *testing.T) {
	if *update {
		var all []vector
		for _, name := range []string{"camera and microphone", "trimmed", "layers", "screen of VP9 with a hole", "conflict and no stamps", "first key frame in conflict", "with chat", "out of the window"} {
			all = append(all, makeVector(t, name))
		}
		b, err := json.MarshalIndent(all, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(vectorFile, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) != len(scripts) {
		t.Fatalf("%d vectors for %d scripts: run with -update", len(all), len(scripts))
	}
	for _, v := range all {
		want := makeVector(t, v.Name)
		if !bytes.Equal(want.Clip, v.Clip) || !bytes.Equal(want.Proof, v.Proof) || !bytes.Equal(want.Lines, v.Lines) || want.Grade != v.Grade {
			t.Errorf("%s: the report differs from its vector", v.Name)
		}
	}
}

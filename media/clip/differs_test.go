package clip_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/clip/cliptest"
	"github.com/proffer/proffer/media/franking"
)

// FuzzFound reads hostile verdicts: none is accepted that would be written differently, and one that is accepted agrees with itself alone.
func FuzzFound(f *testing.F) {
	w := cliptest.New("M-3K9QA-77ZPW", 3)
	host, guest := w.Person("A-11111-11111", "Hanna"), w.Person("", "Gus")
	ring := clip.NewRing(clip.DefaultWindow)
	guest.Talk(ring, 1)
	guest.Write(ring, "Hello")
	frozen := ring.Freeze(time.UnixMilli(int64(w.Start) + 20_000))
	file, proof, err := frozen.Make(clip.Choice{Sender: guest.Join, Picture: franking.Camera, To: 1 << 52}, host.Parties(guest))
	if err != nil {
		f.Fatal(err)
	}
	v, err := clip.Verify(strings.NewReader(string(file)), proof, w.Platform())
	if err != nil {
		f.Fatal(err)
	}
	lines, err := frozen.MakeLines([]clip.Writer{{Join: guest.Join, Message: guest.Message}}, 0, 1<<52, host.Parties(host))
	if err != nil {
		f.Fatal(err)
	}
	l, err := clip.VerifyLines(lines, w.Platform())
	if err != nil {
		f.Fatal(err)
	}
	for _, found := range []clip.Found{{Clip: &v}, {Lines: &l}, {Clip: &clip.Verdict{}}} {
		b, err := json.Marshal(found)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"clip":{},"lines":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := clip.ReadFound(data)
		if err != nil {
			return
		}
		if again, err := json.Marshal(found); err != nil || string(again) != string(data) {
			t.Errorf("%q is written as %q, %v", data, again, err)
		}
		if d := found.Differences(found); len(d) > 0 {
			t.Errorf("%q differs from itself: %q", data, d)
		}
		for _, other := range []clip.Found{{Clip: &v}, {Lines: &l}} {
			b, _ := json.Marshal(other)
			all, untold := found.DifferencesWithoutKeys(other)
			if same := string(b) == string(data); same != (len(found.Differences(other)) == 0) || same && len(all)+len(untold) > 0 {
				t.Errorf("%q against %q: %q, %v", data, b, all, untold)
			}
		}
	})
}

// TestPresenceIsKept takes what the board said from the verdict that is held, and nothing else.
func TestPresenceIsKept(t *testing.T) {
	w := cliptest.New("M-3K9QA-77ZPW", 4)
	host, guest := w.Person("A-11111-11111", "Hanna"), w.Person("", "The proof")
	ring := clip.NewRing(clip.DefaultWindow)
	guest.Talk(ring, 1)
	file, proof, err := ring.Freeze(time.UnixMilli(int64(w.Start)+20_000)).Make(clip.Choice{Sender: guest.Join, Picture: franking.Camera, To: 1 << 52}, host.Parties(guest))
	if err != nil {
		t.Fatal(err)
	}
	verify := func(present func(clip.Member, uint64, uint64) (string, error)) (clip.Found, error) {
		p := w.Platform()
		p.Present = present
		v, err := clip.Verify(strings.NewReader(string(file)), proof, p)
		return clip.Found{Clip: &v}, err
	}
	kept, err := verify(func(m clip.Member, _, _ uint64) (string, error) { return m.Name + ": was not there.", nil })
	if err != nil || kept.Grade() != clip.Contradicted || len(kept.Findings()) != 2 {
		t.Fatalf("%+v, %v", kept, err)
	}
	now, presence, err := kept.WithPresence(verify)
	if d := kept.Differences(now); err != nil || len(d) > 0 || len(presence) != 2 {
		t.Errorf("it differs: %q, %q, %v", d, presence, err)
	}
	kept.Clip.Contradict("Somebody else: was not there.")
	if now, presence, _ = kept.WithPresence(verify); len(kept.Differences(now)) == 0 || len(presence) != 2 {
		t.Errorf("a word about nobody is taken: %q", presence)
	}
}

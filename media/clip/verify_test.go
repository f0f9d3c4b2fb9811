package clip_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/clip/cliptest"
	"github.com/proffer/proffer/media/franking"
)

// scene is a meeting in which a host reports a guest.
type scene struct {
	*cliptest.World
	host, guest *cliptest.Person
	ring        *clip.Ring
	end         time.Time
}

func newScene(t testing.TB, seconds int) *scene {
	t.Helper()
	w := cliptest.New("M-3K9QA-77ZPW", 1)
	s := &scene{World: w, host: w.Person("A-HOST", "Hanna"), guest: w.Person("", "Gus"), ring: clip.NewRing(clip.DefaultWindow)}
	s.guest.Talk(s.ring, seconds)
	s.end = time.UnixMilli(int64(w.Start) + 10_000 + int64(seconds)*1000)
	return s
}

// report makes clip and proof of all that the ring has of the guest's camera.
func (s *scene) report(t testing.TB) (file, proof []byte) {
	t.Helper()
	file, proof, err := s.ring.Freeze(s.end).Make(clip.Choice{Sender: s.guest.Join, Picture: franking.Camera, To: 1 << 52}, s.host.Parties(s.guest))
	if err != nil {
		t.Fatal(err)
	}
	return file, proof
}

func (s *scene) verify(t testing.TB, file, proof []byte) clip.Verdict {
	t.Helper()
	v, err := clip.Verify(bytes.NewReader(file), proof, s.Platform())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVerified(t *testing.T) {
	s := newScene(t, 10)
	file, proof := s.report(t)
	v := s.verify(t, file, proof)
	if v.Grade != clip.Verified || len(v.Findings) > 0 || len(v.Tracks) != 2 {
		t.Fatalf("an honest report is %+v", v)
	}
	if v.Tracks[0].Verified != 200 || v.Tracks[1].Verified != 500 || v.Sender.Name != "Gus" || v.Reporter.Account != "A-HOST" {
		t.Errorf("verified is %+v", v)
	}
	if got := v.Tracks[0].Spans; len(got) != 1 || got[0].State != clip.StateVerified || got[0].From != 0 || got[0].To != v.Length {
		t.Errorf("the spans are %+v of %d ms", got, v.Length)
	}
}

// TestAnyChangedBit changes single bits of clip and proof: none of them leaves the clip verified.
func TestAnyChangedBit(t *testing.T) {
	s := newScene(t, 2)
	file, proof := s.report(t)
	r := rand.New(rand.NewPCG(1, 2))
	try := func(what string, b []byte, verify func() clip.Verdict) {
		n := 400
		if testing.Short() {
			n = 50
		}
		for range n {
			at, bit := r.IntN(len(b)), byte(1)<<r.IntN(8)
			b[at] ^= bit
			if v := verify(); v.Grade == clip.Verified {
				t.Errorf("%s with bit %#x of byte %d changed is verified", what, bit, at)
			}
			b[at] ^= bit
		}
	}
	try("a clip", file, func() clip.Verdict { return s.verify(t, file, proof) })
	try("a proof", proof, func() clip.Verdict { return s.verify(t, file, proof) })
	if v := s.verify(t, file, proof); v.Grade != clip.Verified {
		t.Fatalf("what was changed back is %+v", v)
	}
}

func TestAnotherLength(t *testing.T) {
	s := newScene(t, 2)
	file, proof := s.report(t)
	for what, other := range map[string][]byte{"shorter": file[:len(file)-1], "longer": append(bytes.Clone(file), 0), "empty": nil} {
		if v := s.verify(t, other, proof); v.Grade != clip.Contradicted {
			t.Errorf("a clip that is %s is %s", what, v.Grade)
		}
	}
	if v := s.verify(t, file, nil); v.Grade != clip.Contradicted {
		t.Errorf("a clip with an empty proof is %s", v.Grade)
	}
}

func TestGap(t *testing.T) {
	s := newScene(t, 0)
	camera := s.guest.Stream(franking.Camera, franking.VP8)
	for i := range uint64(100) {
		at := s.Start + 10_000 + i*50
		if i == 45 || i == 46 {
			camera.Skip(at)
		} else {
			s.ring.Add(camera.Send(at, i%20 == 0, s.Picture(i%20 == 0)), time.UnixMilli(int64(at)))
		}
		if i%5 == 4 {
			s.ring.Stamped(s.guest.Join, camera.Stamp(at))
		}
	}
	s.end = time.UnixMilli(int64(s.Start) + 20_000)
	file, proof := s.report(t)
	v := s.verify(t, file, proof)
	if v.Grade != clip.Partly || len(v.Tracks[0].Spans) != 3 {
		t.Fatalf("a clip with a hole is %+v", v)
	}
	if gap := v.Tracks[0].Spans[1]; gap.State != clip.StateGap || gap.From != 44*50 || gap.To != 60*50 || gap.Frames != 2 {
		t.Errorf("the gap is %+v; it lasts until the next key frame", gap)
	}
}

// TestPicturesBeginWithAKeyFrame: what comes before the first one, which nobody could decode, is not kept.
func TestPicturesBeginWithAKeyFrame(t *testing.T) {
	s := newScene(t, 0)
	camera := s.guest.Stream(franking.Camera, franking.VP8)
	for i := range uint64(5) {
		s.ring.Add(camera.Send(s.Start+i, i == 3, s.Picture(i == 3)), time.UnixMilli(int64(s.Start+i)))
	}
	if want := int64(2 * len(s.Picture(false))); s.ring.Bytes() != want {
		t.Errorf("%d bytes are kept, and not %d", s.ring.Bytes(), want)
	}
}

func TestStamps(t *testing.T) {
	for _, c := range []struct {
		what  string
		delay uint64
		stamp bool
		grade clip.Grade
		state clip.State
	}{{"in time", 200, true, clip.Verified, clip.StateVerified}, {"late", 2001, true, clip.Unverified, clip.StateLate},
		{"never", 0, false, clip.Unverified, clip.StateUnstamped}} {
		s := newScene(t, 0)
		sound := s.guest.Stream(franking.Microphone, franking.Opus)
		at := s.Start + 10_000
		s.ring.Add(sound.Send(at, false, []byte("sound")), time.UnixMilli(int64(at)))
		if c.stamp {
			s.ring.Stamped(s.guest.Join, sound.Stamp(at+c.delay))
		}
		s.end = time.UnixMilli(int64(at + 5000))
		file, proof := s.report(t)
		if v := s.verify(t, file, proof); v.Grade != c.grade || v.Tracks[0].Spans[0].State != c.state {
			t.Errorf("stamped %s: %+v", c.what, v)
		}
	}
}

// TestLostKey verifies a true clip and true lines after the notary's key was lost: nobody lied, so nothing is contradicted.
func TestLostKey(t *testing.T) {
	w := cliptest.New("M-3K9QA-77ZPW", 9)
	host, guest := w.Person("A-11111-11111", "Hanna"), w.Person("", "Gus")
	ring := clip.NewRing(clip.DefaultWindow)
	guest.Talk(ring, 1)
	guest.Write(ring, "Hello")
	frozen := ring.Freeze(time.UnixMilli(int64(w.Start) + 20_000))
	file, proof, err := frozen.Make(clip.Choice{Sender: guest.Join, Picture: franking.Camera, To: 1 << 52}, host.Parties(guest))
	if err != nil {
		t.Fatal(err)
	}
	lines, err := frozen.MakeLines([]clip.Writer{{Join: guest.Join, Message: guest.Message}}, 0, 1<<52, host.Parties(host))
	if err != nil {
		t.Fatal(err)
	}
	p := w.Platform()
	p.Notary = franking.NewNotary().Key
	v, err := clip.Verify(bytes.NewReader(file), proof, p)
	l, err2 := clip.VerifyLines(lines, p)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	for _, f := range []clip.Found{{Clip: &v}, {Lines: &l}} {
		if f.Grade() != clip.Unverified || len(f.Findings()) == 0 || f.Findings()[0].Against != clip.AgainstNobody {
			t.Errorf("without the key it is %s: %+v", f.Grade(), f.Findings())
		}
	}
}

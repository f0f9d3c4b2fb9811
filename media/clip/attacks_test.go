package clip_test

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/clip/cliptest"
	"github.com/proffer/proffer/media/franking"
)

// forger is a host who has a true report and changes it: it can write any clip and sign any proof.
type forger struct {
	*scene
	t      *testing.T
	proof  *clip.Proof
	frames [][][]byte // of each track
}

func newForger(t *testing.T) *forger {
	t.Helper()
	s := newScene(t, 4)
	file, raw := s.report(t)
	return &forger{scene: s, t: t, proof: read(t, raw), frames: split(t, file, raw)}
}

func read(t *testing.T, raw []byte) *clip.Proof {
	t.Helper()
	p, err := clip.OpenProof(raw)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// split takes the frames out of a clip.
func split(t *testing.T, file, raw []byte) [][][]byte {
	t.Helper()
	p := read(t, raw)
	l, err := clip.LayoutOf(p)
	if err != nil {
		t.Fatal(err)
	}
	frames := make([][][]byte, len(p.Tracks))
	for i := range frames {
		frames[i] = make([][]byte, len(p.Tracks[i].Frames))
	}
	// Written with empty marks for frames, the form tells where they are.
	at := 0
	if err := l.Write(counter{&at}, func(pl clip.Place) []byte {
		n := int(p.Tracks[pl.Track].Frames[pl.Frame].Length)
		frames[pl.Track][pl.Frame] = bytes.Clone(file[at : at+n])
		return file[at : at+n]
	}); err != nil {
		t.Fatal(err)
	}
	return frames
}

type counter struct{ n *int }

func (c counter) Write(b []byte) (int, error) {
	*c.n += len(b)
	return len(b), nil
}

// make writes the clip that the proof describes now, and signs the proof.
func (f *forger) make(by *cliptest.Person) (file, raw []byte) {
	f.t.Helper()
	for i := range f.proof.Tracks {
		for j := range f.proof.Tracks[i].Frames {
			f.proof.Tracks[i].Frames[j].Length = uint64(len(f.frames[i][j]))
		}
	}
	l, err := clip.LayoutOf(f.proof)
	if err != nil {
		return nil, f.proof.Sign(by.Device, by.Sign) // no clip has that form
	}
	var b bytes.Buffer
	if err := l.Write(&b, func(p clip.Place) []byte { return f.frames[p.Track][p.Frame] }); err != nil {
		f.t.Fatal(err)
	}
	f.proof.Clip, f.proof.Size = sha256.Sum256(b.Bytes()), uint64(b.Len())
	return b.Bytes(), f.proof.Sign(by.Device, by.Sign)
}

// drop takes frames out of a track.
func (f *forger) drop(track, from, to int) {
	t := &f.proof.Tracks[track]
	t.Frames = slices.Delete(t.Frames, from, to)
	f.frames[track] = slices.Delete(f.frames[track], from, to)
}

// TestForgedReports has a host change a true report in every way, and sign what it made.
func TestForgedReports(t *testing.T) {
	other := cliptest.New("M-OTHER-00000", 2)
	for what, c := range map[string]struct {
		change func(f *forger)
		grade  clip.Grade
	}{
		"unchanged":      {func(*forger) {}, clip.Verified},
		"edits a frame":  {func(f *forger) { f.frames[0][30][100] ^= 1 }, clip.Contradicted},
		"edits a prefix": {func(f *forger) { f.frames[0][30][1] ^= 1 }, clip.Contradicted},
		"edits sound":    {func(f *forger) { f.frames[1][30][10] ^= 1 }, clip.Contradicted},
		"invents a frame": {func(f *forger) {
			f.frames[1][30] = []byte("what was never said")
		}, clip.Contradicted},
		"reorders the content of frames": {func(f *forger) {
			f.frames[0][11], f.frames[0][12] = f.frames[0][12], f.frames[0][11]
		}, clip.Contradicted},
		"reorders frames": {func(f *forger) {
			fs := f.proof.Tracks[1].Frames
			fs[11], fs[12] = fs[12], fs[11]
			fs[11].Time, fs[12].Time = fs[12].Time, fs[11].Time
			f.frames[1][11], f.frames[1][12] = f.frames[1][12], f.frames[1][11]
		}, clip.Contradicted},
		"re-times a frame": {func(f *forger) { f.proof.Tracks[0].Frames[5].Time += 10 }, clip.Contradicted},
		"re-times all": {func(f *forger) {
			for i := range f.proof.Tracks {
				for j := range f.proof.Tracks[i].Frames {
					f.proof.Tracks[i].Frames[j].Time += 60_000
				}
			}
		}, clip.Contradicted},
		"drops frames":        {func(f *forger) { f.drop(1, 50, 60) }, clip.Partly},
		"drops a key frame":   {func(f *forger) { f.drop(0, 40, 41) }, clip.Partly},
		"drops the beginning": {func(f *forger) { f.drop(0, 0, 40); f.drop(1, 0, 100) }, clip.Verified}, // trimmed, as anybody may
		"duplicates a frame": {func(f *forger) {
			fs := &f.proof.Tracks[1].Frames
			again := (*fs)[20]
			again.Time++
			*fs = slices.Insert(*fs, 21, again)
			f.frames[1] = slices.Insert(f.frames[1], 21, f.frames[1][20])
		}, clip.Contradicted},
		"splices in sound of another stream": {func(f *forger) {
			f.proof.Tracks[1].Frames[20].Stream = f.proof.Tracks[0].Frames[0].Stream
		}, clip.Partly}, // no stamp of this track's names it
		"takes another epoch":             {func(f *forger) { f.proof.Tracks[0].Frames[7].Epoch++ }, clip.Contradicted},
		"takes another term":              {func(f *forger) { f.proof.Tracks[0].Frames[7].Term++ }, clip.Contradicted},
		"takes another counter":           {func(f *forger) { f.proof.Tracks[0].Frames[7].Counter++ }, clip.Contradicted},
		"makes a delta frame a key frame": {func(f *forger) { f.proof.Tracks[0].Frames[7].Key = true }, clip.Contradicted},
		"changes the size of the picture": {func(f *forger) { f.proof.Tracks[0].Width = 640 }, clip.Contradicted},
		"changes the codec":               {func(f *forger) { f.proof.Tracks[0].Codec = franking.VP9 }, clip.Contradicted},
		"calls the camera a screen": {func(f *forger) {
			f.proof.Tracks[0].Source, f.proof.Tracks[1].Source = franking.Screen, franking.ScreenSound
		}, clip.Contradicted},
		"adds a track": {func(f *forger) {
			f.proof.Tracks = append(f.proof.Tracks, f.proof.Tracks[1])
			f.frames = append(f.frames, f.frames[1])
		}, clip.Contradicted},
		"names another meeting":             {func(f *forger) { f.proof.Meeting = "M-ELSE0-00000" }, clip.Contradicted},
		"names another sender":              {func(f *forger) { f.proof.Sender = f.Person("A-OTHER", "Olga").Message }, clip.Contradicted},
		"names somebody of another meeting": {func(f *forger) { f.proof.Sender = other.Person("A-OTHER", "Olga").Message }, clip.Contradicted},
		"names itself":                      {func(f *forger) { f.proof.Sender = f.host.Message }, clip.Contradicted},
		"forges a stamp":                    {func(f *forger) { f.proof.Tracks[0].Runs[0].MAC[0] ^= 1 }, clip.Contradicted},
		"moves a stamp":                     {func(f *forger) { f.proof.Tracks[0].Runs[0].At += 1000 }, clip.Contradicted},
		"leaves out stamps":                 {func(f *forger) { f.proof.Tracks[0].Runs = f.proof.Tracks[0].Runs[:2] }, clip.Partly},
		"forges an opening":                 {func(f *forger) { f.proof.Tracks[0].Frames[3].Opening[0] ^= 1 }, clip.Contradicted},
	} {
		t.Run(what, func(t *testing.T) {
			f := newForger(t)
			c.change(f)
			file, raw := f.make(f.host)
			if v := f.verify(t, file, raw); v.Grade != c.grade {
				t.Errorf("a host that %s gets %s and not %s: %+v", what, v.Grade, c.grade, v.Findings)
			}
		})
	}
}

// TestAnothersReport presents a report that somebody else made.
func TestAnothersReport(t *testing.T) {
	f := newForger(t)
	thief := f.Person("A-THIEF", "Theo")
	file, raw := f.make(thief)
	if v := f.verify(t, file, raw); v.Grade != clip.Contradicted {
		t.Errorf("another's proof, signed anew, is %s", v.Grade)
	}
	f.proof.Reporter = thief.Message // a true member, who never had the openings but from the other's proof: what it proves is still true
	file, raw = f.make(thief)
	if v := f.verify(t, file, raw); v.Grade != clip.Verified || v.Reporter.Account != "A-THIEF" {
		t.Errorf("a member's own proof names %q and is %s", v.Reporter.Account, v.Grade)
	}
}

// TestNotInTheMeeting reports from a meeting that the platform does not have the reporter in.
func TestNotInTheMeeting(t *testing.T) {
	s := newScene(t, 2)
	file, raw := s.report(t)
	p := s.Platform()
	p.Present = func(m clip.Member, from, to uint64) (string, error) {
		if m.Join == s.host.Join {
			return "The reporter was not in the meeting then.", nil
		}
		return "", nil
	}
	v, err := clip.Verify(bytes.NewReader(file), raw, p)
	if err != nil || v.Grade != clip.Contradicted || !strings.Contains(v.Findings[0].Words, "not in the meeting") {
		t.Errorf("a report by somebody who was not there is %+v, %v", v, err)
	}
	p = s.Platform()
	p.Identity[0] ^= 1
	if v, _ := clip.Verify(bytes.NewReader(file), raw, p); v.Grade != clip.Contradicted {
		t.Errorf("certificates of another server are %s", v.Grade)
	}
}

// TestSenderContradictsItself: two commitments for one frame are noted against the sender, and the report keeps what holds.
func TestSenderContradictsItself(t *testing.T) {
	s := newScene(t, 0)
	sound := s.guest.Stream(franking.Microphone, franking.Opus)
	at := s.Start + 10_000
	s.ring.Add(sound.Send(at, false, []byte("what the others heard")), time.UnixMilli(int64(at)))
	runs := sound.Stamp(at + 100)
	s.ring.Stamped(s.guest.Join, runs)
	file, raw := func() ([]byte, []byte) {
		s.end = time.UnixMilli(int64(at + 5000))
		return s.report(t)
	}()
	lie := franking.Run{Stream: runs[0].Stream, Sequence: 1, First: 0, Commitments: make([]byte, 32)}
	from := franking.Sender{Meeting: s.Meeting, Device: s.guest.Device, Join: s.guest.Join}
	stamp := s.Notary.Stamp(&from, &lie, time.UnixMilli(int64(at+200)))
	p := read(t, raw)
	p.Tracks[0].Runs = append(p.Tracks[0].Runs, clip.StampedRun{Key: stamp.Key, At: stamp.At, Stream: lie.Stream, Sequence: 1, First: 0, Commitments: lie.Commitments, MAC: stamp.MAC})
	v := s.verify(t, file, p.Sign(s.host.Device, s.host.Sign))
	if v.Grade != clip.Verified || len(v.Findings) != 1 || v.Findings[0].Against != clip.AgainstSender {
		t.Errorf("a sender that contradicts itself makes the report %+v", v)
	}
}

// TestConflictIsNotReported: what a sender committed to otherwise was shown to nobody, and does not make the host's report a lie.
func TestConflictIsNotReported(t *testing.T) {
	s := newScene(t, 0)
	sound := s.guest.Stream(franking.Microphone, franking.Opus)
	at := s.Start + 10_000
	for i := range uint64(10) {
		f := sound.Send(at+i*20, false, []byte("sound"))
		if i == 5 {
			f.Commitment[0] ^= 1 // as it came with the frame
		}
		s.ring.Add(f, time.UnixMilli(int64(at+i*20)))
	}
	s.ring.Stamped(s.guest.Join, sound.Stamp(at+250))
	s.end = time.UnixMilli(int64(at + 5000))
	file, raw := s.report(t)
	if v := s.verify(t, file, raw); v.Grade != clip.Partly || v.Tracks[0].Frames != 9 {
		t.Errorf("a report without the frame in conflict is %+v", v)
	}
}

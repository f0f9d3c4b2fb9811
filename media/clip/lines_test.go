package clip_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/clip/cliptest"
)

// chatScene is a meeting in which two people have written, and the host reports both.
type chatScene struct {
	*scene
	olga *cliptest.Person
	hers *cliptest.Stream // Olga's chat
}

// newChatScene has Gus write four lines, the third of them to the host alone, and Olga one between the first two of his.
func newChatScene(t testing.TB) *chatScene {
	t.Helper()
	s := &chatScene{scene: newScene(t, 0)}
	s.olga = s.Person("A-OLGA", "Olga")
	gus := s.guest.Chat()
	s.hers = s.olga.Chat()
	s.write(gus, s.guest, 10_000, "one", nil)
	s.write(s.hers, s.olga, 11_000, "What do you mean, “one”?\n\tTell me.", nil)
	s.write(gus, s.guest, 12_000, "two", nil)
	s.write(gus, s.guest, 13_000, "between us", s.host.Join[:])
	s.write(gus, s.guest, 14_000, "four", nil)
	s.end = time.UnixMilli(int64(s.Start) + 20_000)
	return s
}

func (s *chatScene) write(st *cliptest.Stream, by *cliptest.Person, ms uint64, text string, to []byte) {
	at := s.Start + ms
	s.ring.Add(st.Send(at, false, cliptest.Line(text, to...)), time.UnixMilli(int64(at)+40))
	s.ring.Stamped(by.Join, st.Stamp(at+200))
}

func writer(p *cliptest.Person) clip.Writer { return clip.Writer{Join: p.Join, Message: p.Message} }

// file makes the file of everything that was written.
func (s *chatScene) file(t testing.TB) []byte {
	t.Helper()
	b, err := s.ring.Freeze(s.end).MakeLines([]clip.Writer{writer(s.guest), writer(s.olga)}, 0, 1<<52, s.host.Parties(s.guest))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (s *chatScene) verifyLines(t testing.TB, file []byte) clip.LinesVerdict {
	t.Helper()
	v, err := clip.VerifyLines(file, s.Platform())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestLines(t *testing.T) {
	s := newChatScene(t)
	v := s.verifyLines(t, s.file(t))
	if v.Grade != clip.Verified || len(v.Findings) > 0 || len(v.Senders) != 2 || v.Senders[0].Name != "Gus" || v.Senders[1].Account != "A-OLGA" ||
		v.Reporter.Account != "A-HOST" {
		t.Fatalf("an honest file is %+v", v)
	}
	want := []clip.LineVerdict{
		{Sender: 0, Time: s.Start + 10_000, Text: "one"},
		{Sender: 1, Time: s.Start + 11_000, Text: "What do you mean, “one”?\n\tTell me."},
		{Sender: 0, Time: s.Start + 12_000, Text: "two"},
		{Sender: 0, Time: s.Start + 13_000, Text: "between us"},
		{Sender: 0, Time: s.Start + 14_000, Text: "four"},
	}
	for i, l := range v.Lines {
		to := l.To
		l.To = ""
		want[i].State = clip.StateVerified
		if l != want[i] || (to != "") != (i == 3) {
			t.Errorf("line %d is %+v to %q", i, l, to)
		}
	}
	if len(v.Lines) != len(want) {
		t.Errorf("there are %d lines", len(v.Lines))
	}
}

// TestLinesOfATime takes a part of what was written: the hole that it leaves is said.
func TestLinesOfATime(t *testing.T) {
	s := newChatScene(t)
	f := s.ring.Freeze(s.end)
	b, err := f.MakeLines([]clip.Writer{writer(s.olga), writer(s.guest)}, s.Start+11_500, s.Start+13_500, s.host.Parties(s.guest))
	if err != nil {
		t.Fatal(err)
	}
	if v := s.verifyLines(t, b); v.Grade != clip.Verified || len(v.Senders) != 1 || len(v.Lines) != 2 || v.Lines[0].Missing != 0 {
		t.Errorf("two lines of Gus are %+v", v)
	}
	l := readLines(t, s.file(t))
	l.Senders[0].Lines = append(l.Senders[0].Lines[:1], l.Senders[0].Lines[3:]...)
	if v := s.verifyLines(t, l.Sign(s.host.Device, s.host.Sign)); v.Grade != clip.Verified || v.Lines[2].Missing != 2 {
		t.Errorf("with two lines left out: %+v", v)
	}
	if _, err := f.MakeLines([]clip.Writer{writer(s.host)}, 0, 1<<52, s.host.Parties(s.guest)); !errors.Is(err, clip.ErrNothing) {
		t.Errorf("what the host wrote, which is nothing: %v", err)
	}
}

func readLines(t *testing.T, file []byte) *clip.Lines {
	t.Helper()
	l, err := clip.OpenLines(file)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestForgedLines has a host change a true file in every way, and sign what it made.
func TestForgedLines(t *testing.T) {
	other := cliptest.New("M-OTHER-00000", 2)
	for what, c := range map[string]struct {
		change func(s *chatScene, l *clip.Lines)
		grade  clip.Grade
		state  clip.State // of Gus's first line; "" where there is none
	}{
		"changes nothing": {func(*chatScene, *clip.Lines) {}, clip.Verified, clip.StateVerified},
		"edits a text":    {func(_ *chatScene, l *clip.Lines) { l.Senders[0].Lines[0].Text = cliptest.Line("won") }, clip.Contradicted, clip.StateContradicted},
		"addresses a line": {func(s *chatScene, l *clip.Lines) {
			l.Senders[0].Lines[0].Text = cliptest.Line("one", s.olga.Join[:]...)
		}, clip.Contradicted, clip.StateContradicted},
		"re-times a line":     {func(_ *chatScene, l *clip.Lines) { l.Senders[0].Lines[0].Time += 10 }, clip.Contradicted, clip.StateContradicted},
		"takes another epoch": {func(_ *chatScene, l *clip.Lines) { l.Senders[0].Lines[0].Epoch++ }, clip.Contradicted, clip.StateContradicted},
		"takes another term":  {func(_ *chatScene, l *clip.Lines) { l.Senders[0].Lines[0].Term++ }, clip.Contradicted, clip.StateContradicted},
		"forges an opening":   {func(_ *chatScene, l *clip.Lines) { l.Senders[0].Lines[0].Opening[7] ^= 1 }, clip.Contradicted, clip.StateContradicted},
		"gives one's line to the other": {func(_ *chatScene, l *clip.Lines) {
			l.Senders[0].Sender, l.Senders[1].Sender = l.Senders[1].Sender, l.Senders[0].Sender
		}, clip.Contradicted, clip.StateUnstamped},
		"puts one's line among the other's, with its stamp": {func(_ *chatScene, l *clip.Lines) {
			l.Senders[1].Lines, l.Senders[1].Runs = l.Senders[0].Lines[:1], l.Senders[0].Runs[:1]
		}, clip.Contradicted, clip.StateVerified},
		"names somebody else":    {func(s *chatScene, l *clip.Lines) { l.Senders[0].Sender = s.Person("A-ELSE", "Elsa").Message }, clip.Contradicted, clip.StateUnstamped},
		"names another meeting":  {func(_ *chatScene, l *clip.Lines) { l.Meeting = other.Meeting }, clip.Contradicted, clip.StateUnstamped},
		"names one from another": {func(_ *chatScene, l *clip.Lines) { l.Senders[0].Sender = other.Person("A-ELSE", "Elsa").Message }, clip.Contradicted, clip.StateUnstamped},
		"names a sender twice":   {func(_ *chatScene, l *clip.Lines) { l.Senders = append(l.Senders, l.Senders[0]) }, clip.Contradicted, clip.StateVerified},
		"leaves out a stamp":     {func(_ *chatScene, l *clip.Lines) { l.Senders[0].Runs = l.Senders[0].Runs[1:] }, clip.Partly, clip.StateUnstamped},
		"leaves out all stamps": {func(_ *chatScene, l *clip.Lines) {
			l.Senders[0].Runs, l.Senders[1].Runs = nil, nil
		}, clip.Unverified, clip.StateUnstamped},
		"moves a stamp":           {func(_ *chatScene, l *clip.Lines) { l.Senders[0].Runs[0].At += 1000 }, clip.Contradicted, clip.StateUnstamped},
		"forges a stamp":          {func(_ *chatScene, l *clip.Lines) { l.Senders[0].Runs[0].MAC[0] ^= 1 }, clip.Contradicted, clip.StateUnstamped},
		"moves to another stream": {func(_ *chatScene, l *clip.Lines) { l.Senders[0].Runs[0].Stream = 1 }, clip.Contradicted, clip.StateUnstamped},
		"has what is no line":     {func(_ *chatScene, l *clip.Lines) { l.Senders[0].Lines[0].Text = []byte("one") }, clip.Contradicted, ""},
		"turns the order round": {func(_ *chatScene, l *clip.Lines) {
			ls := l.Senders[0].Lines
			ls[0], ls[1] = ls[1], ls[0]
		}, clip.Contradicted, ""},
		"repeats a line":             {func(_ *chatScene, l *clip.Lines) { l.Senders[0].Lines[1] = l.Senders[0].Lines[0] }, clip.Contradicted, ""},
		"has a sender without lines": {func(_ *chatScene, l *clip.Lines) { l.Senders[1].Lines = nil }, clip.Contradicted, ""},
		"has nobody":                 {func(_ *chatScene, l *clip.Lines) { l.Senders = nil }, clip.Contradicted, ""},
	} {
		t.Run(what, func(t *testing.T) {
			s := newChatScene(t)
			l := readLines(t, s.file(t))
			c.change(s, l)
			v := s.verifyLines(t, l.Sign(s.host.Device, s.host.Sign))
			var state clip.State
			for _, line := range v.Lines {
				if line.Sender == 0 {
					state = line.State
					break
				}
			}
			if v.Grade != c.grade || state != c.state {
				t.Errorf("a host that %s gets %s with %q, and not %s with %q: %+v", what, v.Grade, state, c.grade, c.state, v.Findings)
			}
		})
	}
}

// TestLinesOfOthers: a file speaks for who signed it, and a proof of a clip is no file of lines.
func TestLinesOfOthers(t *testing.T) {
	s := newChatScene(t)
	l := readLines(t, s.file(t))
	if v := s.verifyLines(t, l.Sign(s.olga.Device, s.olga.Sign)); v.Grade != clip.Contradicted {
		t.Errorf("signed by another than the reporter: %+v", v)
	}
	s.guest.Talk(s.ring, 1)
	_, proof := s.report(t)
	if v := s.verifyLines(t, proof); v.Grade != clip.Contradicted || len(v.Lines) > 0 {
		t.Errorf("a proof of a clip as a file of lines: %+v", v)
	}
	if v := s.verify(t, nil, s.file(t)); v.Grade != clip.Contradicted {
		t.Errorf("a file of lines as a proof of a clip: %+v", v)
	}
}

// TestLinesOfWhoWasNotThere asks the platform for everyone.
func TestLinesOfWhoWasNotThere(t *testing.T) {
	s := newChatScene(t)
	file := s.file(t)
	for _, absent := range []*cliptest.Person{s.host, s.guest, s.olga} {
		p := s.Platform()
		p.Present = func(m clip.Member, from, to uint64) (string, error) {
			if from < s.Start+10_000 || to > s.Start+14_000 {
				t.Errorf("asked for %d to %d", from, to)
			}
			if m.Join == absent.Join {
				return "Somebody was not there.", nil
			}
			return "", nil
		}
		if v, err := clip.VerifyLines(file, p); err != nil || v.Grade != clip.Contradicted || !strings.Contains(v.Findings[0].Words, "not there") {
			t.Errorf("without one of three: %+v, %v", v, err)
		}
	}
	broken := errors.New("broken")
	p := s.Platform()
	p.Present = func(clip.Member, uint64, uint64) (string, error) { return "", broken }
	if _, err := clip.VerifyLines(file, p); !errors.Is(err, broken) {
		t.Errorf("the platform's error comes as %v", err)
	}
}

// TestLineStamps: what was stamped late is said to be, what nobody stamped is not verified, and the newest lines wait for their stamps.
func TestLineStamps(t *testing.T) {
	s := &chatScene{scene: newScene(t, 0)}
	s.olga = s.Person("A-OLGA", "Olga")
	chat := s.guest.Chat()
	add := func(ms uint64, text string) {
		s.ring.Add(chat.Send(s.Start+ms, false, cliptest.Line(text)), time.UnixMilli(int64(s.Start+ms)))
	}
	add(10_000, "late")
	s.ring.Stamped(s.guest.Join, chat.Stamp(s.Start+12_001))
	add(13_000, "never stamped")
	add(14_900, "just written")
	s.end = time.UnixMilli(int64(s.Start) + 15_000)
	v := s.verifyLines(t, s.file(t))
	if v.Grade != clip.Unverified || len(v.Lines) != 2 || v.Lines[0].State != clip.StateLate || v.Lines[1].State != clip.StateUnstamped {
		t.Errorf("late and unstamped lines are %+v", v)
	}
}

// TestAnyChangedBitOfLines changes single bits of a file: none of them leaves it verified.
func TestAnyChangedBitOfLines(t *testing.T) {
	s := newChatScene(t)
	file := s.file(t)
	r := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		at, bit := r.IntN(len(file)), byte(1)<<r.IntN(8)
		file[at] ^= bit
		if v := s.verifyLines(t, file); v.Grade == clip.Verified {
			t.Errorf("with bit %#x of byte %d changed it is verified", bit, at)
		}
		file[at] ^= bit
	}
}

// TestRingOfLines: lines leave the ring with the window, and are no pictures.
func TestRingOfLines(t *testing.T) {
	s := newChatScene(t)
	if _, _, err := s.ring.Freeze(s.end).Make(clip.Choice{Sender: s.guest.Join, To: 1 << 52}, s.host.Parties(s.guest)); !errors.Is(err, clip.ErrNothing) {
		t.Errorf("a clip of lines: %v", err)
	}
	held := s.ring.Bytes()
	s.write(s.hers, s.olga, 73_000, "later", nil)
	s.end = time.UnixMilli(int64(s.Start) + 80_000)
	if v := s.verifyLines(t, s.file(t)); len(v.Lines) != 3 {
		t.Errorf("after the window there are %+v", v.Lines)
	}
	if s.ring.Bytes() >= held {
		t.Errorf("%d bytes are held after the window, %d before", s.ring.Bytes(), held)
	}
}

func TestWords(t *testing.T) {
	long := strings.Repeat("ü", 4000)
	for what, c := range map[string]struct {
		plain []byte
		ok    bool
	}{
		"a line":               {cliptest.Line("Hello"), true},
		"lines and a tab":      {cliptest.Line("a\n\tb"), true},
		"4,000 characters":     {cliptest.Line(long), true},
		"4,001 characters":     {cliptest.Line(long + "x"), false},
		"a control character":  {cliptest.Line("a\x1b[2J"), false},
		"not in normal form C": {cliptest.Line("u\u0308"), false},
		"half a J":             {cliptest.Line("a", make([]byte, 16)...), false},
		"more behind":          {append(cliptest.Line("a"), 0), false},
		"another kind":         {bytes.Replace(cliptest.Line("a"), []byte("line"), []byte("lime"), 1), false},
		"nothing":              {nil, false},
	} {
		if _, _, err := clip.Words(c.plain); (err == nil) != c.ok {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// FuzzLines holds that what is read has one encoding, which the other encoder agrees with.
func FuzzLines(f *testing.F) {
	f.Add(clip.BodyOf(newChatScene(f).file(f)))
	f.Add([]byte{0x85, 0x65})
	f.Fuzz(func(t *testing.T, b []byte) {
		if again, err := clip.RecodeLines(b); err == nil && !bytes.Equal(again, b) {
			t.Errorf("%x is read and would be written as %x", b, again)
		}
	})
}

// FuzzWords holds that a plaintext that is read has one encoding.
func FuzzWords(f *testing.F) {
	f.Add(cliptest.Line("Grüße\n", make([]byte, 32)...))
	f.Add([]byte{0x83, 0x64})
	f.Fuzz(func(t *testing.T, b []byte) {
		if text, to, err := clip.Words(b); err == nil && !bytes.Equal(cliptest.Line(text, to...), b) {
			t.Errorf("%x is read as %q", b, text)
		}
	})
}

// FuzzVerifyLines holds that no file makes verification fail in another way than by a verdict, and none but the true one is verified.
func FuzzVerifyLines(f *testing.F) {
	s := newChatScene(f)
	file := s.file(f)
	f.Add(file)
	f.Add([]byte{0x83})
	f.Fuzz(func(t *testing.T, b []byte) {
		if v := s.verifyLines(t, b); v.Grade == clip.Verified && !bytes.Equal(b, file) {
			t.Error("another file is verified")
		}
	})
}

package custody

import (
	"crypto/sha256"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Each target proves of one decoder that what it accepts re-encodes to itself.

func FuzzParseLeaf(f *testing.F) {
	for i := range len(Acts()) {
		b, err := event(f, i).Encode()
		check(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		l, err := ParseLeaf(in)
		if err != nil {
			return
		}
		out, err := l.Encode()
		if err != nil || string(out) != string(in) {
			t.Errorf("%q became %q, %v", in, out, err)
		}
	})
}

func FuzzParseDetail(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":"b"}`, `{"a":"\n\"\\\u0001é","b_2":""}`, `{"b":"","a":""}`, `{"a":null}`, `{"a":"\ud800"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		d, err := ParseDetail(in)
		if err != nil {
			return
		}
		out, err := d.Canonical()
		if err != nil || string(out) != string(in) {
			t.Errorf("%q became %q, %v", in, out, err)
		}
	})
}

func FuzzParseInclusion(f *testing.F) {
	f.Add(Inclusion{3, 1, tlog.RecordProof{{1}, {2}}}.Encode())
	f.Add(Inclusion{1, 0, nil}.Encode())
	f.Fuzz(func(t *testing.T, in []byte) {
		if p, err := ParseInclusion(in); err == nil {
			if out := p.Encode(); string(out) != string(in) {
				t.Errorf("%q became %q", in, out)
			}
			_ = p.Check(tlog.Tree{N: p.Size}, in) // must not panic, whatever the sizes
		}
	})
}

func FuzzParseConsistency(f *testing.F) {
	f.Add(Consistency{3, 7, tlog.TreeProof{{1}, {2}}}.Encode())
	f.Add(Consistency{0, 0, nil}.Encode())
	f.Add(Consistency{1, 1<<63 - 1, tlog.TreeProof{{1}}}.Encode()) // tlog would never return
	f.Add(Consistency{1, maxEntries, tlog.TreeProof{{1}}}.Encode())
	f.Fuzz(func(t *testing.T, in []byte) {
		if p, err := ParseConsistency(in); err == nil {
			if out := p.Encode(); string(out) != string(in) {
				t.Errorf("%q became %q", in, out)
			}
			_ = p.Check(tlog.Tree{N: p.Old}, tlog.Tree{N: p.New})
		}
	})
}

// resign builds the note of a text anew with the signature of another, which is how a canonical note is told.
func resign(text string, in []byte) string {
	_, sig, _ := strings.Cut(string(in), "\n\n")
	return text + "\n" + sig
}

func FuzzReadCheckpoint(f *testing.F) {
	s, keys := key(f, "desk.example.org/log")
	for n := range 3 {
		b, err := SignCheckpoint(tlog.Tree{N: int64(n) + 1, Hash: sha256.Sum256([]byte{byte(n)})}, noon, s)
		check(f, err)
		f.Add(b)
	}
	known := keys.Verifiers(RoleLog)
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := ReadCheckpoint(in)
		if _, err2 := OpenCheckpoint(in, known); err2 == nil && err != nil {
			t.Errorf("opened, but cannot be read: %q", in)
		}
		if err == nil && resign(c.text(), in) != string(in) {
			t.Errorf("%q became %q", in, c.text())
		}
	})
}

func FuzzReadReceipt(f *testing.F) {
	s, _ := key(f, "desk.example.org/receipt")
	for n := range 3 {
		b, err := SignReceipt(Receipt{"R-12345-67890", noon, someClips(n), new(int64(n))}, s)
		check(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if r, _, err := ReadReceipt(in); err == nil && resign(r.text(), in) != string(in) {
			t.Errorf("%q became %q", in, r.text())
		}
	})
}

func someClips(n int) []Clip {
	clips := make([]Clip, n)
	for i := range clips {
		clips[i] = Clip{sha256.Sum256([]byte{byte(i)}), int64(i) + 1}
	}
	return clips
}

// FuzzReadNote compares our strict reader with sumdb/note: what ours accepts, note.Open takes for one signature on the
// same text, and signing that anew gives the same bytes.
func FuzzReadNote(f *testing.F) {
	s, _ := key(f, "desk.example.org/package")
	b, err := SignNote(RolePackage, "proffer package v1\né\n", s)
	check(f, err)
	f.Add(b)
	f.Fuzz(func(t *testing.T, in []byte) {
		text, signer, err := ReadNote(RolePackage, in)
		if err != nil {
			return
		}
		_, err = note.Open(in, nil)
		u, ok := err.(*note.UnverifiedNoteError)
		if !ok || u.Note.Text != text || len(u.Note.UnverifiedSigs) != 1 || u.Note.UnverifiedSigs[0].Name != signer {
			t.Fatalf("sumdb/note reads %q otherwise: %v", in, err)
		}
		if again, err := note.Sign(u.Note); err != nil || string(again) != string(in) {
			t.Errorf("%q became %q, %v", in, again, err)
		}
	})
}

func FuzzParsePublicKeys(f *testing.F) {
	_, a := key(f, "desk.example.org/log")
	_, b := key(f, "desk.example.org:8080/receipt")
	f.Add([]byte("# x\n\n" + a[0].VKey + "\n# y\n" + b[0].VKey + "\n"))
	f.Add([]byte(a[0].VKey + "\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		keys, err := ParsePublicKeys(in)
		if err != nil {
			return
		}
		var want []string
		for l := range strings.SplitSeq(string(in), "\n") {
			if l != "" && l[0] != '#' {
				want = append(want, l)
			}
		}
		var have []string
		for _, k := range keys {
			have = append(have, k.VKey)
			if _, r, ok := cutName(k.Name); !ok || r != k.Role {
				t.Errorf("%+v has no role", k)
			}
		}
		if strings.Join(want, "\n") != strings.Join(have, "\n") {
			t.Errorf("%q became %q", want, have)
		}
	})
}

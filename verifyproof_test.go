package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/clip/cliptest"
	"github.com/proffer/proffer/media/franking"
)

// evidence is a folder of a clip, its proof, lines, and the key files of the meeting's platform.
type evidence struct {
	t                               *testing.T
	clip, proof, lines              string
	folder, notary, other, identity string
}

func newEvidence(t *testing.T) *evidence {
	dir := t.TempDir()
	w := cliptest.New("M-3K9QA-77ZPW", 7)
	host, guest := w.Person("A-11111-11111", "Hanna"), w.Person("", "Gus\x1b[2J")
	ring := clip.NewRing(clip.DefaultWindow)
	guest.Talk(ring, 2)
	guest.Write(ring, "Hello", "You are next.")
	frozen := ring.Freeze(time.UnixMilli(int64(w.Start) + 20_000))
	file, proof, err := frozen.Make(clip.Choice{Sender: guest.Join, Picture: franking.Camera, To: 1 << 52}, host.Parties(guest))
	if err != nil {
		t.Fatal(err)
	}
	lines, err := frozen.MakeLines([]clip.Writer{{Join: guest.Join, Message: guest.Message}}, 0, 1<<52, host.Parties(host))
	if err != nil {
		t.Fatal(err)
	}
	e := &evidence{t: t, folder: filepath.Join(dir, "keys"), identity: hex.EncodeToString(w.Identity.Public().(ed25519.PublicKey))}
	put := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	seed := func(name string, b []byte) []byte {
		return []byte("PROFFER+SEED+" + name + "+" + base64.StdEncoding.EncodeToString(b) + "\n")
	}
	e.clip, e.proof, e.lines = put("clip.webm", file), put("clip.proof", proof), put("chat.bin", lines)
	secret := w.Secret()
	e.notary = put("keys/notary.key", seed("notary", secret[:]))
	put("keys/identity.key", seed("identity", w.Identity.Seed()))
	e.other = put("other.key", seed("notary-1", make([]byte, 32)))
	return e
}

// verify runs the command and gives its exit status with what it printed.
func (e *evidence) verify(args ...string) (int, string) {
	e.t.Helper()
	var out, errs strings.Builder
	code := verifyCommand(e.t.Context(), args, &out, &errs)
	return code, out.String() + errs.String()
}

func TestVerifyProof(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	broken := filepath.Join(t.TempDir(), "broken.webm")
	b, err := os.ReadFile(e.clip)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(broken, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what  string
		args  []string
		code  int
		words string
	}{
		{"a clip by the key folder", []string{"--keys", e.folder, e.clip, e.proof}, 0, ": verified\n"},
		{"a clip by its keys", []string{"--notary", e.notary, "--identity", e.identity, e.clip, e.proof}, 0, "reported by Hanna (A-11111-11111)"},
		{"a clip by two generations", []string{"--notary", e.other, "--notary", e.notary, "--identity", e.identity, e.clip, e.proof}, 0, ": verified\n"},
		{"a clip without the identity", []string{"--notary", e.notary, e.clip, e.proof}, 2, "no identity key given"},
		{"a clip without keys", []string{e.clip, e.proof}, 2, "commitments hold; stamps not checked: no notary key given"},
		{"a clip with another generation’s key", []string{"--notary", e.other, "--identity", e.identity, e.clip, e.proof}, 2, "no notary key of generation 0 given"},
		{"another clip", []string{"--keys", e.folder, broken, e.proof}, 1, ": contradicted\n"},
		{"another clip without keys", []string{broken, e.proof}, 1, ": contradicted\n"},
		{"another identity", []string{"--notary", e.notary, "--identity", strings.Repeat("ab", 32), e.clip, e.proof}, 1, "against the clip"},
		{"lines", []string{"--keys", e.folder, e.lines}, 0, `"You are next.": verified`},
		{"lines without keys", []string{e.lines}, 2, "commitments hold; stamps not checked: no notary key given"},
		{"a proof that is none", []string{"--keys", e.folder, e.clip, e.clip}, 1, "cannot be used"},
		{"no file", []string{"--keys", e.folder, e.clip, e.proof + "x"}, 1, "no such file"},
		{"no key", []string{"--notary", e.clip, e.clip, e.proof}, 1, "Usage"},
		{"JSON of a package", []string{"--json", e.clip}, 1, "for a clip with its proof"},
		{"keys with neither", []string{"--keys", e.folder, e.clip}, 1, "neither a law-enforcement package"},
	} {
		code, out := e.verify(c.args...)
		if code != c.code || !strings.Contains(out, c.words) || strings.Contains(out, "\x1b") {
			t.Errorf("%s: exit %d, %q", c.what, code, out)
		}
	}
}

func TestVerifyProofAsJSON(t *testing.T) {
	t.Parallel()
	e := newEvidence(t)
	for args, want := range map[string]clip.Grade{"--keys " + e.folder: clip.Verified, "": clip.Unverified} {
		_, out := e.verify(append(append([]string{"--json"}, strings.Fields(args)...), e.clip, e.proof)...)
		var c checked
		if err := json.Unmarshal([]byte(out), &c); err != nil || c.Result != want || c.Clip == nil || c.Clip.Grade != want || len(c.NotChecked) == 0 {
			t.Errorf("with %q: %s, %v", args, out, err)
		}
	}
	entries, err := os.ReadDir(e.folder)
	if err != nil || len(entries) != 2 {
		t.Errorf("the key folder has %d files afterwards, %v", len(entries), err)
	}
}

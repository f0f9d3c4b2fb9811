package custody

import (
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func TestReceiptIsWrittenAsDocumented(t *testing.T) {
	s, keys := key(t, "desk.example.org/receipt")
	r := Receipt{Report: "R-12345-67890", Time: noon, Clips: []Clip{{Size: 123}, {Size: 1}}, Entry: new(int64(0))}
	r.Clips[0].SHA256[0] = 0xfe
	b, err := SignReceipt(r, s)
	check(t, err)
	want := "proffer receipt v1\nreport R-12345-67890\ntime 2026-11-23T12:00:00.123456Z\nclip fe" + strings.Repeat("0", 62) +
		" 123\nclip " + strings.Repeat("0", 64) + " 1\nlog 0\n\n— desk.example.org/receipt "
	if !strings.HasPrefix(string(b), want) {
		t.Fatalf("got\n%s\nwant\n%s…", b, want)
	}
	got, signer, err := OpenReceipt(b, keys.Verifiers(RoleReceipt))
	check(t, err)
	if !reflect.DeepEqual(got, r) || signer != "desk.example.org/receipt" {
		t.Errorf("read back as %+v by %s", got, signer)
	}
	r.Entry, r.Clips = nil, nil
	b, err = SignReceipt(r, s)
	check(t, err)
	if got, _, err = OpenReceipt(b, keys.Verifiers(RoleReceipt)); err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("a report in words only was read back as %+v, %v", got, err)
	}
}

func TestReceiptRefuses(t *testing.T) {
	s, keys := key(t, "desk.example.org/receipt")
	for name, r := range map[string]Receipt{
		"no report":         {Time: noon},
		"two lines for one": {Report: "R-1\nclip", Time: noon},
		"no time":           {Report: "R-1"},
		"an empty clip":     {Report: "R-1", Time: noon, Clips: []Clip{{}}},
		"a negative size":   {Report: "R-1", Time: noon, Clips: []Clip{{Size: -1}}},
		"entry -1":          {Report: "R-1", Time: noon, Entry: new(int64(-1))},
		"too many clips":    {Report: "R-1", Time: noon, Clips: make([]Clip, maxReceiptClips+1)},
	} {
		if b, err := SignReceipt(r, s); err == nil {
			t.Errorf("%s was signed: %s", name, b)
		}
	}
	sum := hex.EncodeToString(make([]byte, 32))
	head := "proffer receipt v1\nreport R-1\ntime 2026-11-23T12:00:00.123456Z\n"
	for name, text := range map[string]string{
		"a file name":       head + "clip " + sum + " 5 party.webm\n",
		"a leading zero":    head + "clip " + sum + " 05\n",
		"a sign":            head + "clip " + sum + " +5\n",
		"upper-case hex":    head + "clip " + strings.ToUpper(strings.Replace(sum, "00", "ab", 1)) + " 5\n",
		"log before clip":   head + "log 1\nclip " + sum + " 5\n",
		"log twice":         head + "log 1\nlog 1\n",
		"an unknown line":   head + "words hello\n",
		"another version":   strings.Replace(head, "v1", "v2", 1),
		"another's context": strings.Replace(head, "receipt", "package", 1),
	} {
		b, err := SignNote(RoleReceipt, text, s)
		check(t, err)
		if r, _, err := OpenReceipt(b, keys.Verifiers(RoleReceipt)); err == nil {
			t.Errorf("%s was accepted: %+v", name, r)
		}
	}
}

func TestCheckpointIsOneOfC2SP(t *testing.T) {
	s, keys := key(t, "desk.example.org:8443/log")
	b, err := SignCheckpoint(EmptyTree, noon, s)
	check(t, err)
	want := "desk.example.org:8443/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\ntime 2026-11-23T12:00:00.123456Z\n\n— desk.example.org:8443/log "
	if !strings.HasPrefix(string(b), want) {
		t.Fatalf("got\n%s\nwant\n%s…", b, want)
	}
	c, err := OpenCheckpoint(b, keys.Verifiers(RoleLog))
	check(t, err)
	if (c != Checkpoint{"desk.example.org:8443/log", EmptyTree, noon}) {
		t.Errorf("read back as %+v", c)
	}
	if r, err := ReadCheckpoint(b); err != nil || r != c {
		t.Errorf("read without key as %+v, %v", r, err)
	}
	if _, err := SignCheckpoint(tlog.Tree{N: 0}, noon, s); err == nil {
		t.Error("an empty tree with another hash was signed")
	}
	if _, err := SignCheckpoint(tlog.Tree{N: -1}, noon, s); err == nil {
		t.Error("a tree of -1 entries was signed")
	}
	other, otherKeys := key(t, "evil.example.org/log")
	text, _, err := ReadNote(RoleLog, b)
	check(t, err)
	b, err = SignNote(RoleLog, text, other)
	check(t, err)
	if _, err := OpenCheckpoint(b, append(keys, otherKeys...).Verifiers(RoleLog)); err == nil {
		t.Error("one log's checkpoint signed by another's key was accepted")
	}
}

// TestKeysServeTheirRoleOnly tries every role's key for every other role, with a verifier list that knows them all.
func TestKeysServeTheirRoleOnly(t *testing.T) {
	all := map[Role]note.Signer{}
	var list []note.Verifier
	for _, role := range Roles() {
		s, keys := key(t, "desk.example.org/"+string(role))
		v, err := note.NewVerifier(keys[0].VKey)
		check(t, err)
		all[role], list = s, append(list, v)
	}
	careless := note.VerifierList(list...)
	texts := map[Role]string{
		RoleLog:     Checkpoint{"desk.example.org/log", EmptyTree, noon}.text(),
		RoleReceipt: Receipt{Report: "R-1", Time: noon}.text(),
		RolePackage: "proffer package v1\nanything\n",
	}
	for _, by := range Roles() {
		for _, as := range Roles() {
			b, err := SignNote(as, texts[as], all[by])
			if (err == nil) != (by == as) {
				t.Errorf("a %s key signing a %s: %v", by, as, err)
			}
			b2, err := note.Sign(&note.Note{Text: texts[as]}, all[by]) // a thief does not use SignNote
			check(t, err)
			if by == as && string(b) != string(b2) {
				t.Error("SignNote differs from note.Sign")
			}
			if _, _, err := OpenNote(as, b2, careless); (err == nil) != (by == as) {
				t.Errorf("a %s signed with a %s key: %v", as, by, err)
			}
		}
	}
	if _, err := SignCheckpoint(EmptyTree, noon, all[RoleReceipt]); err == nil {
		t.Error("a receipt key signed a checkpoint")
	}
	if _, err := SignReceipt(Receipt{Report: "R-1", Time: noon}, all[RoleLog]); err == nil {
		t.Error("a log key signed a receipt")
	}
}

func TestOpenNoteSaysWhatIsWrong(t *testing.T) {
	s, keys := key(t, "desk.example.org/package")
	stranger, _ := key(t, "desk.example.org/package")
	known := keys.Verifiers(RolePackage)
	good, err := SignNote(RolePackage, "proffer package v1\nx\n", s)
	check(t, err)
	foreign, err := SignNote(RolePackage, "proffer package v1\nx\n", stranger)
	check(t, err)
	_, sig, _ := strings.Cut(string(good), "\n\n")
	_, foreignSig, _ := strings.Cut(string(foreign), "\n\n")
	for name, c := range map[string]struct {
		in   string
		want error
	}{
		"good":             {string(good), nil},
		"another's":        {string(foreign), ErrUnknownSigner},
		"changed":          {strings.Replace(string(good), "x", "y", 1), ErrBadSignature},
		"signed twice":     {string(good) + sig, errNote},
		"one foreign more": {string(good) + foreignSig, errNote},
		"no signature":     {"proffer package v1\nx\n\n", errNote},
		"empty":            {"", errNote},
		"blank line":       {"proffer package v1\n\nx\n\n" + sig, errNote},
		"tab":              {"proffer\tpackage v1\n\n" + sig, errNote},
		"too long":         {strings.Repeat("x", maxNote) + "\n\n" + sig, errNote},
	} {
		if _, _, err := OpenNote(RolePackage, []byte(c.in), known); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, _, err := OpenNote(RolePackage, good, nil); !errors.Is(err, ErrUnknownSigner) {
		t.Errorf("no keys at all: %v", err)
	}
	for _, text := range []string{"", "\n", "x", "x\n\ny\n", "x\r\n", "\xff\n"} {
		if _, err := SignNote(RolePackage, text, s); err == nil {
			t.Errorf("%q was signed", text)
		}
	}
}

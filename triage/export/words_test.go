package export

import (
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// machineMade are the texts of a package that no person wrote, by the names of their fields.
var machineMade = []string{"SHA256", "Container", "ContentType", "Command", "File", "Kind", "Codec", "object"}

// sayAll puts something into every text that a person may have written: single lines and long texts alike.
func sayAll(v reflect.Value, next func() string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			sayAll(v.Elem(), next)
		}
	case reflect.Slice:
		for i := range v.Len() {
			sayAll(v.Index(i), next)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			switch {
			case !f.IsExported() || slices.Contains(machineMade, f.Name) || v.Type() == reflect.TypeFor[Receipt]():
			case f.Type == reflect.TypeFor[string]():
				v.Field(i).SetString(next())
			default:
				sayAll(v.Field(i), next)
			}
		}
	}
}

// FuzzAcceptedWords shows that no words which triage takes can keep a package from being built: not alone, not beside
// others, not on one line, not cut.
func FuzzAcceptedWords(f *testing.F) {
	for _, s := range [][2]string{
		{"AGE-SECRET-KEY-1QQPZRY9", "AGE-SECRET-"}, {"KEY-1QQPZRY9", "AGE-\u200bSECRET-KEY-1"}, {"-----BEGIN\nPRIVATE KEY-----", "-----BEGIN PRIVATE\u00a0 KEY-----"},
		{"-----BEGIN ", "PRIVATE KEY-----"}, {`{"kty":"OKP"`, `"d":"0123456789abcdefXYZ-_"}`}, {`kty"`, `: "x", "d"`}, {`d":"0123456789abcdefXYZ-_`, `x'kty'` + "\n\n\n\n\n\n\n\n\n\n:"},
		{"encryptionKey", `encryptionKey\`}, {`encryptionIV`, `encryptionIV'`}, {"b3BlbnNzaC1rZXktdjE", "openssh-key-v1\x00"}, {"openssh-key-v1", "\x1f"},
		{"PuTTY-User-Key-File-3", "PRIVATE+KEY+x"}, {`'d'`, `: "0123456789abcdefXYZ-_"`}, {"---- BEGIN SSH2\tPRIVATE KEY ----", "She lost her PRIVATE KEY"},
		{strings.Repeat("x", 380) + "-----BEGIN PRIVATE KEY-----", "PRIVATE+\u00adKEY+"}, {"ﬁle encryptionKey\u2028", "Ａge"},
	} {
		for first := range byte(4) {
			f.Add(s[0], s[1], first)
		}
	}
	printed := func(b *builder) ([]byte, []byte, error) { // the letters of a PDF are not the text's, and packed
		s, err := layCover(b)
		if err != nil {
			return nil, nil, err
		}
		return []byte("%PDF"), s.printed.Bytes(), nil
	}
	w, _ := made(f)
	f.Fuzz(func(t *testing.T, a, b string, first byte) {
		accepted := func(s string) string {
			if triage.HoldsKey(s) {
				return "refused"
			}
			return s
		}
		texts := []string{accepted(account.CleanText(a)), accepted(account.CleanText(b)),
			accepted(account.CleanName(a, triage.MaxName)), accepted(account.CleanName(b, triage.MaxName))}
		n := int(first)
		next := func() string { n++; return texts[n%len(texts)] }
		c := must(Gather(w.ctx, w.store, w.pkg.ID))
		sayAll(reflect.ValueOf(c), next)
		for i := range c.Custody.Entries {
			d := c.Custody.Entries[i].Detail
			for k := range d {
				d[k] = next()
			}
			if d != nil { // as triage joins and cuts them
				d["people"] = next() + "; " + next()
				d["finding_1"] = next() + ": hate, no severity, Ban. " + account.CleanName(next(), 400)
			}
		}
		builder := &builder{Contents: c, Options: w.options(), key: must(keyOf(w.options().Signer, w.ring.Keys())), sum512: map[string]string{},
			cover: printed, zip: &zipWriter{w: io.Discard, date: dosDate(w.now)}}
		if err := builder.documents(); err != nil {
			t.Fatalf("%q, which triage takes: %v", texts, err)
		}
	})
}

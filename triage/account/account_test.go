package account_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/proffer/proffer/triage/account"
)

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"  Ann \t Lee ":                 "Ann Lee",
		"evil\u202Egnp.exe":             "evilgnp.exe",
		"\u2066iso\u2069late":           "isolate",
		"zero\u200Bwidth\uFEFF":         "zerowidth",
		"nul\x00bell\a":                 "nulbell",
		"bad\xffutf8":                   "bad\uFFFDutf8",
		"e\u0301":                       "é",
		strings.Repeat("x", 200):        strings.Repeat("x", 119) + "…",
		"שלום":                          "שלום",
		"two\nlines":                    "two lines",
		"👩\u200D👩\u200D👧 family joiner": "👩👩👧 family joiner",
	} {
		if got := account.CleanName(in, 120); got != want {
			t.Errorf("CleanName(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	f.Add("a\u202Eb\x00", 5)
	f.Fuzz(func(t *testing.T, s string, max int) {
		max = 1 + (max&0xff+0xff)%0xff
		got := account.CleanName(s, max)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > max {
			t.Fatalf("CleanName(%q, %d) = %q", s, max, got)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			t.Fatalf("CleanName(%q) = %q holds control characters", s, got)
		}
		if again := account.CleanName(got, max); again != got {
			t.Fatalf("cleaning %q again gives %q", got, again)
		}
	})
}

func TestCleanTextKeepsLines(t *testing.T) {
	if got := account.CleanText(" a\r\nb\tc\u202E\x07 \n"); got != "a\nb\tc" {
		t.Errorf("got %q", got)
	}
}

func TestNormalizeEmail(t *testing.T) {
	if got, err := account.NormalizeEmail(" Ann@Example.ORG "); err != nil || got != "ann@example.org" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, bad := range []string{"", "ann", "Ann <ann@example.org>", "a@b\r\nBcc: c@d", strings.Repeat("a", 250) + "@b.example"} {
		if got, err := account.NormalizeEmail(bad); err == nil {
			t.Errorf("NormalizeEmail(%q) = %q, want an error", bad, got)
		}
	}
}

func TestParseRoles(t *testing.T) {
	rs, err := account.ParseRoles("reviewer, lead,reviewer")
	if err != nil || len(rs) != 2 || !rs.Has(account.Lead) {
		t.Errorf("got %v, %v", rs, err)
	}
	if _, err := account.ParseRoles("root"); err == nil {
		t.Error("an unknown role was accepted")
	}
}

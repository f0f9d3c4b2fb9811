package participant

import (
	"strings"
	"testing"
)

func TestParseLink(t *testing.T) {
	l, err := ParseLink(" https://meet.example:8443/m/M-3K9QA-77ZPW#AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n")
	if err != nil || l.Server != "https://meet.example:8443" || l.Meeting != "M-3K9QA-77ZPW" || l.Secret == nil || l.Secret[31] != 31 {
		t.Errorf("%+v %v", l, err)
	}
	if l, err := ParseLink("http://localhost:8080/m/M-1"); err != nil || l.Secret != nil {
		t.Errorf("%+v %v", l, err)
	}
	for _, bad := range []string{"", "M-1", "https://meet.example/", "https://meet.example/m/", "https://meet.example/m/a/b", "ftp://meet.example/m/M-1",
		"https://me@meet.example/m/M-1", "https://meet.example/m/M-1?x", "https://meet.example/m/M%2F1", "https://meet.example/m/M-1#short",
		"https://meet.example/m/M-1#AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9", "https://meet.example/m/" + strings.Repeat("M", 65)} {
		if l, err := ParseLink(bad); err == nil {
			t.Errorf("%q is taken for %+v", bad, l)
		}
	}
}

// FuzzParseLink: what is accepted is written as a link that says the same.
func FuzzParseLink(f *testing.F) {
	f.Add(NewLink("https://meet.example", "M-3K9QA-77ZPW").String())
	f.Add("http://localhost:8080/m/M-1")
	f.Fuzz(func(t *testing.T, s string) {
		l, err := ParseLink(s)
		if err != nil {
			return
		}
		again, err := ParseLink(l.String())
		if err != nil || again.String() != l.String() || again.Server != l.Server || again.Meeting != l.Meeting {
			t.Errorf("%q gives %q, which gives %+v %v", s, l, again, err)
		}
	})
}

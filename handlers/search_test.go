package handlers

import (
	"net/url"
	"strings"
	"testing"

	"github.com/proffer/proffer/triage"
)

// FuzzFoundCursor holds that only one spelling of a place is read.
func FuzzFoundCursor(f *testing.F) {
	f.Add("1795996800000000.C-00000-00001")
	f.Fuzz(func(t *testing.T, s string) {
		if c, ok := parseFound(s); ok && formatFound(triage.Case{Opened: c.Opened, ID: c.Case}) != s {
			t.Errorf("%q is read as %+v", s, c)
		}
	})
}

// FuzzAsk holds that any address is read, and that what was read is written so that it reads the same.
func FuzzAsk(f *testing.F) {
	f.Add("q=a+b&from=2026-11-26&to=x&policy=hate")
	f.Fuzz(func(t *testing.T, query string) {
		in, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		ask, _ := readAsk(in)
		u, err := url.Parse(searchAddress(ask, ""))
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := readAsk(u.Query()); again != ask {
			t.Errorf("%+v reads as %+v", ask, again)
		}
	})
}

func TestSearchAddress(t *testing.T) {
	ask, problem := readAsk(url.Values{"q": {strings.Repeat("x", 5000)}})
	if ask.Text != "" || problem == "" {
		t.Error("a long text is taken")
	}
	if _, problem = readAsk(url.Values{"from": {"yesterday"}}); problem == "" {
		t.Error("what is no day is not said")
	}
}

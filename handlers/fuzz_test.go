package handlers

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
)

func FuzzParseWatched(f *testing.F) {
	f.Add(`{"session":"s","intervals":[{"from":0,"to":2.5,"clear":true,"sound":false}]}`)
	for _, s := range badWatched {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := parseWatched(strings.NewReader(s))
		if err != nil {
			return
		}
		for _, w := range m.watches() {
			if w.From < 0 || w.To <= w.From || w.To > 24*time.Hour || w.Session == "" || len(w.Session) > 64 {
				t.Fatalf("%q was accepted as %+v", s, w)
			}
		}
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseWatched(strings.NewReader(string(b)))
		if err != nil && len(m.Session) < 20 || err == nil && !reflect.DeepEqual(again, m) {
			t.Fatalf("%q reads back as %+v, %v", b, again, err)
		}
	})
}

func FuzzParseCursor(f *testing.F) {
	f.Add("90.1795996800000000.C-ABCDE-FGHJK")
	f.Add("+1.0.C-ABCDE-FGHJK")
	f.Add("0.0.c-abcde-fghjk")
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := parseCursor(s)
		if ok && formatCursor(triage.Case{Priority: c.Priority, Opened: c.Opened, ID: c.Case}) != s {
			t.Fatalf("%q is accepted as %+v", s, c)
		}
	})
}

func FuzzParseReportCursor(f *testing.F) {
	f.Add("1795996800000000.R-ABCDE-FGHJK")
	f.Add("+1.R-ABCDE-FGHJK")
	f.Add("0.r-abcde-fghjk")
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := parseReportCursor(s)
		if ok && formatReportCursor(triage.Report{ID: c.Report, Filed: c.Filed}) != s {
			t.Fatalf("%q is accepted as %+v", s, c)
		}
	})
}

func FuzzSafeReturn(f *testing.F) {
	for _, s := range []string{"/queue?tab=mine", "//evil.example", "/\\evil.example", "/..//evil.example", "/%2f%2fevil.example", "/;@evil.example"} {
		f.Add(s)
	}
	base, err := url.Parse("https://proffer.example/sign-in/x")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		to := safeReturn(s)
		if to == "" {
			return
		}
		u, err := base.Parse(to)
		if err != nil || u.Host != base.Host || u.Scheme != base.Scheme || to != s {
			t.Fatalf("%q leads to %v", s, u)
		}
		w := httptest.NewRecorder() // what net/http makes of it
		_ = seeOther(w, httptest.NewRequest("POST", "/sign-in/x", nil), to)
		if l := w.Header().Get("Location"); !strings.HasPrefix(l, "/") || strings.HasPrefix(l, "//") || strings.ContainsAny(l, "\\\r\n") {
			t.Fatalf("%q is sent as %q", s, l)
		}
	})
}

func FuzzParseLocal(f *testing.F) {
	f.Add("2026-11-30T14:05", "Europe/Berlin")
	f.Add("2026-11-30T14:05:06.789", "-60")
	f.Add("2026-02-30T14:05", "UTC")
	f.Add("2026-11-30T14:05", "../../../etc/passwd")
	f.Fuzz(func(t *testing.T, value, zone string) {
		at, err := parseLocal(value, zone)
		if err != nil || at.IsZero() {
			return
		}
		loc, err := parseZone(zone)
		if err != nil || at.Location() != time.UTC || at.Year() < 1969 || at.Year() > 10000 {
			t.Fatalf("%q in %q is %v, %v", value, zone, at, err)
		}
		// An hour that a change of clocks skips is moved; anything else comes back as it was.
		if back := at.In(loc).Format(localTime); !strings.HasPrefix(value, back) && value[:11] == back[:11] && value[14:16] != back[14:16] && at.Year() > 1990 {
			t.Fatalf("%q in %q comes back as %q", value, zone, back)
		}
	})
}

func TestParseLocal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ value, zone, want string }{
		{"2026-11-30T14:05", "", "2026-11-30T14:05:00Z"},
		{"2026-11-30T14:05", "UTC", "2026-11-30T14:05:00Z"},
		{"2026-11-30T14:05", "Europe/Berlin", "2026-11-30T13:05:00Z"},
		{"2026-07-30T14:05", "Europe/Berlin", "2026-07-30T12:05:00Z"}, // the zone's own summer time, not today's offset
		{"2026-07-30T14:05", "-120", "2026-07-30T12:05:00Z"},
		{"2026-07-30T14:05:06", "480", "2026-07-30T22:05:06Z"},
		{"2026-07-30T14:05", "America/Argentina/Buenos_Aires", "2026-07-30T17:05:00Z"},
		{"2026-07-30", "", ""}, {"30.7.2026 14:05", "", ""}, {"2026-13-30T14:05", "", ""}, {"2026-07-30T14:05", "Mars/Base", ""},
		{"2026-07-30T14:05", "Local", ""}, {"2026-07-30T14:05", "9999", ""}, {"2026-07-30T14:05", "../UTC", ""},
	} {
		got, err := parseLocal(c.value, c.zone)
		if c.want == "" {
			if err == nil {
				t.Errorf("%q in %q is accepted as %v", c.value, c.zone, got)
			}
		} else if err != nil || got.Format(time.RFC3339) != c.want {
			t.Errorf("%q in %q is %v, %v", c.value, c.zone, got, err)
		}
	}
}

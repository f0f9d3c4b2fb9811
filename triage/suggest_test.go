package triage_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
)

func TestSuggest(t *testing.T) {
	known, unknown := triage.Person{ID: "W-1", Account: "A-1"}, triage.Person{ID: "W-2"}
	strike := triage.Strike{Policy: "hate"}
	for _, c := range []struct {
		of       triage.Person
		policy   triage.PolicyID
		severity triage.Severity
		strikes  []triage.Strike
		want     triage.ActionKind
		days     int
		why      string
	}{
		{known, "nudity", triage.SeverityLow, nil, triage.ActWarn, 0, "Adult nudity weighs 1, low severity adds 0: 1 point."},
		{known, "hate", triage.SeverityMedium, nil, triage.ActRemove, 0, "3 points"},
		{known, "hate", triage.SeverityMedium, []triage.Strike{strike}, triage.ActNoHosting, 7, "1 earlier decision within 180 days adds 2"},
		{known, "hate", triage.SeverityMedium, []triage.Strike{strike, strike}, triage.ActSuspend, 7, "2 earlier decisions within 180 days add 4"},
		{known, "threat", triage.SeverityCritical, nil, triage.ActBan, 0, "referral"},
		{known, "self-harm", triage.SeverityCritical, []triage.Strike{strike}, triage.ActNone, 0, "needs help"},
		{unknown, "threat", triage.SeverityHigh, nil, triage.ActRefer, 0, "no account"},
		{unknown, "hate", triage.SeverityHigh, nil, "", 0, ""},
		{known, "no such", triage.SeverityHigh, nil, "", 0, ""},
	} {
		got := triage.Suggest(c.of, c.policy, c.severity, c.strikes)
		if got.Action != c.want || got.Days != c.days || !strings.Contains(got.Why, c.why) {
			t.Errorf("%s, %s, %d strikes: %+v", c.policy, c.severity, len(c.strikes), got)
		}
	}
}

// TestStrikesKeepTheLane holds that nobody is told by a suggestion of what they may not know of, and that strikes expire.
func TestStrikesKeepTheLane(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	decide := func(who string, r triage.Report) {
		_, err := w.Claim(ctx, w.people[who], r.Case)
		w.ok(err)
		_, err = w.Decide(ctx, w.people[who], r.Case, w.finding(r, triage.ActWarn, 0))
		w.ok(err)
	}
	decide("cleo", w.file("grooming"))
	decide("rui", w.file("hate"))
	r := w.file("hate")
	ask := func(who string) triage.Suggestion {
		t.Helper()
		s, err := w.Suggest(ctx, w.people[who], r.Case, r.People[0].ID, "hate", triage.SeverityMedium)
		w.ok(err)
		return s
	}
	if s := ask("rui"); !strings.Contains(s.Why, "1 earlier decision within 180 days adds 2: 5 points") {
		t.Errorf("a reviewer is told: %s", s.Why)
	}
	_, err := w.Suggest(ctx, w.people["rui"], r.Case, r.People[0].ID, "csam", triage.SeverityMedium)
	w.is(triage.ErrNotFound, err)
	_, err = w.Suggest(ctx, w.people["host"], r.Case, r.People[0].ID, "hate", triage.SeverityMedium)
	w.is(triage.ErrNotFound, err)
	w.now = w.now.Add(triage.StrikeLife + time.Hour)
	if s := ask("rui"); strings.Contains(s.Why, "earlier") {
		t.Errorf("a strike that is over still counts: %s", s.Why)
	}
}

func TestEvidenceSpans(t *testing.T) {
	w := newWorld(t)
	ctx, rui := t.Context(), w.people["rui"]
	r, err := w.FileReport(ctx, w.people["host"], w.form("hate", w.upload()))
	w.ok(err)
	x := r.Exhibits[0]
	w.ok(w.FinishPreparing(ctx, x, triage.Prepared{}))
	_, err = w.Claim(ctx, rui, r.Case)
	w.ok(err)
	fs := w.finding(r, triage.ActWarn, 0)
	for _, bad := range []string{"2 0-1", "1 5-3", "one 2-3", "1 2-2"} {
		fs[0].Evidence = bad
		_, err := w.Decide(ctx, rui, r.Case, fs)
		w.is(triage.ErrInvalid, err)
	}
	fs[0].Evidence = "1 3.2-5, 1 1:05 - 1:12.5"
	d, err := w.Decide(ctx, rui, r.Case, fs)
	w.ok(err)
	want := []triage.Span{{Exhibit: x, From: 3200, To: 5000}, {Exhibit: x, From: 65000, To: 72500}}
	w.ok(w.Store.View(ctx, func(tx triage.Tx) error {
		kept, err := tx.Decision(ctx, d.ID)
		if got := kept.Findings[0]; len(got.Spans) != 2 || got.Spans[0] != want[0] || got.Spans[1] != want[1] || got.Evidence != "" {
			t.Errorf("kept is %+v", got)
		}
		return err
	}))
	f := triage.FindingFacts(d.Findings[0], "Mallory", "Warning")
	contains(t, f["evidence"], string(x)+" 3.2-5; "+string(x)+" 65-72.5")
	d.Findings[0].Spans = nil
	if _, ok := triage.FindingFacts(d.Findings[0], "Mallory", "Warning")["evidence"]; ok {
		t.Error("a finding without evidence says something new to the log: packages from before would not verify")
	}
}

// FuzzParseSpans holds that what is read is written in one way, which is read as the same.
func FuzzParseSpans(f *testing.F) {
	for _, s := range []string{"", "1 3.2-5", "1 3.2-5, 2 1:05-1:12.5", "1 0-0.001", "1 5–6", "01 1-2", "1 00:1-2", "1 1.-2", "9999 0-86400"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := triage.ParseSpans(in)
		if err != nil {
			if !errors.Is(err, triage.ErrInvalid) {
				t.Fatalf("%q: %v", in, err)
			}
			return
		}
		var words []string
		for _, s := range got {
			if s.Number < 1 || s.From < 0 || s.To <= s.From {
				t.Fatalf("%q is read as %+v", in, s)
			}
			words = append(words, s.String())
		}
		again, err := triage.ParseSpans(strings.Join(words, ", "))
		if err != nil || len(again) != len(got) {
			t.Fatalf("%q is written as %q, which is read as %v %v", in, words, again, err)
		}
		for i := range got {
			if got[i] != again[i] {
				t.Fatalf("%q: %+v and %+v", in, got[i], again[i])
			}
		}
	})
}

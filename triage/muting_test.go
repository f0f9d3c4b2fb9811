package triage_test

import (
	"testing"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

func TestMutedReporter(t *testing.T) {
	w := newWorld(t)
	ctx, host := t.Context(), w.people["host"].Account
	priority := func(c triage.CaseID) (n int) {
		t.Helper()
		w.ok(w.Store.View(ctx, func(tx triage.Tx) error {
			x, err := tx.Case(ctx, c)
			n = x.Priority
			return err
		}))
		return n
	}
	const why = "Forty reports in a day, none of them true."
	for _, who := range []string{"rui", "host", "ada", "cleo", "lior"} {
		w.is(triage.ErrForbidden, w.MuteReporter(ctx, w.people[who], host, 7, why))
		w.is(triage.ErrForbidden, w.UnmuteReporter(ctx, w.people[who], host))
	}
	lena := w.people["lena"]
	w.is(triage.ErrInvalid, w.MuteReporter(ctx, lena, host, 91, why))
	w.is(triage.ErrInvalid, w.MuteReporter(ctx, lena, host, 7, "no"))
	w.is(triage.ErrInvalid, w.MuteReporter(ctx, lena, lena.Account, 7, why))
	w.ok(w.MuteReporter(ctx, lena, host, 7, why))
	if r := w.file("nudity"); priority(r.Case) != 0 {
		t.Error("a muted reporter's report is not the last")
	}
	if r := w.file("grooming"); priority(r.Case) < 90 {
		t.Error("muting reaches into the child-safety lane")
	}
	out, err := w.Reporters(ctx, lena)
	w.ok(err)
	if len(out.Mutes) != 1 || len(out.Counts) != 1 || out.Counts[0].Reports != 1 {
		t.Errorf("reporters are %+v", out)
	}
	w.ok(w.UnmuteReporter(ctx, lena, host))
	w.ok(w.UnmuteReporter(ctx, lena, host))
	if r := w.file("threat"); priority(r.Case) == 0 {
		t.Error("a report is the last after muting was undone")
	}
	if !has(w.acts(""), custody.ReporterMuted, custody.ReporterUnmuted) {
		t.Error("the log does not say that somebody was muted")
	}
	w.ok(w.MuteReporter(ctx, lena, host, 7, why))
	w.now = w.now.AddDate(0, 0, 7)
	if r := w.file("fraud"); priority(r.Case) == 0 {
		t.Error("a mute goes on after its end")
	}
}

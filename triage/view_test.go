package triage_test

import (
	"strings"
	"testing"

	"github.com/proffer/proffer/triage"
)

// names lists what somebody has in their list of views.
func (w *world) views(who string) string {
	w.t.Helper()
	rows, err := w.Views(w.t.Context(), w.people[who])
	w.ok(err)
	var out []string
	for _, r := range rows {
		out = append(out, r.Name)
	}
	return strings.Join(out, ", ")
}

func TestViews(t *testing.T) {
	w := newWorld(t)
	ctx, rui, lena := t.Context(), w.people["rui"], w.people["lena"]
	own, err := w.KeepView(ctx, rui, triage.View{Name: " Hate, old ", Ask: triage.FindAsk{Policy: "hate", Older: 2, Limit: 9}})
	w.ok(err)
	if own.Name != "Hate, old" || own.Ask.Limit != 0 || own.Owner != rui.Account {
		t.Errorf("kept %+v", own)
	}
	_, err = w.KeepView(ctx, rui, triage.View{Name: "Hate, old", Tab: triage.TabOpen})
	w.is(triage.ErrInvalid, err)
	_, err = w.KeepView(ctx, rui, triage.View{Name: "Nothing"})
	w.is(triage.ErrInvalid, err)
	_, err = w.KeepView(ctx, rui, triage.View{Tab: triage.TabOpen})
	w.is(triage.ErrInvalid, err)
	_, err = w.KeepView(ctx, rui, triage.View{Name: "For all", Tab: triage.TabOpen, Shared: true})
	w.is(triage.ErrForbidden, err)
	_, err = w.KeepView(ctx, w.people["host"], triage.View{Name: "Mine", Tab: triage.TabOpen})
	w.is(triage.ErrForbidden, err)
	w.is(triage.ErrForbidden, w.ChangeView(ctx, rui, own.ID, "Hate", true))
	w.is(triage.ErrNotFound, w.ChangeView(ctx, lena, own.ID, "Hate", false))
	w.ok(w.ChangeView(ctx, rui, own.ID, "Hate", false))
	shared, err := w.KeepView(ctx, lena, triage.View{Name: "Team", Tab: triage.TabOpen, Ask: triage.FindAsk{Policy: "hate"}, Shared: true})
	w.ok(err)
	if got := w.views("rui"); got != "Hate, Team" {
		t.Errorf("rui has %s", got)
	}
	w.is(triage.ErrForbidden, w.ChangeView(ctx, rui, shared.ID, "Mine now", true))
	_, err = w.DeleteView(ctx, rui, shared.ID)
	w.is(triage.ErrForbidden, err)
	w.ok(w.ChangeView(ctx, w.people["lex"], shared.ID, "Everybody", true)) // any lead
	_, err = w.DeleteView(ctx, w.people["lex"], shared.ID)
	w.ok(err)
	_, err = w.OpenView(ctx, rui, shared.ID)
	w.is(triage.ErrNotFound, err)
	w.ok(w.RestoreView(ctx, lena, shared.ID))
	if got := w.views("robin"); got != "Everybody" {
		t.Errorf("robin has %s", got)
	}
}

// TestViewsKeepTheLane holds that a shared view tells nobody of the child-safety lane, and widens nothing.
func TestViewsKeepTheLane(t *testing.T) {
	w := newWorld(t)
	ctx, sam, rui := t.Context(), w.people["sam"], w.people["rui"]
	keep := func(v triage.View) (triage.View, error) { v.Shared = true; return w.KeepView(ctx, sam, v) }
	for _, ask := range []triage.FindAsk{{Text: string(w.file("csam").Case)}, {Text: "mallory"}, {Reported: "mallory@test.example"}, {Reporter: "host@test.example"}} {
		_, err := keep(triage.View{Name: "X", Ask: ask})
		w.is(triage.ErrInvalid, err)
	}
	closed, err := keep(triage.View{Name: "Closed", Ask: triage.FindAsk{Text: "mallory", Policy: "csam"}})
	w.ok(err)
	_, err = keep(triage.View{Name: "Queued", Ask: triage.FindAsk{State: triage.StateQueued}})
	w.ok(err)
	_, err = w.OpenView(ctx, rui, closed.ID)
	w.is(triage.ErrNotFound, err)
	w.is(triage.ErrNotFound, w.ChangeView(ctx, w.people["lena"], closed.ID, "Mine", true))
	if got := w.views("rui"); got != "Queued" {
		t.Errorf("rui has %s", got)
	}
	if got := w.views("cleo"); got != "Closed, Queued" {
		t.Errorf("cleo has %s", got)
	}
	hate := w.file("hate").Case
	for who, want := range map[string]int{"rui": 1, "sam": 2, "host": -1} {
		f, err := w.Find(ctx, w.people[who], triage.FindAsk{State: triage.StateQueued, Limit: 9})
		if want < 0 {
			w.is(triage.ErrForbidden, err)
		} else if len(f.Rows) != want {
			t.Errorf("%s finds %d cases with the shared filters", who, len(f.Rows))
		}
	}
	for _, x := range []struct {
		ask  triage.FindAsk
		want int
	}{{triage.FindAsk{Reported: "mallory@test.example"}, 1}, {triage.FindAsk{Reported: string(w.people["mallory"].Account)}, 1}, {triage.FindAsk{Reporter: "HOST@test.example"}, 1},
		{triage.FindAsk{Reporter: "nobody@test.example"}, 0}, {triage.FindAsk{Reported: "host@test.example"}, 0}, {triage.FindAsk{Reviewer: triage.Myself}, 0}, {triage.FindAsk{Older: 1}, 0}} {
		x.ask.Limit = 9
		f, err := w.Find(ctx, rui, x.ask)
		w.ok(err)
		if len(f.Rows) != x.want {
			t.Errorf("%+v finds %d", x.ask, len(f.Rows))
		}
	}
	_, err = w.Claim(ctx, rui, hate)
	w.ok(err)
	if f, err := w.Find(ctx, rui, triage.FindAsk{Reviewer: triage.Myself, Limit: 9}); err != nil || len(f.Rows) != 1 {
		t.Errorf("one's own: %v, %v", f.Rows, err)
	}
}

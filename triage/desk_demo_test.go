package triage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// token is the last sign-in token that was mailed to somebody.
func (w *world) token(who string) string {
	w.t.Helper()
	ms, err := w.MyMail(w.t.Context(), w.people[who])
	w.ok(err)
	_, after, found := strings.Cut(ms[0].Body, "/sign-in/")
	if !found {
		w.t.Fatalf("no link in %q", ms[0].Body)
	}
	token, _, _ := strings.Cut(after, "\n")
	return token
}

// TestEveryDemonstrationLinkIsOne asks for links in every way there is, and ends the demonstration.
func TestEveryDemonstrationLinkIsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Demo = true
	w.ok(w.SendLink(t.Context(), triage.SendLink{Email: "rui@test.example", Message: triage.NewID("S")}))
	mailed := w.token("rui")
	link, err := w.MintLink(t.Context(), w.people["rui"].Account, time.Minute)
	w.ok(err)
	for _, token := range []string{mailed, strings.TrimPrefix(link, "http://test/sign-in/")} {
		w.Demo = false
		w.is(triage.ErrNotFound, second(w.SignIn(t.Context(), token)))
		w.Demo = true
		w.ok(second(w.SignIn(t.Context(), token)))
	}
}

// TestClosedAccount leaves no way into an account, also by what was handed out before, until it is opened again.
func TestClosedAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lior := w.people["lior"].Account
	w.ok(w.SendLink(t.Context(), triage.SendLink{Email: "lior@test.example", Message: triage.NewID("S")}))
	before := w.token("lior")
	w.store.AddSession(account.Session{ID: "s", Account: lior, Created: w.now, Expires: w.now.Add(time.Hour)})
	for range 2 {
		w.ok(w.CloseAccount(t.Context(), lior))
	}
	w.is(triage.ErrForbidden, second(w.ActorOf(t.Context(), lior)))
	w.is(triage.ErrForbidden, second(w.SwitchTo(t.Context(), lior)))
	w.is(triage.ErrNotFound, second(w.SignIn(t.Context(), before)))
	w.is(triage.ErrForbidden, second(w.MintLink(t.Context(), lior, time.Minute)))
	ss, err := w.MySessions(t.Context(), w.people["lior"])
	if w.ok(err); len(ss) > 0 {
		t.Errorf("%d sessions go on", len(ss))
	}
	mail := func() int {
		ms, err := w.MyMail(t.Context(), w.people["lior"])
		w.ok(err)
		return len(ms)
	}
	n := mail()
	w.ok(w.SendLink(t.Context(), triage.SendLink{Email: "lior@test.example", Message: triage.NewID("S")}))
	w.decided(triage.ActRefer, 0)
	if mail() != n {
		t.Error("a closed account still gets mail")
	}
	w.ok(w.OpenAccount(t.Context(), lior))
	w.now = w.now.Add(time.Second)
	w.is(triage.ErrNotFound, second(w.SignIn(t.Context(), before)))
	w.ok(w.SendLink(t.Context(), triage.SendLink{Email: "lior@test.example", Message: triage.NewID("S")}))
	w.ok(second(w.SignIn(t.Context(), w.token("lior"))))
}

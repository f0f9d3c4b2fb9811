package triage_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/passkey"
)

// refusedOver expects that an act was refused for its signature, in words about it.
func (w *world) refusedOver(err error, words string) {
	w.t.Helper()
	var e *triage.Error
	if !errors.As(err, &e) || e.Kind != triage.Invalid || e.Field != triage.FieldPasskey || !strings.Contains(e.Msg, words) {
		w.t.Errorf("got %v, want a refusal that says %q", err, words)
	}
}

// TestApprovalNeedsThatPersonsPasskey tries to be the second person in every way but with a fresh signature of one's own passkey over this decision.
func TestApprovalNeedsThatPersonsPasskey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, lena, lex := t.Context(), w.people["lena"], w.people["lex"]
	r, d := w.decided(triage.ActBan, 0)
	other, d2 := w.decided(triage.ActBan, 0)
	answer := func(signed []byte) error { return w.Desk.Answer(ctx, lena, r.Case, d.ID, true, "", signed) }
	ask := func(a triage.Actor, r triage.Report, d triage.Decision) *triage.Asked {
		t.Helper()
		asked, err := w.AskAnswer(ctx, a, r.Case, d.ID)
		w.ok(err)
		return asked
	}
	lenas, err := w.Key(ctx, lena.Account)
	w.ok(err)
	lexs, err := w.Key(ctx, lex.Account)
	w.ok(err)

	w.refusedOver(answer(nil), "needs your passkey")
	w.refusedOver(answer([]byte("{}")), "cannot be read")
	made := triage.SHA256{1}
	w.refusedOver(answer(lenas.Sign(made[:])), "used already")
	asked := ask(lena, r, d)
	w.refusedOver(answer(lexs.Sign(asked.Challenge[:])), "not one of yours") // somebody else's passkey
	asked = ask(lex, r, d)
	w.refusedOver(answer(lexs.Sign(asked.Challenge[:])), "not one of yours") // and somebody else's question
	w.refusedOver(answer(lenas.Sign(asked.Challenge[:])), "not one of yours")
	asked = ask(lena, other, d2)
	w.refusedOver(answer(lenas.Sign(asked.Challenge[:])), "not what is being done") // another decision
	evil := *lenas
	evil.Origin = "http://evil"
	asked = ask(lena, r, d)
	w.refusedOver(answer(evil.Sign(asked.Challenge[:])), "does not hold")
	lazy := *lenas
	lazy.Unverified = true
	asked = ask(lena, r, d)
	w.refusedOver(answer(lazy.Sign(asked.Challenge[:])), "does not hold")
	asked = ask(lena, r, d)
	w.now = w.now.Add(triage.SignTime + time.Second)
	w.refusedOver(answer(lenas.Sign(asked.Challenge[:])), "older than 2 minutes")
	signIn, err := w.AskSignIn(ctx)
	w.ok(err)
	w.refusedOver(answer(lenas.Sign(signIn.Challenge[:])), "not one of yours") // what signs in approves nothing
	if s := w.state(r.Case); s != triage.StateAwaiting {
		t.Fatalf("after all that the case is %s", s)
	}
	asked = ask(lena, r, d)
	signed := lenas.Sign(asked.Challenge[:])
	w.ok(answer(signed))
	w.refusedOver(w.Desk.Answer(ctx, lena, other.Case, d2.ID, true, "", signed), "used already") // replayed
	w.kept(r.Case, "decision/"+string(d.ID), w.people["rui"].Account, lena.Account)
}

// kept expects that what these people signed of a subject is stored, holds, and is what the log says.
func (w *world) kept(c triage.CaseID, subject string, by ...account.ID) {
	w.t.Helper()
	site, err := passkey.NewSite(w.URL)
	w.ok(err)
	var sigs []triage.Signature
	digests := map[string]bool{}
	w.ok(w.Store.View(w.t.Context(), func(tx triage.Tx) error {
		es, err := tx.EventsOf(w.t.Context(), c)
		for _, e := range es {
			if e.Act == custody.ActSigned {
				digests[e.Detail["signature"]] = true
			}
		}
		w.ok(err)
		sigs, err = tx.Signatures(w.t.Context(), subject)
		return err
	}))
	if len(sigs) != len(by) {
		w.t.Fatalf("%d signatures are kept, want %d", len(sigs), len(by))
	}
	for i, g := range sigs {
		s, err := passkey.ParseStatement(g.Statement)
		w.ok(err)
		as := passkey.Assertion{Credential: g.Credential, AuthData: g.AuthData, ClientData: g.ClientData, Signature: g.Signature, Challenge: s.Challenge()}
		w.ok(site.Verify(as, g.Public))
		if g.Account != by[i] || s.Account != string(by[i]) || s.Subject != subject || !digests[g.Digest().String()] {
			w.t.Errorf("kept is %+v, and the log has %v", g, digests)
		}
	}
}

// TestDecisionsChangedInBetween holds that a decider's signature is good for these findings only.
func TestDecisionsChangedInBetween(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, rui := t.Context(), w.people["rui"]
	r := w.file("hate")
	_, err := w.Claim(ctx, rui, r.Case)
	w.ok(err)
	fs := w.finding(r, triage.ActSuspend, 30)
	decide := func(signed []byte) error {
		_, err := w.Desk.Decide(ctx, rui, r.Case, fs, signed)
		return err
	}
	sign := func() []byte {
		t.Helper()
		asked, err := w.AskDecide(ctx, rui, r.Case, fs)
		signed, err := w.Sign(ctx, rui, asked, err)
		w.ok(err)
		return signed
	}
	w.refusedOver(decide(nil), "needs your passkey")
	signed := sign()
	fs[0].Days = 31
	w.refusedOver(decide(signed), "something changed")
	w.ok(decide(sign()))

	asked, err := w.AskDecide(ctx, rui, w.held("rui").Case, nil)
	if asked != nil || !errors.Is(err, triage.ErrInvalid) {
		t.Errorf("a form with nothing in it: %v, %v", asked, err)
	}
	mild := w.held("rui")
	if asked, err := w.AskDecide(ctx, rui, mild.Case, w.finding(mild, triage.ActWarn, 0)); asked != nil || err != nil {
		t.Errorf("a warning asks for a passkey: %v, %v", asked, err)
	}
}

// held is a case that somebody holds.
func (w *world) held(name string) triage.Report {
	w.t.Helper()
	r := w.file("hate")
	_, err := w.Claim(w.t.Context(), w.people[name], r.Case)
	w.ok(err)
	return r
}

// TestPackagesAreSigned holds that a package is asked for and approved with a passkey over just this package.
func TestPackagesAreSigned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, lior, lena := t.Context(), w.people["lior"], w.people["lena"]
	r := w.settled("hate", "rui")
	n := w.ask(r, "All of the clip.")
	_, err := w.Desk.RequestPackage(ctx, lior, n, nil)
	w.refusedOver(err, "needs your passkey")
	asked, err := w.AskRequest(ctx, lior, n)
	signed, err := w.Sign(ctx, lior, asked, err)
	w.ok(err)
	_, err = w.Desk.RequestPackage(ctx, lior, w.ask(r, "All of it, and more."), signed)
	w.refusedOver(err, "something changed")
	p, err := w.RequestPackage(ctx, lior, n)
	w.ok(err)
	w.now = w.now.Add(time.Second) // so that the order of the two signatures is known
	q, err := w.RequestPackage(ctx, lior, w.ask(r, "Another part of it."))
	w.ok(err)
	asked, err = w.AskAnswerPackage(ctx, lena, q.ID)
	signed, err = w.Sign(ctx, lena, asked, err)
	w.ok(err)
	w.refusedOver(w.Desk.AnswerPackage(ctx, lena, p.ID, true, "", signed), "not what is being done")
	w.refusedOver(w.Desk.AnswerPackage(ctx, lena, p.ID, true, "", nil), "needs your passkey")
	w.ok(w.AnswerPackage(ctx, lena, p.ID, true, ""))
	w.kept(r.Case, "package/"+string(p.ID), lior.Account, lena.Account)
}

package triage_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func TestHoldsKey(t *testing.T) {
	for _, s := range []string{"AGE-SECRET-KEY-1QQPZRY9", "see -----BEGIN PRIVATE KEY-----", "-----BEGIN EC\nPRIVATE KEY-----", "-----BEGIN PRIVATE  KEY-----",
		"---- BEGIN SSH2 PRIVATE KEY ----", "PuTTY-User-Key-File-3", "PRIVATE+KEY+x", "b3BlbnNzaC1rZXktdjE", "the encryptionKey", `"encryptionIV"`, `{"kty":"OKP"`,
		"'kty'\n\n\n\n\n\n\n\n\n\n\n:", `{\"kty\":`} {
		if !triage.HoldsKey(s) {
			t.Errorf("%q is taken", s)
		}
	}
	for _, s := range []string{"", "key", "He stole my private key and my PRIVATE KEY.", "encryptionKey is a word", "fakty", `She said “fakty”: "punkty".`, "AGE-SECRET",
		"-----BEGIN PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----", "desk.example.org/log+1a2b3c4d+AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefg=", `{"d": "0123456789abcdefXYZ"}`} {
		if triage.HoldsKey(s) {
			t.Errorf("%q is refused", s)
		}
	}
}

// FuzzHoldsKey shows the rule on the smallest document: what is taken is found in none, beside whatever else is taken. (That
// of the real documents is FuzzAcceptedWords of package export.)
func FuzzHoldsKey(f *testing.F) {
	f.Add(`{"kty":"OKP"`, `"d":"0123456789abcdefXYZ-_"}`)
	f.Add("encryptionKey", `d":"0123456789abcdefXYZ-_`)
	f.Add("-----BEGIN\nPRIVATE KEY-----", "-----BEGIN ")
	f.Add("AGE-SECRET-", "KEY-1")
	f.Fuzz(func(t *testing.T, a, b string) {
		a, b = account.CleanText(a), account.CleanText(b)
		if triage.HoldsKey(a) || triage.HoldsKey(b) {
			return
		}
		folded := account.CleanName(a, 400)
		doc, err := json.MarshalIndent([]map[string]string{{"a": a, "b": b}, {"both": folded + "; " + account.CleanName(b, 400)}, {"a": b, "b": a}}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		doc = append(doc, "\n"+a+"\x1f"+b+"\x1f"+folded...)
		if what := (&triage.KeyScan{Document: true}).Find(doc); what != "" {
			t.Errorf("%q and %q are taken, and then found to be %s", a, b, what)
		}
	})
}

// TestKeysDoNotComeIn puts what looks like a key into every text that the desk takes, and holds that each is refused with
// the field named and nothing written.
func TestKeysDoNotComeIn(t *testing.T) {
	const key = "Look: AGE-SECRET-KEY-1QQPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"
	w := newWorld(t)
	ctx, host, rui, lena, lior := t.Context(), w.people["host"], w.people["rui"], w.people["lena"], w.people["lior"]
	held := w.claimed("rui")
	open := w.file("hate")
	severe := w.claimed("rui")
	ban, err := w.Decide(ctx, rui, severe.Case, w.finding(severe, triage.ActBan, 0))
	w.ok(err)
	done := w.settled("hate", "rui")
	asked, err := w.RequestPackage(ctx, lior, w.ask(done, "All that there is."))
	w.ok(err)

	report := func(change func(*triage.NewReport)) func() error {
		return func() error {
			n := w.form("hate")
			change(&n)
			_, err := w.FileReport(ctx, host, n)
			return err
		}
	}
	pack := func(change func(*triage.NewPackage)) func() error {
		return func() error {
			n := w.ask(done, "All that there is.")
			change(&n)
			_, err := w.RequestPackage(ctx, lior, n)
			return err
		}
	}
	for name, c := range map[string]struct {
		field string
		do    func() error
	}{
		"words":      {"words", report(func(n *triage.NewReport) { n.Words = key })},
		"meeting":    {"meeting", report(func(n *triage.NewReport) { n.MeetingName = key })},
		"person":     {"people", report(func(n *triage.NewReport) { n.People[0].Name = key })},
		"identifier": {"people", report(func(n *triage.NewReport) { n.People[0].Identifier = key })},
		"addition": {"words", func() error {
			_, err := w.AddToReport(ctx, host, open.ID, key, nil)
			return err
		}},
		"note":       {"words", func() error { return w.AddNote(ctx, rui, held.Case, key) }},
		"escalation": {"words", func() error { return w.Escalate(ctx, rui, held.Case, "", key) }},
		"move":       {"words", func() error { return w.Escalate(ctx, rui, held.Case, triage.LaneChildSafety, key) }},
		"reasons": {"reasons-" + string(held.People[0].ID), func() error {
			fs := w.finding(held, triage.ActWarn, 0)
			fs[0].Reasons = key
			_, err := w.Decide(ctx, rui, held.Case, fs)
			return err
		}},
		"visit":     {"reason", func() error { _, err := w.RequestVisit(ctx, lena, held.Case, key); return err }},
		"approval":  {"words", func() error { return w.Answer(ctx, lena, severe.Case, ban.ID, true, key) }},
		"refusal":   {"words", func() error { return w.Answer(ctx, lena, severe.Case, ban.ID, false, key) }},
		"reopening": {"words", func() error { return w.Reopen(ctx, lena, done.Case, key) }},
		"recipient": {"recipient", pack(func(n *triage.NewPackage) { n.Recipient = key })},
		"reference": {"reference", pack(func(n *triage.NewPackage) { n.Reference = key })},
		"scope":     {"scope", pack(func(n *triage.NewPackage) { n.Scope = key })},
		"disclosed": {"words", func() error { return w.AnswerPackage(ctx, lena, asked.ID, true, key) }},
		"withheld":  {"words", func() error { return w.AnswerPackage(ctx, lena, asked.ID, false, key) }},
		"account": {"name", func() error {
			_, err := w.AddAccount(ctx, account.System, key, "key@test.example", host.Org, nil)
			return err
		}},
		"organisation": {"name", func() error {
			_, err := w.AddOrganisation(ctx, key, account.PlanFree, false)
			return err
		}},
		"title": {"title", func() error {
			_, err := w.AddMeeting(ctx, triage.Meeting{Org: host.Org, Host: host.Account, Title: key}, nil)
			return err
		}},
	} {
		before := len(w.acts(held.Case)) + len(w.acts(done.Case)) + len(w.acts(severe.Case)) + len(w.acts(open.Case)) + len(w.reports("host"))
		var fe triage.FieldErrors
		if err := c.do(); !errors.As(err, &fe) || len(fe) != 1 || fe[0].Field != c.field {
			t.Errorf("%s: a key is answered %v", name, err)
		} else {
			contains(t, fe[0].Msg, "looks like a secret key")
			contains(t, fe[0].Msg, "take it out")
		}
		if after := len(w.acts(held.Case)) + len(w.acts(done.Case)) + len(w.acts(severe.Case)) + len(w.acts(open.Case)) + len(w.reports("host")); after != before {
			t.Errorf("%s: something was written", name)
		}
	}
}

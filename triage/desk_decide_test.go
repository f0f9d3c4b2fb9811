package triage_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

func (w *world) claimed(by string) triage.Report {
	w.t.Helper()
	r := w.file("hate")
	_, err := w.Claim(w.t.Context(), w.people[by], r.Case)
	w.ok(err)
	return r
}

func (w *world) view(c triage.CaseID) triage.CaseView {
	w.t.Helper()
	v, err := w.OpenCase(w.t.Context(), w.people["sam"], c)
	w.ok(err)
	return v
}

func TestDecideRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.form("hate")
	n.People = append(n.People, triage.Person{Name: "Guest"})
	r, err := w.FileReport(t.Context(), w.people["host"], n)
	w.ok(err)
	rui, known, guest := w.people["rui"], r.People[0].ID, r.People[1].ID
	good := func() []triage.Finding {
		f := triage.Finding{Person: known, Policy: "hate", Severity: triage.SeverityHigh, Action: triage.ActWarn, Reasons: "These are the reasons."}
		g := f
		g.Person, g.Action, g.Severity = guest, triage.ActNone, ""
		return []triage.Finding{f, g}
	}
	_, err = w.Decide(t.Context(), rui, r.Case, good())
	w.is(triage.ErrConflict, err) // nobody has claimed it
	_, err = w.Claim(t.Context(), rui, r.Case)
	w.ok(err)
	before := len(w.acts(r.Case))
	for name, c := range map[string]struct {
		field  string
		change func(fs []triage.Finding) []triage.Finding
	}{
		"no finding":   {"action-" + string(known), func([]triage.Finding) []triage.Finding { return nil }},
		"one left out": {"action-" + string(guest), func(fs []triage.Finding) []triage.Finding { return fs[:1] }},
		"one twice":    {"action-" + string(guest), func(fs []triage.Finding) []triage.Finding { return []triage.Finding{fs[0], fs[0]} }},
		"one too many": {"", func(fs []triage.Finding) []triage.Finding { return append(fs, fs[0]) }},
		"somebody else": {"", func(fs []triage.Finding) []triage.Finding {
			fs = append(fs, fs[0])
			fs[2].Person = "W-00000-00000"
			return fs
		}},
		"no such policy":   {"policy-" + string(known), func(fs []triage.Finding) []triage.Finding { fs[0].Policy = "x"; return fs }},
		"another lane's":   {"policy-" + string(known), func(fs []triage.Finding) []triage.Finding { fs[0].Policy = "csam"; return fs }},
		"no such action":   {"action-" + string(known), func(fs []triage.Finding) []triage.Finding { fs[0].Action = "hang"; return fs }},
		"no severity":      {"severity-" + string(known), func(fs []triage.Finding) []triage.Finding { fs[0].Severity = ""; return fs }},
		"no such severity": {"severity-" + string(known), func(fs []triage.Finding) []triage.Finding { fs[0].Severity = "x"; return fs }},
		"no days":          {"days-" + string(known), func(fs []triage.Finding) []triage.Finding { fs[0].Action = triage.ActSuspend; return fs }},
		"days before today": {"days-" + string(known), func(fs []triage.Finding) []triage.Finding {
			fs[0].Action, fs[0].Days = triage.ActSuspend, -1
			return fs
		}},
		"days without end": {"days-" + string(known), func(fs []triage.Finding) []triage.Finding {
			fs[0].Action, fs[0].Days = triage.ActNoHosting, triage.MaxDays+1
			return fs
		}},
		"a guest is banned": {"action-" + string(guest), func(fs []triage.Finding) []triage.Finding {
			fs[1].Action, fs[1].Severity = triage.ActBan, triage.SeverityHigh
			return fs
		}},
		"no reasons": {"reasons-" + string(known), func(fs []triage.Finding) []triage.Finding { fs[0].Reasons = "\u200b         \u202e"; return fs }},
		"reasons of a volume": {"reasons-" + string(known), func(fs []triage.Finding) []triage.Finding {
			fs[0].Reasons = strings.Repeat("x", triage.MaxReasons+1)
			return fs
		}},
	} {
		_, err := w.Decide(t.Context(), rui, r.Case, c.change(good()))
		var fe triage.FieldErrors
		if !errors.As(err, &fe) || fe[0].Field != c.field {
			t.Errorf("%s: %v %+v, want an error on %q first", name, err, fe, c.field)
		}
	}
	if after := w.acts(r.Case); len(after) != before {
		t.Errorf("refusals left %v", after[before:])
	}
	fs := good()
	fs[0].Days, fs[0].Reasons = 400, fs[0].Reasons+"\u202e\x00" // a warning has no days, and names no tricks
	d, err := w.Decide(t.Context(), rui, r.Case, fs)
	if w.ok(err); d.Findings[0].Days != 0 || d.Findings[0].Reasons != "These are the reasons." || fs[0].Days != 400 {
		t.Errorf("%+v", d.Findings[0])
	}
	_, err = w.Decide(t.Context(), rui, r.Case, good()) // the form, sent twice
	w.is(triage.ErrConflict, err)
	if v := w.view(r.Case); len(v.Decisions) != 1 {
		t.Errorf("%d decisions", len(v.Decisions))
	}
}

func TestRefusedDecision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lena := w.people["lena"]
	r := w.claimed("lena")
	d, err := w.Decide(t.Context(), lena, r.Case, w.finding(r, triage.ActBan, 0))
	w.ok(err)
	w.is(triage.ErrForbidden, w.Answer(t.Context(), lena, r.Case, d.ID, true, "")) // a lead, but the one who proposed it
	w.is(triage.ErrForbidden, w.Answer(t.Context(), lena, r.Case, d.ID, false, "on second thoughts"))
	w.is(triage.ErrNotFound, w.Answer(t.Context(), w.people["mallory"], r.Case, d.ID, false, "it is about me"))
	other := w.claimed("rui")
	w.is(triage.ErrNotFound, w.Answer(t.Context(), w.people["lex"], other.Case, d.ID, true, "")) // of another case
	w.ok(w.Answer(t.Context(), w.people["lex"], r.Case, d.ID, false, "that is too much"))
	w.is(triage.ErrConflict, w.Answer(t.Context(), w.people["sam"], r.Case, d.ID, true, ""))
	if w.state(r.Case) != triage.StateQueued {
		t.Errorf("%s", w.state(r.Case))
	}
	w.ok(second(w.ActorOf(t.Context(), w.people["mallory"].Account)))
	if v := w.view(r.Case); len(v.Enforcements) != 0 || v.Decisions[0].State != triage.DecisionRefused || v.Decisions[0].Approver != w.people["lex"].Account {
		t.Errorf("%+v", v.Decisions)
	}
	_, err = w.AddToReport(t.Context(), w.people["host"], r.ID, "more", nil) // nothing is decided
	w.ok(err)
	_, err = w.Claim(t.Context(), lena, r.Case)
	w.ok(err)
	d, err = w.Decide(t.Context(), lena, r.Case, w.finding(r, triage.ActWarn, 0))
	if w.ok(err); d.Number != 2 || d.Supersedes != "" {
		t.Errorf("%+v", d)
	}
	w.logs(r.Case, custody.ReportSubmitted, custody.CaseOpened, custody.CaseClaimed, custody.ActSigned, custody.DecisionMade, custody.DecisionFinding, custody.DecisionRejected,
		custody.CaseRead, custody.ReportAmended, custody.CaseClaimed, custody.DecisionMade, custody.DecisionFinding, custody.EnforcementStarted)
}

// TestSupersedingEndsWhatWas bans somebody, takes it back to a suspension, and back to nothing.
func TestSupersedingEndsWhatWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mallory := w.people["mallory"].Account
	w.store.AddSession(account.Session{ID: "one", Account: mallory, Expires: w.now.Add(time.Hour)})
	r, d := w.decided(triage.ActBan, 0)
	if ss, err := w.MySessions(t.Context(), w.people["mallory"]); err != nil || len(ss) != 1 {
		t.Errorf("a proposal ended a session: %v", err)
	}
	w.ok(w.Answer(t.Context(), w.people["lena"], r.Case, d.ID, true, ""))
	if ss, err := w.MySessions(t.Context(), w.people["mallory"]); err != nil || len(ss) != 0 {
		t.Errorf("%d sessions go on", len(ss))
	}
	link, err := w.MintLink(t.Context(), mallory, time.Hour)
	w.ok(err)
	token := strings.TrimPrefix(link, "http://test/sign-in/")
	w.is(triage.ErrForbidden, second(w.SignIn(t.Context(), token)))
	w.now = w.now.Add(-time.Minute) // a node whose clock is behind
	w.is(triage.ErrForbidden, second(w.SignIn(t.Context(), token)))
	w.is(triage.ErrForbidden, second(w.SwitchTo(t.Context(), mallory)))
	w.now = w.now.Add(time.Minute)

	again := func(action triage.ActionKind, days int) triage.Decision {
		w.ok(w.Reopen(t.Context(), w.people["lena"], r.Case, "not so fast"))
		w.is(triage.ErrConflict, w.Reopen(t.Context(), w.people["lena"], r.Case, "not so fast"))
		w.is(triage.ErrForbidden, second(w.SignIn(t.Context(), token))) // what was decided holds until then
		_, err := w.Claim(t.Context(), w.people["robin"], r.Case)
		w.ok(err)
		d, err := w.Decide(t.Context(), w.people["robin"], r.Case, w.finding(r, action, days))
		w.ok(err)
		return d
	}
	d2 := again(triage.ActSuspend, 3)
	if v := w.view(r.Case); v.Decisions[0].State != triage.DecisionSuperseded || d2.Supersedes != d.ID || v.Decisions[0].Findings[0].Action != triage.ActBan {
		t.Errorf("%+v", v.Decisions)
	}
	w.is(triage.ErrForbidden, second(w.SignIn(t.Context(), token)))
	again(triage.ActNone, 0)
	w.ok(second(w.SignIn(t.Context(), token))) // being refused did not use it up
	v := w.view(r.Case)
	force := 0
	for _, x := range v.Decisions {
		if x.State == triage.DecisionInForce {
			force++
		}
	}
	if force != 1 || len(v.Enforcements) != 2 || v.Enforcements[0].Reversed.IsZero() || v.Enforcements[1].Reversed.IsZero() {
		t.Errorf("%d in force, %+v", force, v.Enforcements)
	}
}

// TestReferralIsTold tells the liaisons who may know of the case, and nobody else.
func TestReferralIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	told := func(who string, c triage.CaseID) (n int) {
		mail, err := w.MyMail(t.Context(), w.people[who])
		w.ok(err)
		for _, m := range mail {
			if strings.Contains(m.Body, "/cases/"+string(c)) {
				n++
			}
		}
		return n
	}
	general, secret := w.settled("hate", "rui"), w.settled("csam", "cleo")
	for who, want := range map[string][2]int{"lior": {1, 0}, "sam": {1, 1}, "lena": {}, "rui": {}, "host": {}, "mallory": {}, "cleo": {}} {
		if got := [2]int{told(who, general.Case), told(who, secret.Case)}; got != want {
			t.Errorf("%s was told %v, want %v", who, got, want)
		}
	}
}

// TestClosedOnceAllIsDelivered closes a decided case with the last of its messages.
func TestClosedOnceAllIsDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, _ := w.decided(triage.ActWarn, 0)
	for _, j := range w.store.Jobs() {
		w.ok(w.Sweep(t.Context()))
		if w.state(r.Case) != triage.StateDecided {
			t.Fatalf("%s with messages to go", w.state(r.Case))
		}
		m, err := w.MessageToDeliver(t.Context(), j.(triage.DeliverMessage).Message)
		w.ok(err)
		w.ok(w.Delivered(t.Context(), m, triage.MessageFailed, errors.New("no\r\nsuch\x00host")))
		w.is(triage.ErrConflict, w.Delivered(t.Context(), m, triage.MessageDelivered, nil)) // of a state that is gone
		m, err = w.MessageToDeliver(t.Context(), m.ID)
		w.ok(err)
		if m.Tries != 1 || m.Error != "no suchhost" {
			t.Errorf("%+v", m)
		}
		w.ok(w.Delivered(t.Context(), m, triage.MessageDelivered, nil))
	}
	for range 2 {
		w.ok(w.Sweep(t.Context()))
	}
	if acts := w.acts(r.Case); w.state(r.Case) != triage.StateClosed || acts[len(acts)-1] != custody.CaseClosed || acts[len(acts)-2] == custody.CaseClosed {
		t.Errorf("%s, %v", w.state(r.Case), acts)
	}
	w.ok(w.Reopen(t.Context(), w.people["lena"], r.Case, "once more"))
}

func TestWatchedIntervals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.settled("hate", "rui")
	x, rui := r.Exhibits[0], w.people["rui"]
	before := len(w.acts(r.Case))
	long := make([]triage.Watch, triage.MaxWatches+1)
	for i := range long {
		long[i] = triage.Watch{To: time.Second}
	}
	for name, ws := range map[string][]triage.Watch{
		"none": nil, "too many": long,
		"negative":   {{From: -1, To: time.Second}},
		"backwards":  {{From: 2 * time.Second, To: time.Second}},
		"empty":      {{From: time.Second, To: time.Second}},
		"absurd":     {{To: 1 << 62}},
		"one of two": {{To: time.Second}, {To: -time.Second}},
		"a session":  {{To: time.Second, Session: strings.Repeat("x", 65)}},
	} {
		if err := w.LogWatch(t.Context(), rui, x, ws); !errors.Is(err, triage.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := w.acts(r.Case); len(after) != before {
		t.Errorf("refusals left %v", after[before:])
	}
	w.ok(w.LogWatch(t.Context(), rui, x, long[:triage.MaxWatches]))
	if v := w.view(r.Case); len(v.Exhibits[0].Watches) != triage.MaxWatches {
		t.Errorf("%d intervals", len(v.Exhibits[0].Watches))
	}
	w.is(triage.ErrNotFound, w.LogWatch(t.Context(), w.people["mallory"], x, long[:1]))
	w.is(triage.ErrForbidden, w.LogWatch(t.Context(), w.people["ada"], x, long[:1]))
}

// TestViewsAreLoggedFirst opens bytes that are not there: that somebody tried is in the log all the same, once.
func TestViewsAreLoggedFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.settled("hate", "rui")
	n := len(w.acts(r.Case))
	for range 3 {
		w.is(triage.ErrUnavailable, second(w.OpenOriginal(t.Context(), w.people["rui"], r.Exhibits[0])))
		w.is(triage.ErrNotFound, second(w.OpenDerivative(t.Context(), w.people["rui"], r.Exhibits[0], triage.DerivedPoster)))
	}
	w.now = w.now.Add(11 * time.Minute)
	w.is(triage.ErrUnavailable, second(w.OpenOriginal(t.Context(), w.people["rui"], r.Exhibits[0])))
	if got := w.acts(r.Case)[n:]; len(got) != 3 {
		t.Errorf("%v", got)
	}
}

// TestNobodyProlongsAlone suspends for seven days again and again, by one decision after another on one case and by cases
// of their own: what goes on without a break is one suspension, and needs two people once it is longer.
func TestNobodyProlongsAlone(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	w := newWorld(t)
	lena := w.people["lena"]
	decide := func(r triage.Report, days int) triage.Decision {
		t.Helper()
		_, err := w.Claim(t.Context(), lena, r.Case)
		w.ok(err)
		d, err := w.Decide(t.Context(), lena, r.Case, w.finding(r, triage.ActSuspend, days))
		w.ok(err)
		return d
	}
	again := func(r triage.Report, days int) triage.Decision {
		t.Helper()
		w.ok(w.Reopen(t.Context(), lena, r.Case, "he goes on"))
		return decide(r, days)
	}
	alone := func(what string, d triage.Decision, want bool) {
		t.Helper()
		if got := d.State == triage.DecisionInForce; got != want {
			t.Errorf("%s: by one person %v, want %v", what, got, want)
		}
	}
	r := w.file("hate")
	alone("seven days", decide(r, 7), true)
	alone("the same seven days", again(r, 7), true)
	w.now = w.now.Add(2 * day)
	alone("shorter", again(r, 5), true) // seven days in all
	w.now = w.now.Add(day)
	longer := again(r, 5) // eight in all
	alone("longer", longer, false)
	w.ok(w.Answer(t.Context(), w.people["lex"], r.Case, longer.ID, false, "let us wait and see"))
	alone("by another case", decide(w.file("hate"), 5), false)
	w.now = w.now.Add(4*day + 20*time.Hour) // it ended twenty hours ago
	alone("right after", decide(w.file("hate"), 2), false)
	alone("right after, and short", decide(w.file("hate"), 1), false)
	w.now = w.now.Add(4*time.Hour + time.Second)
	alone("a day after", decide(w.file("hate"), 7), true)

	other := w.file("hate") // on the same person, who was banned by two
	w.now = w.now.Add(30 * day)
	_, err := w.Claim(t.Context(), lena, other.Case)
	w.ok(err)
	ban, err := w.Decide(t.Context(), lena, other.Case, w.finding(other, triage.ActBan, 0))
	w.ok(err)
	w.ok(w.Answer(t.Context(), w.people["lex"], other.Case, ban.ID, true, ""))
	w.now = w.now.Add(10 * day)
	alone("after ten days of a ban", again(other, 1), false)
}

// TestHiddenSuspensionsTellNothing prolongs a suspension that the decider may not know of.
func TestHiddenSuspensionsTellNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.file("grooming")
	_, err := w.Claim(t.Context(), w.people["cleo"], secret.Case)
	w.ok(err)
	w.ok(second(w.Decide(t.Context(), w.people["cleo"], secret.Case, w.finding(secret, triage.ActSuspend, 7))))
	w.now = w.now.Add(time.Hour)
	if _, d := w.decided(triage.ActSuspend, 7); d.State != triage.DecisionInForce {
		t.Errorf("a reviewer learns of a child-safety case: %s", d.State)
	}
}

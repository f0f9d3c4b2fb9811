package triage_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// settled files a report of one clip with a policy, and has somebody refer it, so that packages can be asked for.
func (w *world) settled(policy triage.PolicyID, by string) triage.Report {
	w.t.Helper()
	r, err := w.FileReport(w.t.Context(), w.people["host"], w.form(policy, w.upload()))
	w.ok(err)
	_, _, err = w.BeginPreparing(w.t.Context(), r.Exhibits[0])
	w.ok(err)
	w.ok(w.KeepDerivative(w.t.Context(), triage.Derivative{Exhibit: r.Exhibits[0], Kind: triage.DerivedPoster, Key: "k"}))
	w.ok(w.FinishPreparing(w.t.Context(), r.Exhibits[0], triage.Prepared{}))
	_, err = w.Claim(w.t.Context(), w.people[by], r.Case)
	w.ok(err)
	_, err = w.Decide(w.t.Context(), w.people[by], r.Case, w.finding(r, triage.ActRefer, 0))
	w.ok(err)
	return r
}

func (w *world) ask(r triage.Report, scope string) triage.NewPackage {
	return triage.NewPackage{Case: r.Case, Exhibits: slices.Clone(r.Exhibits), Recipient: "Police", Basis: "warrant", Scope: scope}
}

// thing is what somebody reaches for, by its number.
type thing struct {
	c triage.CaseID
	r triage.ReportID
	x triage.ExhibitID
	p triage.PackageID
	d triage.DecisionID
}

// TestChildSafetyIsInvisible tries every use case on a child-safety case, with its decision and package, in every role
// that is not of that lane: each answers as it would for a number that does not exist.
func TestChildSafetyIsInvisible(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cleo, sam := w.people["cleo"], w.people["sam"]
	r := w.settled("csam", "cleo")
	p, err := w.RequestPackage(t.Context(), sam, w.ask(r, "All of the clip."))
	w.ok(err)
	dec := func() triage.DecisionID {
		v, err := w.OpenCase(t.Context(), cleo, r.Case)
		w.ok(err)
		return v.Decisions[0].ID
	}()
	other := w.settled("hate", "rui") // about the same person, of the general lane
	_, err = w.Sequence(t.Context())
	w.ok(err)
	secret := thing{r.Case, r.ID, r.Exhibits[0], p.ID, dec}
	nothing := thing{"C-ZZZZZ-ZZZZZ", "R-ZZZZZ-ZZZZZ", "X-ZZZZZ-ZZZZZ", "P-ZZZZZ-ZZZZZ", "D-ZZZZZ-ZZZZZ"}
	ctx, before := t.Context(), len(w.acts(r.Case))
	for name, a := range w.people {
		if a.Roles.Has(account.ChildSafety) || name == "host" {
			continue
		}
		for what, try := range map[string]func(thing) error{
			"open":     func(on thing) error { return second(w.OpenCase(ctx, a, on.c)) },
			"claim":    func(on thing) error { return second(w.Claim(ctx, a, on.c)) },
			"renew":    func(on thing) error { return second(w.Renew(ctx, a, on.c)) },
			"skip":     func(on thing) error { return w.Skip(ctx, a, on.c) },
			"release":  func(on thing) error { return w.Release(ctx, a, on.c) },
			"escalate": func(on thing) error { return w.Escalate(ctx, a, on.c, triage.LaneGeneral, "words") },
			"note":     func(on thing) error { return w.AddNote(ctx, a, on.c, "words") },
			"reopen":   func(on thing) error { return w.Reopen(ctx, a, on.c, "words") },
			"decide":   func(on thing) error { return second(w.Decide(ctx, a, on.c, nil)) },
			"answer":   func(on thing) error { return w.Answer(ctx, a, on.c, on.d, true, "") },
			"original": func(on thing) error { return second(w.OpenOriginal(ctx, a, on.x)) },
			"poster":   func(on thing) error { return second(w.OpenDerivative(ctx, a, on.x, triage.DerivedPoster)) },
			"watch":    func(on thing) error { return w.LogWatch(ctx, a, on.x, []triage.Watch{{To: time.Second}}) },
			"retry":    func(on thing) error { return second(w.RetryExhibit(ctx, a, on.x)) },
			"request": func(on thing) error {
				return second(w.RequestPackage(ctx, a, triage.NewPackage{Case: on.c, Exhibits: []triage.ExhibitID{on.x}, Recipient: "Police", Basis: "warrant", Scope: "All of the clip."}))
			},
			"package":  func(on thing) error { return second(w.OpenPackage(ctx, a, on.p)) },
			"approve":  func(on thing) error { return w.AnswerPackage(ctx, a, on.p, true, "") },
			"download": func(on thing) error { return second(w.DownloadPackage(ctx, a, on.p)) },
			"rebuild":  func(on thing) error { return w.RetryPackage(ctx, a, on.p) },
			"report":   func(on thing) error { return second(w.MyReport(ctx, a, on.r)) },
		} {
			if err := try(secret); !errors.Is(err, triage.ErrNotFound) {
				t.Errorf("%s by %s: %v", what, name, err)
			}
			if err := try(nothing); !errors.Is(err, triage.ErrNotFound) {
				t.Errorf("%s of nothing by %s: %v", what, name, err)
			}
		}
		w.seesNothing(name, r, p.ID, other.Case)
	}
	if after := w.acts(r.Case); len(after) != before {
		t.Errorf("refusals left events: %v", after[before:])
	}
}

// seesNothing looks for a child-safety case wherever somebody without that role can look.
func (w *world) seesNothing(name string, r triage.Report, p triage.PackageID, other triage.CaseID) {
	t, a := w.t, w.people[name]
	t.Helper()
	numbers := []string{string(r.Case), string(r.ID), string(p), string(r.Exhibits[0])}
	look := func(where string, v any) {
		t.Helper()
		for _, n := range numbers {
			if strings.Contains(fmt.Sprintf("%+v", v), n) {
				t.Errorf("%s sees %s in %s", name, n, where)
			}
		}
	}
	for _, tab := range triage.Tabs {
		for _, text := range []string{"", "Mallory", string(r.Case), string(r.ID), "Choir"} {
			q, err := w.ListQueue(t.Context(), a, tab, triage.QueueQuery{Limit: 100, Text: text})
			if err != nil {
				w.is(triage.ErrForbidden, err)
				continue
			}
			look(string(tab)+" for "+text, q)
			if all := q.Counts[triage.TabOpen] + q.Counts[triage.TabDecided] + q.Counts[triage.TabPreparing] + q.Counts[triage.TabEscalated]; all > 1 {
				t.Errorf("%s counts %v; there is one case", name, q.Counts)
			}
		}
	}
	if ps, err := w.ListPackages(t.Context(), a, 100); err == nil {
		look("packages", ps)
	}
	if v, err := w.OpenCase(t.Context(), a, other); err == nil {
		look("another case on the same person", v)
	}
	if page, err := w.ReadLog(t.Context(), a, 0, 1000); err == nil {
		for i, l := range page.Leaves {
			if !page.Withheld[i] {
				look("the log", l)
			}
		}
	}
	if people, err := w.ListPeople(t.Context(), a); err == nil {
		look("deliveries", people)
	}
	mail, err := w.MyMail(t.Context(), a)
	w.ok(err)
	look("mail", mail)
}

// TestMoveToChildSafety moves a case with its notes, clips and events: from one moment on it is gone for the mover.
func TestMoveToChildSafety(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, err := w.FileReport(t.Context(), w.people["host"], w.form("disruption", w.upload()))
	w.ok(err)
	_, _, err = w.BeginPreparing(t.Context(), r.Exhibits[0])
	w.ok(err)
	w.ok(w.FinishPreparing(t.Context(), r.Exhibits[0], triage.Prepared{}))
	rui, cleo := w.people["rui"], w.people["cleo"]
	_, err = w.Claim(t.Context(), rui, r.Case)
	w.ok(err)
	_, err = w.Decide(t.Context(), rui, r.Case, []triage.Finding{{Person: r.People[0].ID, Policy: "csam", Severity: triage.SeverityHigh, Action: triage.ActWarn, Reasons: "These are the reasons."}})
	w.is(triage.ErrInvalid, err) // only its specialists decide on that
	w.is(triage.ErrInvalid, w.Escalate(t.Context(), rui, r.Case, triage.LaneChildSafety, " "))
	w.ok(w.Escalate(t.Context(), rui, r.Case, triage.LaneChildSafety, "there is a child in it"))
	w.is(triage.ErrNotFound, second(w.OpenCase(t.Context(), rui, r.Case)))
	w.is(triage.ErrNotFound, second(w.OpenOriginal(t.Context(), rui, r.Exhibits[0])))
	w.is(triage.ErrNotFound, w.Release(t.Context(), rui, r.Case))
	c, err := w.ClaimNext(t.Context(), cleo)
	w.ok(err)
	if c.ID != r.Case || c.Priority != 100 || c.Due.After(w.now.Add(time.Hour)) {
		t.Errorf("%s, priority %d, due %v", c.ID, c.Priority, c.Due)
	}
	v, err := w.OpenCase(t.Context(), cleo, r.Case)
	if w.ok(err); len(v.Notes) != 1 {
		t.Errorf("%d notes", len(v.Notes))
	}
	w.ok(w.Escalate(t.Context(), cleo, r.Case, triage.LaneGeneral, "look at this too")) // it never comes back
	v, err = w.OpenCase(t.Context(), cleo, r.Case)
	if w.ok(err); v.Case.Lane != triage.LaneChildSafety || v.Case.State != triage.StateEscalated {
		t.Errorf("%s, %s", v.Case.Lane, v.Case.State)
	}
	_, err = w.Claim(t.Context(), cleo, r.Case)
	w.ok(err)
}

// TestLiaisonsSeeSettledCasesOnly also looks at what a settled case says of other cases on the same person.
func TestLiaisonsSeeSettledCasesOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.settled("hate", "rui")
	open := w.file("hate")
	lior := w.people["lior"]
	w.is(triage.ErrForbidden, second(w.OpenCase(t.Context(), lior, open.Case)))
	v, err := w.OpenCase(t.Context(), lior, r.Case)
	w.ok(err)
	if strings.Contains(fmt.Sprintf("%+v", v), string(open.Case)) {
		t.Error("a settled case tells a liaison of one that is not")
	}
	v, err = w.OpenCase(t.Context(), w.people["rui"], r.Case)
	if w.ok(err); len(v.Earlier[r.People[0].ID]) != 1 {
		t.Errorf("a reviewer sees %v", v.Earlier)
	}
}

// TestPartiesLearnNothingElsewhere has a reviewer look at a case on somebody who was reported together with them.
func TestPartiesLearnNothingElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.form("hate")
	n.People = append(n.People, triage.Person{Name: "Robin", Identifier: "robin@test.example"})
	both, err := w.FileReport(t.Context(), w.people["host"], n)
	w.ok(err)
	r := w.file("hate")
	v, err := w.OpenCase(t.Context(), w.people["robin"], r.Case)
	w.ok(err)
	if strings.Contains(fmt.Sprintf("%+v", v), string(both.Case)) {
		t.Error("a reported person learns of the case, and of who reported them")
	}
	v, err = w.OpenCase(t.Context(), w.people["rui"], r.Case)
	if w.ok(err); len(v.Earlier[r.People[0].ID]) != 1 {
		t.Errorf("others see %v", v.Earlier)
	}
}

// TestEscalatedStaysEscalated has a lead's claim on an escalated case run out: it stays the leads', before the sweep too.
func TestEscalatedStaysEscalated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.file("hate")
	rui, lena := w.people["rui"], w.people["lena"]
	_, err := w.Claim(t.Context(), rui, r.Case)
	w.ok(err)
	w.ok(w.Escalate(t.Context(), rui, r.Case, triage.LaneGeneral, "above my head"))
	w.is(triage.ErrForbidden, second(w.Claim(t.Context(), rui, r.Case)))
	_, err = w.Claim(t.Context(), lena, r.Case)
	w.ok(err)
	w.now = w.now.Add(triage.LeaseTime)
	w.is(triage.ErrForbidden, second(w.Claim(t.Context(), rui, r.Case)))
	_, err = w.Claim(t.Context(), w.people["lex"], r.Case)
	w.ok(err)
	w.ok(w.Release(t.Context(), w.people["lex"], r.Case))
	if w.state(r.Case) != triage.StateEscalated {
		t.Errorf("given back, it is %s", w.state(r.Case))
	}
	_, err = w.ClaimNext(t.Context(), rui)
	w.is(triage.ErrNotFound, err)
	w.logs(r.Case, custody.ReportSubmitted, custody.CaseOpened, custody.CaseClaimed, custody.CaseEscalated, custody.CaseClaimed,
		custody.CaseLeaseExpired, custody.CaseClaimed, custody.CaseReleased)
}

// TestClaimedByManyAtOnce has ten reviewers go for three cases over PostgreSQL: each case is held by one of them.
func TestClaimedByManyAtOnce(t *testing.T) {
	t.Parallel()
	w := overPostgres(t)
	for range 3 {
		w.file("hate")
	}
	var mu sync.Mutex
	held := map[triage.CaseID]account.ID{}
	var wg sync.WaitGroup
	for i := range 10 {
		acc, err := w.AddAccount(t.Context(), account.System, "R", fmt.Sprintf("r%d@test.example", i), w.people["host"].Org, account.Roles{account.Reviewer})
		w.ok(err)
		wg.Go(func() {
			c, err := w.ClaimNext(t.Context(), triage.Actor{Account: acc.ID, Roles: acc.Roles})
			if errors.Is(err, triage.ErrNotFound) {
				return
			} else if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if who, twice := held[c.ID]; twice {
				t.Errorf("%s and %s hold %s", who, acc.ID, c.ID)
			}
			held[c.ID] = acc.ID
		})
	}
	wg.Wait()
	if len(held) != 3 {
		t.Errorf("%d of 3 cases are held", len(held))
	}
}

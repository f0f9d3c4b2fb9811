package triagetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// Subject is a Store under test, with what the suite needs to see besides.
type Subject interface {
	triage.Store
	Jobs() []triage.Job           // takes every enqueued job out, oldest first
	AddSession(s account.Session) // as the HTTP edge does at sign-in
}

// Run is the conformance suite of triage.Store. newStore makes an empty one whose clock is near the real one.
func Run(t *testing.T, newStore func(testing.TB) Subject) {
	for _, part := range []struct {
		name string
		test func(*testing.T, *world)
	}{
		{"transactions", testTransactions}, {"jobs", testJobs}, {"accounts", testAccounts}, {"windows", testWindows}, {"guests' reports", testGuestReports}, {"links", testLinks},
		{"sessions", testSessions}, {"tokens", testTokens}, {"passkeys", testPasskeys}, {"challenges", testChallenges}, {"signatures", testSignatures},
		{"recoveries", testRecoveries}, {"finding people", testFindingPeople}, {"identities", testIdentities}, {"verifications", testVerifications}, {"messages", testMessages}, {"meetings", testMeetings}, {"uploads", testUploads},
		{"blobs", testBlobs}, {"reports", testReports}, {"earlier reports", testEarlierReports}, {"exhibits", testExhibits}, {"known clips", testKnownClips}, {"frames near", testFramesNear}, {"hash lists", testHashLists},
		{"viewing", testViewing}, {"cases", testCases}, {"queue order", testQueueOrder}, {"queue filters", testQueueFilters},
		{"queue rows", testQueueRows}, {"parties", testParties}, {"joinable", testJoinable}, {"find", testFind}, {"next case", testNextCase}, {"policies", testPolicies}, {"routing", testRouting}, {"queues and deferral", testQueuesAndDeferral}, {"claims race", testClaimsRace}, {"sweeping", testSweeping},
		{"decisions", testDecisions}, {"enforcements", testEnforcements}, {"packages", testPackages}, {"recordings", testRecordings}, {"reviewers", testReviewers}, {"strikes", testStrikes}, {"mutes", testMutes}, {"visits", testVisits}, {"views", testViews}, {"bulks", testBulks}, {"moves", testMoves}, {"moves race", testMovesRace}, {"figures", testFigures}, {"opinions", testOpinions}, {"agreement", testAgreement}, {"rates", testRates}, {"watched figures", testWatchedFigures}, {"wellbeing", testWellbeing}, {"log", testLog},
		{"not found", testNotFound},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			part.test(t, newWorld(t, newStore(t)))
		})
	}
}

// world is a store with a few people in it, and a count from which times and numbers are made.
type world struct {
	t                     *testing.T
	s                     Subject
	org                   account.Organisation
	host, ann, ben, child account.Account
	start                 time.Time
	tree                  tlog.Tree // the log's, as far as sequence came

	mu     sync.Mutex
	count  int // guarded by mu
	firsts int // guarded by mu
}

func newWorld(t *testing.T, s Subject) *world {
	w := &world{t: t, s: s, start: time.Now().UTC().Truncate(time.Microsecond).Add(-time.Hour)}
	w.org = account.Organisation{ID: "O-00000-00001", Name: "Acme", Plan: account.PlanBusiness, Window: account.DefaultWindow, Created: w.start}
	person := func(n int, name string, roles ...account.Role) account.Account {
		return account.Account{ID: account.ID(fmt.Sprintf("A-00000-%05d", n)), Org: w.org.ID, Name: name,
			Email: fmt.Sprintf("p%d@example.org", n), Roles: roles, Created: w.start}
	}
	w.host, w.ann = person(1, "Hosni"), person(2, "Ann", account.Reviewer, account.Lead)
	w.ben, w.child = person(3, "Ben", account.Reviewer), person(4, "Chi", account.ChildSafety)
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertOrganisation(ctx, w.org))
		for _, a := range []account.Account{w.host, w.ann, w.ben, w.child} {
			w.ok(tx.InsertAccount(ctx, a))
		}
	})
	return w
}

func (w *world) n() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count++
	return w.count
}

// at is a time that many minutes after the world began.
func (w *world) at(minutes int) time.Time { return w.start.Add(time.Duration(minutes) * time.Minute) }

func (w *world) update(f func(context.Context, triage.Tx)) {
	w.t.Helper()
	w.ok(w.s.Update(w.t.Context(), func(tx triage.Tx) error { f(w.t.Context(), tx); return nil }))
}

func (w *world) view(f func(context.Context, triage.Tx)) {
	w.t.Helper()
	w.ok(w.s.View(w.t.Context(), func(tx triage.Tx) error { f(w.t.Context(), tx); return nil }))
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%v (%T)", err, err)
	}
}

// fails checks that an error is of one kind.
func (w *world) fails(err, kind error) {
	w.t.Helper()
	if !errors.Is(err, kind) {
		w.t.Fatalf("got error %v, want one of kind %d", err, triage.KindOf(kind))
	}
}

// equal compares without regard to nil and empty lists.
func equal[T any](w *world, got, want T) {
	w.t.Helper()
	if got, want = copyOf(got), copyOf(want); !reflect.DeepEqual(got, want) {
		w.t.Fatalf("got  %+v\nwant %+v", got, want)
	}
}

// is checks the result of a method: is(w, want)(tx.Account(ctx, id)).
func is[T any](w *world, want T) func(T, error) {
	return func(v T, err error) {
		w.t.Helper()
		w.ok(err)
		equal(w, v, want)
	}
}

// empty checks that a list is.
func empty[T any](w *world, v []T) {
	w.t.Helper()
	equal(w, v, nil)
}

// refused checks that a method gives an error of one kind: refused[account.Account](w, kind)(tx.Account(ctx, id)).
func refused[T any](w *world, kind error) func(T, error) {
	return func(_ T, err error) {
		w.t.Helper()
		w.fails(err, kind)
	}
}

// must unwraps a result.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// mapped turns a list into the list of what is compared.
func mapped[T, U any](in []T, f func(T) U) []U {
	var out []U
	for _, v := range in {
		out = append(out, f(v))
	}
	return out
}

// addCase inserts a case with what its state needs.
func (w *world) addCase(lane triage.Lane, state triage.State, priority, opened int) triage.Case {
	c := triage.Case{ID: triage.CaseID(fmt.Sprintf("C-00000-%05d", w.n())), Lane: lane, Policy: "hate", State: state,
		Priority: priority, Opened: w.at(opened), Due: w.at(opened + 60)}
	if state == triage.StateClaimed {
		c.Claimant, c.Lease = w.ann.ID, w.at(opened+10)
	}
	w.update(func(ctx context.Context, tx triage.Tx) { w.ok(tx.InsertCase(ctx, c)) })
	return c
}

// addReport inserts a report about people into a case.
func (w *world) addReport(c triage.Case, filed int, people ...triage.Person) triage.Report {
	n := w.n()
	for i := range people {
		people[i].ID = triage.PersonID(fmt.Sprintf("W-%05d-%05d", n, i))
	}
	r := triage.Report{ID: triage.ReportID(fmt.Sprintf("R-00000-%05d", n)), Case: c.ID, Reporter: w.host.ID, Org: w.org.ID,
		Key: fmt.Sprintf("key-%d", n), MeetingName: fmt.Sprintf("Meeting %d", n), MeetingMode: triage.ModeE2EE, Occurred: w.at(0),
		Policy: c.Policy, Words: "It was bad.", People: people, Filed: w.at(filed)}
	w.update(func(ctx context.Context, tx triage.Tx) { w.ok(tx.InsertReport(ctx, r)) })
	return r
}

// addExhibit inserts an exhibit with bytes of its own.
func (w *world) addExhibit(r triage.Report, number int) triage.Exhibit {
	n := w.n()
	x := triage.Exhibit{ID: triage.ExhibitID(fmt.Sprintf("X-00000-%05d", n)), Report: r.ID, Case: r.Case, Number: number, Name: "clip.webm",
		SHA256: triage.SHA256{byte(n), byte(n >> 8), 1}, Size: 1 << 20, Received: w.at(1), Processing: triage.ProcessingWaiting,
		Trust: triage.TrustUnverified}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertBlob(ctx, triage.Blob{SHA256: x.SHA256, Size: x.Size, Sealed: w.at(1), RetainUntil: w.at(1000)}))
		w.ok(tx.InsertExhibit(ctx, x))
	})
	return x
}

// together runs f n times at once and counts the results that are nil; every other has to be of the given kind.
func (w *world) together(n int, kind error, f func(i int) error) (succeeded int) {
	w.t.Helper()
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	for _, err := range errs {
		if err == nil {
			succeeded++
		} else if !errors.Is(err, kind) {
			w.t.Errorf("got error %v, want none or one of kind %d", err, triage.KindOf(kind))
		}
	}
	return succeeded
}

func sorted[T ~string](in []T) []T { return slices.Sorted(slices.Values(in)) }

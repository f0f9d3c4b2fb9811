package work_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/work"
)

// acts counts what the custody log says of a case.
func (s *shop) acts(c triage.CaseID) map[custody.Act]int {
	s.t.Helper()
	n := map[custody.Act]int{}
	s.ok(s.store.View(s.t.Context(), func(tx triage.Tx) error {
		es, err := tx.EventsOf(s.t.Context(), c)
		for _, e := range es {
			n[e.Act]++
		}
		return err
	}))
	return n
}

// TestPrepareWaitsForTheObjects has the object store fail when the clip is opened, while it is read, and when a
// derivative is stored: none of that is the clip's fault.
func TestPrepareWaitsForTheObjects(t *testing.T) {
	s, r, _ := open(t)
	job := triage.PrepareExhibit{Exhibit: r.Exhibits[0]}
	s.decode = poster
	s.away = errAway
	if err := s.Worker.Prepare(t.Context(), job); !errors.Is(err, triage.ErrUnavailable) {
		t.Errorf("opening: %v", err)
	}
	s.away, s.failAt = nil, 5
	s.decode = func(r io.Reader, _ work.Keep) (work.Outcome, error) {
		if _, err := io.ReadAll(r); err == nil {
			t.Error("the failure did not reach the decoder")
		}
		return work.Outcome{Failed: "This clip is cut off."}, nil // as it looks to a decoder
	}
	if err := s.Worker.Prepare(t.Context(), job); !errors.Is(err, triage.ErrUnavailable) {
		t.Errorf("reading: %v", err)
	}
	s.decode = func(r io.Reader, keep work.Keep) (work.Outcome, error) {
		s.away = errAway
		return poster(r, keep)
	}
	if err := s.Worker.Prepare(t.Context(), job); !errors.Is(err, triage.ErrUnavailable) {
		t.Errorf("storing: %v", err)
	}
	if x, c := s.exhibit(r); x.Processing != triage.ProcessingRunning || c.State != triage.StateProcessing {
		t.Errorf("meanwhile: %s, %s", x.Processing, c.State)
	}
	s.away, s.decode = nil, poster
	s.ok(s.Worker.Prepare(t.Context(), job))
	if x, c := s.exhibit(r); x.Processing != triage.ProcessingDone || c.State != triage.StateQueued {
		t.Errorf("after it: %s, %s", x.Processing, c.State)
	}
}

// TestPrepareWhoseCommitIsInDoubt loses the answer of a commit that happened, and of one that did not.
func TestPrepareWhoseCommitIsInDoubt(t *testing.T) {
	for _, where := range []string{"SaveCase", "PutDerivative", "Log"} {
		for _, persists := range []bool{true, false} {
			s, r, _ := open(t)
			job := triage.PrepareExhibit{Exhibit: r.Exhibits[0]}
			s.decode = poster
			s.store.FailNext(where, persists)
			if err := s.Worker.Prepare(t.Context(), job); !errors.Is(err, triage.ErrUnavailable) {
				t.Errorf("%s: %v", where, err)
			}
			s.ok(s.Worker.Prepare(t.Context(), job)) // the queue tries again
			x, c := s.exhibit(r)
			n := s.acts(r.Case)
			if x.Processing != triage.ProcessingDone || c.State != triage.StateQueued || n[custody.ExhibitProcessed] != 1 ||
				n[custody.ExhibitDerived] != 1 || n[custody.CaseQueued] != 1 {
				t.Errorf("%s, persists %v: %s, %s, %v", where, persists, x.Processing, c.State, n)
			}
		}
	}
}

func TestGivingUpIsNotTheEnd(t *testing.T) {
	s, r, staff := open(t)
	job := triage.PrepareExhibit{Exhibit: r.Exhibits[0]}
	s.ok(s.GiveUpPreparing(t.Context(), job, errors.New("S3 was away")))
	s.ok(s.GiveUpPreparing(t.Context(), job, errors.New("S3 was away")))
	if n := s.acts(r.Case); n[custody.ExhibitFailed] != 1 {
		t.Errorf("given up %d times", n[custody.ExhibitFailed])
	}
	_, err := s.Desk.RetryExhibit(t.Context(), staff, r.Exhibits[0])
	s.ok(err)
	s.decode = poster
	s.ok(s.Worker.Prepare(t.Context(), job))
	s.ok(s.GiveUpPreparing(t.Context(), job, errors.New("too late")))
	if x, _ := s.exhibit(r); x.Processing != triage.ProcessingDone {
		t.Errorf("giving up undid what was done: %+v", x)
	}
}

// stored is the one package that the object store holds, or "".
func (s *shop) stored() (all string) {
	for key, b := range s.kept {
		if strings.HasPrefix(key, "package/") {
			all += string(b)
		}
	}
	return all
}

// TestBuildThatPanics has a builder that meets something it did not expect: the panic reaches the job's own goroutine,
// where the queue catches it, and half a package is not stored.
func TestBuildThatPanics(t *testing.T) {
	s, r, staff := open(t)
	id := s.approved(r, staff)
	s.build = func(w io.Writer) error {
		io.WriteString(w, "half a pack")
		panic("a clip that no parser knew")
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic went elsewhere")
			}
		}()
		s.Worker.Build(t.Context(), triage.BuildPackage{Package: id})
	}()
	if got := s.stored(); got != "" {
		t.Errorf("%q was stored", got)
	}
	s.build = func(w io.Writer) error { _, err := io.WriteString(w, "the package"); return err }
	s.ok(s.Worker.Build(t.Context(), triage.BuildPackage{Package: id}))
	if got := s.stored(); got != "the package" {
		t.Errorf("%q was stored", got)
	}
}

func TestBuildWaitsForTheObjects(t *testing.T) {
	s, r, staff := open(t)
	id := s.approved(r, staff)
	s.told = []int64{1, 5, 7}
	s.build = func(w io.Writer) error {
		for range 100 { // more than any pipe holds: it notices that nobody reads any more
			if _, err := io.WriteString(w, strings.Repeat("x", 1<<16)); err != nil {
				return err
			}
		}
		return nil
	}
	s.away = errAway
	for range 2 {
		if err := s.Worker.Build(t.Context(), triage.BuildPackage{Package: id}); !errors.Is(err, triage.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	v, err := s.Desk.OpenPackage(t.Context(), staff, id)
	if s.ok(err); v.Package.State != triage.PackageBuilding || v.Package.Done != 1 || v.Package.Total != int64(len(clip)) {
		t.Errorf("meanwhile: %s, %d of %d", v.Package.State, v.Package.Done, v.Package.Total)
	}
	s.ok(s.GiveUpBuilding(t.Context(), triage.BuildPackage{Package: id}, errAway))
	v, err = s.Desk.OpenPackage(t.Context(), staff, id)
	if s.ok(err); v.Package.State != triage.PackageFailed || v.Package.Why == "" || v.Package.Done != 0 {
		t.Errorf("given up: %+v", v.Package)
	}
	_, err = s.Desk.DownloadPackage(t.Context(), staff, id)
	if !errors.Is(err, triage.ErrConflict) {
		t.Errorf("a package that does not exist was opened: %v", err)
	}
}

func TestBuildWhoseCommitIsInDoubt(t *testing.T) {
	for _, persists := range []bool{true, false} {
		s, r, staff := open(t)
		id := s.approved(r, staff)
		s.build = func(w io.Writer) error { _, err := io.WriteString(w, "the package"); return err }
		s.store.FailNext("Log", persists) // only the end of a building is logged
		if err := s.Worker.Build(t.Context(), triage.BuildPackage{Package: id}); !errors.Is(err, triage.ErrUnavailable) {
			t.Fatal(err)
		}
		s.ok(s.Worker.Build(t.Context(), triage.BuildPackage{Package: id}))
		if n := s.acts(r.Case); n[custody.PackageBuilt] != 1 || n[custody.ExhibitExported] != 1 {
			t.Errorf("persists %v: %v", persists, n)
		}
	}
}

// TestBuildAfterTheCaseWasTakenUpAgain has the case reopened between the approval and the job.
func TestBuildAfterTheCaseWasTakenUpAgain(t *testing.T) {
	s, r, staff := open(t)
	id := s.approved(r, staff)
	s.ok(s.Desk.Reopen(t.Context(), staff, r.Case, "look again, please"))
	s.build = func(io.Writer) error { t.Error("it was built"); return nil }
	s.ok(s.Worker.Build(t.Context(), triage.BuildPackage{Package: id}))
	v, err := s.Desk.OpenPackage(t.Context(), staff, id)
	if s.ok(err); v.Package.State != triage.PackageFailed || v.Package.Why == "" || s.acts(r.Case)[custody.PackageFailed] != 1 {
		t.Errorf("%+v, %v", v.Package, s.acts(r.Case))
	}
	if err := s.Desk.RetryPackage(t.Context(), staff, id); !errors.Is(err, triage.ErrConflict) {
		t.Errorf("tried again: %v", err)
	}
}

// TestDeliverWhoseCommitIsInDoubt sends twice at most, and never loses a message.
func TestDeliverWhoseCommitIsInDoubt(t *testing.T) {
	for _, persists := range []bool{true, false} {
		s, _, staff := open(t)
		s.ok(s.Desk.SendLink(t.Context(), triage.SendLink{Email: "staff@test.example", Message: triage.NewID("S")}))
		ms, err := s.Desk.MyMail(t.Context(), staff)
		s.ok(err)
		sent := 0
		s.send = func(triage.Message) error { sent++; return nil }
		s.store.FailNext("SaveMessage", persists)
		if err := s.Worker.Deliver(t.Context(), triage.DeliverMessage{Message: ms[0].ID}); !errors.Is(err, triage.ErrUnavailable) {
			t.Error(err)
		}
		s.ok(s.Worker.Deliver(t.Context(), triage.DeliverMessage{Message: ms[0].ID}))
		ms, err = s.Desk.MyMail(t.Context(), staff)
		if s.ok(err); ms[0].State != triage.MessageDelivered || strings.Contains(ms[0].Body, "http") && !strings.Contains(ms[0].Body, "not kept") {
			t.Errorf("%+v", ms[0])
		}
		if want := map[bool]int{true: 1, false: 2}[persists]; sent != want {
			t.Errorf("persists %v: sent %d times, want %d", persists, sent, want)
		}
	}
}

// TestSweepGoesOn has one part of the sweep fail: the other is done all the same.
func TestSweepGoesOn(t *testing.T) {
	s, _, _ := open(t)
	collected := 0
	s.Collect = func(context.Context) error { collected++; return nil }
	s.store.FailNext("", false)
	if err := s.Worker.Sweep(t.Context(), triage.Sweep{}); !errors.Is(err, triage.ErrUnavailable) || collected != 1 {
		t.Errorf("%v, collected %d times", err, collected)
	}
	s.Collect = func(context.Context) error { return errAway }
	if err := s.Worker.Sweep(t.Context(), triage.Sweep{}); !errors.Is(err, errAway) {
		t.Errorf("what could not be collected is not told: %v", err)
	}
}

// rewritten is a database in which somebody replaced the chunks of every original, as its superuser can.
type rewritten struct {
	triage.Store
	chunks triage.Chunks
}

type rewrittenTx struct {
	triage.Tx
	chunks triage.Chunks
}

func (r rewritten) View(ctx context.Context, f func(triage.Tx) error) error {
	return r.Store.View(ctx, func(tx triage.Tx) error { return f(rewrittenTx{tx, r.chunks}) })
}

func (t rewrittenTx) Blob(ctx context.Context, sum triage.SHA256) (triage.Blob, error) {
	b, err := t.Tx.Blob(ctx, sum)
	b.Chunks = t.chunks
	return b, err
}

// TestChunksAreBoundToTheLog opens an original that was sealed before there were chunks, which measures it once; then the
// list in the database is replaced by that of other bytes.
func TestChunksAreBoundToTheLog(t *testing.T) {
	s, r, staff := open(t)
	ctx, id := t.Context(), r.Exhibits[0]
	x, _ := s.exhibit(r)
	for range 2 {
		o, err := s.Desk.OpenSealed(ctx, x)
		s.ok(err)
		s.ok(o.Close())
	}
	if n := s.acts(r.Case)[custody.ExhibitMeasured]; n != 1 {
		t.Errorf("measured %d times", n)
	}
	s.Desk.Store = rewritten{s.store, triage.Chunks(nil).Append([]byte("the bytes of A clip"))}
	if _, err := s.Desk.OpenSealed(ctx, x); !errors.Is(err, triage.ErrAltered) {
		t.Errorf("opening: %v", err)
	}
	s.decode = poster
	s.ok(s.Worker.Prepare(ctx, triage.PrepareExhibit{Exhibit: id}))
	if x, c := s.exhibit(r); x.Processing != triage.ProcessingAltered || c.State != triage.StateQueued {
		t.Errorf("preparing: %s, %s", x.Processing, c.State)
	}
	if _, err := s.Desk.OpenOriginal(ctx, staff, id); !errors.Is(err, triage.ErrAltered) {
		t.Errorf("playing: %v", err)
	}
	if n := s.acts(r.Case); n[custody.ExhibitAltered] != 1 || n[custody.ExhibitProcessed] != 0 {
		t.Errorf("logged: %v", n)
	}
	s.Desk.Store = s.store
	_, err := s.Desk.RetryExhibit(ctx, staff, id)
	s.ok(err)
	s.ok(s.Worker.Prepare(ctx, triage.PrepareExhibit{Exhibit: id}))
	o, err := s.Desk.OpenOriginal(ctx, staff, id)
	s.ok(err)
	s.ok(o.Close())
}

// TestMarkingWhoseCommitIsInDoubt loses the answer of the transaction that takes an altered original out of use.
func TestMarkingWhoseCommitIsInDoubt(t *testing.T) {
	for _, persists := range []bool{true, false} {
		s, r, _ := open(t)
		s.decode, s.evidence = poster, []byte("the bytes of A clip")
		s.store.FailNext("Log", persists)
		if err := s.Worker.Prepare(t.Context(), triage.PrepareExhibit{Exhibit: r.Exhibits[0]}); !errors.Is(err, triage.ErrUnavailable) {
			t.Errorf("persists %v: %v", persists, err)
		}
		s.ok(s.Worker.Prepare(t.Context(), triage.PrepareExhibit{Exhibit: r.Exhibits[0]}))
		if x, c := s.exhibit(r); x.Processing != triage.ProcessingAltered || c.State != triage.StateQueued || s.acts(r.Case)[custody.ExhibitAltered] != 1 {
			t.Errorf("persists %v: %s, %s, %v", persists, x.Processing, c.State, s.acts(r.Case))
		}
	}
}

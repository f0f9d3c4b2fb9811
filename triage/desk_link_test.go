package triage_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/proffer/proffer/triage"
)

// blindStore lets a use case leave a job behind and do nothing else: every other method of its transactions panics.
type blindStore struct {
	triage.Store
	updates int
	jobs    []triage.Job
}

type blindTx struct {
	triage.Tx // nil
	s         *blindStore
}

func (s *blindStore) Update(_ context.Context, f func(triage.Tx) error) error {
	s.updates++
	return f(blindTx{s: s})
}

func (s *blindStore) View(context.Context, func(triage.Tx) error) error {
	panic("a request looks something up")
}

func (t blindTx) Enqueue(_ context.Context, j triage.Job) error {
	t.s.jobs = append(t.s.jobs, j)
	return nil
}

// TestAskingForALinkLooksNothingUp holds that the request cannot tell a known address from an unknown one: it does the
// same for both, in one transaction, without having looked. So neither its answer nor its time can.
func TestAskingForALinkLooksNothingUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	real := w.Store
	seen := map[string]bool{}
	for _, email := range []string{"rui@test.example", "RUI@test.example", "nobody@test.example"} {
		blind := &blindStore{Store: real}
		w.Store = blind
		w.ok(w.RequestLink(t.Context(), email))
		if blind.updates != 1 || len(blind.jobs) != 1 {
			t.Fatalf("%s: %d transactions, %v", email, blind.updates, blind.jobs)
		}
		j := blind.jobs[0].(triage.SendLink)
		if seen[j.Message] || j.Email != "rui@test.example" && j.Email != "nobody@test.example" {
			t.Errorf("%s: %+v", email, j)
		}
		seen[j.Message] = true
	}
	w.Store = &blindStore{}
	w.is(triage.ErrInvalid, w.RequestLink(t.Context(), "nobody"))
}

func TestSendLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := func(email string) triage.SendLink { return triage.SendLink{Email: email, Message: triage.NewID("S")} }
	w.ok(w.SendLink(t.Context(), link("nobody@test.example")))
	if jobs := w.store.Jobs(); len(jobs) > 0 {
		t.Errorf("for an unknown address: %v", jobs)
	}
	once := link("rui@test.example")
	for _, persists := range []bool{false, true} {
		w.store.FailNext("InsertMessage", persists)
		w.is(triage.ErrUnavailable, w.SendLink(t.Context(), once))
	}
	for range 3 { // it is done again and again
		w.ok(w.SendLink(t.Context(), once))
	}
	mail := func() []triage.Message {
		ms, err := w.MyMail(t.Context(), w.people["rui"])
		w.ok(err)
		return ms
	}
	if ms := mail(); len(ms) != 1 || ms[0].ID != once.Message || !slices.Equal(w.store.Jobs(), []triage.Job{triage.DeliverMessage{Message: once.Message}}) {
		t.Errorf("one request made %+v", ms)
	}
	for range 10 {
		w.ok(w.SendLink(t.Context(), link("rui@test.example")))
	}
	if n := len(mail()); n != 5 {
		t.Errorf("%d links were sent, of 11 that were asked for", n)
	}
}

// TestLinksOfOneJobRunTwiceAtOnce has two nodes do one job at the same time, as after a node was taken for dead.
func TestLinksOfOneJobRunTwiceAtOnce(t *testing.T) {
	t.Parallel()
	w := overPostgres(t)
	for range 3 {
		j := triage.SendLink{Email: "rui@test.example", Message: triage.NewID("S")}
		done := make(chan error, 2)
		for range 2 {
			go func() { done <- w.SendLink(t.Context(), j) }()
		}
		for range 2 {
			if err := <-done; err != nil && !errors.Is(err, triage.ErrConflict) {
				t.Error(err)
			}
		}
		w.ok(w.SendLink(t.Context(), j))
	}
	ms, err := w.MyMail(t.Context(), w.people["rui"])
	if w.ok(err); len(ms) != 3 {
		t.Errorf("three jobs sent %d messages", len(ms))
	}
}

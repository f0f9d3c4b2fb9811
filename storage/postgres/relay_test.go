package postgres_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/storage/postgres"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// receiver notes what a relay tells.
type receiver struct {
	t      *testing.T
	barred chan account.ID
	taken  chan taken
	gone   chan string
	lost   chan bool
}

type taken struct {
	node string
	data []byte
}

func (r receiver) Barred(a account.ID)           { r.barred <- a }
func (r receiver) Take(node string, data []byte) { r.taken <- taken{node, data} }
func (r receiver) Gone(node string)              { r.gone <- node }
func (r receiver) Lost()                         { r.lost <- true }

// receives runs a relay, and returns once it is connected. stop ends it.
func receives(t *testing.T, relay *postgres.Relay) (r receiver, stop func()) {
	t.Helper()
	r = receiver{t, make(chan account.ID, 100), make(chan taken, 1000), make(chan string, 100), make(chan bool, 100)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); relay.Run(ctx, r) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	soon(t, r.lost)
	return r, stop
}

func soon[T any](t *testing.T, c <-chan T) (x T) {
	t.Helper()
	select {
	case x = <-c:
	case <-time.After(30 * time.Second):
		t.Fatalf("no %T came", x)
	}
	return x
}

// again opens the same database as another process does.
func (s subject) again() *postgres.Store {
	s.t.Helper()
	other, err := postgres.Open(s.t.Context(), s.dsn, postgres.Options{Log: quiet()})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(other.Close)
	return other
}

func keeps(t *testing.T, r *postgres.Relay, id string) string {
	t.Helper()
	node, err := r.Keeper(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return node
}

func TestRelay(t *testing.T) {
	t.Parallel()
	s := open(t)
	host, _, _ := s.people()
	other := s.again()
	a, b := s.Relay(), other.Relay()
	inA, stopA := receives(t, a)
	inB, _ := receives(t, b)
	for _, id := range []string{"M-1", "M-2", "M-3"} {
		if err := s.CreateMeeting(t.Context(), meeting.Meeting{ID: id, Host: host.ID, Mode: meeting.Standard, Starts: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if n := keeps(t, a, "M-1"); n != "" {
			t.Errorf("M-1 is kept by %q", n)
		}
		if n := keeps(t, b, "M-1"); n != a.Node() {
			t.Errorf("M-1 is kept by %q, and not by %q", n, a.Node())
		}
	}
	keeps(t, b, "M-2")
	if n := keeps(t, a, "M-2"); n != b.Node() {
		t.Errorf("M-2 is kept by %q", n)
	}
	if err := s.EndMeeting(t.Context(), "M-2", time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"M-2", "M-none"} {
		if n := keeps(t, a, id); n != "" {
			t.Errorf("%s is kept by %q", id, n)
		}
	}

	var sent [][]byte
	for _, size := range []int{1, 3749, 3750, 3751, 8000, 2_300_000, 5} { // 3750 bytes are one part
		data := make([]byte, size)
		rand.Read(data)
		sent = append(sent, data)
		if err := a.Send(t.Context(), b.Node(), data); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range sent {
		if got := soon(t, inB.taken); got.node != a.Node() || !bytes.Equal(got.data, want) {
			t.Errorf("%d: %d bytes from %s, want %d", i, len(got.data), got.node, len(want))
		}
	}

	s.update(func(ctx context.Context, tx triage.Tx) error { return tx.SetClosed(ctx, host.ID, true) })
	for _, r := range []receiver{inA, inB} {
		if got := soon(t, r.barred); got != host.ID {
			t.Errorf("told of %q", got)
		}
	}

	keeps(t, a, "M-3")
	stopA()
	if got := soon(t, inB.gone); got != a.Node() {
		t.Errorf("%q is gone, and not %q", got, a.Node())
	}
	for _, id := range []string{"M-1", "M-3"} {
		if n := keeps(t, b, id); n != "" {
			t.Errorf("%s is kept by %q, which is gone", id, n)
		}
	}
}

// TestRelayConnectsAgain cuts every connection: a node finds out, takes its lock again, keeps what it kept, and is sent what comes after.
func TestRelayConnectsAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	host, _, _ := s.people()
	r := s.Relay()
	in, _ := receives(t, r)
	if err := s.CreateMeeting(t.Context(), meeting.Meeting{ID: "M-1", Host: host.ID, Mode: meeting.E2EE, Starts: time.Now()}); err != nil {
		t.Fatal(err)
	}
	keeps(t, r, "M-1")
	s.dropConnections()
	soon(t, in.lost)
	if n := keeps(t, r, "M-1"); n != "" {
		t.Errorf("it is kept by %q", n)
	}
	other := s.again()
	_, _ = receives(t, other.Relay())
	if n := keeps(t, other.Relay(), "M-1"); n != r.Node() {
		t.Errorf("for another it is kept by %q", n)
	}
	if err := other.Relay().Send(t.Context(), r.Node(), []byte("after")); err != nil {
		t.Fatal(err)
	}
	if got := soon(t, in.taken); string(got.data) != "after" {
		t.Errorf("got %q", got.data)
	}
}

// TestKeysOfOthers holds that a node which starts destroys no key of a meeting that another one keeps.
func TestKeysOfOthers(t *testing.T) {
	t.Parallel()
	s := open(t)
	host, _, _ := s.people()
	other := s.again()
	_, _ = receives(t, s.Relay())
	_, stop := receives(t, other.Relay())
	sealed := bytes.Repeat([]byte{7}, 60)
	kept := func() (ids []string) {
		for _, row := range s.ask("SELECT meeting, meeting FROM meeting_wrapped WHERE sealed IS NOT NULL ORDER BY 1") {
			ids = append(ids, row[0])
		}
		return ids
	}
	for _, id := range []string{"M-here", "M-nobody", "M-there"} {
		if err := s.CreateMeeting(t.Context(), meeting.Meeting{ID: id, Host: host.ID, Mode: meeting.Standard, Starts: time.Now()}); err != nil {
			t.Fatal(err)
		}
		if err := s.PutWrappedKey(t.Context(), id, meeting.Wrapped{Epoch: 1, Sealed: sealed}); err != nil {
			t.Fatal(err)
		}
	}
	keeps(t, s.Relay(), "M-here")
	keeps(t, other.Relay(), "M-there")
	left := func(want ...string) bool {
		if err := s.DestroyKeys(t.Context(), []string{"M-here"}); err != nil {
			t.Fatal(err)
		}
		return slices.Equal(kept(), want)
	}
	if !left("M-here", "M-there") {
		t.Errorf("keys of %v are left", kept())
	}
	stop()
	for end := time.Now().Add(30 * time.Second); !left("M-here"); time.Sleep(10 * time.Millisecond) { // PostgreSQL notices in a moment
		if time.Now().After(end) {
			t.Fatalf("keys of %v are left", kept())
		}
	}
}

// TestLostVisits holds that visitors are lost with the node that keeps their meeting, and not before.
func TestLostVisits(t *testing.T) {
	t.Parallel()
	s := open(t)
	host, staff, _ := s.people()
	relay := s.again().Relay()
	_, stop := receives(t, relay)
	if err := s.CreateMeeting(t.Context(), meeting.Meeting{ID: "M-1", Host: host.ID, Mode: meeting.Standard, Starts: time.Now()}); err != nil {
		t.Fatal(err)
	}
	keeps(t, relay, "M-1")
	now := time.Now().UTC().Truncate(time.Microsecond)
	s.update(func(ctx context.Context, tx triage.Tx) error {
		c := triage.Case{ID: "C-1", Lane: triage.LaneGeneral, Policy: "hate", State: triage.StateQueued, Opened: now, Due: now}
		v := triage.Visit{ID: "L-1", Case: c.ID, Meeting: "M-1", Visitor: staff.ID, Reason: "Live abuse.", Requested: now, State: triage.VisitRequested}
		return errors.Join(tx.InsertCase(ctx, c), tx.InsertVisit(ctx, v), tx.Inside(ctx, v.ID, now))
	})
	lost := func() (n int) {
		s.update(func(ctx context.Context, tx triage.Tx) error {
			vs, err := tx.LostVisits(ctx, 9)
			n = len(vs)
			return err
		})
		return n
	}
	if n := lost(); n != 0 {
		t.Errorf("%d visitors are lost while their server is there", n)
	}
	stop()
	for end := time.Now().Add(30 * time.Second); lost() != 1; time.Sleep(10 * time.Millisecond) { // PostgreSQL notices in a moment
		if time.Now().After(end) {
			t.Fatal("no visitor is lost with their server")
		}
	}
}

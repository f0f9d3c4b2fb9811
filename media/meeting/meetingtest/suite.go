package meetingtest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage/account"
)

// Subject is a Store under test, in which two accounts and their organisation exist.
type Subject struct {
	meeting.Store
	Org         account.OrgID
	Host, Other account.ID
	Attendees   func(id string) []string // name/account
	Guests      func(id string) []string // name/first byte of the device in hex, by device
}

// Run holds a Store against its contract. open gives an empty one.
func Run(t *testing.T, open func(*testing.T) Subject) {
	for _, part := range []struct {
		name string
		f    func(*testing.T, suite)
	}{{"meetings", meetings}, {"board", board}, {"causes", causes}, {"keys", keys}, {"people", people}} {
		t.Run(part.name, func(t *testing.T) { part.f(t, suite{open(t), t}) })
	}
}

type suite struct {
	Subject
	t *testing.T
}

var at = time.Date(2026, 11, 26, 10, 0, 0, 123_000, time.UTC)

func (s suite) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s suite) fails(err error) {
	s.t.Helper()
	if err == nil {
		s.t.Error("it was not refused")
	}
}

func (s suite) make(id string, mode meeting.State) meeting.Meeting {
	s.t.Helper()
	m := meeting.Meeting{ID: id, Org: s.Org, Host: s.Host, Title: "Title of " + id, Mode: mode, Lobby: true, Starts: at}
	s.ok(s.CreateMeeting(s.t.Context(), m))
	return m
}

func (s suite) load(id string) meeting.Meeting {
	s.t.Helper()
	m, err := s.LoadMeeting(s.t.Context(), id)
	s.ok(err)
	return m
}

func (s suite) append(id string, number uint64, kind string, size int, cause meeting.Cause) error {
	return s.AppendEntry(s.t.Context(), id, meeting.Entry{Number: number, At: at, Kind: kind, Message: bytes.Repeat([]byte{byte(number)}, size)}, cause)
}

func meetings(t *testing.T, s suite) {
	ctx := t.Context()
	one := s.make("M-1", meeting.Standard)
	if got := s.load("M-1"); got != one || got.State() != meeting.Standard {
		t.Errorf("got %+v, want %+v", got, one)
	}
	s.fails(s.CreateMeeting(ctx, one))
	_, err := s.LoadMeeting(ctx, "M-none")
	s.fails(err)
	s.ok(s.SetDoor(ctx, "M-1", true, false))
	if got := s.load("M-1"); !got.Locked || got.Lobby {
		t.Errorf("the door is %+v", got)
	}
	two := s.make("M-2", meeting.E2EE)
	two.Starts = at.Add(time.Hour)
	s.make("M-3", meeting.E2EE)
	s.ok(s.EndMeeting(ctx, "M-3", at.Add(time.Minute)))
	s.ok(s.EndMeeting(ctx, "M-3", at.Add(time.Hour)))
	if got := s.load("M-3"); !got.Ended.Equal(at.Add(time.Minute)) || got.State() != meeting.Ended {
		t.Errorf("an end that came twice: %+v", got)
	}
	s.fails(s.SetDoor(ctx, "M-3", true, true))
	ms, err := s.HostedMeetings(ctx, s.Host, 10)
	s.ok(err)
	var ids []string
	for _, m := range ms {
		ids = append(ids, m.ID)
	}
	if strings.Join(ids, " ") != "M-1 M-2 M-3" {
		t.Errorf("meetings %v", ids)
	}
	if ms, err := s.HostedMeetings(ctx, s.Other, 10); err != nil || len(ms) != 0 {
		t.Errorf("meetings of another: %v, %v", ms, err)
	}
}

func board(t *testing.T, s suite) {
	ctx := t.Context()
	s.make("M-1", meeting.E2EE)
	for n, kind := range []string{"join", "join", "link", "keys", "leave", "link", "leader"} {
		s.ok(s.append("M-1", uint64(n+1), kind, 100, ""))
	}
	if err := s.append("M-1", 7, "leave", 1, ""); !errors.Is(err, meeting.ErrTaken) {
		t.Errorf("a number twice: %v", err)
	}
	s.fails(s.append("M-1", 9, "leave", 1, ""))
	s.fails(s.append("M-none", 1, "join", 1, ""))
	for _, x := range []struct {
		from         uint64
		limit, bytes int
		want         []uint64
	}{{1, 3, 1000, []uint64{1, 2, 3}}, {6, 100, 1000, []uint64{6, 7}}, {2, 100, 150, []uint64{2, 3}}, {2, 100, 1, []uint64{2}}, {8, 100, 1000, nil}} {
		es, err := s.Entries(ctx, "M-1", x.from, x.limit, x.bytes)
		s.ok(err)
		if got := numbers(es); !slices.Equal(got, x.want) {
			t.Errorf("from %d: %v, want %v", x.from, got, x.want)
		}
	}
	es, last, err := s.Outline(ctx, "M-1")
	s.ok(err)
	if got := numbers(es); !slices.Equal(got, []uint64{1, 2, 5, 6, 7}) || last != 7 || es[3].Kind != "link" || !es[3].At.Equal(at) || len(es[3].Message) != 100 {
		t.Errorf("outline %v up to %d", got, last)
	}
	s.make("M-2", meeting.Standard)
	if es, last, err := s.Outline(ctx, "M-2"); err != nil || len(es) != 0 || last != 0 {
		t.Errorf("an empty board: %v, %d, %v", es, last, err)
	}
}

func numbers(es []meeting.Entry) (out []uint64) {
	for _, e := range es {
		out = append(out, e.Number)
	}
	return out
}

// causes holds that modes go one way, and that a board takes only what its meeting has.
func causes(t *testing.T, s suite) {
	s.make("M-1", meeting.Standard)
	s.ok(s.append("M-1", 1, "join", 10, ""))
	for _, kind := range []string{"link", "keys", "deny", "end", "leader"} {
		s.fails(s.append("M-1", 2, kind, 10, ""))
	}
	s.ok(s.append("M-1", 2, "upgrade", 10, meeting.Upgraded))
	if got := s.load("M-1"); got.Mode != meeting.E2EE || got.Lobby || got.Locked {
		t.Errorf("after the upgrade: %+v", got)
	}
	s.fails(s.append("M-1", 3, "upgrade", 10, meeting.Upgraded))
	s.ok(s.append("M-1", 3, "end", 10, meeting.Finished))
	if got := s.load("M-1"); got.State() != meeting.Ended || got.Mode != meeting.E2EE || !got.Ended.Equal(at) {
		t.Errorf("after the end: %+v", got)
	}
	s.fails(s.append("M-1", 4, "join", 10, ""))
}

func keys(t *testing.T, s suite) {
	ctx := t.Context()
	put := func(id string, epoch uint64, sealed []byte) error {
		return s.PutWrappedKey(ctx, id, meeting.Wrapped{Epoch: epoch, Sealed: sealed})
	}
	is := func(id string, epoch uint64, sealed []byte) {
		t.Helper()
		if w, err := s.WrappedKey(ctx, id); err != nil || w.Epoch != epoch || !bytes.Equal(w.Sealed, sealed) {
			t.Errorf("the key of %s is %+v, %v", id, w, err)
		}
	}
	sealed := bytes.Repeat([]byte{7}, 60)
	for _, id := range []string{"M-1", "M-2", "M-3"} {
		s.make(id, meeting.Standard)
		is(id, 0, nil)
		s.ok(put(id, 2, sealed))
		is(id, 2, sealed)
	}
	s.fails(put("M-1", 1, sealed))
	s.ok(put("M-1", 2, nil))
	is("M-1", 2, nil)
	s.ok(put("M-1", 3, sealed))
	s.ok(s.DestroyKeys(ctx, []string{"M-2"}))
	is("M-1", 3, nil)
	is("M-2", 2, sealed)
	s.ok(s.append("M-2", 1, "upgrade", 10, meeting.Upgraded))
	s.ok(s.EndMeeting(ctx, "M-3", at))
	for _, id := range []string{"M-2", "M-3"} {
		is(id, 0, nil)
		s.fails(put(id, 9, sealed))
	}
	s.make("M-4", meeting.E2EE)
	s.fails(put("M-4", 1, sealed))
}

func people(t *testing.T, s suite) {
	ctx := context.WithoutCancel(t.Context())
	s.make("M-1", meeting.Standard)
	a, b := meeting.Key{1}, meeting.Key{2}
	s.ok(s.PutSeated(ctx, "M-1", meeting.Seated{Device: a, Account: s.Other, In: true, Host: true}))
	s.ok(s.PutSeated(ctx, "M-1", meeting.Seated{Device: b, In: true}))
	s.ok(s.PutSeated(ctx, "M-1", meeting.Seated{Device: b}))
	all, err := s.Seated(ctx, "M-1")
	s.ok(err)
	slices.SortFunc(all, func(a, b meeting.Seated) int { return bytes.Compare(a.Device[:], b.Device[:]) })
	if want := []meeting.Seated{{Device: a, Account: s.Other, In: true, Host: true}, {Device: b}}; !slices.Equal(all, want) {
		t.Errorf("seated %+v", all)
	}
	for _, x := range []meeting.Attendee{{Name: "Hanna", Account: s.Host}, {Name: "Otto", Account: s.Other}, {Name: "Otto again", Account: s.Other},
		{Name: "Gerd"}, {Name: "Gerd"}, {Name: "Greta"}} {
		s.ok(s.Attended(ctx, "M-1", x, at.Add(time.Hour)))
	}
	if got := s.Attendees("M-1"); strings.Join(got, " ") != "Otto/"+string(s.Other)+" Gerd/ Greta/" {
		t.Errorf("attendees %v", got)
	}
	for _, x := range []meeting.Attendee{{Name: "Gerd", Device: a}, {Name: "Greta", Device: b}, {Name: "Gerd now", Device: a}, {Name: "Otto", Account: s.Other, Device: meeting.Key{3}}} {
		s.ok(s.Attended(ctx, "M-1", x, at.Add(time.Hour)))
	}
	if got := s.Guests("M-1"); strings.Join(got, " ") != "Gerd now/01 Greta/02" {
		t.Errorf("devices of guests %v", got)
	}
	s.ok(s.Attended(ctx, "M-1", meeting.Attendee{Name: "Late"}, at.Add(2*time.Hour)))
	if got := s.load("M-1"); !got.Opened || !got.Starts.Equal(at.Add(time.Hour)) {
		t.Errorf("the meeting began %+v", got)
	}
}

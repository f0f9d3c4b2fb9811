// Package meetingtest has an in-memory meeting.Store, with a way to make it fail, and the conformance suite that every Store must
// pass.
package meetingtest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage/account"
)

// ErrNone is Memory's “not found”.
var ErrNone = errors.New("meetingtest: there is no such meeting")

// ErrRefused is what Memory answers where a database's trigger would refuse.
var ErrRefused = errors.New("meetingtest: refused")

// Memory is a meeting.Store in memory.
type Memory struct {
	// Fail, where set, is asked before each call that writes. An error that is Lost happens after the write: the caller cannot know.
	Fail func(call string) error

	mu   sync.Mutex
	kept map[string]*kept
}

// Lost wraps a failure that comes after the write.
type Lost struct{ Err error }

func (l Lost) Error() string { return l.Err.Error() }

type kept struct {
	meeting.Meeting
	board     []meeting.Entry
	wrapped   meeting.Wrapped
	seated    []meeting.Seated
	attendees []meeting.Attendee
	guests    map[meeting.Key]string
}

// NewMemory makes an empty store.
func NewMemory() *Memory { return &Memory{kept: map[string]*kept{}} }

// write runs f on a meeting, and fails where Fail says so.
func (m *Memory) write(call, id string, f func(*kept) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var fail error
	if m.Fail != nil {
		fail = m.Fail(call)
	}
	if _, lost := errors.AsType[Lost](fail); fail != nil && !lost {
		return fail
	}
	k := m.kept[id]
	if k == nil {
		return ErrNone
	}
	if err := f(k); err != nil {
		return err
	}
	return fail
}

func (m *Memory) read(id string, f func(*kept)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.kept[id]
	if k == nil {
		return ErrNone
	}
	f(k)
	return nil
}

// CreateMeeting implements meeting.Store.
func (m *Memory) CreateMeeting(_ context.Context, x meeting.Meeting) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept[x.ID] != nil {
		return ErrRefused
	}
	m.kept[x.ID] = &kept{Meeting: x}
	return nil
}

// LoadMeeting implements meeting.Store.
func (m *Memory) LoadMeeting(_ context.Context, id string) (x meeting.Meeting, err error) {
	err = m.read(id, func(k *kept) { x = k.Meeting })
	return x, err
}

// HostedMeetings implements meeting.Store.
func (m *Memory) HostedMeetings(_ context.Context, host account.ID, limit int) (all []meeting.Meeting, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range m.kept {
		if k.Host == host {
			all = append(all, k.Meeting)
		}
	}
	slices.SortFunc(all, func(a, b meeting.Meeting) int {
		over := func(x meeting.Meeting) int { return map[bool]int{true: 1}[!x.Ended.IsZero()] }
		return cmp.Or(cmp.Compare(over(a), over(b)), b.Starts.Compare(a.Starts), cmp.Compare(a.ID, b.ID))
	})
	return all[:min(len(all), limit)], nil
}

// SetDoor implements meeting.Store.
func (m *Memory) SetDoor(_ context.Context, id string, locked, lobby bool) error {
	return m.write("SetDoor", id, func(k *kept) error {
		if !k.Ended.IsZero() {
			return ErrRefused
		}
		k.Locked, k.Lobby = locked, lobby
		return nil
	})
}

// EndMeeting implements meeting.Store.
func (m *Memory) EndMeeting(_ context.Context, id string, at time.Time) error {
	return m.write("EndMeeting", id, func(k *kept) error { k.end(at); return nil })
}

func (k *kept) end(at time.Time) {
	if k.Ended.IsZero() {
		k.Ended, k.wrapped = at, meeting.Wrapped{}
	}
}

// AppendEntry implements meeting.Store.
func (m *Memory) AppendEntry(_ context.Context, id string, e meeting.Entry, cause meeting.Cause) error {
	return m.write("AppendEntry", id, func(k *kept) error {
		last := uint64(len(k.board))
		inMode := k.Mode == meeting.E2EE && e.Kind != "upgrade" || k.Mode == meeting.Standard && slices.Contains([]string{"join", "leave", "upgrade"}, e.Kind)
		switch {
		case !k.Ended.IsZero() || !inMode || e.Number > last+1:
			return ErrRefused
		case e.Number <= last:
			return meeting.ErrTaken
		}
		k.board = append(k.board, e)
		switch cause {
		case meeting.Upgraded:
			k.Mode, k.Locked, k.Lobby, k.wrapped = meeting.E2EE, false, false, meeting.Wrapped{}
		case meeting.Finished:
			k.end(e.At)
		}
		return nil
	})
}

// Entries implements meeting.Store.
func (m *Memory) Entries(_ context.Context, id string, from uint64, limit, maxBytes int) (es []meeting.Entry, err error) {
	err = m.read(id, func(k *kept) {
		bytes := 0
		for _, e := range k.board {
			if e.Number >= from && len(es) < limit && bytes < maxBytes {
				es, bytes = append(es, e), bytes+len(e.Message)
			}
		}
	})
	return es, err
}

// Outline implements meeting.Store.
func (m *Memory) Outline(_ context.Context, id string) (es []meeting.Entry, last uint64, err error) {
	err = m.read(id, func(k *kept) {
		link := -1
		for i, e := range k.board {
			if e.Kind == "link" {
				link = i
			}
		}
		for i, e := range k.board {
			if e.Kind != "link" && e.Kind != "keys" || i == link {
				es = append(es, e)
			}
		}
		last = uint64(len(k.board))
	})
	return es, last, err
}

// WrappedKey implements meeting.Store.
func (m *Memory) WrappedKey(_ context.Context, id string) (w meeting.Wrapped, err error) {
	err = m.read(id, func(k *kept) { w = k.wrapped })
	return w, err
}

// PutWrappedKey implements meeting.Store.
func (m *Memory) PutWrappedKey(_ context.Context, id string, w meeting.Wrapped) error {
	return m.write("PutWrappedKey", id, func(k *kept) error {
		if k.State() != meeting.Standard || w.Epoch < k.wrapped.Epoch {
			return ErrRefused
		}
		k.wrapped = w
		return nil
	})
}

// DestroyKeys implements meeting.Store.
func (m *Memory) DestroyKeys(_ context.Context, but []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, k := range m.kept {
		if !slices.Contains(but, id) {
			k.wrapped.Sealed = nil
		}
	}
	return nil
}

// Seated implements meeting.Store.
func (m *Memory) Seated(_ context.Context, id string) (all []meeting.Seated, err error) {
	err = m.read(id, func(k *kept) { all = slices.Clone(k.seated) })
	return all, err
}

// PutSeated implements meeting.Store.
func (m *Memory) PutSeated(_ context.Context, id string, s meeting.Seated) error {
	return m.write("PutSeated", id, func(k *kept) error {
		k.seated = append(slices.DeleteFunc(k.seated, func(x meeting.Seated) bool { return x.Device == s.Device }), s)
		return nil
	})
}

// Attended implements meeting.Store.
func (m *Memory) Attended(_ context.Context, id string, a meeting.Attendee, at time.Time) error {
	return m.write("Attended", id, func(k *kept) error {
		if !k.Opened {
			k.Opened, k.Starts = true, at
		}
		known := slices.ContainsFunc(k.attendees, func(x meeting.Attendee) bool { return x.Account == a.Account && (a.Account != "" || x.Name == a.Name) })
		if a.Account == "" && a.Device != (meeting.Key{}) {
			if k.guests == nil {
				k.guests = map[meeting.Key]string{}
			}
			k.guests[a.Device] = a.Name
		}
		if a.Account != k.Host && !known {
			k.attendees = append(k.attendees, a)
		}
		return nil
	})
}

// Attendees lists who was there, as the store's own user would read it.
func (m *Memory) Attendees(id string) (all []string) {
	if err := m.read(id, func(k *kept) {
		for _, a := range k.attendees {
			all = append(all, fmt.Sprintf("%s/%s", a.Name, a.Account))
		}
	}); err != nil {
		panic(err)
	}
	return all
}

// Guests lists whose devices are noted, by device.
func (m *Memory) Guests(id string) (all []string) {
	if err := m.read(id, func(k *kept) {
		for _, d := range slices.SortedFunc(maps.Keys(k.guests), func(a, b meeting.Key) int { return bytes.Compare(a[:], b[:]) }) {
			all = append(all, fmt.Sprintf("%s/%02x", k.guests[d], d[0]))
		}
	}); err != nil {
		panic(err)
	}
	return all
}

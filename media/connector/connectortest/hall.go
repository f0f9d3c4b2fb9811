// Package connectortest is a standard meeting for tests of connectors: the real media server, a key that the test draws, a roster, and
// people who send media that ffmpeg made.
package connectortest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	"github.com/livekit/protocol/logger"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"github.com/proffer/proffer/media/connector"
	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/sfu"
)

// Meeting is the number of the meeting in a Hall.
const Meeting = "M-3K9QA-77ZPW"

// Hall is one standard meeting. It is a connector.Meetings.
type Hall struct {
	t      testing.TB
	server *sfu.Server
	url    string

	mu      sync.Mutex // over all that follows
	stamped []franking.Run
	refuse  string        // why nobody is seated
	lobby   chan struct{} // what telephones wait for; nil: nothing
	change  connector.Change
	next    uint16
	seats   map[uint16]*seat
	Seated  chan string // names of connectors as they come; what nobody takes is lost
	numbers int
}

// NewHall starts a media server and a meeting.
func NewHall(t testing.TB) *Hall {
	t.Helper()
	lksdk.SetLogger(logger.LogRLogger(logr.FromSlogHandler(slog.DiscardHandler)))
	server, err := sfu.Start(t.Context(), sfu.Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(server.Handler("/livekit"))
	h := &Hall{t: t, server: server, url: strings.Replace(front.URL, "http", "ws", 1) + "/livekit", seats: map[uint16]*seat{}, Seated: make(chan string, 100)}
	h.change.Epoch = 1
	rand.Read(h.change.Key[:])
	t.Cleanup(func() {
		h.Upgrade("the test is over")
		if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Log(err)
		}
		front.Close()
	})
	return h
}

// Sit seats a connector.
func (h *Hall) Sit(ctx context.Context, meeting string, kind connector.Kind, name string) (connector.Seat, error) {
	h.mu.Lock()
	h.numbers++
	number, lobby := fmt.Sprintf("connector %d", h.numbers), h.lobby
	h.mu.Unlock()
	if meeting != Meeting {
		return nil, errors.New("there is no such meeting")
	}
	if lobby != nil && kind == connector.Telephone {
		select {
		case <-lobby:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	s, err := h.seat(franking.ConnectorJoin(number), [32]byte{}, name)
	if err == nil {
		select {
		case h.Seated <- name:
		default:
		}
	}
	return s, err
}

// Lobby makes telephones wait until let is called.
func (h *Hall) Lobby() (let func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lobby = make(chan struct{})
	return sync.OnceFunc(func() { close(h.lobby) })
}

// SeatPerson seats somebody who is no connector.
func (h *Hall) SeatPerson(name string) connector.Seat {
	h.t.Helper()
	var join, device [32]byte
	rand.Read(join[:])
	rand.Read(device[:])
	s, err := h.seat(join, device, name)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func (h *Hall) seat(join, device [32]byte, name string) (*seat, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuse != "" {
		return nil, errors.New(h.refuse)
	}
	s := &seat{hall: h, index: h.next, join: join, device: device, changes: make(chan connector.Change, 1)}
	h.next++
	h.seats[s.index] = s
	h.change.Members = append(slices.Clone(h.change.Members), connector.Member{Index: s.index, Join: join, Device: device, Name: name})
	h.tell()
	return s, nil
}

// tell gives everybody the newest state. It is called with mu held.
func (h *Hall) tell() {
	for _, s := range h.seats {
		select {
		case <-s.changes:
		default:
		}
		s.changes <- h.change
	}
}

// Rekey begins another epoch.
func (h *Hall) Rekey() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.change.Epoch++
	rand.Read(h.change.Key[:])
	h.tell()
}

// Upgrade shows everybody out and seats nobody any more, as the meeting server does when a meeting becomes end-to-end encrypted.
func (h *Hall) Upgrade(why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refuse = why
	for _, s := range h.seats {
		h.remove(s, why)
	}
}

// remove takes a seat away. It is called with mu held.
func (h *Hall) remove(s *seat, why string) {
	if h.seats[s.index] != s {
		return
	}
	delete(h.seats, s.index)
	h.change.Members = slices.DeleteFunc(slices.Clone(h.change.Members), func(m connector.Member) bool { return m.Index == s.index })
	s.why = why
	close(s.changes)
	h.tell()
}

// Stamped is what connectors had stamped so far.
func (h *Hall) Stamped() []franking.Run {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.stamped)
}

// Names is who is in the roster.
func (h *Hall) Names() (all []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range h.change.Members {
		all = append(all, m.Name)
	}
	return all
}

type seat struct {
	hall         *Hall
	index        uint16
	join, device [32]byte
	changes      chan connector.Change
	why          string // the hall's lock is over it
}

func (s *seat) Meeting() string { return Meeting }
func (s *seat) Join() [32]byte  { return s.join }

func (s *seat) Next() (connector.Change, bool) {
	c, more := <-s.changes
	return c, more
}

func (s *seat) Why() string {
	s.hall.mu.Lock()
	defer s.hall.mu.Unlock()
	return s.why
}

func (s *seat) Ticket(context.Context) (url, token string, err error) {
	token, err = s.hall.server.Ticket(Meeting, fmt.Sprintf("%x", s.join[:16]))
	return s.hall.url, token, err
}

// Stamp keeps the runs, for tests that look what was committed to.
func (s *seat) Stamp(runs []franking.Run) {
	s.hall.mu.Lock()
	defer s.hall.mu.Unlock()
	s.hall.stamped = append(s.hall.stamped, runs...)
}

func (s *seat) Leave() {
	s.hall.mu.Lock()
	defer s.hall.mu.Unlock()
	s.hall.remove(s, "it left")
}

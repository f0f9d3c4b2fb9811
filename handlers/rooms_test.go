package handlers

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage/custody"
)

// testRooms is a media server that notes what it is told.
type testRooms struct {
	mu      sync.Mutex
	removed []string // room/identity
	ended   []string
}

func (r *testRooms) Ticket(room, identity string) (string, error) {
	return "token." + room + "." + identity, nil
}

func (r *testRooms) Remove(_ context.Context, room, identity string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.removed = append(r.removed, room+"/"+identity)
	return nil
}

func (r *testRooms) End(_ context.Context, room string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = append(r.ended, room)
	return nil
}

// tookOut reports whether somebody was taken out of a room.
func (r *testRooms) tookOut(room, identity string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.removed, room+"/"+identity)
}

// hub makes the meeting core as main does.
func (w *world) hub(ring *custody.Ring) *meeting.Hub {
	w.t.Helper()
	var err error
	w.seeds[0], err = ring.Seed(custody.SeedIdentity)
	must(w.t, err)
	w.seeds[1], err = ring.Seed(custody.SeedMeetings)
	must(w.t, err)
	w.seeds[2], err = ring.Seed(custody.SeedNotary)
	must(w.t, err)
	w.rooms = &testRooms{}
	return w.startHub(w.store)
}

// startHub makes a hub over what is stored, as a server that starts again does, and runs it until the test ends.
func (w *world) startHub(store meeting.Store) *meeting.Hub {
	return w.startNode(store, w.store.Relay())
}

// startNode is startHub with another relay, as another node has.
func (w *world) startNode(store meeting.Store, relay meeting.Relay) *meeting.Hub {
	w.t.Helper()
	rule, err := meeting.NewRule("")
	must(w.t, err)
	h, err := meeting.NewHub(meeting.Config{Store: store, Rooms: w.rooms, Standing: w.desk, Rule: rule, Identity: meeting.NewIdentity(w.seeds[0]),
		Master: meeting.NewMaster(w.seeds[1]), Notary: franking.NewNotary(w.seeds[2]), LiveKit: "ws://proffer.example/livekit", Clock: w.desk.Clock, Log: w.desk.Log, Relay: relay})
	must(w.t, err)
	running, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); h.Run(running) }()
	w.t.Cleanup(func() { stop(); <-done })
	w.stops = append(w.stops, func() { stop(); <-done })
	return h
}

// dryMeetings keeps no meeting and ends none, so that each cell of the matrix meets the same state.
type dryMeetings struct{ meeting.Store }

func (dryMeetings) CreateMeeting(context.Context, meeting.Meeting) error { return nil }
func (dryMeetings) EndMeeting(context.Context, string, time.Time) error  { return nil }

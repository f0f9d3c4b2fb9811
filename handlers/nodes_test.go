package handlers

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/media/meeting/meetingtest"
	"github.com/proffer/proffer/storage/postgres"
)

// node is another process on the same database, as far as meetings go.
type node struct {
	store *postgres.Store
	hub   *meeting.Hub
}

func (w *world) node() *node {
	w.t.Helper()
	store, err := postgres.Open(w.t.Context(), w.dsn, postgres.Options{Log: w.desk.Log, Clock: w.desk.Clock})
	must(w.t, err)
	w.t.Cleanup(store.Close)
	return &node{store: store, hub: w.startNode(store, store.Relay())}
}

// bareSession is a session without a transport.
type bareSession struct {
	t   testing.TB
	d   *device
	s   *meeting.Session
	j   meeting.J
	got []any
}

// bare opens a session and joins.
func (w *world) bare(h *meeting.Hub, d *device, mac []byte) *bareSession {
	w.t.Helper()
	s, err := h.Open(w.t.Context(), d.Meeting)
	must(w.t, err)
	w.t.Cleanup(s.Close)
	c := &bareSession{t: w.t, d: d, s: s}
	c.s.Receive(w.t.Context(), d.Hello(waitIn[*e2ee.Welcome](c).Nonce))
	message, j := d.Join(mac, time.Now())
	c.j = j
	c.s.Receive(w.t.Context(), meetingtest.Post(message))
	waitIn[*e2ee.Entry](c)
	return c
}

// read takes what comes within a moment.
func (c *bareSession) read() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	for {
		data, err := c.s.Next(ctx)
		if err != nil {
			return
		}
		m, err := e2ee.DecodeControl(data)
		must(c.t, err)
		c.got = append(c.got, m)
	}
}

func (c *bareSession) until(what string, holds func() bool) {
	c.t.Helper()
	for end := time.Now().Add(meetingPatience); !holds(); c.read() {
		if time.Now().After(end) {
			c.t.Fatalf("%s did not happen; got %s", what, outline(c.got))
		}
		time.Sleep(time.Millisecond)
	}
}

// holds holds that the session goes on.
func (c *bareSession) holds() {
	c.t.Helper()
	c.read()
	if i := slices.IndexFunc(c.got, func(x any) bool { _, is := x.(*e2ee.Over); return is }); i >= 0 {
		c.t.Errorf("it is over: %+v", c.got[i])
	}
}

// waitIn waits for a message of a type, and takes it.
func waitIn[T any](c *bareSession) (m T) {
	c.t.Helper()
	c.until("a message", func() bool {
		i := slices.IndexFunc(c.got, func(x any) bool { _, is := x.(T); return is })
		if i < 0 {
			return false
		}
		m = c.got[i].(T)
		c.got = slices.Delete(c.got, i, i+1)
		return true
	})
	return m
}

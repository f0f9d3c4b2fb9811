package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/media/sfu"
	"github.com/proffer/proffer/triage/custody"
)

// mediaPrefix is where participants' signalling to the media server is found.
const mediaPrefix = "/livekit"

// media is the media server, which starts beside everything else where it is embedded.
type media struct {
	log    *slog.Logger
	begun  chan struct{} // closed once server and err are set
	server *sfu.Server
	err    error
}

func startMedia(ctx context.Context, cfg Config, log *slog.Logger) *media {
	m := &media{log: log, begun: make(chan struct{})}
	go func() {
		defer close(m.begun)
		if cfg.LiveKit.URL != "" {
			m.server, m.err = sfu.Connect(ctx, sfu.Remote{URL: cfg.LiveKit.URL, Key: cfg.LiveKit.Key, Secret: cfg.LiveKit.Secret, Log: log})
			return
		}
		m.server, m.err = sfu.Start(ctx, sfu.Config{IP: cfg.Media.IP, UDP: cfg.Media.UDP, TCP: cfg.Media.TCP, Networks: cfg.Media.Networks, Log: log})
	}()
	return m
}

// Close stops it.
func (m *media) Close() {
	<-m.begun
	if m.err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	if err := m.server.Stop(ctx); err != nil {
		m.log.Warn("stopping the media server", "err", err)
	}
}

// Handler passes participants' signalling on. It is asked for when the server has started.
func (m *media) Handler() http.Handler { return m.server.Handler(mediaPrefix) }

// meetings makes the meeting core over the store, the media server and the desk, with the keys that it needs.
func (s *services) meetings(m *media) (*meeting.Hub, error) {
	identity, err := s.ring.Seed(custody.SeedIdentity)
	if err != nil {
		return nil, err
	}
	master, err := s.ring.Seed(custody.SeedMeetings)
	if err != nil {
		return nil, err
	}
	notary, err := s.notary()
	if err != nil {
		return nil, err
	}
	rule, err := meeting.NewRule(s.cfg.E2EERule)
	if err != nil {
		return nil, err
	}
	if <-m.begun; m.err != nil {
		return nil, errors.Join(errors.New("meetings need the media server"), m.err)
	}
	return meeting.NewHub(meeting.Config{Store: s.store, Rooms: m.server, Standing: s.desk, Rule: rule, Identity: meeting.NewIdentity(identity),
		Master: meeting.NewMaster(master), Notary: notary, LiveKit: "ws" + strings.TrimPrefix(s.cfg.URL, "http") + mediaPrefix, Clock: time.Now, Log: s.log, Relay: s.store.Relay()})
}

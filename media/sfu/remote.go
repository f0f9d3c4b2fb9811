package sfu

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
)

// Remote says where a LiveKit of one's own is, which several servers share.
type Remote struct {
	URL         string // of its HTTP server: http or https
	Key, Secret string // of its API
	Log         *slog.Logger
}

// Connect gives a media server that runs elsewhere, once it has answered and taken the key. Participants' signalling goes there through
// Handler, so that pages speak with their own site only; their media goes to the addresses that LiveKit announces.
func Connect(ctx context.Context, r Remote) (*Server, error) {
	u, err := url.Parse(strings.TrimRight(r.URL, "/"))
	if err != nil {
		return nil, fmt.Errorf("reading the media server's address: %w", err)
	}
	s := &Server{url: u, key: r.Key, secret: r.Secret, log: r.Log, rooms: lksdk.NewRoomServiceClient(u.String(), r.Key, r.Secret)}
	if _, err := s.rooms.ListRooms(ctx, &livekit.ListRoomsRequest{Names: []string{"-"}}); err != nil {
		return nil, fmt.Errorf("reaching LiveKit at %s: %w; are PROFFER_LIVEKIT_URL, _KEY and _SECRET right?", u.Redacted(), err)
	}
	return s, nil
}

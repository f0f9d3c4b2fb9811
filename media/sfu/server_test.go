package sfu_test

import (
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/proffer/proffer/media/sfu"
)

func start(t *testing.T) *sfu.Server {
	t.Helper()
	s, err := sfu.Start(t.Context(), sfu.Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(t.Context()); err != nil {
			t.Log(err)
		}
	})
	return s
}

func TestServer(t *testing.T) {
	s := start(t)
	t.Run("ticket", func(t *testing.T) { ticketHidesNobody(t, s) })
	t.Run("proxy", func(t *testing.T) { onlySignalling(t, s) })
	t.Run("gone", func(t *testing.T) {
		if err := s.Remove(t.Context(), "M-1", "nobody"); err != nil {
			t.Error(err)
		}
		if err := s.End(t.Context(), "M-1"); err != nil {
			t.Error(err)
		}
	})
}

// ticketHidesNobody holds every claim of a token against what a participant may be (DESIGN I4): a grant that a new version
// of LiveKit brings fails here too.
func ticketHidesNobody(t *testing.T, s *sfu.Server) {
	token, err := s.Ticket("M-1", "0123")
	if err != nil {
		t.Fatal(err)
	}
	body, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Identity string         `json:"identity"`
		Sub      string         `json:"sub"`
		Exp, Nbf int64          //
		Video    map[string]any `json:"video"`
	}
	if err := json.Unmarshal(body, &claims); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"roomJoin": true, "room": "M-1", "canPublish": true, "canSubscribe": true, "canPublishData": false,
		"canUpdateOwnMetadata": false, "canSubscribeMetrics": false}
	for k, v := range claims.Video {
		if want[k] != v {
			t.Errorf("the token grants %s = %v", k, v)
		}
		delete(want, k)
	}
	if len(want) > 0 || claims.Sub != "0123" || claims.Exp-claims.Nbf > 200 {
		t.Errorf("missing %v in %s", want, body)
	}
}

func onlySignalling(t *testing.T, s *sfu.Server) {
	front := httptest.NewServer(s.Handler("/media"))
	defer front.Close()
	token, err := s.Ticket("M-1", "0123")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"/media/rtc/validate?access_token=" + token:         http.StatusOK,
		"/media/rtc/validate?access_token=forged":           http.StatusUnauthorized,
		"/media/twirp/livekit.RoomService/ListRooms":        http.StatusNotFound,
		"/media/rtc/../twirp/livekit.RoomService/ListRooms": http.StatusNotFound,
		"/media/":      http.StatusNotFound,
		"/rtc":         http.StatusNotFound,
		"/media/agent": http.StatusNotFound,
	} {
		res, err := http.Get(front.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%.50s: %d, want %d", path, res.StatusCode, want)
		}
	}
}

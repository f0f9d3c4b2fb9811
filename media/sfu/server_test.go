package sfu_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
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
	t.Run("loopback", onLoopbackAlone)
	t.Run("remote", func(t *testing.T) { remote(t, s) })
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

// remote holds that a server which runs elsewhere serves as well, and that a wrong key is found out at the start.
func remote(t *testing.T, s *sfu.Server) {
	r := s.Remote()
	far, err := sfu.Connect(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	ticketHidesNobody(t, far)
	onlySignalling(t, far)
	if far.Signalling() != s.Signalling() || !strings.HasPrefix(far.Signalling(), "ws://127.0.0.1:") {
		t.Errorf("signalling at %s and %s", far.Signalling(), s.Signalling())
	}
	if err := errors.Join(far.Remove(t.Context(), "M-1", "nobody"), far.End(t.Context(), "M-1"), far.Stop(t.Context())); err != nil {
		t.Error(err)
	}
	if _, err := s.Ticket("M-1", "0123"); err != nil {
		t.Errorf("the server was stopped: %v", err)
	}
	r.Secret += "x"
	if _, err := sfu.Connect(t.Context(), r); err == nil {
		t.Error("a wrong secret is right")
	}
	r.URL = "http://127.0.0.1:1"
	gone, err := sfu.Connect(t.Context(), r)
	if err == nil {
		t.Errorf("nobody is there, and %v answered", gone)
	}
}

// TestProxyLog holds that what the proxy has to say goes to the server's own log.
func TestProxyLog(t *testing.T) {
	var log bytes.Buffer
	s, err := sfu.Start(t.Context(), sfu.Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(s.Handler("/media"))
	defer front.Close()
	if err := s.Stop(t.Context()); err != nil {
		t.Log(err)
	}
	log.Reset()
	res, err := http.Get(front.URL + "/media/rtc/validate")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if front.Close(); res.StatusCode != http.StatusBadGateway || !strings.Contains(log.String(), "http: proxy error") {
		t.Errorf("%d, and the log says %q", res.StatusCode, log.String())
	}
}

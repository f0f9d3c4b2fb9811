package handlers

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage"
)

// subprotocol names the control session's messages (PROTOCOL §10).
const subprotocol = "proffer.meeting.v1"

// maxControls is how many control sessions one address may have open: a school may have one for all of its classes.
const maxControls = 400

var errControls = triage.Errorf(triage.Unavailable, "Too many people are in meetings from your network. Try again later.")

// Times of a control session.
const (
	pongTime = 10 * time.Second // within which a ping is answered
	sendTime = 10 * time.Second // within which one message is sent
)

// control is a meeting's control session. Whoever has the link may open one; that it is a device's is proved in it. A page of
// another origin is refused by websocket.Accept.
func (s *server) control(w http.ResponseWriter, r *http.Request, _ triage.Actor) error {
	id, err := meetingID(r)
	if err != nil {
		return err
	}
	if r.Header.Get("Upgrade") == "" {
		w.Header().Set("Upgrade", "websocket")
		return errUpgrade
	}
	leave, ok := s.controls.enter(peer(r))
	if !ok {
		return errControls
	}
	defer leave()
	session, err := s.Meetings.Open(r.Context(), id)
	if err != nil {
		return err
	}
	defer session.Close()
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return nil // it has been answered
	}
	defer conn.CloseNow()
	if conn.Subprotocol() != subprotocol {
		conn.Close(websocket.StatusProtocolError, "this address speaks "+subprotocol)
		return nil
	}
	conn.SetReadLimit(meeting.MaxMessage)
	ctx, stop := context.WithCancel(r.Context())
	defer stop()
	go func() { defer stop(); hear(ctx, conn, session) }()
	go func() { defer stop(); watch(ctx, conn, session) }()
	if err := speak(ctx, conn, session); err != nil {
		s.Log.WarnContext(r.Context(), "a control session broke off", "meeting", id, "err", err)
	}
	return nil
}

// hear takes what the client sends.
func hear(ctx context.Context, conn *websocket.Conn, session *meeting.Session) {
	for {
		kind, data, err := conn.Read(ctx)
		if err != nil {
			return
		}
		if kind != websocket.MessageBinary {
			conn.Close(websocket.StatusUnsupportedData, "messages are binary")
			return
		}
		session.Receive(ctx, data)
	}
}

// speak sends what is meant for the client, until the last word. It fails when what is meant for the client cannot be read.
func speak(ctx context.Context, conn *websocket.Conn, session *meeting.Session) error {
	for {
		data, err := session.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			conn.Close(websocket.StatusNormalClosure, "")
			return nil
		case errors.Is(err, meeting.ErrSlow):
			conn.Close(websocket.StatusPolicyViolation, "too slow")
			return nil
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		if err := send(ctx, conn, data); err != nil {
			return nil // the client is gone
		}
	}
}

func send(ctx context.Context, conn *websocket.Conn, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	return conn.Write(ctx, websocket.MessageBinary, data)
}

// watch tries the connection now and then, and whether who speaks on it still may.
func watch(ctx context.Context, conn *websocket.Conn, session *meeting.Session) {
	tick := time.NewTicker(meeting.KeepAlive)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		session.Check(ctx)
		if err := ping(ctx, conn); err != nil {
			return
		}
	}
}

func ping(ctx context.Context, conn *websocket.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, pongTime)
	defer cancel()
	return conn.Ping(ctx)
}

package web

import (
	"time"

	"github.com/proffer/proffer/media/meeting"
)

// MeetingsView is one's own meetings and the form for a new one.
type MeetingsView struct {
	Page
	Meetings []meeting.Meeting // those that are not over first, then the newest first
	Form     MeetingForm
	Messages Messages
	WhyNot   string // why meetings of this person cannot be end-to-end encrypted, or ""
}

// MeetingForm is the form for a new meeting as it was typed.
type MeetingForm struct {
	Title string
	When  string // of an <input type="datetime-local">; "" is now
	Mode  string // "standard" or "e2ee"
	Lobby bool
}

// MeetingView is the host's page of one meeting.
type MeetingView struct {
	Page
	Meeting meeting.Meeting
	Link    string // the room's address. Of an end-to-end encrypted meeting it lacks the secret, which the host's browser draws
}

// RoomView is the meeting room's page. Its scripts find all that they need in data attributes.
type RoomView struct {
	Page
	ID          string
	MeetingName string
	Mode        string // "standard" or "e2ee": a hint, never an authority
	Name        string // of the account, or "" for a guest, who is asked
	Host        bool   // this account made the meeting
	Digest      string // of the whole bundle, in hex
}

// The room's scripts in the bundle.
const (
	roomScript  = "meeting.js"
	coreWorker  = "core-worker.js"
	frameWorker = "frame-worker.js"
)

// Address is where the room's script finds something of the meeting's own.
func (v RoomView) Address(what string) string { return "/m/" + v.ID + "/" + what }

func meetingModeWords(m meeting.Meeting) string {
	if m.Mode == meeting.E2EE {
		return "End-to-end encrypted"
	}
	return "Standard"
}

// meetingStateWords says whether a meeting is to come, goes on, or is over.
func meetingStateWords(m meeting.Meeting, now time.Time) (words, tone string) {
	switch {
	case m.State() == meeting.Ended:
		return "Over", "quiet"
	case m.Opened:
		return "Begun", "active"
	case m.Starts.After(now):
		return "Planned", "quiet"
	}
	return "Nobody has come yet", "quiet"
}

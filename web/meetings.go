package web

import (
	"fmt"
	"net/url"
	"time"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// MeetingsView is one's own meetings and the form for a new one.
type MeetingsView struct {
	Page
	Meetings []meeting.Meeting // those that are not over first, then the newest first
	Form     MeetingForm
	Messages Messages
	WhyNot   string // why meetings of this person cannot be end-to-end encrypted, or ""
}

// over are the meetings of the list that are, or are not, over.
func (v MeetingsView) over(is bool) (list []meeting.Meeting) {
	for _, m := range v.Meetings {
		if (m.State() == meeting.Ended) == is {
			list = append(list, m)
		}
	}
	return list
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
	Fresh   bool   // it was made a moment ago, in this browser

	Recordings int  // of it, that are kept
	Recorded   bool // the viewer may see them
}

// RoomView is the meeting room's page. Its scripts find all that they need in data attributes.
type RoomView struct {
	Page
	ID          string
	MeetingName string
	Mode        string // "standard" or "e2ee": a hint, never an authority
	Name        string // of the account, or "" for a guest, who is asked
	Host        bool   // this account made the meeting
	Visitor     bool   // this account is of staff, and visits it
	Bundle      string // names the scripts of the page, see Bundle.Name
	Policies    []triage.Policy
	Window      account.Window // for how many seconds devices of hosts keep what they received
}

// The room's scripts in the bundle.
const (
	roomScript  = "meeting.js"
	coreWorker  = "core-worker.js"
	frameWorker = "frame-worker.js"
)

// hashWorker computes the fingerprint of what is uploaded.
const hashWorker = "hash-worker.js"

// doorWords says at the door what kind of meeting this is.
func (v RoomView) doorWords() string {
	if v.Mode == string(meeting.E2EE) {
		return "This meeting is end-to-end encrypted: only the devices of those inside can decrypt it, and the server can not. Somebody who leads it lets you in."
	}
	return "This meeting has standard encryption: the server holds the key. Who is in it, recorders and telephones included, is always shown."
}

// ringWords says at the door what hosts' devices keep.
func (v RoomView) ringWords() string {
	return fmt.Sprintf("So that abuse can be reported, devices of hosts keep the last %d seconds of what they receive, in memory.", v.Window)
}

// signInTo is where to sign in and come back from. The part after # of a link stays in this browser.
func (v RoomView) signInTo() string { return "/sign-in?return=" + url.QueryEscape(v.Path) }

// meetingMode is the chip of a meeting's mode.
func meetingMode(m meeting.Meeting) (tone, words string) {
	if m.Mode == meeting.E2EE {
		return "done", "End-to-end encrypted"
	}
	return "quiet", "Standard"
}

// meetingState says whether a meeting is to come, goes on, or is over.
func meetingState(m meeting.Meeting, now time.Time) (tone, words string) {
	switch {
	case m.State() == meeting.Ended:
		return "quiet", "Over"
	case m.Opened:
		return "active", "Begun"
	case m.Starts.After(now):
		return "quiet", "Planned"
	}
	return "quiet", "Nobody has come yet"
}

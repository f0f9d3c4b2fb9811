package web

import (
	"net/url"
	"time"
)

// MeetingsView lists one's own meetings and offers a new one.
type MeetingsView struct {
	Page
	Form     MeetingForm
	Problems Messages
	MayE2EE  bool   // whether the organisation's plan allows end-to-end encryption
	WhyNot   string // in words, where it does not
	Coming   []MeetingItem
	Past     []MeetingItem
	More     string // address of the next page of the past, or ""
}

// MeetingForm is what was typed into the form of a new meeting.
type MeetingForm struct {
	Title string
	When  string // a local time of the browser, "2006-01-02T15:04"; "" for now
	Mode  string // ModeStandard or ModeE2EE
	Lobby bool
}

// Modes of a meeting, as forms and the room's page name them.
const (
	ModeStandard = "standard"
	ModeE2EE     = "e2ee"
)

// MeetingItem is one meeting of a list.
type MeetingItem struct {
	ID, Title, Mode string
	Starts          time.Time // scheduled or begun
	Ended           time.Time // zero while it is not over
	Live            bool      // people are in it
}

// MeetingView is the host's page of one meeting.
type MeetingView struct {
	Page
	Meeting MeetingItem
	Link    string // without the part after #, which the server never has
	Fresh   bool   // it was made a moment ago, and nobody has been in it: this browser draws the secret of its link
	Here    int    // how many are in it now
}

// RoomView is the page of a meeting's room.
type RoomView struct {
	Page
	ID, Title string
	Mode      string // the server's hint; what holds is what the clients have checked
	Name      string // of who is signed in
	Host      bool   // whether this account made the meeting
	Ended     bool
	Bundle    string // names the scripts that the page runs, see Bundle.Name
}

// DoorWords says at the door what kind of meeting this is.
func (v RoomView) DoorWords() string {
	if v.Mode == ModeE2EE {
		return "This meeting is end-to-end encrypted: only the devices of those inside can decrypt it, and the server can not. Somebody who leads it lets you in."
	}
	return "This meeting has standard encryption: the server holds the key. Who is in it, recorders and telephones included, is always shown."
}

// SignInTo is where to sign in and come back from. The part after # of a link stays in this browser tab.
func (v RoomView) SignInTo() string { return "/sign-in?return=" + url.QueryEscape(v.Path) }

func meetingMode(mode string) (tone, words string) {
	if mode == ModeE2EE {
		return "done", "End-to-end encrypted"
	}
	return "quiet", "Standard"
}

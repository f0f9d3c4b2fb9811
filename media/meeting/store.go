package meeting

import (
	"context"
	"errors"
	"time"

	"github.com/proffer/proffer/triage/account"
)

// Meeting is one meeting as it is kept.
type Meeting struct {
	ID     string // such as "M-3K9QA-77ZPW"
	Org    account.OrgID
	Host   account.ID
	Title  string
	Mode   State     // Standard or E2EE; of one that is over, what it was
	Locked bool      // nobody is let in; of a standard meeting, as is Lobby
	Lobby  bool      // who comes waits until a host lets them in
	Starts time.Time // planned; once somebody came, when the first one did
	Opened bool      // somebody came
	Ended  time.Time // zero while it is not over
}

// State is where the meeting stands.
func (m Meeting) State() State {
	if !m.Ended.IsZero() {
		return Ended
	}
	return m.Mode
}

// Entry is one entry of a board.
type Entry struct {
	Number  uint64 // from 1, without holes
	At      time.Time
	Kind    string // of the message
	Message []byte
}

// Wrapped is the key of a standard meeting under the master key.
type Wrapped struct {
	Epoch  uint64 // 0: there never was one
	Sealed []byte // nil: it was destroyed, the number stays
}

// Seated is the standing of a device in a standard meeting, so that a server that starts again knows whom the hosts let in.
type Seated struct {
	Device  Key
	Account account.ID // "" for guests
	In      bool       // let in; false: removed or refused, waits for a host's word
	Host    bool       // a co-host
}

// Attendee is somebody who was in a meeting.
type Attendee struct {
	Name    string
	Account account.ID // "" for guests
	Device  Key        // that they joined with; zeros for who has none, such as a telephone
}

// ErrTaken says that a board has an entry under that number already.
var ErrTaken = errors.New("meeting: the board has an entry under that number already")

// Store keeps meetings. Its calls may be made by many goroutines, and by several processes on one database.
type Store interface {
	CreateMeeting(ctx context.Context, m Meeting) error
	// LoadMeeting gives one meeting; the store's own error for “not found” where there is none.
	LoadMeeting(ctx context.Context, id string) (Meeting, error)
	// HostedMeetings lists one's own meetings: those that are not over first, then the newest first.
	HostedMeetings(ctx context.Context, host account.ID, limit int) ([]Meeting, error)
	// SetDoor keeps Locked and Lobby.
	SetDoor(ctx context.Context, id string, locked, lobby bool) error
	// EndMeeting ends a meeting and destroys its wrapped key. One that is over stays as it is.
	EndMeeting(ctx context.Context, id string, at time.Time) error

	// AppendEntry puts an entry on the board, and in the same transaction carries out what it causes: Upgraded makes the
	// meeting E2EE and destroys its wrapped key, Finished ends it; "" is nothing. It fails with ErrTaken where the number
	// is taken, and at all on the board of a meeting that is over.
	AppendEntry(ctx context.Context, id string, e Entry, cause Cause) error
	// Entries lists entries from a number on, in order: at most limit of them, and none after maxBytes have been reached.
	Entries(ctx context.Context, id string, from uint64, limit, maxBytes int) ([]Entry, error)
	// Outline lists what says who is who: every entry that is neither a link nor keys, and the newest link. Also the last
	// entry's number.
	Outline(ctx context.Context, id string) (es []Entry, last uint64, err error)

	// WrappedKey is the newest wrapped key of a meeting.
	WrappedKey(ctx context.Context, id string) (Wrapped, error)
	// PutWrappedKey replaces it; Sealed nil destroys it. The database refuses it for a meeting that is not Standard.
	PutWrappedKey(ctx context.Context, id string, w Wrapped) error
	// DestroyKeys destroys the wrapped keys of all meetings but some, and but those that other nodes keep (Relay).
	DestroyKeys(ctx context.Context, but []string) error
	// Seated lists the standing of devices; PutSeated replaces that of one.
	Seated(ctx context.Context, id string) ([]Seated, error)
	PutSeated(ctx context.Context, id string, s Seated) error
	// Attended notes that somebody was there; an account once, a guest once under each name, and each
	// guest's device with its newest name. The first one opens the meeting.
	Attended(ctx context.Context, id string, a Attendee, at time.Time) error
}

// Rooms is the media server (media/sfu). A room has its meeting's number, a participant is called by J.Identity.
type Rooms interface {
	// Ticket mints the token with which one participant can enter a room, for a short time.
	Ticket(room, identity string) (string, error)
	// Remove takes a participant out of a room; one that is not there is no error.
	Remove(ctx context.Context, room, identity string) error
	// End closes a room.
	End(ctx context.Context, room string) error
}

// Standing says who may take part, as things stand now.
type Standing interface {
	// MayEnter says why an account may not enter a host's meetings; "" where it may. A closed, banned or suspended account
	// may enter none, one that was kept out of a host's meetings none of theirs.
	MayEnter(ctx context.Context, who, host account.ID) (why string, err error)
	// Visiting reports whether an account is of staff, and let into a standard meeting as such, visibly, by two people's decision.
	Visiting(ctx context.Context, who account.ID, meeting string) (bool, error)
	// Visited records that one who is visiting came in, or is out.
	Visited(ctx context.Context, who account.ID, meeting string, in bool) error
	// MayHost says why an account may not host meetings; "" where it may.
	MayHost(ctx context.Context, who account.ID) (why string, err error)
	// Organisation is whose plan a meeting runs on.
	Organisation(ctx context.Context, id account.OrgID) (account.Organisation, error)
}

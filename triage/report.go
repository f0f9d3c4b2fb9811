package triage

import (
	"crypto/sha256"
	"encoding/json"
	"strings"
	"time"

	"github.com/proffer/proffer/triage/account"
)

// Identifiers of the aggregates; see NewID for their form.
type (
	ReportID  string
	CaseID    string
	PersonID  string
	ExhibitID string
	MeetingID string
)

// Limits of what one report may hold; each is told to the person who exceeds it.
const (
	MaxPeople      = 25        // reported people
	MaxClips       = 10        // clips
	MaxClipBytes   = 512 << 20 // bytes of one clip
	MaxName        = 120       // runes of a name
	MaxTitle       = 200       // runes of a meeting's title
	MaxWords       = 10_000    // runes of what happened
	MaxNote        = 5_000     // runes of a note or an addition
	MaxReasons     = 5_000     // runes of a decision's reasons
	oldestIncident = 366 * 24 * time.Hour
)

// Meeting is what is known of a meeting for the sake of reports. The meeting core owns its live state.
type Meeting struct {
	ID      MeetingID
	Org     account.OrgID
	Host    account.ID
	Title   string
	Mode    MeetingMode
	Started time.Time
	Ended   time.Time // zero while it runs
}

// MeetingMode says who could decrypt a meeting.
type MeetingMode string

// The modes; a meeting goes from standard to E2EE, never back (DESIGN I2).
const (
	ModeUnknown  MeetingMode = ""
	ModeStandard MeetingMode = "standard"
	ModeE2EE     MeetingMode = "e2ee"
)

// Attendee is somebody who was in a meeting, by the server's records.
type Attendee struct {
	Name    string
	Account account.ID // "" for guests
	Device  [32]byte   // of a guest, when it is noted; never read back: see Tx.Guest
}

// Person is one reported person. Account is set only by the server, from a meeting's roster or an identifier that it
// knows; the reporter is never told whether an identifier matched.
type Person struct {
	ID         PersonID
	Name       string     // as shown in the meeting
	Identifier string     // e-mail address, number or handle that the reporter gave, or ""
	Account    account.ID // "" when unknown
}

// Report is what a host tells about abuse in a meeting. It is never changed once filed, only added to, withdrawn, or
// erased with its salts when retention ends.
type Report struct {
	ID          ReportID
	Case        CaseID
	Reporter    account.ID // account.Guest where Guest reported
	Guest       Guest      // nobody where an account reported
	Org         account.OrgID
	Key         string // idempotency key of the form that filed it; unique per reporter
	Form        SHA256 // digest of what that form said; zero before this was kept
	Meeting     MeetingID
	MeetingName string // title or number, as the reporter gave it
	MeetingMode MeetingMode
	Occurred    time.Time
	Policy      PolicyID
	Words       string
	People      []Person
	Exhibits    []ExhibitID // in the order of the form
	Simulated   bool        // a sample made for demonstration; shown on every page that shows the report
	Filed       time.Time
	Withdrawn   time.Time // zero unless withdrawn
	Additions   []Addition
	Receipt     []byte // signed note, see custody.Receipt; "" until it is signed
	Version     int
}

// Addition is something the reporter said later.
type Addition struct {
	At       time.Time
	Words    string
	Exhibits []ExhibitID
	Receipt  []byte // signed note over the added clips, or nil where none were added
}

// NewReport is the form as a browser sends it.
type NewReport struct {
	Key         string
	Meeting     MeetingID // one of the reporter's own meetings, or ""
	MeetingName string    // used when Meeting is ""
	Occurred    time.Time
	Policy      PolicyID
	Words       string
	People      []Person
	Uploads     []UploadID
	Proofs      []UploadID `json:",omitempty"` // for each of Uploads its proof (media/clip), or ""; nil where none has one
	Declared    bool       // "what I say is true to the best of my knowledge"
	Simulated   bool       // set by the sample maker only
}

// Validate cleans the form in place and reports everything that is wrong with it at once.
func (n *NewReport) Validate(now time.Time) error {
	var fe FieldErrors
	if l := len(n.Key); l < 16 || l > 64 || strings.Trim(n.Key, crockford+"abcdefghijklmnopqrstuvwxyzILOU_-") != "" {
		fe.Add("key", "The form is too old or was changed. Open a new one; your clips are kept.")
	}
	n.MeetingName = account.CleanName(n.MeetingName, MaxTitle)
	fe.noKey("meeting", n.MeetingName)
	if n.Meeting == "" && n.MeetingName == "" {
		fe.Add("meeting", "Say which meeting it was: choose one, or write its title or number.")
	}
	switch {
	case n.Occurred.IsZero():
		fe.Add("occurred", "Say when it happened; a rough time is enough.")
	case n.Occurred.After(now.Add(10 * time.Minute)):
		fe.Add("occurred", "The time is in the future. Check the date.")
	case n.Occurred.Before(now.Add(-oldestIncident)):
		fe.Add("occurred", "The time is over a year ago, and a report takes what is newer. Give the latest time at which it happened.")
	}
	if p, ok := PolicyByID(n.Policy); !ok || p.Retired {
		fe.Add("policy", "Choose what the report is about.")
	}
	n.Words = account.CleanText(n.Words)
	fe.noKey("words", n.Words)
	if c := len([]rune(n.Words)); c > MaxWords {
		fe.Add("words", "That is %d characters; %d fit. Shorten it, or add the rest after filing.", c, MaxWords)
	} else if c == 0 && len(n.Uploads) == 0 {
		fe.Add("words", "Say what happened in a few words, or attach a clip.")
	}
	if len(n.Uploads) > MaxClips {
		fe.Add("clips", "A report takes %d clips. Add the others after filing.", MaxClips)
	}
	if len(n.Proofs) != 0 && len(n.Proofs) != len(n.Uploads) {
		fe.Add("clips", "Each proof goes with one clip. Send the report again.")
	}
	n.validatePeople(&fe)
	if !n.Declared {
		fe.Add("declared", "Tick the declaration: a report has to be made in good faith.")
	}
	return fe.Err()
}

// formContext starts what the digest of a form is of.
const formContext = "proffer report form v1\n"

// digest tells whether two valid forms say the same; their keys are no part of it.
func (n NewReport) digest() SHA256 {
	n.Key, n.Occurred = "", n.Occurred.UTC().Truncate(time.Microsecond)
	b, err := json.Marshal(n)
	if err != nil {
		panic(err) // strings, times and booleans always marshal
	}
	return sha256.Sum256(append([]byte(formContext), b...))
}

func (n *NewReport) validatePeople(fe *FieldErrors) {
	if len(n.People) == 0 {
		fe.Add("people", "Say who is reported: the name they showed in the meeting is enough.")
	}
	if len(n.People) > MaxPeople {
		fe.Add("people", "%d people are named; a report takes %d. File one report for each group.", len(n.People), MaxPeople)
		return
	}
	seen := map[string]bool{}
	kept := n.People[:0]
	var said []string
	for _, p := range n.People {
		p.Name = account.CleanName(p.Name, MaxName)
		p.Identifier = account.CleanName(p.Identifier, 254)
		said = append(said, p.Name, p.Identifier)
		if p.Name == "" && p.Identifier == "" && p.Account == "" {
			fe.Add("people", "One of the reported people has no name. Write the name they showed, or take the line out.")
			continue
		}
		key := string(p.Account) + "\x00" + p.Name + "\x00" + strings.ToLower(p.Identifier)
		if seen[key] {
			continue // the same line twice is one person
		}
		seen[key] = true
		kept = append(kept, p)
	}
	n.People = kept
	fe.noKey("people", said...)
}

package web

import (
	"strings"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// LogView is the custody log, for the auditor.
type LogView struct {
	Page
	Events     []EventView // newest first
	Size       int64       // of the tree
	Pending    bool        // events exist that are not sequenced yet
	Checkpoint string      // the newest signed checkpoint as text, or ""
	Checked    time.Time   // when the checkpoint was signed
	Result     *LogResult  // of a verification just done, or nil
	Older      string      // address of the next page, or ""
	Newer      string      // address of the page before, or ""
	Origin     string      // name of the log, for instructions
	Kept       KeptView    // what is kept outside the database
	Aside      []KeptView  // what was set aside after restores, oldest first
	Setback    string      // why nothing is signed any more, or ""
}

// KeptView is a checkpoint that is kept outside the database.
type KeptView struct {
	Name   string    // of its file in the key folder
	Size   int64     // entries that it covers
	Signed time.Time // zero where it cannot be believed
	At     time.Time // when it was put there
	Text   string    // "" where none is kept
}

// LogResult is what a verification on demand found, in words.
type LogResult struct {
	Holds  bool
	Lines  []LogLine
	Took   time.Duration
	Leaves int64
}

// LogLine is one thing that was checked.
type LogLine struct {
	Holds bool
	Words string
}

// PeopleView is the administrator's page.
type PeopleView struct {
	Page
	Query      string // of the search, as typed
	Found      []account.Account
	Recoveries []triage.RecoveryView // newest first
	Staff      []account.Account
	Orgs       []OrgItem
	Deliveries []DeliveryItem // messages that are waiting, failed or kept
	MailOff    bool           // no mail server is configured
	Setback    bool           // nothing is signed into the custody log any more
	Stranded   int            // cases that wait and that nobody may go on with
}

// scopeTitles is what a token may do, in words.
func scopeTitles(ss []account.Scope) string {
	words := make([]string, len(ss))
	for i, s := range ss {
		words[i] = s.Title()
	}
	return strings.Join(words, ", ")
}

// OrgItem is an organisation with its size.
type OrgItem struct {
	account.Organisation
	Accounts int
}

// DeliveryItem is a message and whom it goes to.
type DeliveryItem struct {
	triage.Message
	ToName string
}

// MeView is one's own account and sessions.
type MeView struct {
	Page
	Email    string
	Org      string
	Sessions []SessionItem
	Tokens   []account.Token

	Passkeys    []account.Passkey
	KeyMessages Messages         // what was wrong about one of them
	Recovery    account.Recovery // that waits, or the zero one
	Lost        string           // words of a refused wish to start anew
	Unkeyed     bool             // a member of staff who has to use a passkey, or make one, before any work

	Secret   string          // of a token just made, or ""
	Form     triage.NewToken // as typed
	Days     string          // as typed
	Messages Messages        // what was wrong with the form
}

// SessionItem is one signed-in browser.
type SessionItem struct {
	account.Session
	Current bool
}

// OutboxView is one's own mail, in demonstration mode.
type OutboxView struct {
	Page
	Messages []OutboxItem
}

// OutboxItem is a message with the link in it, if there is one, so that it can be followed.
type OutboxItem struct {
	triage.Message
	Link string // a path of this server ("/sign-in/…"), or ""
}

func planWords(o account.Organisation) string {
	s := string(o.Plan)
	if s != "" {
		s = string(s[0]-'a'+'A') + s[1:]
	}
	if o.Comped {
		s += ", comped"
	}
	return s
}

// deliveryWords says how far a message has come.
func deliveryWords(m triage.Message) (words, tone string) {
	switch m.State {
	case triage.MessageDelivered:
		return "Delivered", "done"
	case triage.MessageFailed:
		return "Failed, tried " + plural(m.Tries, "time", "times"), "problem"
	case triage.MessageKept:
		return "Kept here: no mail server", "quiet"
	case triage.MessageWithdrawn:
		return "Not sent: undone before", "off"
	}
	return "Waiting", "active"
}

func holdsWord(holds bool) string {
	if holds {
		return "Holds:"
	}
	return "Does not hold:"
}

// browserWords names a browser from its user agent, roughly; the whole string is too much to read.
func browserWords(ua string) string {
	name := "A browser"
	for _, b := range [][2]string{{"Firefox/", "Firefox"}, {"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}} {
		if strings.Contains(ua, b[0]) {
			name = b[1]
			break
		}
	}
	for _, o := range [][2]string{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS", "macOS"}, {"Linux", "Linux"}} {
		if strings.Contains(ua, o[0]) {
			return name + " on " + o[1]
		}
	}
	return name
}

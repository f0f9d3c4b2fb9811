package participant

import (
	"fmt"
	"strings"

	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/franking"
)

// Event is something that a participant tells: a StateChanged, ViewChanged, Knock, Lobby, Terms, Phone, Warning, Line, LineProven, Refused, Session,
// Media, IdentityChanged or Ended.
type Event interface{ event() }

type (
	// StateChanged says where this client stands now (PROTOCOL.md section 11).
	StateChanged struct {
		From, To e2ee.State
		Words    string // for Out: why
	}
	// ViewChanged says that the meeting looks otherwise now: people, leader, code, key.
	ViewChanged struct{ View View }
	// Knock says that somebody waits for this participant's word, as leader or as host: Admit or Refuse.
	Knock struct {
		J     e2ee.J
		Name  string
		Guest bool // nobody vouches for the name
	}
	// Lobby tells a host of a standard meeting who waits, and somebody who waits that they do.
	Lobby struct{ e2ee.Lobby }
	// Terms tells a host of a standard meeting whether it may be upgraded, and what will stop.
	Terms struct{ e2ee.Terms }
	// Phone tells a host of a standard meeting how people dial in.
	Phone struct{ e2ee.Phone }
	// Warning is for people.
	Warning struct {
		Code  e2ee.WarningCode
		About e2ee.J // whom it is about, or zeros
		Words string
	}
	// Line is a line of chat, once the notary has vouched for it, or after a second without that: Standing says which. What is not Proven should be
	// shown with the reason, behind a click: a report could not prove it.
	Line struct {
		LineID   // by the frame's key
		Standing franking.Standing
		Name     string
		Text     string
		Mine     bool   // to this participant alone
		Time     uint64 // in milliseconds by the sender's clock
	}
	// LineProven says that a line which was told as Overdue has been vouched for.
	LineProven struct{ LineID }
	// Refused says in the server's words why it did not do something.
	Refused struct{ What, Why string }
	// Session says whether the control session is up; it comes back by itself.
	Session struct {
		Up  bool
		Err error // why it is down
	}
	// Media says whether the media server is reached; it is tried again by itself.
	Media struct {
		Up  bool
		Err error
	}
	// IdentityChanged says that the server vouches with another identity key than this folder has met: see Participant.AcceptIdentity.
	IdentityChanged struct{ Key e2ee.Key }
	// Ended is the last event.
	Ended struct {
		Cause string // of e2ee.Cause, or of the server's last word in a standard meeting
		Words string
	}
)

func (StateChanged) event()    {}
func (ViewChanged) event()     {}
func (Knock) event()           {}
func (Lobby) event()           {}
func (Terms) event()           {}
func (Phone) event()           {}
func (Warning) event()         {}
func (Line) event()            {}
func (LineProven) event()      {}
func (Refused) event()         {}
func (Session) event()         {}
func (Media) event()           {}
func (IdentityChanged) event() {}
func (Ended) event()           {}

// View is how the meeting looks to this participant.
type View struct {
	State   e2ee.State
	E2EE    bool   // end-to-end encrypted, for good
	Leads   bool   // this participant leads an end-to-end encrypted meeting
	Code    string // the security code, or ""
	Epoch   e2ee.EpochName
	Sending bool // frames may be sent
	People  []Person
}

// Person is somebody in the meeting: of the signed list, or in a standard meeting of the server's roster.
type Person struct {
	J            e2ee.J
	Index        uint64
	Kind         uint64 // e2ee.Person, or a connector of a standard meeting
	Name         string // of a connector the server's word, else of the certificate
	Organisation string
	Guest        bool     // nobody vouches for the name
	Device       e2ee.Key // zeros for a connector, and until the join has been read
	Me           bool
	Leads        bool // the leader, or a host of a standard meeting
}

// Has tells whether somebody is in the meeting.
func (v View) Has(j e2ee.J) bool {
	for _, p := range v.People {
		if p.J == j {
			return true
		}
	}
	return false
}

// String is the view in short, for logs.
func (v View) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, epoch %d.%d, sending %v, leads %v:", v.State, v.Epoch.Term, v.Epoch.Epoch, v.Sending, v.Leads)
	for _, p := range v.People {
		fmt.Fprintf(&b, " %d %q", p.Index, p.Name)
		for what, is := range map[string]bool{"me": p.Me, "leads": p.Leads, "unread": p.Kind == e2ee.Person && p.Device == e2ee.Key{}} {
			if is {
				b.WriteString(" " + what)
			}
		}
	}
	return b.String()
}

// viewOf is what a Member knows, for people.
func viewOf(m *e2ee.Member) View {
	v := View{State: m.State(), E2EE: encrypted(m), Leads: m.Leads(), Code: m.Code(), Sending: m.CanSend()}
	if names := m.Epochs(); len(names) > 0 {
		v.Epoch = names[len(names)-1]
	}
	switch {
	case v.E2EE && m.List() != nil:
		for _, s := range m.List().Members {
			v.People = append(v.People, withCertificate(m, Person{J: s.J, Index: s.Index, Leads: s.J == m.List().Leader}))
		}
	case m.Roster() != nil:
		r := m.Roster()
		for _, s := range r.Members {
			v.People = append(v.People, withCertificate(m, Person{J: s.J, Index: s.Index, Kind: s.Kind, Name: s.Name, Leads: contains(r.Hosts, s.J)}))
		}
	}
	return v
}

// encrypted tells whether the client takes the meeting to be end-to-end encrypted.
func encrypted(m *e2ee.Member) bool { return m.State() != e2ee.New && m.State() != e2ee.Standard }

// withCertificate adds what the join's certificate says.
func withCertificate(m *e2ee.Member, p Person) Person {
	p.Me, p.Name = p.J == m.J(), e2ee.Legible(p.Name)
	if join := m.Join(p.J); join != nil {
		c := join.Certificate
		p.Name, p.Organisation, p.Guest, p.Device = e2ee.Legible(c.Name), e2ee.Legible(c.Organisation), c.Guest(), join.Device
	}
	return p
}

func contains(all []e2ee.J, j e2ee.J) bool {
	for _, one := range all {
		if one == j {
			return true
		}
	}
	return false
}

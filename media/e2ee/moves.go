package e2ee

import (
	"errors"
	"slices"
)

// Live is a sign of life (§3.3).
//
//	live = [ "live", meeting, J, nonce: bstr .size 16, version: uint, link: bstr .size 32, time ]
type Live struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Meeting string
	J       J
	Nonce   [16]byte
	Version uint64 // of the newest link that the sender has accepted, or 0
	Link    Hash   // its hash, or zeros
	Time    uint64
}

func (l *Live) meta() (*string, string) { return &l.Kind, "live" }

func (l *Live) check() error {
	if (l.Version == 0) != (l.Link == Hash{}) {
		return errors.New("e2ee: a sign of life names a link with its version or none")
	}
	return firstError(meetingNumber(l.Meeting), whole(l.Version, l.Time))
}

// Leave says that a join is over, by its own device (§3.4).
//
//	leave = [ "leave", meeting, J, time ]
type Leave struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Meeting string
	J       J
	Time    uint64
}

func (l *Leave) meta() (*string, string) { return &l.Kind, "leave" }
func (l *Leave) check() error            { return firstError(meetingNumber(l.Meeting), whole(l.Time)) }

// Deny says that a join is not admitted, by the leader (§3.4).
//
//	deny = [ "deny", meeting, J, time ]
type Deny struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Meeting string
	J       J
	Time    uint64
}

func (d *Deny) meta() (*string, string) { return &d.Kind, "deny" }
func (d *Deny) check() error            { return firstError(meetingNumber(d.Meeting), whole(d.Time)) }

// End says that the meeting is over for all, by the leader (§3.4).
//
//	end = [ "end", meeting, version: uint, link: bstr .size 32, time ]
type End struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Meeting string
	Version uint64
	Link    Hash
	Time    uint64
}

func (e *End) meta() (*string, string) { return &e.Kind, "end" }
func (e *End) check() error            { return firstError(meetingNumber(e.Meeting), whole(e.Version, e.Time)) }

// Leader says that a successor leads from the next term on (§3.5).
//
//	leader = [ "leader", meeting, term: uint, J, last: bstr .size 32, time ]
type Leader struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Meeting string
	Term    uint64
	J       J
	Last    Hash // the newest link that it has accepted
	Time    uint64
}

func (l *Leader) meta() (*string, string) { return &l.Kind, "leader" }

func (l *Leader) check() error {
	return firstError(meetingNumber(l.Meeting), between(2, maxTerm, l.Term), whole(l.Time))
}

// Upgrade turns a standard meeting into an end-to-end encrypted one, for good (§9).
//
//	upgrade = [ "upgrade", meeting, host: J, carried: [ 1* J ], time ]
type Upgrade struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Meeting string
	Host    J
	Carried []J // who stays; the host first
	Time    uint64
}

func (u *Upgrade) meta() (*string, string) { return &u.Kind, "upgrade" }

func (u *Upgrade) check() error {
	if len(u.Carried) < 1 || len(u.Carried) > maxMembers || u.Carried[0] != u.Host || repeats(u.Carried) {
		return errors.New("e2ee: an upgrade carries its host first, and everyone once")
	}
	return firstError(meetingNumber(u.Meeting), whole(u.Time))
}

func repeats(all []J) bool {
	seen := make(map[J]bool, len(all))
	return slices.ContainsFunc(all, func(j J) bool {
		again := seen[j]
		seen[j] = true
		return again
	})
}

// Session proves to the server that a control session is a device's (§10).
//
//	session = [ "session", meeting, nonce: bstr .size 16, device: bstr .size 32 ]
type Session struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Meeting string
	Nonce   [16]byte
	Device  Key
}

func (s *Session) meta() (*string, string) { return &s.Kind, "session" }
func (s *Session) check() error            { return meetingNumber(s.Meeting) }

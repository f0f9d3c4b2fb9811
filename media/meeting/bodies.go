package meeting

import (
	"errors"
	"slices"
)

// The bodies that devices sign (§3, §4). The server reads what it needs to know whom an entry is by and whom it names.

// Join is one appearance of a device (§3.1).
//
//	join = [ "join", meeting, device: bstr .size 32, hpke: bstr .size 1216, nonce: bstr .size 16, time, certificate: bstr ]
type Join struct {
	_           struct{} `cbor:",toarray"`
	Kind        string
	Meeting     string
	Device      Key
	HPKE        []byte // 1216 bytes
	Nonce       [16]byte
	Time        uint64
	Certificate []byte
}

// hpkePublic is the length of an MLKEM768-X25519 public key: 1184 + 32.
const hpkePublic = 1216

func (j *Join) check() error {
	if len(j.HPKE) != hpkePublic {
		return errors.New("meeting: a join's HPKE key has the wrong size")
	}
	return firstError(number(j.Meeting), whole(j.Time))
}

// Link is one link of the participant list: the whole list (§4).
//
//	link = [ "link", meeting, version: uint, term: uint, epoch: uint, locked: bool, leader: J, successors: [ *16 J ],
//	         next: uint, members: [ 1* [ index: uint, J ] ], secret: bstr .size 32, previous: bstr .size 32, time ]
type Link struct {
	_          struct{} `cbor:",toarray"`
	Kind       string
	Meeting    string
	Version    uint64
	Term       uint64
	Epoch      uint64
	Locked     bool
	Leader     J
	Successors []J
	Next       uint64
	Members    []Seat // by rising index
	Commitment Hash   // to an epoch secret that the server does not know
	Previous   Hash   // hash of the link before it
	Time       uint64
}

// Seat is a member's place in the list.
type Seat struct {
	_     struct{} `cbor:",toarray"`
	Index uint64
	J     J
}

func (l *Link) check() error {
	if (l.Version == 1) != (l.Previous == Hash{}) {
		return errors.New("meeting: the first link, and no other, follows none")
	}
	return firstError(number(l.Meeting), between(1, maxInteger, l.Version), between(1, maxTerm, l.Term),
		between(1, maxEpoch, l.Epoch), between(1, maxIndex+1, l.Next), whole(l.Time), l.checkSeats())
}

// checkSeats holds the list against rule 2 of §4.
func (l *Link) checkSeats() error {
	if len(l.Members) < 1 || len(l.Members) > maxMembers || len(l.Successors) > maxSuccessors {
		return errors.New("meeting: a list has 1 to 1,000 members and at most 16 successors")
	}
	members := make([]J, len(l.Members))
	for i, s := range l.Members {
		if s.Index >= l.Next || (i > 0 && s.Index <= l.Members[i-1].Index) {
			return errors.New("meeting: the indexes of a list rise and are below the next one (§4, 2)")
		}
		members[i] = s.J
	}
	in := setOf(members)
	if len(in) != len(members) || !in[l.Leader] {
		return errors.New("meeting: a join is in the list twice, or the leader is not (§4, 2)")
	}
	return l.checkSuccessors(in)
}

func (l *Link) checkSuccessors(in map[J]bool) error {
	if len(setOf(l.Successors)) != len(l.Successors) || slices.ContainsFunc(l.Successors, func(j J) bool { return !in[j] || j == l.Leader }) {
		return errors.New("meeting: a successor is a member, not the leader, and named once (§4, 2)")
	}
	return nil
}

func setOf(all []J) map[J]bool {
	set := make(map[J]bool, len(all))
	for _, j := range all {
		set[j] = true
	}
	return set
}

// Keys hands an epoch's secret to everyone but the leader, in boxes that the server cannot open (§3.2).
//
//	keys = [ "keys", meeting, term: uint, epoch: uint, link: bstr .size 32, boxes: [ 1* box ] ]
type Keys struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Meeting string
	Term    uint64
	Epoch   uint64
	Link    Hash
	Boxes   []Box
}

// Box is sealed to one join.
//
//	box = [ to: J, live: bstr .size 16, enc: bstr .size 1120, ciphertext: bstr .size 80 ]
type Box struct {
	_          struct{} `cbor:",toarray"`
	To         J
	Live       [16]byte
	Enc        []byte // 1120 bytes
	Ciphertext []byte // 80 bytes
}

func (k *Keys) check() error {
	if len(k.Boxes) < 1 || len(k.Boxes) > maxMembers {
		return errors.New("meeting: keys have 1 to 1,000 boxes")
	}
	for _, b := range k.Boxes {
		if len(b.Enc) != 1120 || len(b.Ciphertext) != 80 {
			return errors.New("meeting: a box has the wrong size")
		}
	}
	return firstError(number(k.Meeting), between(1, maxTerm, k.Term), between(1, maxEpoch, k.Epoch))
}

// Live is a sign of life; it is relayed and not kept (§3.3).
//
//	live = [ "live", meeting, J, nonce: bstr .size 16, version: uint, link: bstr .size 32, time ]
type Live struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Meeting string
	J       J
	Nonce   [16]byte
	Version uint64
	Link    Hash
	Time    uint64
}

func (l *Live) check() error {
	if (l.Version == 0) != (l.Link == Hash{}) {
		return errors.New("meeting: a sign of life names a link with its version or none")
	}
	return firstError(number(l.Meeting), whole(l.Version, l.Time))
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

func (l *Leave) check() error { return firstError(number(l.Meeting), whole(l.Time)) }

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

func (d *Deny) check() error { return firstError(number(d.Meeting), whole(d.Time)) }

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

func (e *End) check() error { return firstError(number(e.Meeting), whole(e.Version, e.Time)) }

// Leader says that a successor leads from the next term on (§3.5).
//
//	leader = [ "leader", meeting, term: uint, J, last: bstr .size 32, time ]
type Leader struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Meeting string
	Term    uint64
	J       J
	Last    Hash
	Time    uint64
}

func (l *Leader) check() error {
	return firstError(number(l.Meeting), between(2, maxTerm, l.Term), whole(l.Time))
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

func (u *Upgrade) check() error {
	if len(u.Carried) < 1 || len(u.Carried) > maxMembers || u.Carried[0] != u.Host || len(setOf(u.Carried)) != len(u.Carried) {
		return errors.New("meeting: an upgrade carries its host first, and everyone once")
	}
	return firstError(number(u.Meeting), whole(u.Time))
}

// Proof proves that a control session is a device's (§10).
//
//	session = [ "session", meeting, nonce: bstr .size 16, device: bstr .size 32 ]
type Proof struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Meeting string
	Nonce   [16]byte
	Device  Key
}

func (p *Proof) check() error { return number(p.Meeting) }

func (j *Join) meta() (*string, string)    { return &j.Kind, "join" }
func (l *Link) meta() (*string, string)    { return &l.Kind, "link" }
func (k *Keys) meta() (*string, string)    { return &k.Kind, "keys" }
func (l *Live) meta() (*string, string)    { return &l.Kind, "live" }
func (l *Leave) meta() (*string, string)   { return &l.Kind, "leave" }
func (d *Deny) meta() (*string, string)    { return &d.Kind, "deny" }
func (e *End) meta() (*string, string)     { return &e.Kind, "end" }
func (l *Leader) meta() (*string, string)  { return &l.Kind, "leader" }
func (u *Upgrade) meta() (*string, string) { return &u.Kind, "upgrade" }
func (p *Proof) meta() (*string, string)   { return &p.Kind, "session" }

package e2ee

import "errors"

// LinkBody is one link of the participant list: the whole list (§4).
//
//	link = [ "link", meeting, version: uint, term: uint, epoch: uint, locked: bool, leader: J, successors: [ *16 J ],
//	         next: uint, members: [ 1* [ index: uint, J ] ], secret: bstr .size 32, previous: bstr .size 32, time ]
type LinkBody struct {
	_          struct{} `cbor:",toarray"`
	Kind       string
	Meeting    string
	Version    uint64
	Term       uint64
	Epoch      uint64
	Locked     bool
	Leader     J
	Successors []J
	Next       uint64 // the next index to be given
	Members    []Seat // by rising index
	Secret     Hash   // commitment to the epoch secret
	Previous   Hash   // hash of the link before it
	Time       uint64
}

// Seat is a member's place in the list.
type Seat struct {
	_     struct{} `cbor:",toarray"`
	Index uint64
	J     J
}

func (l *LinkBody) meta() (*string, string) { return &l.Kind, "link" }

func (l *LinkBody) check() error {
	if (l.Version == 1) != (l.Previous == Hash{}) {
		return errors.New("e2ee: the first link, and no other, follows none")
	}
	return firstError(meetingNumber(l.Meeting), between(1, maxInteger, l.Version), between(1, maxTerm, l.Term),
		between(1, maxEpoch, l.Epoch), between(1, maxIndex+1, l.Next), whole(l.Time), l.checkSeats())
}

// checkSeats holds the list against rule 2 of §4, as far as it needs nothing else.
func (l *LinkBody) checkSeats() error {
	if len(l.Members) < 1 || len(l.Members) > maxMembers || len(l.Successors) > maxSuccessors {
		return errors.New("e2ee: a list has 1 to 1,000 members and at most 16 successors")
	}
	seen := make(map[J]bool, len(l.Members))
	for i, s := range l.Members {
		if s.Index >= l.Next || (i > 0 && s.Index <= l.Members[i-1].Index) {
			return errors.New("e2ee: the indexes of a list rise and are below the next one (§4, 2)")
		}
		if seen[s.J] {
			return errors.New("e2ee: a join is in the list twice (§4, 2)")
		}
		seen[s.J] = true
	}
	if !seen[l.Leader] || repeats(l.Successors) {
		return errors.New("e2ee: the leader is not a member, or a successor is named twice (§4, 2)")
	}
	for _, s := range l.Successors {
		if !seen[s] || s == l.Leader {
			return errors.New("e2ee: a successor is a member and not the leader (§4, 2)")
		}
	}
	return nil
}

// linkMessage is a link as it came: the body, the bytes that were signed, who signed, and the mac.
type linkMessage struct {
	LinkBody
	hash   Hash
	signer Key
	raw    []byte
	mac    []byte
}

// openLink checks form, signature and the inner half of rule 2.
func openLink(m Message) (*linkMessage, error) {
	l := &linkMessage{mac: m.MAC}
	s, err := open(m.Signed, &l.LinkBody)
	if err != nil {
		return nil, err
	}
	l.signer, l.raw, l.hash = s.Signer, s.Body, hash(contextLink, s.Body)
	return l, nil
}

// signLink makes the message of a link.
func signLink(d *Device, b *LinkBody, link Secret) (Message, Hash) {
	signed, raw := d.sign(b)
	return Message{Kind: "link", Signed: signed, MAC: mac(link, contextLinkMAC, raw)}, hash(contextLink, raw)
}

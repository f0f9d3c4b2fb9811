package meeting

import (
	"crypto/cipher"
	"errors"
	"fmt"
)

// What nodes tell each other. It goes through the database, where it may come to lie on a disk, and has keys of standard meetings and
// tickets in it: so it is sealed under a key made of the master key, which is not in the database.

// noteKind says what a note is about. A client's node is the one that its connection is to; the meeting's is the one that keeps it.
type noteKind uint64

const (
	noteNothing noteKind = iota // this is a new run
	noteOpen                    // client's node: a session begins in Meeting
	noteSay                     // client's node: the client sent Data; where that is empty: ask anew whether it may be here
	noteClose                   // client's node: the client is gone
	notePush                    // meeting's node: send Data to the clients of these sessions
	noteRange                   // meeting's node: send them the entries From to To, which are in the store
	noteEnd                     // meeting's node: that was all
	noteOver                    // either: Meeting was ended, and Data says why

	lastNote = noteOver
)

// note is one thing that a node tells another.
//
//	note = [ what: uint, sessions: [ * uint ], meeting: tstr, data: bstr, from: uint, to: uint ]
type note struct {
	_        struct{} `cbor:",toarray"`
	What     noteKind
	Sessions []uint64 // numbered by the client's node
	Meeting  string
	Data     []byte
	From, To uint64
}

// batch is what is sent at once. Run is another each time that the sender forgot what went on between the two nodes, and Number counts from
// 1 in each: what came twice is seen, and so is what did not come.
//
//	batch = [ run: uint, number: uint, notes: [ * note ] ]
type batch struct {
	_           struct{} `cbor:",toarray"`
	Run, Number uint64
	Notes       []note
}

// What one batch holds at most, and how much may wait for a node.
const (
	maxBatchNotes = 1000
	batchBytes    = 256 << 10 // more than that waits for the next one; a single note may be larger
	maxBatch      = MaxMessage + batchBytes + 64<<10
	maxWaitBytes  = 64 << 20
)

func decodeBatch(data []byte) (b batch, err error) {
	if err := strict(data, maxBatch, &b); err != nil {
		return b, err
	}
	if len(b.Notes) > maxBatchNotes || between(0, maxInteger, b.Run, b.Number) != nil {
		return b, errors.New("meeting: a batch of notes is out of its bounds")
	}
	for _, n := range b.Notes {
		if n.What > lastNote || len(n.Sessions) > maxSessions || between(0, maxInteger, n.From, n.To) != nil {
			return b, fmt.Errorf("meeting: a note of kind %d is out of its bounds", n.What)
		}
	}
	return b, nil
}

// courier seals what goes between nodes.
type courier struct{ aead cipher.AEAD }

// way is what a sealed batch is bound to.
//
//	[ "proffer between nodes v1", from: tstr, to: tstr ]
type way struct {
	_        struct{} `cbor:",toarray"`
	Context  string
	From, To string
}

func (c courier) seal(from, to string, b batch) []byte {
	return c.aead.Seal(nil, nil, encode(b), encode(way{Context: contextNodes, From: from, To: to}))
}

func (c courier) open(from, to string, data []byte) (batch, error) {
	raw, err := c.aead.Open(nil, nil, data, encode(way{Context: contextNodes, From: from, To: to}))
	if err != nil {
		return batch{}, errors.New("meeting: what another server sent does not open; both need the same meetings.key")
	}
	return decodeBatch(raw)
}

package connector

import (
	"context"

	"github.com/proffer/proffer/media/franking"
)

// Kind is what a connector is, in the numbers of the roster (PROTOCOL.md section 9).
type Kind uint64

// The kinds.
const (
	Recorder  Kind = 1
	Telephone Kind = 2
)

// Meetings seats connectors. The meeting server is one.
type Meetings interface {
	// Sit takes a seat in a running standard meeting, in which everyone sees it by that name from then on. The error is for people, and
	// says in plain words why not: the meeting is end-to-end encrypted, or locked, or over.
	Sit(ctx context.Context, meeting string, kind Kind, name string) (Seat, error)
}

// Seat is a connector's place in a standard meeting.
type Seat interface {
	// Meeting is the meeting's number.
	Meeting() string
	// Join is what stands for the connector's J: hash("proffer connector v1", its number).
	Join() [32]byte
	// Next waits for what holds from now on: the first is there at once, and of several that came only the newest is given. more is false
	// when the seat is lost: the key must be forgotten at once. It is called by one goroutine.
	Next() (c Change, more bool)
	// Why tells, after Next said that there is no more, why the seat was lost, in words for people.
	Why() string
	// Ticket tells how to reach the media server. It is asked anew for each connection.
	Ticket(ctx context.Context) (url, token string, err error)
	// Stamp has the notary stamp what the connector has committed to (PROTOCOL.md section 15).
	Stamp(runs []franking.Run)
	// Leave gives the seat up. A second time does nothing.
	Leave()
}

// Change is what holds in a standard meeting: the newest grant and roster.
type Change struct {
	Epoch   uint32
	Key     [32]byte
	Members []Member
}

// Member is one line of the roster.
type Member struct {
	Index  uint16
	Join   [32]byte
	Device [32]byte // zeros for a connector
	Name   string
}

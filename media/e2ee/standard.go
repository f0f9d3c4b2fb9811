package e2ee

import (
	"errors"

	"github.com/proffer/proffer/media/franking"
)

// Grant hands out the key of a standard meeting, drawn by the server (§9).
//
//	grant = [ "grant", meeting, epoch: uint, key: bstr .size 32 ]
type Grant struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Meeting string
	Epoch   uint64
	Key     Secret
}

func (g *Grant) meta() (*string, string) { return &g.Kind, "grant" }

func (g *Grant) check() error {
	return firstError(meetingNumber(g.Meeting), between(1, maxEpoch, g.Epoch))
}

// Kinds of participants of a standard meeting (§9).
const (
	Person uint64 = iota
	Recorder
	Telephone
	Staff // of the service, visibly: a person, with a join
)

// Connector reports whether the seat is a part of the server, which has no join.
func (s RosterSeat) Connector() bool { return s.Kind == Recorder || s.Kind == Telephone }

// Roster is who takes part in a standard meeting, by the server's word (§9).
//
//	roster = [ "roster", meeting, epoch: uint, hosts: [ * J ], members: [ * [ index: uint, kind: uint, J, name: tstr ] ] ]
type Roster struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Meeting string
	Epoch   uint64
	Hosts   []J // who may upgrade the meeting
	Members []RosterSeat
}

// RosterSeat is one line of a roster.
type RosterSeat struct {
	_     struct{} `cbor:",toarray"`
	Index uint64
	Kind  uint64
	J     J
	Name  string
}

func (r *Roster) meta() (*string, string) { return &r.Kind, "roster" }

func (r *Roster) check() error {
	if len(r.Members) > maxMembers || len(r.Hosts) > maxMembers {
		return errors.New("e2ee: a roster has at most 1,000 members")
	}
	joins := make([]J, 0, len(r.Members))
	for i, s := range r.Members {
		if i > 0 && s.Index <= r.Members[i-1].Index {
			return errors.New("e2ee: the indexes of a roster rise")
		}
		if err := firstError(between(0, maxIndex, s.Index), between(Person, Staff, s.Kind), text(s.Name, maxName)); err != nil {
			return err
		}
		joins = append(joins, s.J)
	}
	if repeats(joins) || repeats(r.Hosts) {
		return errors.New("e2ee: a join is in the roster twice")
	}
	return firstError(meetingNumber(r.Meeting), between(1, maxEpoch, r.Epoch))
}

// StandardEpoch makes the epoch of a grant; its term is 0 (§5).
func StandardEpoch(g Grant) *Epoch {
	name := franking.StandardLink(g.Meeting, uint32(g.Epoch)) // check holds it below 2^24
	return &Epoch{Name: EpochName{Epoch: g.Epoch, Link: name}, Meeting: g.Meeting, secret: g.Key}
}

// ConnectorJ is what takes the place of a join for a connector of a standard meeting (§9).
func ConnectorJ(number string) J { return franking.ConnectorJoin(number) }

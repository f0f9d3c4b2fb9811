package triage

import (
	"time"

	"github.com/proffer/proffer/triage/account"
)

// VisitID is of the form "L-XXXXX-XXXXX".
type VisitID string

// VisitState is where a visit stands.
type VisitState string

// The states of a visit. One that was approved ends by itself, too: see Visit.Ends.
const (
	VisitRequested VisitState = "requested"
	VisitApproved  VisitState = "approved"
	VisitRefused   VisitState = "refused"
	VisitEnded     VisitState = "ended"
)

// Times of a visit.
const (
	VisitTime     = time.Hour // for how long an approval lets in
	visitWaitTime = time.Hour // for how long a request can be answered: the meeting goes on meanwhile
)

// Visit is the visible entry of a member of staff into a standard meeting: for a case, with a reason, by two people's decision (DESIGN I4, I7).
type Visit struct {
	ID        VisitID
	Case      CaseID
	Meeting   MeetingID
	Visitor   account.ID // who asks, and enters
	Reason    string
	Requested time.Time
	State     VisitState
	Approver  account.ID // who answered; never the visitor
	Answered  time.Time
	Answer    string
	Ended     time.Time // by somebody's word; zero before
	Version   int
}

// Ends is when an approved visit is over at the latest.
func (v Visit) Ends() time.Time { return v.Answered.Add(VisitTime) }

// Open reports whether the visit lets its visitor in.
func (v Visit) Open(now time.Time) bool { return v.State == VisitApproved && now.Before(v.Ends()) }

// Waits reports whether the visit can still be approved or refused.
func (v Visit) Waits(now time.Time) bool {
	return v.State == VisitRequested && now.Before(v.Until())
}

// Until is up to when a visit that waits can be answered.
func (v Visit) Until() time.Time { return v.Requested.Add(visitWaitTime) }

// Words is where the visit stands, in a few words.
func (v Visit) Words(now time.Time) string {
	switch {
	case v.Open(now):
		return "Approved"
	case v.Waits(now):
		return "Waits for a second person"
	case v.State == VisitRequested:
		return "Nobody answered in time"
	case v.State == VisitRefused:
		return "Refused"
	}
	return "Over"
}

package web

import (
	"github.com/proffer/proffer/triage"
)

// QueueView is one tab of the queue.
type QueueView struct {
	Page
	Tab      string // open, mine, escalated, approval, decided, preparing
	Tabs     []QueueTab
	Query    string             // what was searched for
	Policy   triage.PolicyID    // filter, or ""
	Policies []triage.Policy    // to filter by: of the lanes the actor may see
	Queue    triage.QueueID     // filter, or ""
	Queues   []triage.WorkQueue // to filter by, and to name: of the actor's lanes
	Rows     []QueueRow
	Packages []PackageItem     // on the approval tab: packages that wait for this actor
	Visits   []triage.VisitRow // likewise: visits to meetings
	More     string            // address of the next page, or ""
	First    string            // address of the first page when this is a later one, or ""
	CanClaim bool              // may claim in general: shows “Take the next case”
	CanBulk  bool              // may decide many at once: rows can be selected
	Views    ViewBar
	Stranded []triage.CaseID // for leads: cases that no reviewer may take, as all of them are parties
}

// QueueTab is one tab with its count.
type QueueTab struct {
	ID     string
	Title  string
	Href   string
	Count  int
	Capped bool // there are more than Count
}

// QueueRow is one case in the list.
type QueueRow struct {
	triage.CaseRow
	Mine     bool   // held by the actor
	CanClaim bool   // free, and the actor may
	Proposal string // on the approval tab: what is proposed, "Ban; Suspend for 30 days"
	Proposer string // and by whom
	Own      bool   // proposed by the actor, who therefore cannot approve it
}

// stateWords says where the case stands, with the holder's name where somebody holds it.
func (r QueueRow) stateWords() string {
	if r.State == triage.StateClaimed && r.Mine {
		return "Yours"
	}
	return r.State.Title()
}

// stateTone is the chip's tone for a case's state.
func stateTone(s triage.State) string {
	switch s {
	case triage.StateClaimed:
		return "active"
	case triage.StateEscalated, triage.StateAwaiting:
		return "warn"
	case triage.StateDecided, triage.StateClosed:
		return "done"
	case triage.StateMerged:
		return "off"
	}
	return "quiet"
}

// priorityTone is the band of a priority: P0 from 85, P1 from 60.
func priorityTone(p int) string {
	switch {
	case p >= 85:
		return "p0"
	case p >= 60:
		return "p1"
	}
	return "p2"
}

func tabCount(t QueueTab) string {
	if t.Capped {
		return num(t.Count) + "+"
	}
	return num(t.Count)
}

// emptyQueueWords is what an empty tab says.
func emptyQueueWords(tab string) (title, words string) {
	switch tab {
	case "mine":
		return "You hold no case", "Take the next one, or choose one from the open tab."
	case "escalated":
		return "Nothing escalated", "Cases that reviewers hand to a lead appear here."
	case "approval":
		return "Nothing waits for a second person", "Bans, long suspensions and disclosures that others proposed appear here."
	case "decided":
		return "Nothing decided yet", "Decided cases stay here, with their decisions."
	case "preparing":
		return "Nothing is being prepared", "New reports pass through here while their clips are made ready."
	}
	return "The queue is empty", "Everything that was reported has been taken up. New reports appear here by themselves."
}

package triage

import (
	"slices"

	"github.com/proffer/proffer/triage/account"
)

// Actor is who asks: a signed-in account as it stood when the request began. The zero Actor is a stranger.
type Actor struct {
	Account account.ID
	Org     account.OrgID
	Name    string
	Roles   account.Roles

	// Of a guest, whose Account is account.Guest: who, and of which meeting, by a proof that was checked.
	Guest   Guest
	Meeting MeetingID
}

// SystemActor acts for jobs and clocks. Can refuses it everything: system use cases do not ask.
var SystemActor = Actor{Account: account.System, Name: "Proffer"}

// Action is one thing that a person may try to do.
type Action string

// The actions that Can knows. A route names exactly one of them; see handlers/routes.go.
const (
	ReportCreate    Action = "report.create"    // file a report, upload clips for it
	GuestReport     Action = "report.guest"     // file a report in words as a guest of its meeting
	ReportRead      Action = "report.read"      // follow one's own report
	ReportChange    Action = "report.change"    // add to it or withdraw it
	QueueRead       Action = "queue.read"       // see the queue, search, live events
	ViewKeep        Action = "view.keep"        // save filters under a name, for oneself
	ViewShare       Action = "view.share"       // share saved filters with all staff, and change those that are shared
	CaseRead        Action = "case.read"        // open a case
	CaseClaim       Action = "case.claim"       // claim, skip, take the next
	CaseWork        Action = "case.work"        // renew, release, escalate, decide: the claimant only
	BulkDecide      Action = "bulk.decide"      // decide many cases with one preview; to see, confirm and undo a bulk: who made it only
	DecisionUndo    Action = "decision.undo"    // take back what one has just decided
	CaseNote        Action = "case.note"        // write a note
	CaseReopen      Action = "case.reopen"      // take a decided case up again
	CaseMerge       Action = "case.merge"       // merge cases, split one, undo that: not while somebody else holds one
	ExhibitView     Action = "exhibit.view"     // stills, waveform, playback
	ExhibitRetry    Action = "exhibit.retry"    // try a failed processing again
	ExhibitVerify   Action = "exhibit.verify"   // hold an exhibit against its proof again
	DecisionApprove Action = "decision.approve" // be the second person, or refuse
	VisitRequest    Action = "visit.request"    // ask to enter a standard meeting visibly, and do so
	VisitApprove    Action = "visit.approve"    // be the second person, or refuse
	PackageRequest  Action = "package.request"  // ask for a law-enforcement package
	PackageApprove  Action = "package.approve"  // be the second person, or refuse
	PackageRead     Action = "package.read"     // see the packages and their progress
	PackageDownload Action = "package.download" // take a finished package out
	LogRead         Action = "log.read"         // the custody log, proofs, verification
	PeopleRead      Action = "people.read"      // staff, organisations, deliveries
	OpinionGive     Action = "opinion.give"     // give a blind second opinion on a decision
	OpinionSettle   Action = "opinion.settle"   // say which of two opinions stands
	TeamLead        Action = "team.lead"        // lift budgets, see figures
	PolicyRead      Action = "policy.read"      // see policies and their service levels
	PolicyChange    Action = "policy.change"    // change them
	RoutingChange   Action = "routing.change"   // queues, their members, and the rules that fill them
	PeopleChange    Action = "people.change"    // grant and withdraw roles, never one's own; settings of an organisation
	RecoveryAnswer  Action = "recovery.answer"  // agree that somebody who lost their passkeys starts anew, or refuse
	HashListRead    Action = "hashlist.read"    // lists of hashes of known clips, and what matches them in cases that one may open
	HashListChange  Action = "hashlist.change"  // import and remove them
	SelfManage      Action = "self.manage"      // one's own sessions and mail
	MeetingCreate   Action = "meeting.create"   // make a meeting; whether it may be end-to-end encrypted is its plan's business
	MeetingRead     Action = "meeting.read"     // see one's own meetings and their links; who enters one needs no more than its link
	MeetingEnd      Action = "meeting.end"      // end one's own meeting for everyone

	RecordingRead     Action = "recording.read"     // see what was recorded of one's own meeting
	RecordingDownload Action = "recording.download" // take a file of it out
	RecordingDelete   Action = "recording.delete"   // delete it for good
)

// AllActions lists every action, in the order of the golden file.
var AllActions = []Action{
	ReportCreate, GuestReport, ReportRead, ReportChange, QueueRead, ViewKeep, ViewShare, CaseRead, CaseClaim, CaseWork, BulkDecide, DecisionUndo, CaseNote, CaseReopen, CaseMerge, ExhibitView,
	ExhibitRetry, ExhibitVerify, DecisionApprove, OpinionGive, OpinionSettle, VisitRequest, VisitApprove, PackageRequest, PackageApprove, PackageRead, PackageDownload, LogRead, PeopleRead, TeamLead, RoutingChange, PolicyRead, PolicyChange,
	PeopleChange, RecoveryAnswer, HashListRead, HashListChange, SelfManage, MeetingCreate, MeetingRead, MeetingEnd, RecordingRead, RecordingDownload, RecordingDelete,
}

// Target is what Can needs to know of the thing acted upon. The zero Target stands for "in general": a page that lists,
// a menu entry.
type Target struct {
	Lane     Lane          // of the case; "" in general
	Owner    account.ID    // who filed the report, hosts the meeting, or is the person whose roles or passkeys it is about
	Org      account.OrgID // whose recording it is; with Owner only
	Claimant account.ID    // who holds the lease
	Proposer account.ID    // who decided or requested what is now to be approved
	State    State         // of the case
	Meeting  MeetingID     // that a guest reports
	Blind    []account.ID  // who is giving a blind second opinion now: of the case they see what is needed for that only
	Parties  []account.ID  // who reported, and who is reported, in the case: it does not exist for them. See caseTarget
}

// Proposed is the target once somebody decided or requested what is now to be approved.
func (t Target) Proposed(by account.ID) Target {
	t.Proposer = by
	return t
}

// roleActions says which roles allow an action on an ordinary case, before the conditions in Can.
var roleActions = map[Action]account.Roles{
	QueueRead:       {account.Reviewer, account.Lead, account.Investigator, account.ChildSafety, account.Liaison},
	ViewKeep:        {account.Reviewer, account.Lead, account.Investigator, account.ChildSafety, account.Liaison},
	ViewShare:       {account.Lead},
	CaseRead:        {account.Reviewer, account.Lead, account.Investigator, account.ChildSafety, account.Liaison},
	CaseClaim:       {account.Reviewer, account.Lead, account.Investigator, account.ChildSafety},
	CaseWork:        {account.Reviewer, account.Lead, account.Investigator, account.ChildSafety},
	BulkDecide:      {account.Reviewer, account.Lead, account.Investigator},
	DecisionUndo:    {account.Reviewer, account.Lead, account.Investigator, account.ChildSafety},
	CaseNote:        {account.Reviewer, account.Lead, account.Investigator, account.ChildSafety, account.Liaison},
	CaseReopen:      {account.Lead, account.ChildSafety},
	CaseMerge:       {account.Investigator, account.ChildSafety},
	ExhibitView:     {account.Reviewer, account.Lead, account.Investigator, account.ChildSafety, account.Liaison},
	ExhibitRetry:    {account.Reviewer, account.Lead, account.Investigator, account.ChildSafety},
	ExhibitVerify:   {account.Reviewer, account.Lead, account.Investigator, account.ChildSafety},
	DecisionApprove: {account.Lead, account.ChildSafety},
	VisitRequest:    {account.Lead, account.Investigator, account.ChildSafety},
	VisitApprove:    {account.Lead, account.ChildSafety},
	OpinionGive:     {account.Reviewer, account.Lead, account.Investigator, account.ChildSafety},
	OpinionSettle:   {account.Lead, account.ChildSafety},
	PackageRequest:  {account.Liaison},
	PackageApprove:  {account.Lead, account.Liaison},
	PackageRead:     {account.Liaison, account.Lead},
	PackageDownload: {account.Liaison},
	LogRead:         {account.Auditor},
	PeopleRead:      {account.Administrator},
	PeopleChange:    {account.Administrator},
	TeamLead:        {account.Lead},
	PolicyRead:      {account.Lead, account.Administrator},
	PolicyChange:    {account.Administrator},
	RoutingChange:   {account.Lead, account.Administrator},
	RecoveryAnswer:  {account.Administrator},
	HashListRead:    {account.Administrator, account.Lead, account.Investigator, account.ChildSafety},
	HashListChange:  {account.Administrator, account.ChildSafety},
}

// Can is the only authorisation rule there is. Every use case of Desk asks it, every handler goes through one, and
// everything it does not allow is refused. A case in the child-safety lane does not exist for anyone without that role,
// whatever else they are (DESIGN I10); child-safety reviewers by that role alone work in their lane only. A liaison by
// that role alone sees settled cases only. To its parties a case does not exist either: nobody works on one, nor
// learns of one, that is about them. Recordings are the organisation's whose meeting it was: they are there for its host alone,
// as long as they belong to it. A guest, who has no account, reports in the one meeting that they are a guest of. Co-hosts lead a meeting while it runs and may come from anywhere; staff have no business there.
func Can(a Actor, do Action, on Target) bool {
	if a.Account == "" || a.Account == account.System {
		return false
	}
	if a.Account == account.Guest || do == GuestReport { // guests do nothing else, and nobody else does this
		return a.Account == account.Guest && do == GuestReport && on.Meeting != "" && on.Meeting == a.Meeting
	}
	switch do {
	case SelfManage, ReportCreate, MeetingCreate:
		return true
	case ReportRead, ReportChange, MeetingRead, MeetingEnd:
		return on.Owner == "" || on.Owner == a.Account
	case RecordingRead, RecordingDownload, RecordingDelete:
		return on.Owner == "" || on.Owner == a.Account && on.Org == a.Org
	}
	roles := rolesIn(a.Roles, on.Lane)
	if !laneOpen(a, on.Lane) || !roles.Has(roleActions[do]...) {
		return false
	}
	if slices.Contains(on.Parties, a.Account) || on.blind(a, do) {
		return false
	}
	switch do {
	case QueueRead, CaseRead, CaseNote, ExhibitView:
		return hasOtherThan(roles, account.Liaison, roleActions[do]) || on.State == "" || on.State.Settled()
	case BulkDecide:
		return on.Lane != LaneChildSafety && (on.Owner == "" || on.Owner == a.Account)
	case DecisionUndo:
		return on.Proposer == "" || on.Proposer == a.Account
	case ViewKeep:
		return on.Owner == "" || on.Owner == a.Account
	case CaseWork, CaseMerge:
		return on.Claimant == "" || on.Claimant == a.Account
	case CaseClaim:
		return on.State != StateEscalated || a.Roles.Has(account.Lead) || on.Lane == LaneChildSafety
	case DecisionApprove, VisitApprove, PackageApprove, OpinionGive, OpinionSettle:
		return on.Proposer != a.Account
	case PeopleChange, RecoveryAnswer:
		return on.Owner != a.Account && on.Proposer != a.Account
	}
	return true
}

// blind reports whether the actor is to say first what they think of the case, and the action would show what somebody else did.
func (t Target) blind(a Actor, do Action) bool {
	return slices.Contains(t.Blind, a.Account) && do != OpinionGive && do != ExhibitView
}

func laneOpen(a Actor, l Lane) bool {
	return l != LaneChildSafety || a.Roles.Has(account.ChildSafety)
}

// rolesIn is what of somebody's roles counts in a lane: child-safety reviewers are nobody special outside of theirs.
func rolesIn(have account.Roles, l Lane) account.Roles {
	if l != LaneGeneral {
		return have
	}
	return slices.DeleteFunc(slices.Clone(have), func(r account.Role) bool { return r == account.ChildSafety })
}

// hasOtherThan reports whether the actor holds one of the allowed roles besides r.
func hasOtherThan(have account.Roles, r account.Role, allowed account.Roles) bool {
	for _, x := range allowed {
		if x != r && have.Has(x) {
			return true
		}
	}
	return false
}

// Lanes is the set of lanes whose cases the actor may know of for an action; lists, counts, searches and events are
// asked for these only.
func Lanes(a Actor, do Action) []Lane {
	var open []Lane
	for _, l := range AllLanes {
		if Can(a, do, Target{Lane: l}) {
			open = append(open, l)
		}
	}
	return open
}

// someLanes is Lanes, or why there are none.
func someLanes(a Actor, do Action) ([]Lane, error) {
	lanes := Lanes(a, do)
	if len(lanes) == 0 {
		return nil, Allow(a, do, Target{Lane: LaneGeneral})
	}
	return lanes, nil
}

// Allow is Can as an error: NotFound where the actor may not even know of the thing, Forbidden otherwise.
func Allow(a Actor, do Action, on Target) error {
	if Can(a, do, on) {
		return nil
	}
	if (do == PeopleChange || do == RecoveryAnswer) && a.Roles.Has(roleActions[do]...) {
		if on.Owner == a.Account {
			return Errorf(Forbidden, "Nobody does this for themselves: ask another administrator.")
		}
		return Errorf(Forbidden, "You agreed already: now another administrator has to.")
	}
	if !laneOpen(a, on.Lane) || on.Owner != "" && on.Owner != a.Account || on.Org != "" && on.Org != a.Org || slices.Contains(on.Parties, a.Account) {
		return Errorf(NotFound, "There is nothing here under that number, or it is not yours to see.")
	}
	if on.blind(a, do) {
		return Errorf(Forbidden, "You are giving a blind second opinion on this case. Its page opens to you once you gave it, or gave it back, under Second opinions.")
	}
	switch do {
	case OpinionGive, OpinionSettle:
		if on.Proposer == a.Account {
			return Errorf(Forbidden, "You took or approved this decision: somebody else gives the second opinion, and says which stands.")
		}
	case DecisionApprove, VisitApprove, PackageApprove:
		if on.Proposer == a.Account {
			return Errorf(Forbidden, "This needs a second person: you proposed it, so somebody else has to approve it.")
		}
	case CaseWork, CaseMerge:
		if on.Claimant != "" && a.Roles.Has(roleActions[do]...) {
			return Errorf(Conflict, "Somebody else holds this case now. Claim it again once it is free.")
		}
	}
	return Errorf(Forbidden, "Your role does not allow this. Ask an administrator if you think it should.")
}

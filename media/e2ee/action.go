package e2ee

// Action is what a Step asks its caller to do, in order: a *PostEntry, SendLive, FetchFrom, Install, Drop, Sending, Warning, Changed,
// Knock or NewList.
type Action interface{ action() }

type (
	// PostEntry puts a message on the board. The caller keeps it until it has come back as an entry, or was refused, and posts it again in
	// the next session when this one breaks: a Member repeats its links by itself, and nothing else, keys least of all.
	PostEntry struct{ Message []byte }
	// SendLive sends a sign of life, to be relayed to all.
	SendLive struct{ Signed []byte }
	// FetchFrom asks for the board's entries from a number on.
	FetchFrom struct{ From uint64 }
	// Install says that frames of an epoch can be opened from now on, and that what is sent is sent in it.
	Install struct{ Epoch *Epoch }
	// Drop says that an epoch's keys are gone; whoever derived from them forgets that too, at once.
	Drop struct{ Name EpochName }
	// Sending allows or forbids that frames are sent. Forbidden from the start.
	Sending struct{ On bool }
	// Changed says that the state is another, and for Out why.
	Changed struct {
		From, To State
		Cause    Cause
		Words    string
	}
	// Knock says, to a leader, that somebody waits for the human's word.
	Knock struct{ Join *Join }
	// NewList says that a link was accepted.
	NewList struct{ List *List }
	// Warning is for people. About is whom it is about, or zeros.
	Warning struct {
		Code  WarningCode
		About J
		Words string
	}
)

func (PostEntry) action() {}
func (SendLive) action()  {}
func (FetchFrom) action() {}
func (Install) action()   {}
func (Drop) action()      {}
func (Sending) action()   {}
func (Changed) action()   {}
func (Knock) action()     {}
func (NewList) action()   {}
func (Warning) action()   {}

// WarningCode names a warning.
type WarningCode string

// The warnings.
const (
	WarnLeader     WarningCode = "leader"      // another leads now: the security code is another
	WarnSplit      WarningCode = "split"       // a member is shown another list
	WarnApart      WarningCode = "apart"       // somebody who was here goes on with another list
	WarnUnheard    WarningCode = "unheard"     // on the list, but no sign of life for a minute
	WarnNoKeys     WarningCode = "no keys"     // the new epoch's key does not come
	WarnBadKeys    WarningCode = "bad keys"    // the leader's keys do not hold
	WarnStale      WarningCode = "stale"       // no link for a while: sending stopped
	WarnDowngrade  WarningCode = "downgrade"   // the server offered a standard key for this meeting
	WarnNotNoted   WarningCode = "not noted"   // the lasting note could not be written
	WarnNeedsLink  WarningCode = "needs link"  // noted as end-to-end encrypted, opened without the link's secret
	WarnNewDevice  WarningCode = "new device"  // an account with a device that this client has not met
	WarnNotLeader  WarningCode = "not leader"  // only the leader can do this
	WarnFull       WarningCode = "full"        // nobody more can be let in
	WarnNotAllowed WarningCode = "not allowed" // the decision cannot be carried out now
)

var warnings = map[WarningCode]string{
	WarnLeader:     "Somebody else leads the meeting now, so the security code is another. Compare it again.",
	WarnSplit:      "This participant is shown another list of participants and should be left out within seconds. If not, leave.",
	WarnApart:      "Somebody who was in this meeting goes on with another list of participants. The server may be splitting the meeting.",
	WarnUnheard:    "This participant is on the list but has not been heard of for a minute.",
	WarnNoKeys:     "The new key has not come. You are not sending until it does.",
	WarnBadKeys:    "A key that the leader sent does not fit the list and was refused.",
	WarnStale:      "The participant list has not been renewed. You are not sending until it is.",
	WarnDowngrade:  "The server offered a key of its own for this end-to-end encrypted meeting. It was refused.",
	WarnNotNoted:   "This browser could not note that the meeting is end-to-end encrypted. It stays so on this page; do not reload it.",
	WarnNeedsLink:  "This meeting is end-to-end encrypted. Open its link again: the part after # is missing.",
	WarnNewDevice:  "This account takes part with a device that this client has not met before.",
	WarnNotLeader:  "Only the one who leads the meeting can do this.",
	WarnFull:       "The meeting is full: nobody more can be let in.",
	WarnNotAllowed: "This cannot be done now.",
}

package e2ee

// State is where a client stands in a meeting (§11).
type State string

// The states.
const (
	New      State = "new"      // nothing is known yet
	Standard State = "standard" // a meeting whose key the server holds
	Waiting  State = "waiting"  // end-to-end encrypted; not on a list yet
	Listed   State = "listed"   // on the list, without a key
	In       State = "in"       // holds the newest epoch's key
	Rekeying State = "rekeying" // the list names an epoch whose key has not come yet
	Out      State = "out"      // over; to come back is a new join
)

// AllStates lists every state.
var AllStates = []State{New, Standard, Waiting, Listed, In, Rekeying, Out}

// Cause is what moves a client from state to state.
type Cause string

// The causes.
const (
	CauseLink         Cause = "letter" // opened by a link with a secret, or noted as end-to-end encrypted
	CauseGrant        Cause = "grant"
	CauseUpgrade      Cause = "upgrade"
	CauseListed       Cause = "listed" // a first link that holds
	CauseEpoch        Cause = "epoch"  // a link that names a new epoch
	CauseKeys         Cause = "keys"   // keys that hold
	CauseLeft         Cause = "left"
	CauseNotCarried   Cause = "not carried"
	CauseDenied       Cause = "denied"
	CauseRemoved      Cause = "removed"
	CauseEnded        Cause = "ended"
	CauseEquivocation Cause = "equivocation"
	CauseGap          Cause = "gap"
	CauseNoKeys       Cause = "no keys"
	CauseNoLeader     Cause = "no leader"
	CauseCutOff       Cause = "cut off"
	CauseForged       Cause = "forged"
)

// AllCauses lists every cause.
var AllCauses = []Cause{CauseLink, CauseGrant, CauseUpgrade, CauseListed, CauseEpoch, CauseKeys, CauseLeft, CauseNotCarried, CauseDenied,
	CauseRemoved, CauseEnded, CauseEquivocation, CauseGap, CauseNoKeys, CauseNoLeader, CauseCutOff, CauseForged}

// endings are the reasons for Out in words; they say what to do next.
var endings = map[Cause]string{
	CauseLeft:         "You left the meeting.",
	CauseNotCarried:   "The meeting is end-to-end encrypted now and you were not carried over. Ask for the new link and open it.",
	CauseDenied:       "The host did not let you in.",
	CauseRemoved:      "You are no longer on the list of participants. To come back, open the link again.",
	CauseEnded:        "The host ended the meeting for everyone.",
	CauseEquivocation: "Participants were shown different lists. Somebody may be trying to listen. Do not go on in this meeting; make a new one and send its link another way.",
	CauseGap:          "The server kept back a part of the participant list for half a minute. Open the link again.",
	CauseNoKeys:       "You were let in, but the key did not come. Open the link again.",
	CauseNoLeader:     "Nobody leads the meeting any more. Open the link again when the host is back.",
	CauseCutOff:       "What you sent did not reach the others for half a minute, and another participant may lead now. Open the link again.",
	CauseForged:       "The one who upgraded this meeting gave another link's secret than it proved. Do not go on in this meeting.",
}

// out adds the endings that a state knows to its transitions.
func out(to map[Cause]State, causes ...Cause) map[Cause]State {
	for _, c := range causes {
		to[c] = Out
	}
	return to
}

// lifecycle is the whole state machine: what is not here cannot happen. Nothing leads back to Standard.
var lifecycle = map[State]map[Cause]State{
	New:      out(map[Cause]State{CauseLink: Waiting, CauseGrant: Standard}, CauseLeft),
	Standard: out(map[Cause]State{CauseGrant: Standard, CauseUpgrade: Waiting}, CauseLeft),
	Waiting:  out(map[Cause]State{CauseListed: Listed}, CauseLeft, CauseNotCarried, CauseDenied, CauseEnded, CauseGap),
	Listed: out(map[Cause]State{CauseEpoch: Listed, CauseKeys: In}, CauseLeft, CauseRemoved, CauseEnded, CauseEquivocation, CauseGap,
		CauseNoKeys, CauseNoLeader, CauseCutOff, CauseForged),
	In: out(map[Cause]State{CauseEpoch: Rekeying}, CauseLeft, CauseRemoved, CauseEnded, CauseEquivocation, CauseGap,
		CauseNoLeader, CauseCutOff),
	Rekeying: out(map[Cause]State{CauseEpoch: Rekeying, CauseKeys: In}, CauseLeft, CauseRemoved, CauseEnded, CauseEquivocation, CauseGap,
		CauseNoLeader, CauseCutOff),
	Out: {},
}

// Apply is the state machine: where a cause leads, and whether it can happen there at all.
func Apply(s State, c Cause) (State, bool) {
	next, ok := lifecycle[s][c]
	return next, ok
}

package triage

// State is where a case stands.
type State string

// The states of a case.
const (
	StateReceived   State = "received"          // filed; its receipt was given
	StateProcessing State = "processing"        // clips are being prepared
	StateQueued     State = "queued"            // waits for a reviewer
	StateClaimed    State = "claimed"           // a reviewer holds it
	StateEscalated  State = "escalated"         // waits for a lead
	StateAwaiting   State = "awaiting_approval" // a severe decision waits for a second person
	StateDecided    State = "decided"           // a decision is in force; its effects are being carried out
	StateClosed     State = "closed"            // every effect and notice has been delivered
	StateMerged     State = "merged"            // its reports went into another case
)

// AllStates lists every state in the order of a case's life.
var AllStates = []State{StateReceived, StateProcessing, StateQueued, StateClaimed, StateEscalated, StateAwaiting,
	StateDecided, StateClosed, StateMerged}

// Settled reports whether a decision is in force.
func (s State) Settled() bool { return s == StateDecided || s == StateClosed }

// Title is the state in words.
func (s State) Title() string {
	switch s {
	case StateAwaiting:
		return "Awaiting approval"
	case "":
		return ""
	}
	return string(s[0]-'a'+'A') + string(s[1:])
}

// Step is something that happens to a case.
type Step string

// The steps.
const (
	StepPrepare  Step = "prepare"  // a job began
	StepPrepared Step = "prepared" // every exhibit is done or has failed with its reason
	StepClaim    Step = "claim"
	StepRelease  Step = "release" // given back, skipped, or the lease ran out
	StepEscalate Step = "escalate"
	StepPropose  Step = "propose" // a severe decision was taken by the first person
	StepDecide   Step = "decide"  // a decision that needs no second person
	StepApprove  Step = "approve"
	StepRefuse   Step = "refuse" // the second person said no
	StepReopen   Step = "reopen" // to take a new decision
	StepUndo     Step = "undo"   // the decision was taken back within minutes
	StepClose    Step = "close"
	StepMerge    Step = "merge"   // its reports go into another case
	StepRestore  Step = "restore" // and come back
)

// AllSteps lists every step.
var AllSteps = []Step{StepPrepare, StepPrepared, StepClaim, StepRelease, StepEscalate, StepPropose, StepDecide,
	StepApprove, StepRefuse, StepReopen, StepUndo, StepClose, StepMerge, StepRestore}

// lifecycle is the whole state machine: what is not here cannot happen.
var lifecycle = map[State]map[Step]State{
	StateReceived:   {StepPrepare: StateProcessing, StepPrepared: StateQueued},
	StateProcessing: {StepPrepare: StateProcessing, StepPrepared: StateQueued},
	StateQueued:     {StepClaim: StateClaimed, StepEscalate: StateEscalated, StepMerge: StateMerged},
	StateEscalated:  {StepClaim: StateClaimed, StepMerge: StateMerged},
	StateClaimed: {
		StepClaim:   StateClaimed, // after the lease ran out; Desk checks that
		StepRelease: StateQueued, StepEscalate: StateEscalated, StepPropose: StateAwaiting, StepDecide: StateDecided,
		StepMerge: StateMerged,
	},
	StateAwaiting: {StepApprove: StateDecided, StepRefuse: StateQueued},
	StateDecided:  {StepClose: StateClosed, StepReopen: StateQueued, StepUndo: StateQueued},
	StateClosed:   {StepReopen: StateQueued, StepUndo: StateQueued},
	StateMerged:   {StepRestore: StateQueued},
}

// Apply is the case state machine: the state that a step leads to, or a Conflict that says why there is none.
func Apply(s State, step Step) (State, error) {
	if next, ok := lifecycle[s][step]; ok {
		return next, nil
	}
	return s, Errorf(Conflict, "This cannot be done while the case is “%s”. Somebody may have been quicker: reload to see where it stands.",
		s.Title())
}

// advance applies a step to the case. A case that was escalated goes back to the leads when it is given back.
func (c *Case) advance(step Step) error {
	next, err := Apply(c.State, step)
	if err != nil {
		return err
	}
	switch {
	case step == StepEscalate:
		c.Escalated = true
	case next.Settled():
		c.Escalated = false
	case next == StateQueued && c.Escalated:
		next = StateEscalated
	}
	if next != StateClaimed {
		c.Claimant, c.Lease = "", noTime
	}
	c.State = next
	return nil
}

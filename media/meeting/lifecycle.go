package meeting

// State is where a meeting stands.
type State string

// The states.
const (
	Standard State = "standard" // the server draws the key
	E2EE     State = "e2ee"     // end-to-end encrypted, for good
	Ended    State = "ended"
)

// Cause is what moves a meeting from state to state.
type Cause string

// The causes.
const (
	Upgraded Cause = "upgrade" // an `upgrade` of a host is on the board
	Finished Cause = "end"     // by a host, or an E2EE meeting's leader
)

// lifecycle is the whole state machine: what is not here cannot happen. Nothing leads back to Standard (DESIGN I2).
var lifecycle = map[State]map[Cause]State{
	Standard: {Upgraded: E2EE, Finished: Ended},
	E2EE:     {Finished: Ended},
	Ended:    {},
}

// Apply is the state machine: where a cause leads, and whether it can happen there at all.
func Apply(s State, c Cause) (State, bool) {
	next, ok := lifecycle[s][c]
	return next, ok
}

package sframe

// Fault is why a Receiver drops a frame. The zero value is no fault.
type Fault uint8

// The faults, in the order of the checks (PROTOCOL.md section 6).
const (
	Injected    Fault = iota + 1 // LiveKit's own: silence on mute, an empty picture on close; no attack
	Short                        // too short to be a frame
	Layout                       // another version of the layout
	Reserved                     // bits that mean nothing are set
	BadHeader                    // no SFrame header, or not its one encoding
	WrongMode                    // the server's key in an end-to-end encrypted meeting, or the other way
	Stale                        // held back for longer than slack
	OtherLayer                   // another stream of this sender, where none may begin
	NoEpoch                      // an epoch whose key is not held: not yet, or not any more
	NoMember                     // an index that nobody has in that epoch
	OtherTrack                   // another sender, or another source, than this track began with
	Replayed                     // a counter that was accepted before, or is too old to tell
	Unopened                     // does not decrypt: changed, or under another key
	Uncommitted                  // the commitment is another frame's
	TimeTurned                   // the time does not rise with the counter
	faults
)

var faultWords = [faults]string{
	Injected:    "put in by the media server when a sender mutes or leaves",
	Short:       "too short to be a frame",
	Layout:      "of another version of the layout",
	Reserved:    "has bits set that mean nothing",
	BadHeader:   "has no valid SFrame header",
	WrongMode:   "under a key of another kind of meeting",
	Stale:       "long behind what was shown already",
	OtherLayer:  "of another stream, without a key frame to begin with",
	NoEpoch:     "of an epoch whose key is not held",
	NoMember:    "of an index that no member has",
	OtherTrack:  "of another sender or source than this track's",
	Replayed:    "seen before, or too old to tell",
	Unopened:    "does not decrypt",
	Uncommitted: "not the frame that its sender committed to",
	TimeTurned:  "its time does not rise",
}

// Error says what is wrong with the frame, in words.
func (f Fault) Error() string {
	if f == 0 || f >= faults {
		return "sframe: no fault"
	}
	return "sframe: frame dropped: " + faultWords[f]
}

// Counts is how many frames a Receiver dropped, by Fault.
type Counts [faults]uint64

// Drop is why a Sender did not send a frame.
type Drop uint8

// The reasons.
const (
	NoKey      Drop = iota + 1 // no epoch yet, or stopped
	BadWhat                    // no such codec, source, or both together; or chat and media mixed up
	ShortFrame                 // shorter than its clear prefix
	Spent                      // the stream's counters are used up: take another stream
	BadClock                   // the time does not fit
	drops
)

var dropWords = [drops]string{
	NoKey:      "there is no key to seal it with",
	BadWhat:    "codec and source do not go together on this stream",
	ShortFrame: "it is shorter than its clear prefix",
	Spent:      "the stream's counters are used up",
	BadClock:   "the clock is out of range",
}

// Error says why the frame was not sent, in words.
func (d Drop) Error() string {
	if d == 0 || d >= drops {
		return "sframe: not dropped"
	}
	return "sframe: frame not sent: " + dropWords[d]
}

// Drops is how many frames a Sender did not send, by Drop.
type Drops [drops]uint64

package franking

import "crypto/sha256"

// MaxRun is how many commitments a run may have (PROTOCOL.md section 15).
const MaxRun = 256

// Run is what a sender tells the notary of one stream: the commitments of frames whose counters follow each other.
//
//	run = [ stream: uint, sequence: uint, first: uint, commitments: bstr ]
type Run struct {
	_           struct{} `cbor:",toarray"`
	Stream      uint16
	Sequence    uint64 // from 0 for each stream, rising by one
	First       uint64 // the counter of the first frame
	Commitments []byte // 32 bytes for each frame
}

// Count is how many frames the run is about.
func (r *Run) Count() int { return len(r.Commitments) / sha256.Size }

// Valid tells whether the run is within the limits of PROTOCOL.md section 15.
func (r *Run) Valid() bool {
	n := len(r.Commitments)
	return n > 0 && n%sha256.Size == 0 && n/sha256.Size <= MaxRun && r.First < 1<<48 && r.First+uint64(r.Count()) <= 1<<48 && r.Sequence < 1<<53
}

// Of gives the commitment of the frame with a counter, if the run has it.
func (r *Run) Of(counter uint64) (c [32]byte, ok bool) {
	if counter < r.First || counter-r.First >= uint64(r.Count()) {
		return c, false
	}
	at := (counter - r.First) * sha256.Size
	return [32]byte(r.Commitments[at:]), true
}

// Root is hash("proffer run v1", commitments).
func (r *Run) Root() [32]byte { return named(contextRun, r.Commitments) }

package sframe

import "errors"

// KID is how a meeting fills SFrame's key identifier (PROTOCOL.md section 5):
//
//	term (12 bits) || epoch (24) || index (12) || stream (16)
type KID struct {
	Term   uint16 // below MaxTerm; 0 in a standard meeting only
	Epoch  uint32 // below MaxEpoch
	Index  uint16 // of the sender in the participant list, below MaxIndex
	Stream uint16 // 0 for the chat
}

// What does not fit into a key identifier any more. A meeting that comes so far ends.
const (
	MaxTerm  = 1 << 12
	MaxEpoch = 1 << 24
	MaxIndex = 1 << 12
)

var errKIDRange = errors.New("sframe: term, epoch or index does not fit into a key identifier")

// Pack gives the 64 bits that stand in the header.
func (k KID) Pack() (uint64, error) {
	if k.Term >= MaxTerm || k.Epoch >= MaxEpoch || k.Index >= MaxIndex {
		return 0, errKIDRange
	}
	return uint64(k.Term)<<52 | uint64(k.Epoch)<<28 | uint64(k.Index)<<16 | uint64(k.Stream), nil
}

// UnpackKID is the inverse of Pack. Every 64 bits are some KID.
func UnpackKID(v uint64) KID {
	return KID{Term: uint16(v >> 52), Epoch: uint32(v>>28) & (MaxEpoch - 1), Index: uint16(v>>16) & (MaxIndex - 1), Stream: uint16(v)}
}

// Standard tells whether the key is the server's, that is, of a standard meeting.
func (k KID) Standard() bool { return k.Term == 0 }

// before tells whether k's epoch was left behind when other's began.
func (k KID) before(other KID) bool {
	return k.Term < other.Term || k.Term == other.Term && k.Epoch < other.Epoch
}

package phone

// events reads the digits that a caller presses (RFC 4733, section 2.3):
//
//	event (8) || end (1) || reserved (1) || volume (6) || duration (16)
//
// A digit comes in many packets of one timestamp, and counts once, at the first.
type events struct {
	any  bool
	last uint32 // timestamp of the newest event
}

const keys = "0123456789*#ABCD"

// press gives the digit that a packet begins.
func (e *events) press(timestamp uint32, payload []byte) (digit byte, ok bool) {
	if len(payload) != 4 || int(payload[0]) >= len(keys) {
		return 0, false
	}
	if e.any && int32(timestamp-e.last) <= 0 {
		return 0, false
	}
	e.any, e.last = true, timestamp
	return keys[payload[0]], true
}

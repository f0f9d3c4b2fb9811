package meeting

import (
	"crypto/sha256"
	"errors"
	"time"
)

// Testimony proves that a report in words is by the guest who joined with a device (§19).
//
//	testimony = [ "testimony", meeting, report: bstr .size 32, time ]
type Testimony struct {
	_       struct{} `cbor:",toarray"`
	Kind    string
	Meeting string
	Report  Hash // SHA-256 of the report's bytes
	Time    uint64
}

func (t *Testimony) meta() (*string, string) { return &t.Kind, "testimony" }
func (t *Testimony) check() error            { return firstError(number(t.Meeting), whole(t.Time)) }

// TestimonyTime is for how long a testimony holds: a report waits on its device for a day at most.
const TestimonyTime = 25 * time.Hour

// OpenTestimony checks that a testimony is about a report in a meeting, and says which device gave it. It knows nothing of whether the device was
// ever there.
func OpenTestimony(data []byte, meeting string, report []byte, now time.Time) (device Key, err error) {
	t := new(Testimony)
	s, err := open(data, t)
	switch at := millis(now); {
	case err != nil:
		return device, err
	case t.Meeting != meeting || t.Report != sha256.Sum256(report):
		return device, errors.New("meeting: the testimony is about something else")
	case t.Time > at+early || at-min(at, t.Time) > uint64(TestimonyTime.Milliseconds()):
		return device, errors.New("meeting: the testimony is too old, or of a time to come")
	}
	return s.Signer, nil
}

package e2ee

import "crypto/sha256"

// Testimony proves to the server that a report in words is by the guest who joined with a device (§19).
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
func (t *Testimony) check() error            { return firstError(meetingNumber(t.Meeting), whole(t.Time)) }

// Testify proves that a report in words, as it is sent, is this device's.
func (d *Device) Testify(meeting string, report []byte, now uint64) []byte {
	signed, _ := d.sign(&Testimony{Meeting: meeting, Report: sha256.Sum256(report), Time: now})
	return signed
}

package meeting

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/proffer/proffer/triage/account"
)

// What a standard meeting can have beside its people: a recording, and a number to dial in.

// orderRecord begins or ends a recording. Everyone sees the recorder before it has a key.
func (r *room) orderRecord(ctx context.Context, s *Session, _ J, on bool) string {
	is := r.recorder()
	switch {
	case !on && is == nil:
		return "The meeting is not being recorded."
	case !on:
		is.by = s.orderer()
		r.dismiss(ctx, is.j, "The host stopped the recording.")
		return ""
	case is != nil || r.recording:
		return "The meeting is being recorded already."
	case r.h.Record == nil:
		return "This server records no meetings."
	}
	r.recording = true
	by := s.orderer()
	r.h.calls.Go(func() { r.record(s, by) })
	return ""
}

// record begins a recording, which takes its chair by itself.
func (r *room) record(s *Session, by Orderer) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*storeTime)
	defer cancel()
	err := r.h.Record(ctx, r.id, by)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.recording = false
	var why *Refusal
	switch {
	case errors.As(err, &why):
		s.refuse(OrderRecord, why.Why)
	case err != nil:
		r.h.Log.Error("a recording could not begin", "meeting", r.id, "err", err)
		s.refuse(OrderRecord, "The recording could not begin. Try again in a minute.")
	}
}

// Orderer is a host who gave an order.
type Orderer struct {
	Account account.ID // "" of a co-host without one
	J       J          // their appearance in the meeting; zeros where nobody gave the order
}

// orderer is who speaks in a session.
func (s *Session) orderer() Orderer { return Orderer{s.account, s.join.J} }

func (r *room) recorder() *Chair {
	for _, c := range r.chairs {
		if c.kind == Recorder {
			return c
		}
	}
	return nil
}

// ByPIN gives the meeting of this process that is dialled into with a PIN, and has people in it or had. One that is end-to-end encrypted by
// now is given too: Sit says then why nobody can dial in.
func (h *Hub) ByPIN(pin string) (id string, ok bool) {
	for _, open := range h.numbers() {
		if hmac.Equal([]byte(pin), []byte(h.Master.pin(open))) {
			return open, true
		}
	}
	return "", false
}

// pinDigits is how many digits a PIN has.
const pinDigits = 10

// pin is the PIN of a meeting, the same as long as the master key is:
//
//	HMAC-SHA256(HKDF(master key), meeting), its first eight bytes, modulo 10^10
func (m *Master) pin(meeting string) string {
	mac := hmac.New(sha256.New, m.pins)
	mac.Write([]byte(meeting))
	return fmt.Sprintf("%0*d", pinDigits, binary.BigEndian.Uint64(mac.Sum(nil))%10_000_000_000)
}

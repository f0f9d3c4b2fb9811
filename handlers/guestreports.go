package handlers

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage"
)

// guestReport is what a guest's page sends. The proof is over the bytes of the report, which is why that is a text.
type guestReport struct {
	Report string `json:"report"` // an apiReport, without clips
	Proof  string `json:"proof"`  // testimony (PROTOCOL.md section 19), in base64url
}

// guestFiled is all that a guest is told of a report that was filed.
type guestFiled struct {
	Report  triage.ReportID `json:"report"`
	Filed   time.Time       `json:"filed"`
	Receipt string          `json:"receipt"` // signed note; there is nothing else to keep
}

// fileAsGuest files a report in words by a guest of a meeting, who has no account: the device that they joined with proves who they are. The same
// report sent twice is one, and gets the same answer.
func (s *server) fileAsGuest(w http.ResponseWriter, r *http.Request, _ triage.Actor) error {
	id, err := meetingID(r)
	if err != nil {
		return err
	}
	var in guestReport
	if err := readJSON(r, &in); err != nil {
		return err
	}
	proof, err := base64.RawURLEncoding.Strict().DecodeString(in.Proof)
	if err != nil {
		return fieldError("proof", "The proof is not in base64url.")
	}
	device, err := meeting.OpenTestimony(proof, id, []byte(in.Report), s.desk.Clock())
	if err != nil {
		return triage.Errorf(triage.Forbidden, "The server does not take this device’s word for this report. Reload the meeting’s page and report again, or sign in to report.")
	}
	var about apiReport
	d := json.NewDecoder(strings.NewReader(in.Report))
	d.DisallowUnknownFields()
	if err := d.Decode(&about); err != nil || d.More() {
		return fieldError("report", "The report could not be read. Reload the page and report again.")
	}
	a, err := s.desk.GuestActor(r.Context(), triage.MeetingID(id), device)
	if err != nil {
		return err // and counts for nobody: else a stranger could use up what the meeting's guests have
	}
	if err := s.guests.check(w, r, hex.EncodeToString(device[:])); err != nil {
		return err
	}
	if err := s.guestsOf.check(w, r, id); err != nil {
		return err
	}
	filed, err := s.desk.FileGuestReport(r.Context(), a, about.form())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, guestFiled{filed.ID, filed.Filed, string(filed.Receipt)})
}

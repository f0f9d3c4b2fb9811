package triage

import (
	"time"

	"github.com/proffer/proffer/triage/account"
)

// Job is work that is done after a transaction commits, at least once, by a worker on any node. Every job is
// idempotent: doing it twice changes nothing. It is enqueued with Tx.Enqueue, so that a job exists exactly when the
// act that wants it does.
type Job interface{ Kind() string }

// PrepareExhibit probes one exhibit and makes its derivatives, all but the preview.
type PrepareExhibit struct {
	Exhibit ExhibitID `json:"exhibit"`
}

// PreparePreview makes the preview of an exhibit that browsers would not play: it takes longer than all the rest, so nobody
// waits for it.
type PreparePreview struct {
	Exhibit ExhibitID `json:"exhibit"`
}

// VerifyExhibit holds an exhibit against its proof again.
type VerifyExhibit struct {
	Exhibit      ExhibitID `json:"exhibit"`
	Verification string    `json:"verification"`
}

// MatchExhibit compares an exhibit with what is known, when it was prepared.
type MatchExhibit struct {
	Exhibit ExhibitID `json:"exhibit"`
}

// MatchList compares the exhibits that are there with a new list of hashes.
type MatchList struct {
	List HashListID `json:"list"`
}

// RateCases rates the cases of a lane that wait anew.
type RateCases struct {
	By   account.ID `json:"by"` // who asked for it
	Lane Lane       `json:"lane"`
}

// BuildPackage builds an approved package.
type BuildPackage struct {
	Package PackageID `json:"package"`
}

// DeliverMessage hands one message of the outbox to the mail server.
type DeliverMessage struct {
	Message   string    `json:"message"`
	NotBefore time.Time `json:"not_before,omitzero"` // zero: at once
}

// SendLink sends a sign-in link to an address, if somebody has an account under it. Known and unknown addresses alike get
// the job, so that nobody learns from the request which it was. The address stays with the job for as long as the queue
// keeps what is done, a day.
type SendLink struct {
	Email   string `json:"email"`
	Message string `json:"message"` // the number that the message gets: the job may be done twice, and sends one
}

// Sweep collects what time has overtaken: leases that ran out, uploads that stand still, decided cases whose effects
// are all delivered, recordings whose time has come. It runs every minute, and when somebody deleted a recording.
type Sweep struct{}

// Kind names the job in the jobs table.
func (PrepareExhibit) Kind() string { return "prepare_exhibit" }

// Kind names the job in the jobs table.
func (PreparePreview) Kind() string { return "prepare_preview" }

// Kind names the job in the jobs table.
func (VerifyExhibit) Kind() string { return "verify_exhibit" }

// Kind names the job in the jobs table.
func (MatchExhibit) Kind() string { return "match_exhibit" }

// Kind names the job in the jobs table.
func (MatchList) Kind() string { return "match_list" }

// Kind names the job in the jobs table.
func (RateCases) Kind() string { return "rate_cases" }

// Kind names the job in the jobs table.
func (BuildPackage) Kind() string { return "build_package" }

// Kind names the job in the jobs table.
func (DeliverMessage) Kind() string { return "deliver_message" }

// Kind names the job in the jobs table.
func (SendLink) Kind() string { return "send_link" }

// Kind names the job in the jobs table.
func (Sweep) Kind() string { return "sweep" }

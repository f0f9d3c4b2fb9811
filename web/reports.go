package web

import (
	"time"

	"github.com/proffer/proffer/triage"
)

// Names of repeated form fields, for the forms and for whoever reads them.
const (
	FieldPersonName       = "person_name[]"
	FieldPersonIdentifier = "person_identifier[]"
	FieldPersonAccount    = "person_account[]"
	FieldUpload           = "upload[]"
	FieldExhibit          = "exhibit[]"
)

// HostState is how far a report has come, as its host sees it. What happens inside the team (escalation, a second
// person) shows as review.
type HostState struct {
	Step  int    // index in HostSteps
	Title string // "Under review"
	Words string // one sentence
	Tone  string // of the chip: "quiet", "active", "done" or "off"
}

const stepPreparing = "Being prepared"

// HostSteps are the steps of a report's timeline.
var HostSteps = []string{"Received", stepPreparing, "Waiting for review", "Under review", "Decided"}

// HostStateOf translates a case's state for the host.
func HostStateOf(s triage.State, withdrawn bool) HostState {
	if withdrawn {
		return HostState{0, "Withdrawn", "You withdrew this report. The team can see that; the sealed clips stay until their retention ends.", "off"}
	}
	switch s {
	case triage.StateProcessing:
		return HostState{1, HostSteps[1], "The clips are being made ready for review.", "quiet"}
	case triage.StateQueued:
		return HostState{2, HostSteps[2], "A reviewer will take it up by urgency and age.", "quiet"}
	case triage.StateClaimed, triage.StateEscalated, triage.StateAwaiting:
		return HostState{3, HostSteps[3], "A person is looking at it.", "active"}
	case triage.StateDecided, triage.StateClosed:
		return HostState{4, HostSteps[4], "A decision was made.", "done"}
	}
	return HostState{0, HostSteps[0], "The report is in and cannot be lost.", "quiet"}
}

// ReportsView lists the host's own reports, newest first.
type ReportsView struct {
	Page
	Reports    []ReportItem
	More       string // address of the next page, or ""
	First      string // address of the first page when this is a later one, or ""
	Unfinished int    // uploads that no report has taken
}

// ReportItem is one row of that list.
type ReportItem struct {
	Report triage.Report
	State  HostState
}

// ReportFormView is the form for a new report.
type ReportFormView struct {
	Page
	Form     ReportForm
	Messages Messages
	Meetings []MeetingChoice // own recent ones, newest first
	Policies []triage.Policy
	Uploads  []triage.Upload // of this account that no report has taken: open, sealed and refused ones
}

// ReportForm is the form's content as text, so that a refused form comes back as it was typed.
type ReportForm struct {
	Key         string
	Meeting     triage.MeetingID
	MeetingName string
	Occurred    string // as datetime-local writes it: 2006-01-02T15:04
	Policy      triage.PolicyID
	Words       string
	People      []triage.Person   // at least one; empty ones are fine
	Uploads     []triage.UploadID // which of Uploads were attached
	Declared    bool
}

// MeetingChoice is one of the host's meetings with who was in it.
type MeetingChoice struct {
	triage.Meeting
	Roster []triage.Attendee
}

// ReportView is the page of one report, for its host.
type ReportView struct {
	Page
	Report    triage.Report
	State     HostState
	Reached   []ReachedStep // when steps of the timeline were reached, as far as the host may know
	Clips     []ClipView
	Outcome   string // what came of it, in words, or ""
	CanChange bool   // add and withdraw
	Addition  string // words of a refused addition, to come back as typed
	Messages  Messages
	Uploads   []triage.Upload
	PublicKey string // the platform's public key, to check the receipt with
}

// ReachedStep is when a report came to a step.
type ReachedStep struct {
	Step int
	At   time.Time
}

// ClipView is one clip as its host sees it: the host's own words for it, and what was sealed.
type ClipView struct {
	Name     string
	SHA256   triage.SHA256
	Size     int64
	Received time.Time
	State    string // "Sealed", "Sealed, being prepared", …
	Tone     string // of the chip
	Why      string // when preparing failed, in words
}

// timelineStep is one step of a report's timeline as the page draws it.
type timelineStep struct {
	Title   string
	Class   string // step passed, current, ahead or off
	At      time.Time
	Current bool
}

// timeline is the steps of the report. A withdrawn one ends where it was withdrawn.
func (v ReportView) timeline() (steps []timelineStep) {
	gone := v.Report.Withdrawn
	for i, title := range HostSteps {
		at := v.reached(i)
		if title == stepPreparing && len(v.Report.Exhibits) == 0 {
			continue // words need no preparation
		}
		if !gone.IsZero() && (at.IsZero() || at.After(gone)) {
			continue
		}
		steps = append(steps, timelineStep{title, timelineClass(i, v.State), at, gone.IsZero() && i == v.State.Step})
	}
	if !gone.IsZero() {
		steps = append(steps, timelineStep{"Withdrawn", "step current", gone, true})
	}
	return steps
}

// reached is when a step was reached; the zero time if that is not known.
func (v ReportView) reached(step int) time.Time {
	for _, r := range v.Reached {
		if r.Step == step {
			return r.At
		}
	}
	return time.Time{}
}

// preparing reports whether what the page shows is about to change by itself.
func (v ReportView) preparing() bool { return v.State.Tone != "off" && v.State.Step < 2 }

// refreshes names the parts of the page that come anew together with the timeline.
func (v ReportView) refreshes() string {
	parts := "#report-chip,#report-clips"
	if len(v.Report.Receipt) == 0 {
		parts += ",#report-receipt"
	}
	return parts
}

// trigger is when the timeline comes anew: on an event, and while clips are prepared also without one.
func (v ReportView) trigger() string {
	if v.preparing() || len(v.Report.Receipt) == 0 {
		return "proffer:refresh, every 5s"
	}
	return "proffer:refresh"
}

func (f ReportForm) attached(id triage.UploadID) bool {
	for _, u := range f.Uploads {
		if u == id {
			return true
		}
	}
	return false
}

func meetingName(r triage.Report) string {
	if r.MeetingName != "" {
		return r.MeetingName
	}
	return string(r.Meeting)
}

// timelineClass marks a step as passed, current or ahead.
func timelineClass(step int, s HostState) string {
	switch {
	case s.Tone == "off":
		return "step passed"
	case step < s.Step || s.Tone == "done" && step == s.Step:
		return "step passed"
	case step == s.Step:
		return "step current"
	}
	return "step ahead"
}

func isAttached(attached []triage.UploadID, u triage.Upload) bool {
	return ReportForm{Uploads: attached}.attached(u.ID)
}

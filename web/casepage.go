package web

import (
	"encoding/json"
	"time"

	"github.com/proffer/proffer/triage"
)

// CaseView is the page of one case.
type CaseView struct {
	Page
	Case         triage.Case
	ClaimantName string // who holds it, or ""
	Mine         bool   // the actor holds it and the lease has not run out
	Watch        string // session of this opening of the page, for the watched intervals

	CanClaim   bool // free, and the actor may
	CanRelease bool
	CanSkip    bool
	CanEscal   bool // escalate
	CanNote    bool
	CanReopen  bool
	CanDecide  bool
	CanVisit   bool // ask to enter the meeting
	CanPackage bool // request a law-enforcement package

	Reports       []CaseReport
	Exhibits      []ExhibitView
	Preferences   triage.Preferences   // of the actor
	Shift         triage.ShiftExposure // likewise
	People        []CasePerson
	Policies      []triage.Policy // to decide with: of the lanes the actor may see
	Notes         []NoteView
	Decisions     []DecisionView // oldest first
	Packages      []PackageItem
	Events        []EventView
	EarlierEvents int // that there are besides, before those
	Decision      DecisionForm
	Messages      Messages           // what was wrong with the decision, note or approval
	Draft         string             // words of a refused note
	Visits        []VisitView        // newest first
	VisitDraft    string             // the reason of a refused one
	Follows       triage.CaseID      // the settled case about the same person and meeting before this one, if the actor may open it
	Queues        []triage.WorkQueue // of the actor's lanes
	Moves         []MoveView         // merges and splits, oldest first
	MergedInto    triage.CaseID      // where a merged case ended
	CanMerge      bool               // merge cases into it, or split it
	Mergeable     []triage.Mergeable
	MoveForm      MoveForm // a refused one
	Position      string   // where the case came from in the queue, in words, or ""
}

// CaseReport is one report of the case.
type CaseReport struct {
	triage.Report
	ReporterName string
	OrgName      string
	Plan         string // in words: "Business (comped)"
}

// CasePerson is one reported person with what is known of them and what is being decided.
type CasePerson struct {
	triage.Person
	ReportedIn triage.ReportID
	Standing   []string // effects in force, in words: "Suspended until 2026-12-01"
	Earlier    []EarlierItem
	Suggested  triage.ActionKind // what the ladder suggests, or ""
	ForDays    int               // for how long it suggests that; 0 where that has no end
	Why        string            // why it suggests that, one sentence
	Ladder     []triage.Rung     // rungs that can be chosen for this person
	Finding    FindingForm
}

// EarlierItem is an earlier report on the same person.
type EarlierItem struct {
	triage.EarlierReport
	ReporterName string
	CanOpen      bool // the actor may open that case
}

// DecisionForm is what the decision panel holds beside the findings.
type DecisionForm struct {
	NeedsSecond bool // some finding of a refused form was severe
}

// FindingForm is one finding as typed.
type FindingForm struct {
	Policy   triage.PolicyID
	Severity triage.Severity
	Action   triage.ActionKind
	Days     string
	Reasons  string
	Evidence string
}

// ExhibitView is one clip on the case page.
type ExhibitView struct {
	triage.Exhibit
	Contact  *ContactSheet // nil where there is none
	Poster   bool
	Waveform bool
	Play     string // "original", "preview", or "" where nothing can be played
	PlayType string // its content type
	Coming   bool   // something of it is still being made
	Watched  []WatchedSpan
	Others   []string // who else has watched it and how far, in words
	CanRetry bool
	Known    []triage.Known // earlier decisions about the same bytes, or nearly the same clip
	Listed   []triage.Listed
	Again    AgainView    // that it was held against its proof again
	Verdict  *VerdictView // nil where no proof came with the clip, or it was not looked at yet
	Lines    *LinesView   // of a file of lines of chat; nil where it is none, or was not looked at yet
}

// ContactSheet is the geometry of the picture at /exhibits/{id}/contact.
type ContactSheet struct {
	Columns int             // 1 to 8
	Rows    int             // so many rows of cells of equal size
	Width   int             // of the picture, pixels
	Height  int             // of the picture, pixels
	Times   []time.Duration // position of each still, row by row; at most Columns×Rows
}

// WatchedSpan is what the actor has watched before, in seconds.
type WatchedSpan struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Clear bool    `json:"clear"`
	Sound bool    `json:"sound"`
}

// NoteView is a note with its author's name.
type NoteView struct {
	triage.Note
	AuthorName string
}

// DecisionView is a decision with names.
type DecisionView struct {
	triage.Decision
	DeciderName  string
	ApproverName string
	Findings     []FindingView
	CanApprove   bool // the actor may be the second person
	Own          bool // the actor proposed it
	CanUndo      bool // the actor took it just now
	Opinion      *OpinionGiven
}

// FindingView is a finding with the person's name.
type FindingView struct {
	triage.Finding
	PersonName string
}

// EventView is one custody event in words.
type EventView struct {
	Index   int64 // -1 while it is not sequenced
	ID      string
	At      time.Time
	Act     string // a few words
	Words   string // what the act means, one sentence
	Actor   string // name
	Case    triage.CaseID
	Subject string // "exhibit/X-…"
	Detail  string // in words, or ""
	Erased  bool
}

// watchedJSON is the data attribute that the player reads.
func (x ExhibitView) watchedJSON() string {
	b, err := json.Marshal(x.Watched)
	if err != nil || x.Watched == nil {
		return "[]" // numbers and booleans always marshal; nil would be "null"
	}
	return string(b)
}

// frameRate is frames per second for the frame step; 30 where it is not known.
func (x ExhibitView) frameRate() float64 {
	if v, ok := x.Probe.Video(); ok && v.FrameRate > 0 {
		return v.FrameRate
	}
	return 30
}

// leaseSeconds is how long the claim still lasts.
func (v CaseView) leaseSeconds() int {
	return max(0, int(v.Case.Lease.Sub(v.Now)/time.Second))
}

// severeDays is the longest suspension that needs no second person.
func severeDays() int { return triage.SevereSuspend }

func trueFalse(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

func tabIndex(selected bool) string {
	if selected {
		return "0"
	}
	return "-1"
}

// columnsClass lays the buttons over the contact sheet; the style sheet knows one to eight columns.
func columnsClass(n int) string { return "columns-" + num(min(max(n, 1), 8)) }

// comingWords says what is still being made of a clip.
func comingWords(x triage.Exhibit) string {
	if x.Processing == triage.ProcessingDone {
		return "Browsers do not play this clip as it is. A preview is being made, which may take as long as the clip; it appears here by itself."
	}
	return processingWords(x.Processing) + ": stills and waveform appear here by themselves."
}

func troubleTitle(x triage.Exhibit) string {
	switch x.Processing {
	case triage.ProcessingFailed:
		return "This clip could not be prepared."
	case triage.ProcessingAltered:
		return "This clip cannot be relied on."
	}
	return "Something about this clip is odd."
}

// troubleTone is a problem where nothing could be prepared, and a warning where something is odd.
func troubleTone(x triage.Exhibit) string {
	if x.Processing == triage.ProcessingFailed {
		return "flash-problem"
	}
	return "flash-warn"
}

// earlierWords says what became of an earlier report.
func earlierWords(e EarlierItem) string {
	if e.Outcome == "" {
		return e.State.Title()
	}
	if r, ok := triage.RungOf(e.Outcome); ok {
		return r.Title
	}
	return string(e.Outcome)
}

// decisionWords says where a decision stands, with its chip's tone.
func decisionWords(d triage.Decision) (words, tone string) {
	switch d.State {
	case triage.DecisionProposed:
		return "Waits for a second person", "warn"
	case triage.DecisionInForce:
		return "In force", "done"
	case triage.DecisionRefused:
		return "Refused", "off"
	case triage.DecisionSuperseded:
		return "Replaced by a later one", "off"
	case triage.DecisionUndone:
		return "Undone, before anybody was told", "off"
	case triage.DecisionLapsed:
		return "Lapsed: the case came to this lane", "off"
	}
	return string(d.State), "quiet"
}

func secondWords(d triage.Decision) string {
	if d.State == triage.DecisionRefused {
		return "Refused by"
	}
	return "Approved by"
}

// findingFacts is a finding's policy and severity in one line.
func findingFacts(f triage.Finding) string {
	if f.Severity == "" {
		return f.Policy.Title()
	}
	return f.Policy.Title() + ", " + string(f.Severity) + " severity"
}

// forDays is the number of days that is suggested, or "".
func (p CasePerson) forDays() string {
	if p.ForDays == 0 {
		return ""
	}
	return num(p.ForDays)
}

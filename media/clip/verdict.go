package clip

import (
	"fmt"

	"github.com/proffer/proffer/media/franking"
)

// Grade says how far a clip can be trusted (DESIGN I9).
type Grade string

// The grades.
const (
	Verified     Grade = "verified"        // every frame, without a gap
	Partly       Grade = "partly verified" // Spans say which
	Unverified   Grade = "unverified"      // nothing speaks for it, and nothing against it
	Contradicted Grade = "contradicted"    // Findings say what does not hold
)

// Class is the grade in one word.
func (g Grade) Class() string {
	if g == Partly {
		return "partly"
	}
	return string(g)
}

// Verdict is what was found about a clip and its proof (PROTOCOL.md section 18). It is kept as JSON.
type Verdict struct {
	Grade    Grade          `json:"grade"`
	Meeting  string         `json:"meeting,omitempty"`
	Reporter Member         `json:"reporter,omitzero"`
	Sender   Member         `json:"sender,omitzero"`
	From     uint64         `json:"from,omitempty"` // the sender's time at the clip's beginning, in milliseconds
	Length   uint64         `json:"length,omitempty"`
	Tracks   []TrackVerdict `json:"tracks,omitempty"`
	Findings []Finding      `json:"findings,omitempty"` // what contradicts, and what is noted against the sender
}

// TrackVerdict is what was found about one track.
type TrackVerdict struct {
	Source   franking.Source `json:"source"`
	Codec    franking.Codec  `json:"codec"`
	Grade    Grade           `json:"grade"`
	Frames   int             `json:"frames"`
	Verified int             `json:"verified"` // of the frames
	Spans    []Span          `json:"spans"`    // in order, without overlap; they cover the track
}

// State is what a span of a clip is.
type State string

// The states.
const (
	StateVerified     State = "verified"
	StateUnstamped    State = "unstamped"    // no stamp names the frames
	StateLate         State = "late"         // the frames' own times are over 2 s from the stamps'
	StateGap          State = "gap"          // frames are missing
	StateContradicted State = "contradicted" // the frames are not what was committed to
)

// Span is a part of a track in one state. Times are milliseconds from the clip's beginning.
type Span struct {
	From   uint64 `json:"from"`
	To     uint64 `json:"to"`
	State  State  `json:"state"`
	Frames int    `json:"frames"` // that it has, or of a gap those that are missing
}

// Against says whom a finding speaks against.
type Against string

// Whom a finding speaks against.
const (
	AgainstClip   Against = "clip"     // clip and proof do not belong together: whoever made them is asked
	AgainstNobody Against = "platform" // the platform cannot say: the key that vouched is gone
	AgainstSender Against = "sender"   // the sender contradicts itself; it does not hurt the report
)

// Finding is something that does not hold, in words for a reviewer and a court.
type Finding struct {
	Against Against `json:"against"`
	Words   string  `json:"words"`
}

// Contradict adds a finding against the clip, which decides its grade.
func (v *Verdict) Contradict(format string, args ...any) {
	v.Findings = append(v.Findings, Finding{AgainstClip, fmt.Sprintf(format, args...)})
	v.Grade = Contradicted
}

// Title is what people call the member.
func (m Member) Title() string {
	if m.Connector {
		return "a caller by telephone"
	}
	return m.Name
}

// Contradict adds a finding against the file of lines, which decides its grade.
func (v *LinesVerdict) Contradict(format string, args ...any) {
	v.Findings = append(v.Findings, Finding{AgainstClip, fmt.Sprintf(format, args...)})
	v.Grade = Contradicted
}

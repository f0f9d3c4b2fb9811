package triage

import (
	"sync/atomic"
	"time"
)

// Lane separates cases that only some people may know of.
type Lane string

// The lanes.
const (
	LaneGeneral     Lane = "general"
	LaneChildSafety Lane = "child-safety" // closed to everyone without account.ChildSafety (DESIGN I10)
)

// AllLanes lists every lane.
var AllLanes = []Lane{LaneGeneral, LaneChildSafety}

// PolicyID names a policy in addresses, forms and records.
type PolicyID string

// Policy is one rule of the platform that a report can be about. An administrator changes it; the defaults follow TRIAGE.md, and their
// priorities map P0, P1 and P2 to base points of the queue.
type Policy struct {
	ID        PolicyID
	Title     string // in the words a host would use
	Help      string // one line that helps a host choose
	Lane      Lane   // of its cases; never changes
	Level     int    // 0 is the most urgent
	Priority  int    // 0-100, base points in the queue
	Weight    int    // strike weight of a violation
	DSA       string // category of the EU DSA transparency database
	Keyword   string // category specification there
	NCMECType string // CyberTipline incident type, or ""

	LookWithin   time.Duration // service level: how soon after its opening somebody should look at a case
	DecideWithin time.Duration // and how soon it is to be decided
	Retired      bool          // nothing new is reported under it; what was keeps its name
	Position     int           // among all, in the order in which pages show them
	Version      int
}

// DefaultPolicies is the taxonomy of a fresh installation, in the order in which pages show it. The migration that makes the table has the same.
var DefaultPolicies = defaults([]Policy{
	{ID: "disruption", Title: "Disruption of a meeting", Help: "Somebody made it impossible to go on: noise, screens, insults to all.",
		Lane: LaneGeneral, Level: 2, Priority: 40, Weight: 1, DSA: "OTHER_VIOLATION_TC", Keyword: "OTHER"},
	{ID: "nudity", Title: "Adult nudity", Help: "Nudity or sexual acts of adults shown in the meeting.",
		Lane: LaneGeneral, Level: 2, Priority: 45, Weight: 1, DSA: "OTHER_VIOLATION_TC", Keyword: "NUDITY"},
	{ID: "harassment", Title: "Harassment or doxxing", Help: "Somebody was targeted, followed or had private details exposed.",
		Lane: LaneGeneral, Level: 1, Priority: 65, Weight: 2, DSA: "CYBER_VIOLENCE", Keyword: "CYBER_HARASSMENT"},
	{ID: "hate", Title: "Hate", Help: "Attacks on people for what they are.",
		Lane: LaneGeneral, Level: 1, Priority: 70, Weight: 2, DSA: "ILLEGAL_OR_HARMFUL_SPEECH", Keyword: "HATE_SPEECH"},
	{ID: "intimate-imagery", Title: "Intimate imagery without consent", Help: "Real or made-up intimate pictures of somebody who did not agree.",
		Lane: LaneGeneral, Level: 1, Priority: 75, Weight: 3, DSA: "CYBER_VIOLENCE", Keyword: "NON_CONSENSUAL_IMAGE_SHARING"},
	{ID: "threat", Title: "Threat or live violence", Help: "A threat to somebody's life or body, or violence as it happened.",
		Lane: LaneGeneral, Level: 0, Priority: 90, Weight: 4, DSA: "VIOLENCE", Keyword: "INCITEMENT_VIOLENCE_HATRED"},
	{ID: "terrorism", Title: "Terrorism", Help: "Terrorist content or recruitment.",
		Lane: LaneGeneral, Level: 0, Priority: 90, Weight: 4, DSA: "RISK_FOR_PUBLIC_SECURITY", Keyword: "TERRORIST_CONTENT"},
	{ID: "self-harm", Title: "Suicide or self-harm", Help: "Somebody is in danger from themselves, or urged others to harm themselves.",
		Lane: LaneGeneral, Level: 0, Priority: 92, Weight: 0, DSA: "SELF_HARM", Keyword: "SUICIDE"},
	{ID: "fraud", Title: "Fraud or impersonation", Help: "Somebody pretended to be another or tried to get money or passwords.",
		Lane: LaneGeneral, Level: 2, Priority: 45, Weight: 2, DSA: "SCAMS_AND_FRAUD", Keyword: "PHISHING"},
	{ID: "ban-evasion", Title: "Ban evasion", Help: "Somebody who was removed or banned came back.",
		Lane: LaneGeneral, Level: 2, Priority: 50, Weight: 2, DSA: "OTHER_VIOLATION_TC", Keyword: "OTHER"},
	{ID: "csam", Title: "Sexual abuse of a child", Help: "Pictures, video or live abuse of a child. Only specialists see this report.",
		Lane: LaneChildSafety, Level: 0, Priority: 100, Weight: 10, DSA: "PROTECTION_OF_MINORS", Keyword: "CHILD_SEXUAL_ABUSE_MATERIAL",
		NCMECType: "Child Pornography (possession, manufacture, and distribution)"},
	{ID: "grooming", Title: "Grooming or sextortion of a minor", Help: "An adult tried to win over or blackmail a minor. Only specialists see this report.",
		Lane: LaneChildSafety, Level: 0, Priority: 98, Weight: 8, DSA: "PROTECTION_OF_MINORS", Keyword: "GROOMING_SEXUAL_ENTICEMENT_MINORS",
		NCMECType: "Online Enticement of Children for Sexual Acts"},
	{ID: "exposure-to-minors", Title: "Sexual exposure to minors", Help: "Sexual content shown to minors. Only specialists see this report.",
		Lane: LaneChildSafety, Level: 0, Priority: 96, Weight: 6, DSA: "PROTECTION_OF_MINORS", Keyword: "AGE_SPECIFIC_RESTRICTIONS_MINORS",
		NCMECType: "Unsolicited Obscene Material Sent to a Child"},
})

// defaults gives each policy its place, and the service levels of its urgency.
func defaults(ps []Policy) []Policy {
	look := []time.Duration{time.Hour, 4 * time.Hour, 24 * time.Hour}
	decide := []time.Duration{time.Hour, 24 * time.Hour, 72 * time.Hour}
	for i := range ps {
		ps[i].Position, ps[i].LookWithin, ps[i].DecideWithin = i, look[ps[i].Level], decide[ps[i].Level]
	}
	return ps
}

// inForce is the taxonomy as this process last read it. It is one for the process, as a process serves one platform; every act that depends
// on it can be off by a moment after an administrator changed something on another node (see Desk.LoadPolicies).
var inForce atomic.Pointer[[]Policy]

// Policies is the taxonomy in force, in the order in which pages show it. It is not to be changed.
func Policies() []Policy {
	if ps := inForce.Load(); ps != nil {
		return *ps
	}
	return DefaultPolicies
}

// Offered is what new reports can be about.
func Offered() (ps []Policy) {
	for _, p := range Policies() {
		if !p.Retired {
			ps = append(ps, p)
		}
	}
	return ps
}

// PolicyByID finds a policy, retired or not.
func PolicyByID(id PolicyID) (Policy, bool) {
	for _, p := range Policies() {
		if p.ID == id {
			return p, true
		}
	}
	return Policy{}, false
}

// Title is the policy's title, or its identifier where the taxonomy does not know it.
func (id PolicyID) Title() string {
	if p, ok := PolicyByID(id); ok {
		return p.Title
	}
	return string(id)
}

// Severity is how bad a violation was, in the decider's judgement.
type Severity string

// The severities, mildest first.
const (
	SeverityLow      Severity = "low"
	SeverityMedium   Severity = "medium"
	SeverityHigh     Severity = "high"
	SeverityCritical Severity = "critical"
)

// Severities lists them, mildest first.
var Severities = []Severity{SeverityLow, SeverityMedium, SeverityHigh, SeverityCritical}

// ActionKind is a rung of the enforcement ladder.
type ActionKind string

// The ladder, mildest first (TRIAGE.md).
const (
	ActNone      ActionKind = "none"       // no violation
	ActWarn      ActionKind = "warn"       // a warning that the person has to read
	ActRemove    ActionKind = "remove"     // may not enter this host's meetings
	ActNoHosting ActionKind = "no-hosting" // may not host for N days
	ActSuspend   ActionKind = "suspend"    // may not sign in for N days
	ActBan       ActionKind = "ban"        // may not sign in again
	ActRefer     ActionKind = "refer"      // refer to law enforcement: the liaison is told
)

// Periods of the ladder, in days.
const (
	MaxDays       = 3650
	SevereSuspend = 7 // a suspension of more days than this needs two people (DESIGN I7)
)

// Rung describes an action in words.
type Rung struct {
	Kind     ActionKind
	Title    string
	Help     string
	Timed    bool // takes a number of days
	ForKnown bool // needs an account to act on
}

// Ladder lists the rungs, mildest first.
var Ladder = []Rung{
	{ActNone, "No violation", "Nothing is done to the person; the host is told.", false, false},
	{ActWarn, "Warning", "The person is told what was wrong and what happens next time.", false, true},
	{ActRemove, "Keep out of this host's meetings", "The person can no longer enter meetings of this host.", false, true},
	{ActNoHosting, "May not host", "The person may attend, but not host, for a number of days.", true, true},
	{ActSuspend, "Suspend", "The person is signed out and cannot sign in for a number of days.", true, true},
	{ActBan, "Ban", "The person is signed out and cannot sign in again.", false, true},
	{ActRefer, "Refer to law enforcement", "The liaison is told that the case may be asked for.", false, false},
}

// RungOf finds the rung of an action.
func RungOf(k ActionKind) (Rung, bool) {
	for _, r := range Ladder {
		if r.Kind == k {
			return r, true
		}
	}
	return Rung{}, false
}

package triage

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

// Policy is one rule of the platform that a report can be about. The defaults follow TRIAGE.md; priorities map P0, P1
// and P2 to base points of the queue.
type Policy struct {
	ID        PolicyID
	Title     string // in the words a host would use
	Help      string // one line that helps a host choose
	Lane      Lane
	Level     int    // 0 is the most urgent
	Priority  int    // 0-100, base points in the queue
	Weight    int    // strike weight of a violation
	DSA       string // category of the EU DSA transparency database
	Keyword   string // category specification there
	NCMECType string // CyberTipline incident type, or ""
}

// Policies is the taxonomy, in the order in which pages show it.
var Policies = []Policy{
	{"disruption", "Disruption of a meeting", "Somebody made it impossible to go on: noise, screens, insults to all.",
		LaneGeneral, 2, 40, 1, "OTHER_VIOLATION_TC", "OTHER", ""},
	{"nudity", "Adult nudity", "Nudity or sexual acts of adults shown in the meeting.",
		LaneGeneral, 2, 45, 1, "OTHER_VIOLATION_TC", "NUDITY", ""},
	{"harassment", "Harassment or doxxing", "Somebody was targeted, followed or had private details exposed.",
		LaneGeneral, 1, 65, 2, "CYBER_VIOLENCE", "CYBER_HARASSMENT", ""},
	{"hate", "Hate", "Attacks on people for what they are.",
		LaneGeneral, 1, 70, 2, "ILLEGAL_OR_HARMFUL_SPEECH", "HATE_SPEECH", ""},
	{"intimate-imagery", "Intimate imagery without consent", "Real or made-up intimate pictures of somebody who did not agree.",
		LaneGeneral, 1, 75, 3, "CYBER_VIOLENCE", "NON_CONSENSUAL_IMAGE_SHARING", ""},
	{"threat", "Threat or live violence", "A threat to somebody's life or body, or violence as it happened.",
		LaneGeneral, 0, 90, 4, "VIOLENCE", "INCITEMENT_VIOLENCE_HATRED", ""},
	{"terrorism", "Terrorism", "Terrorist content or recruitment.",
		LaneGeneral, 0, 90, 4, "RISK_FOR_PUBLIC_SECURITY", "TERRORIST_CONTENT", ""},
	{"self-harm", "Suicide or self-harm", "Somebody is in danger from themselves, or urged others to harm themselves.",
		LaneGeneral, 0, 92, 0, "SELF_HARM", "SUICIDE", ""},
	{"fraud", "Fraud or impersonation", "Somebody pretended to be another or tried to get money or passwords.",
		LaneGeneral, 2, 45, 2, "SCAMS_AND_FRAUD", "PHISHING", ""},
	{"ban-evasion", "Ban evasion", "Somebody who was removed or banned came back.",
		LaneGeneral, 2, 50, 2, "OTHER_VIOLATION_TC", "OTHER", ""},
	{"csam", "Sexual abuse of a child", "Pictures, video or live abuse of a child. Only specialists see this report.",
		LaneChildSafety, 0, 100, 10, "PROTECTION_OF_MINORS", "CHILD_SEXUAL_ABUSE_MATERIAL",
		"Child Pornography (possession, manufacture, and distribution)"},
	{"grooming", "Grooming or sextortion of a minor", "An adult tried to win over or blackmail a minor. Only specialists see this report.",
		LaneChildSafety, 0, 98, 8, "PROTECTION_OF_MINORS", "GROOMING_SEXUAL_ENTICEMENT_MINORS",
		"Online Enticement of Children for Sexual Acts"},
	{"exposure-to-minors", "Sexual exposure to minors", "Sexual content shown to minors. Only specialists see this report.",
		LaneChildSafety, 0, 96, 6, "PROTECTION_OF_MINORS", "AGE_SPECIFIC_RESTRICTIONS_MINORS",
		"Unsolicited Obscene Material Sent to a Child"},
}

// PolicyByID finds a policy.
func PolicyByID(id PolicyID) (Policy, bool) {
	for _, p := range Policies {
		if p.ID == id {
			return p, true
		}
	}
	return Policy{}, false
}

// Title is the policy's title, or its identifier where the taxonomy no longer knows it.
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

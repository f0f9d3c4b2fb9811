package routing

import "github.com/google/cel-go/cel"

// Facts are what a rule may ask about a case. They are what people claimed and what the server knows; no fact is the content of a clip.
type Facts struct {
	Reports int    // that the case holds
	Clips   int    // of all of them
	Words   string // of all of them, in the order of their filing
	Guest   bool   // a guest without an account reported it
	Muted   bool   // everybody who reported it is muted

	Policy string // its number in the taxonomy, such as "harassment"
	Level  int    // of the policy; 0 is the most urgent
	Base   int    // points that the policy has by itself, 0 to 100
	Moved  bool   // staff moved it to a lane that its policy does not lead to

	MeetingKnown bool   // the meeting is one of this server's
	Mode         string // "standard", "e2ee", or "" where it is not known

	People  int    // that were reported
	Known   bool   // one of them has an account here
	Host    bool   // one of them is the meeting's host
	Earlier int    // other reports in this lane on their accounts, up to 5 of each
	Upheld  int    // of those, how many ended with a violation found
	AgeDays int    // of their youngest account; -1 where none has one
	Plan    string // of the organisation of the first of them with an account, or ""

	Verified     bool // of one clip at least, every frame is proven
	Contradicted bool // one clip says otherwise than its proof
}

// Field is one fact as a rule names it.
type Field struct {
	Name string
	Type string // "int", "bool" or "string"
	Help string
	of   func(Facts) any
}

// Fields lists every fact in the order in which the page explains them.
var Fields = []Field{
	{"report.count", "int", "reports that the case holds", func(f Facts) any { return f.Reports }},
	{"report.clips", "int", "clips of all of them", func(f Facts) any { return f.Clips }},
	{"report.words", "string", "what the reports say", func(f Facts) any { return f.Words }},
	{"report.guest", "bool", "a guest without an account reported it", func(f Facts) any { return f.Guest }},
	{"report.muted", "bool", "everybody who reported it is muted", func(f Facts) any { return f.Muted }},
	{"policy.id", "string", "the policy that it was reported under, such as \"harassment\"", func(f Facts) any { return f.Policy }},
	{"policy.level", "int", "0 for the most urgent policies, then 1 and 2", func(f Facts) any { return f.Level }},
	{"meeting.known", "bool", "the meeting was held on this server", func(f Facts) any { return f.MeetingKnown }},
	{"meeting.mode", "string", "\"standard\", \"e2ee\", or \"\" where it is not known", func(f Facts) any { return f.Mode }},
	{"account.people", "int", "people that were reported", func(f Facts) any { return f.People }},
	{"account.known", "bool", "one of them has an account here", func(f Facts) any { return f.Known }},
	{"account.host", "bool", "one of them is the meeting’s host", func(f Facts) any { return f.Host }},
	{"account.earlier", "int", "other reports on their accounts, up to 5 of each", func(f Facts) any { return f.Earlier }},
	{"account.upheld", "int", "of those, how many ended with a violation", func(f Facts) any { return f.Upheld }},
	{"account.age_days", "int", "age of their youngest account in days; -1 without one", func(f Facts) any { return f.AgeDays }},
	{"account.plan", "string", "\"free\", \"business\", \"enterprise\" or \"\"", func(f Facts) any { return f.Plan }},
	{"clip.verified", "bool", "of one clip at least, every frame is proven", func(f Facts) any { return f.Verified }},
	{"clip.contradicted", "bool", "one clip says otherwise than its proof", func(f Facts) any { return f.Contradicted }},
}

var celTypes = map[string]*cel.Type{"int": cel.IntType, "bool": cel.BoolType, "string": cel.StringType}

// activation is the facts under the names that rules use.
func (f Facts) activation() map[string]any {
	in := make(map[string]any, len(Fields))
	for _, x := range Fields {
		in[x.Name] = x.of(f)
	}
	return in
}

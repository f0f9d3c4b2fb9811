package triage

// ReasonTemplate is a sentence that often says why, to begin with. The person reads it, so it speaks to them.
type ReasonTemplate struct {
	ID     string
	Policy PolicyID // "" for every policy
	Text   string
}

// ReasonTemplates are all of them, in the order in which pages show them.
var ReasonTemplates = []ReasonTemplate{
	{"disrupt", "disruption", "In this meeting you made it impossible for others to go on, after you had been asked to stop."},
	{"nude", "nudity", "In this meeting you showed nudity or sexual acts, which our rules do not allow in meetings."},
	{"harass", "harassment", "In this meeting you targeted another person with insults or with details of their private life."},
	{"hate", "hate", "In this meeting you attacked people for what they are."},
	{"imagery", "intimate-imagery", "You showed intimate pictures of somebody who had not agreed to it."},
	{"threat", "threat", "You threatened another person's life or body."},
	{"terror", "terrorism", "You showed terrorist content or asked others to support a terrorist organisation."},
	{"fraud", "fraud", "You pretended to be somebody else, or tried to get money or passwords from others."},
	{"evasion", "ban-evasion", "You came back under another account after you had been removed or banned."},
	{"csam", "csam", "You showed or shared pictures of the sexual abuse of a child."},
	{"groom", "grooming", "You tried to win over or to blackmail a minor."},
	{"expose", "exposure-to-minors", "You showed sexual content to minors."},
	{"unclear", "", "What the clip shows is not enough to say that a rule was broken."},
	{"within", "", "What the clip shows is within our rules, even where it was unpleasant."},
	{"other", "", "The clip shows that somebody else did what was reported."},
}

// TemplatesFor are the templates that fit a policy; none is of a lane that the policies do not open.
func TemplatesFor(ps []Policy) (out []ReasonTemplate) {
	for _, t := range ReasonTemplates {
		fits := t.Policy == ""
		for _, p := range ps {
			fits = fits || p.ID == t.Policy
		}
		if fits {
			out = append(out, t)
		}
	}
	return out
}

// TemplateText is the text of a template, or "".
func TemplateText(id string) string {
	for _, t := range ReasonTemplates {
		if t.ID == id {
			return t.Text
		}
	}
	return ""
}

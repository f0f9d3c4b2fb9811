package web

import (
	"slices"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// AssetPaths turns the name of a bundled file ("app.css", "report.js") into its address. *Bundle is one.
type AssetPaths interface{ Path(name string) string }

// Page is what every page shows besides its own content.
type Page struct {
	Title     string       // of the document, without the product's name
	Path      string       // of the request, such as "/queue"; marks the menu entry
	Now       time.Time    // when the page was made; ages are counted from it
	Actor     triage.Actor // zero for strangers
	Nav       []NavItem    // see Menu
	Flash     []Flash
	Demo      *Demo // nil outside demonstration mode
	Assets    AssetPaths
	RequestID string
}

// SignedIn reports whether somebody is signed in.
func (p Page) SignedIn() bool { return p.Actor.Account != "" }

// Staff reports whether the page is for somebody who has a role: then it has the desk's keys and commands.
func (p Page) Staff() bool { return len(p.Actor.Roles) > 0 }

// searches reports whether the actor may search cases.
func (p Page) searches() bool { return len(triage.Lanes(p.Actor, triage.QueueRead)) > 0 }

// scripts are a page's own and, for staff, the desk's.
func (p Page) scripts(own []string) []string {
	if p.Staff() && !slices.Contains(own, deskScript) {
		return append(slices.Clone(own), deskScript)
	}
	return own
}

// deskScript is the script of the desk: keys, commands, queue and case page.
const deskScript = "triage.js"

// RoleWords names the actor's roles in one line; "Host" for people who are not staff.
func (p Page) RoleWords() string { return rolesWords(p.Actor.Roles) }

// Flash is a short message about what was just done.
type Flash struct {
	Kind FlashKind
	Text string
	Href string // where to go next, or ""
	Undo string // address to post to, to undo what was done, or ""
	Link string // words of the link or of the button that undoes

	UndoWords string // of that button, where Link is the link's; or ""
}

// FlashKind is the tone of a flash.
type FlashKind string

// The tones.
const (
	FlashDone    FlashKind = "done"
	FlashNote    FlashKind = "note"
	FlashProblem FlashKind = "problem"
)

// Demo is the banner of demonstration mode.
type Demo struct {
	People []DemoPerson // whom one can become
}

// DemoPerson is one entry of the person switcher.
type DemoPerson struct {
	Account account.ID
	Name    string
	Role    string // in words
	Current bool
}

// NavItem is one entry of the top menu.
type NavItem struct {
	Label string
	Href  string
	Match string // path prefix under which the entry is the current one
	Count int    // shown when it is not 0; counts over 99 show as "99+"
	What  string // what is counted, for screen readers: "waiting"
}

// Counts are the numbers in the menu. Handlers count within the lanes that the actor may see.
type Counts struct {
	Open      int // cases that wait
	Approvals int // decisions, packages and visits that wait for this actor as second person
	Packages  int // packages that wait for this actor's approval
	Opinions  int // second opinions to give or, for leads, to settle
}

// Menu is the actor's menu: what triage.Can allows in general.
func Menu(a triage.Actor, n Counts) []NavItem {
	var items []NavItem
	may := func(do triage.Action) bool {
		return triage.Can(a, do, triage.Target{}) || triage.Can(a, do, triage.Target{Lane: triage.LaneGeneral}) ||
			triage.Can(a, do, triage.Target{Lane: triage.LaneChildSafety})
	}
	if may(triage.QueueRead) {
		items = append(items, NavItem{"Queue", "/queue", "/queue", n.Open, "waiting"})
	}
	if may(triage.DecisionApprove) {
		items = append(items, NavItem{"Approvals", "/queue?tab=approval", "/queue?tab=approval", n.Approvals, "waiting for a second person"})
	}
	if may(triage.OpinionGive) {
		items = append(items, NavItem{"Second opinions", "/opinions", "/opinions", n.Opinions, "waiting"})
	}
	if may(triage.PackageRead) {
		items = append(items, NavItem{"Packages", "/packages", "/packages", n.Packages, "waiting for approval"})
	}
	if may(triage.TeamLead) {
		items = append(items, NavItem{"Figures", "/team/figures", "/team/figures", 0, ""})
	}
	if may(triage.LogRead) {
		items = append(items, NavItem{"Custody log", "/log", "/log", 0, ""})
	}
	if may(triage.PeopleRead) {
		items = append(items, NavItem{"People", "/people", "/people", 0, ""})
	}
	if may(triage.MeetingCreate) {
		items = append(items, NavItem{"My meetings", "/meetings", "/meetings", 0, ""})
	}
	if may(triage.ReportCreate) {
		items = append(items, NavItem{"My reports", "/reports", "/reports", 0, ""})
	}
	return items
}

// current reports whether the entry stands for the page: the longest Match wins, so that the approvals tab is not also
// the queue.
func (p Page) current(it NavItem) bool {
	best := NavItem{}
	for _, n := range p.Nav {
		if matches(p.Path, n.Match) && len(n.Match) > len(best.Match) {
			best = n
		}
	}
	return best.Href != "" && best == it
}

package web

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/a-h/templ"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// world makes every page with texts from outside of the test's choice.
type world struct {
	name  string // every name, title and identifier
	words string // every free text
	now   time.Time
	roles account.Roles
}

func newWorld(name, words string) world {
	return world{name, words, time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC), account.AllRoles}
}

// flatPaths are asset addresses without a bundle.
type flatPaths struct{}

func (flatPaths) Path(name string) string { return StaticPrefix + name }

func (w world) page(title, path string) Page {
	actor := triage.Actor{Account: "A-11111-11111", Name: w.name, Roles: w.roles}
	return Page{
		Title: title, Path: path, Now: w.now, Actor: actor, Assets: flatPaths{}, RequestID: "R7K2",
		Nav:   Menu(actor, Counts{Open: 128, Approvals: 2, Packages: 1}),
		Flash: []Flash{{FlashDone, "Done: " + w.words, "/queue", "", w.name, ""}, {FlashDone, w.words, "/cases/C-1", "/cases/C-1/claim", w.name, "Undo"}},
		Demo: &Demo{[]DemoPerson{
			{"A-22222-22222", w.name, "Host", false}, {"A-11111-11111", w.name, "Reviewer", true}, {"A-33333-33333", w.name, "Lead", false}}},
	}
}

func (w world) ago(d time.Duration) time.Time { return w.now.Add(-d) }

func (w world) sum(s string) triage.SHA256 { return sha256.Sum256([]byte(s)) }

func (w world) person(n string) triage.Person {
	return triage.Person{ID: triage.PersonID("W-" + n + "-00000"), Name: w.name, Identifier: w.name, Account: account.ID("A-" + n + "-44444")}
}

func (w world) report() triage.Report {
	return triage.Report{
		ID: "R-7Q2MB-X4KTE", Case: "C-2M7QK-9WD4A", MeetingName: w.name, MeetingMode: triage.ModeE2EE, Occurred: w.ago(26 * time.Hour),
		Policy: "harassment", Words: w.words, People: []triage.Person{w.person("AAAAA"), w.person("BBBBB")},
		Exhibits: []triage.ExhibitID{"X-1", "X-2"}, Simulated: true, Filed: w.ago(25 * time.Hour), Receipt: []byte("proffer receipt v1\n" + w.words),
		Additions: []triage.Addition{{At: w.ago(20 * time.Hour), Words: w.words, Exhibits: []triage.ExhibitID{"X-3"}, Receipt: []byte("r")}},
	}
}

func (w world) exhibit(n int) triage.Exhibit {
	id := triage.ExhibitID([]string{"X-H4K2M-00001", "X-H4K2M-00002", "X-H4K2M-00003"}[n-1])
	return triage.Exhibit{
		ID: id, Report: "R-7Q2MB-X4KTE", Case: "C-2M7QK-9WD4A", Number: n, Name: w.name, SHA256: w.sum(w.name + string(id)), Size: 8_412_331,
		Container: "webm", Received: w.ago(25 * time.Hour), Processing: triage.ProcessingDone, Trust: triage.TrustUnverified,
		Probe: triage.Probe{Container: "webm", Duration: 92 * time.Second, Tracks: []triage.Track{
			{Kind: "video", Codec: "vp8", Width: 1280, Height: 720, FrameRate: 25}, {Kind: "audio", Codec: "opus", SampleRate: 48000, Channels: 2}}},
	}
}

func (w world) exhibitView(n int) ExhibitView {
	x := ExhibitView{Exhibit: w.exhibit(n), Poster: true, Waveform: true, Play: "original", PlayType: "video/webm", Others: []string{w.words},
		Watched: []WatchedSpan{{From: 3, To: 21, Clear: true}, {From: 30, To: 44}},
		Contact: &ContactSheet{Columns: 4, Rows: 3, Width: 1280, Height: 540}}
	for i := range 12 {
		x.Contact.Times = append(x.Contact.Times, time.Duration(i)*92*time.Second/12)
	}
	if n == 2 {
		x.Processing, x.Why, x.CanRetry, x.Contact, x.Play = triage.ProcessingFailed, w.words, true, nil, ""
	}
	return x
}

// linesExhibit is a file of lines of chat, in each state.
func (w world) linesExhibit(n int) ExhibitView {
	v := LinesView{LinesVerdict: clip.LinesVerdict{Grade: clip.Partly, Meeting: "M-3K9QA-77ZPW", Reporter: clip.Member{Name: w.name}, Senders: []clip.Member{{Name: w.name}},
		Findings: []clip.Finding{{Against: clip.AgainstClip, Words: w.words}, {Against: clip.AgainstSender, Words: w.words}}}}
	for i, s := range []clip.State{clip.StateVerified, clip.StateUnstamped, clip.StateLate, clip.StateContradicted} {
		l := clip.LineVerdict{Time: uint64(w.ago(time.Hour).UnixMilli()) + uint64(i)*1000, Text: w.words, State: s, Missing: uint64(i)}
		if i == 1 {
			l.To = "00ff"
		}
		v.Lines = append(v.Lines, l)
	}
	x := ExhibitView{Exhibit: w.exhibit(n), Lines: &v}
	x.Container, x.Probe, x.Trust = triage.ContainerLines, triage.Probe{Container: triage.ContainerLines}, triage.TrustPartly
	return x
}

func (w world) clip() ClipView {
	return ClipView{Name: w.name, SHA256: w.sum("clip"), Size: 8_412_331, Received: w.ago(25 * time.Hour), State: "Sealed", Why: w.words}
}

func (w world) uploads() []triage.Upload {
	up := func(id triage.UploadID, s triage.UploadState, offset int64, why string) triage.Upload {
		return triage.Upload{ID: id, Name: w.name, Size: 73_400_320, Offset: offset, State: s, Why: why, SHA256: w.sum(string(id))}
	}
	return []triage.Upload{up("U-1", triage.UploadSealed, 73_400_320, ""), up("U-2", triage.UploadOpen, 31_457_280, ""), up("U-3", triage.UploadRefused, 73_400_320, w.words)}
}

func (w world) messages(fields ...string) Messages {
	m := Messages{}
	for _, f := range fields {
		m[f] = []string{"Mend this: " + w.words}
	}
	return m
}

func (w world) events(n int) []EventView {
	var all []EventView
	for i := range n {
		all = append(all, EventView{Index: int64(n - i - 2), ID: "E-1", At: w.ago(time.Duration(i) * time.Minute), Act: "Exhibit viewed",
			Words: "A person was shown the clip.", Actor: w.name, Case: "C-2M7QK-9WD4A", Subject: "exhibit/X-H4K2M-00001", Detail: w.words, Erased: i == 3})
	}
	return all
}

func (w world) packageItem(s triage.PackageState) PackageItem {
	return PackageItem{Package: triage.Package{
		ID: "P-9V3TC-71KQH", Case: "C-2M7QK-9WD4A", Exhibits: []triage.ExhibitID{"X-1"}, Recipient: w.name, Basis: "warrant", Reference: w.name,
		Scope: w.words, Requested: w.ago(3 * time.Hour), Approver: "A-3", Answered: w.ago(2 * time.Hour), Answer: w.words, State: s, Done: 5 << 20, Total: 9 << 20,
		Why: w.words, SHA256: w.sum("package"), Size: 9 << 20, Built: w.ago(time.Hour)}, RequesterName: w.name, ApproverName: w.name, CanApprove: true}
}

func (w world) row(i int) QueueRow {
	states := []triage.State{triage.StateQueued, triage.StateClaimed, triage.StateQueued, triage.StateEscalated, triage.StateQueued, triage.StateAwaiting}
	policies := []triage.PolicyID{"threat", "intimate-imagery", "hate", "harassment", "fraud", "disruption"}
	p, _ := triage.PolicyByID(policies[i%6])
	r := QueueRow{CaseRow: triage.CaseRow{
		Case: triage.Case{ID: triage.CaseID("C-" + string(rune('A'+i%26)) + "M7QK-9WD4A"), Lane: triage.LaneGeneral, Policy: p.ID, State: states[i%6], Priority: p.Priority + i%4,
			Opened: w.ago(time.Duration(i*47+9) * time.Minute), Due: w.now.Add(time.Duration(i*40-60) * time.Minute), Simulated: i%2 == 0},
		People: []string{w.name, w.name}, PeopleCount: 2 + i%4, Exhibits: i % 3, Failed: i % 5 / 4, Mode: triage.ModeE2EE, Reporter: w.name, Withdrawn: i == 4}, CanClaim: true}
	if r.State == triage.StateClaimed {
		r.Claimant, r.ClaimantName = "A-9", w.name
	}
	if r.State == triage.StateAwaiting {
		r.Proposal, r.Proposer = "Suspend for 30 days", w.name
	}
	return r
}

func (w world) queue(rows int, tab string) QueueView {
	v := QueueView{Page: w.page("Queue", "/queue?tab="+tab), Tab: tab, Policies: triage.Policies(), CanClaim: true, More: "/queue?after=x",
		Tabs: []QueueTab{{"open", "Open", "/queue?tab=open", 500, true}, {"mine", "Mine", "/queue?tab=mine", 1, false}, {"escalated", "Escalated", "/queue?tab=escalated", 3, false},
			{"approval", "Approval", "/queue?tab=approval", 2, false}, {"decided", "Decided", "/queue?tab=decided", 88, false}, {"preparing", "Preparing", "/queue?tab=preparing", 0, false}}}
	for i := range rows {
		v.Rows = append(v.Rows, w.row(i))
	}
	if tab == "approval" {
		v.Query, v.Packages = w.name, []PackageItem{w.packageItem(triage.PackageRequested)}
		v.Visits = []triage.VisitRow{{Visit: triage.Visit{ID: "L-1", Case: "C-1", Reason: w.words, Requested: w.ago(time.Minute), State: triage.VisitRequested}, Policy: "harassment", VisitorName: w.name}}
	}
	return v
}

func (w world) finding() triage.Finding {
	return triage.Finding{Person: "W-AAAAA-00000", Policy: "harassment", Severity: triage.SeverityHigh, Action: triage.ActSuspend, Days: 30, Reasons: w.words}
}

func (w world) decision(n int, s triage.DecisionState) DecisionView {
	return DecisionView{Decision: triage.Decision{ID: "D-1", Number: n, Decided: w.ago(3 * time.Hour), State: s, Answer: w.words, Approver: "A-2", Answered: w.ago(2 * time.Hour)},
		DeciderName: w.name, ApproverName: w.name, Findings: []FindingView{{w.finding(), w.name}}, CanApprove: s == triage.DecisionProposed}
}

func (w world) casePerson(n string) CasePerson {
	earlier := EarlierItem{EarlierReport: triage.EarlierReport{Case: "C-1", State: triage.StateClosed, Policy: "harassment", Filed: w.ago(400 * time.Hour), Outcome: triage.ActWarn}, CanOpen: true}
	return CasePerson{Person: w.person(n), Standing: []string{"May not host until 2026-12-01"}, Earlier: []EarlierItem{earlier, earlier}, Suggested: triage.ActSuspend,
		Why: "One warning in the last 180 days.", Ladder: triage.Ladder, Finding: FindingForm{Policy: "harassment", Action: triage.ActSuspend, Days: "30", Reasons: w.words}}
}

func (w world) caseView() CaseView {
	report := CaseReport{Report: w.report(), ReporterName: w.name, OrgName: w.name, Plan: "Business"}
	report.Withdrawn = w.ago(time.Hour)
	return CaseView{
		Page: w.page("Case", "/cases/C-2M7QK-9WD4A"), Watch: "s1", Mine: true, ClaimantName: w.name, Position: "2 of 128",
		Case: triage.Case{ID: "C-2M7QK-9WD4A", Lane: triage.LaneGeneral, Policy: "harassment", State: triage.StateClaimed, Priority: 71, Opened: w.ago(25 * time.Hour),
			Due: w.ago(21 * time.Hour), Claimant: "A-11111-11111", Lease: w.now.Add(9*time.Minute + 12*time.Second), Escalated: true, Simulated: true},
		CanClaim: true, CanRelease: true, CanSkip: true, CanEscal: true, CanNote: true, CanReopen: true, CanDecide: true, CanPackage: true,
		Reports: []CaseReport{report}, Exhibits: []ExhibitView{w.exhibitView(1), w.exhibitView(2), w.exhibitView(3)},
		People: []CasePerson{w.casePerson("AAAAA"), w.casePerson("BBBBB")}, Policies: triage.Policies(),
		Notes:     []NoteView{{triage.Note{Words: w.words, At: w.ago(time.Hour)}, w.name}},
		Decisions: []DecisionView{w.decision(1, triage.DecisionSuperseded), w.decision(2, triage.DecisionProposed)},
		Packages:  []PackageItem{w.packageItem(triage.PackageReady)}, Events: w.events(6), Messages: w.messages("reasons-W-AAAAA-00000"), Draft: w.words,
		Decision: DecisionForm{NeedsSecond: true}, Moves: w.moves(), CanMerge: true,
		Mergeable: []triage.Mergeable{{Case: triage.Case{ID: "C-4M7QK-9WD4A", Policy: "hate", Opened: w.ago(time.Hour)}, People: []string{w.name, w.name}, SameMeeting: true, Reports: 2}},
	}
}

// moves is a merge that can be undone, one that cannot, and a split that was.
func (w world) moves() []MoveView {
	m := triage.MoveView{Move: triage.Move{ID: "CM-1", Kind: triage.MoveMerge, From: "C-5M7QK-9WD4A", Into: "C-2M7QK-9WD4A", Reason: w.words, At: w.ago(time.Hour)}, MayUndo: true}
	held, undone := m, m
	held.Held = w.words
	undone.Kind, undone.From, undone.Into, undone.Undone = triage.MoveSplit, m.Into, m.From, w.now
	return []MoveView{{m, m.Into, w.name, ""}, {held, m.Into, w.name, ""}, {undone, m.Into, w.name, w.name}}
}

// mergedCase is a case that was merged into another.
func (w world) mergedCase() CaseView {
	v := w.cleanCase()
	v.Case.State, v.MergedInto, v.Reports, v.Exhibits, v.People, v.CanMerge, v.Mergeable, v.Mine = triage.StateMerged, "C-4M7QK-9WD4A", nil, nil, nil, false, nil, false
	v.Moves = v.Moves[1:2]
	v.CanClaim, v.CanRelease, v.CanSkip, v.CanEscal, v.CanDecide = false, false, false, false, false
	return v
}

// movingCase is a case whose form of a split was refused.
func (w world) movingCase() CaseView {
	v := w.cleanCase()
	v.Reports = append(v.Reports, v.Reports[0])
	v.MoveForm = MoveForm{Kind: triage.MoveSplit, Reports: []triage.ReportID{"R-7Q2MB-X4KTE"}, Reason: w.words}
	v.Messages = w.messages("reports", "moved", "sure")
	return v
}

// cleanCase is the case page as a reviewer mostly meets it.
func (w world) cleanCase() CaseView {
	v := w.caseView()
	v.Messages, v.Decisions, v.Packages, v.Draft, v.CanClaim, v.CanReopen, v.Case.Escalated = nil, nil, nil, "", false, false, false
	v.People, v.Exhibits, v.Flash, v.Decision.NeedsSecond = v.People[:1], []ExhibitView{w.exhibitView(1), w.exhibitView(3)}, nil, false
	v.People[0].Finding = FindingForm{Policy: "harassment"}
	v.Reports[0].Withdrawn = time.Time{}
	return v
}

// linesCase is a case whose one exhibit are lines of chat.
func (w world) linesCase() CaseView {
	v := w.cleanCase()
	v.Exhibits = []ExhibitView{w.linesExhibit(1)}
	return v
}

func (w world) reportForm() ReportFormView {
	meeting := MeetingChoice{triage.Meeting{ID: "M-1", Title: w.name, Mode: triage.ModeE2EE, Started: w.ago(26 * time.Hour)},
		[]triage.Attendee{{Name: w.name, Account: "A-5"}, {Name: w.name}}}
	return ReportFormView{Page: w.page("Report abuse", "/reports/new"), Meetings: []MeetingChoice{meeting}, Policies: triage.Policies(), Uploads: w.uploads(),
		Form: ReportForm{Key: "k", Meeting: "M-1", MeetingName: w.name, Occurred: "2026-11-22T07:30", Policy: "harassment", Words: w.words, People: []triage.Person{w.person("AAAAA")}}}
}

func (w world) hostPages() map[string]templ.Component {
	form := w.reportForm()
	refused := form
	refused.Messages = w.messages("", "meeting", "occurred", "people", "policy", "words", "clips", "declared")
	report := ReportView{Page: w.page("Report", "/reports/R-1"), Report: w.report(), State: HostStateOf(triage.StateClaimed, false), Outcome: w.words, CanChange: true,
		Reached: []ReachedStep{{0, w.ago(25 * time.Hour)}, {3, w.ago(time.Hour)}}, Clips: []ClipView{w.clip()}, Addition: w.words, Messages: w.messages("words"), PublicKey: "proffer.example+1a2b3c4d+AXYZ"}
	list := ReportsView{Page: w.page("My reports", "/reports"), Unfinished: 1, Reports: []ReportItem{
		{w.report(), HostStateOf(triage.StateClaimed, false)}, {w.report(), HostStateOf(triage.StateDecided, false)}, {w.report(), HostStateOf("", true)}}}
	stranger := w.page("Sign in", "/sign-in")
	stranger.Actor, stranger.Nav = triage.Actor{}, nil
	return map[string]templ.Component{
		"sign-in": SignIn(SignInView{stranger, w.name, w.messages("email"), true, true}), "sign-in-sent": SignInSent(SignInSentView{stranger, w.name, 15}),
		"sign-in-confirm": SignInConfirm(SignInConfirmView{stranger, "token"}), "reports": Reports(list), "reports-empty": Reports(ReportsView{Page: w.page("My reports", "/reports")}),
		"report-new": NewReport(form), "report-refused": NewReport(refused), "report": Report(report),
		"error": Error(ErrorView{w.page("That did not work", "/x"), 503, w.words, w.words, "", "", true}), "not-found": Error(NotFound(w.page("", "/x"))),
	}
}

func (w world) staffPages() map[string]templ.Component {
	pv := PackageView{Page: w.page("Package", "/packages/P-1"), PackageItem: w.packageItem(triage.PackageRequested), Exhibits: []triage.Exhibit{w.exhibit(1)}, FileName: "proffer-P-1.zip",
		Messages: w.messages("words"), Events: w.events(3)}
	building, ready := pv, pv
	building.PackageItem, building.Messages = w.packageItem(triage.PackageBuilding), nil
	ready.PackageItem, ready.Messages, ready.CanDownload = w.packageItem(triage.PackageReady), nil, true
	form := PackageFormView{Page: w.page("Ask for a package", "/packages/new"), Case: w.caseView().Case, People: []string{w.name}, Exhibits: []triage.Exhibit{w.exhibit(1), w.exhibit(3)},
		Decision: "Suspend for 30 days", Form: triage.NewPackage{Recipient: w.name, Reference: w.name, Scope: w.words}, Messages: w.messages("exhibits", "recipient", "basis", "reference", "scope")}
	return map[string]templ.Component{
		"queue": Queue(w.queue(24, "open")), "queue-empty": Queue(w.queue(0, "mine")), "approvals": Queue(w.queue(2, "approval")),
		"case": Case(w.cleanCase()), "case-lines": Case(w.linesCase()), "case-merged": Case(w.mergedCase()), "case-moving": Case(w.movingCase()), "case-full": Case(w.caseView()), "packages": Packages(PackagesView{w.page("Packages", "/packages"),
			[]PackageItem{w.packageItem(triage.PackageRequested), w.packageItem(triage.PackageBuilding), w.packageItem(triage.PackageReady)}, []triage.CaseRow{w.row(1).CaseRow}, true}),
		"package": Package(pv), "package-building": Package(building), "package-ready": Package(ready), "package-new": NewPackage(form),
	}
}

func (w world) deskPages() map[string]templ.Component {
	log := LogView{Page: w.page("Custody log", "/log"), Events: w.events(12), Size: 4711, Pending: true, Checkpoint: "proffer.example/log\n4711\n" + w.words, Checked: w.ago(time.Minute),
		Older: "/log?from=1", Newer: "/log", Result: &LogResult{Holds: false, Lines: []LogLine{{true, w.words}, {false, w.words}}, Took: 214 * time.Millisecond, Leaves: 4711},
		Kept: KeptView{"log.checkpoint", 4711, w.ago(time.Minute), w.now, w.words}, Setback: w.words,
		Aside: []KeptView{{"log-2026-11-23T093000Z.checkpoint", 99, w.ago(time.Hour), w.now, w.words}, {Name: "log-2026-11-24T093000Z.checkpoint", At: w.now, Text: w.words}}}
	acc := account.Account{ID: "A-1", Name: w.name, Email: w.name, Roles: account.AllRoles, Created: w.ago(1000 * time.Hour)}
	people := PeopleView{Page: w.page("People", "/people"), Staff: []account.Account{acc, acc}, MailOff: true, Setback: true,
		Orgs:       []OrgItem{{account.Organisation{ID: "O-1", Name: w.name, Plan: account.PlanBusiness, Comped: true, Window: 60, Created: w.now}, 12}},
		Deliveries: []DeliveryItem{{triage.Message{Address: w.name, State: triage.MessageFailed, Tries: 3, Error: w.words, Created: w.now}, w.name}}}
	me := MeView{Passkeys: []account.Passkey{{ID: "K-00000-00000", Name: w.name, Created: w.now}}, Page: w.page("Your account", "/me"), Email: w.name, Org: w.name, Sessions: []SessionItem{
		{account.Session{ID: "s1", UserAgent: w.name, Created: w.ago(90 * time.Hour), LastSeen: w.now, Expires: w.now.Add(99 * time.Hour)}, true},
		{account.Session{ID: "s2", UserAgent: "Mozilla/5.0 (X11; Linux) Chrome/140 Safari/537", Created: w.ago(9 * time.Hour), LastSeen: w.now, Expires: w.now}, false}}}
	me.Tokens = []account.Token{{ID: "T-00000-00001", Name: w.name, Scopes: account.AllScopes, Used: w.ago(time.Hour), Expires: w.now}, {ID: "T-00000-00002", Name: w.name, Scopes: account.AllScopes[:1], Expires: w.now}}
	me.Secret, me.Form, me.Days, me.Messages = "pf_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", triage.NewToken{Name: w.name, Scopes: account.AllScopes[:2]}, "90", w.messages("name", "days")
	mail := OutboxView{w.page("Outbox", "/outbox"), []OutboxItem{{triage.Message{Subject: w.name, Address: w.name, Body: w.words, Created: w.now, State: triage.MessageKept}, "/sign-in/abc"}}}
	return map[string]templ.Component{"log": Log(log), "people": People(people), "me": Me(me), "outbox": Outbox(mail)}
}

// pages is every page by a name for messages.
func (w world) pages() map[string]templ.Component {
	all := map[string]templ.Component{}
	for _, some := range []map[string]templ.Component{w.hostPages(), w.staffPages(), w.deskPages(), w.meetingPages(), w.reviewPages()} {
		for name, page := range some {
			all[name] = page
		}
	}
	return all
}

func (w world) meeting(m meeting.Meeting) meeting.Meeting {
	m.ID, m.Title, m.Starts = "M-3K9QA-77ZPW", w.name, w.ago(time.Hour)
	return m
}

// recorded is a recording of each kind, with a file in each state.
func (w world) recorded() triage.MeetingRecordings {
	out := triage.MeetingRecordings{Meeting: triage.Meeting{ID: "M-3K9QA-77ZPW", Title: w.name, Mode: triage.ModeStandard}}
	for i, end := range []triage.RecordingEnd{triage.RecordingRuns, triage.RecordingStopped, triage.RecordingFailed, triage.RecordingInterrupted} {
		r := triage.RecordingFiles{Recording: triage.Recording{ID: triage.RecordingID(fmt.Sprintf("V-00000-%05d", i)), Began: w.ago(time.Hour), End: end}, ByName: w.name}
		if end != triage.RecordingRuns {
			r.Ended, r.Erase = w.now, w.now.Add(30*24*time.Hour)
		}
		for j, state := range []triage.RecordingFileState{triage.FileWriting, triage.FileReady, triage.FileIncomplete} {
			f := triage.RecordingFile{ID: triage.RecordingFileID(fmt.Sprintf("Y-00000-%05d", 10*i+j)), Person: w.name, Screen: j == 1, Began: w.ago(time.Hour), State: state}
			if f.Stored() {
				f.Ended, f.Size = w.now, 123456789
			}
			r.Files = append(r.Files, f)
		}
		out.Recordings = append(out.Recordings, r)
	}
	return out
}

func (w world) meetingPages() map[string]templ.Component {
	goes, over := w.meeting(meeting.Meeting{Mode: meeting.Standard, Opened: true}), w.meeting(meeting.Meeting{Mode: meeting.E2EE, Ended: w.now})
	return map[string]templ.Component{
		"meetings": Meetings(MeetingsView{Page: w.page("My meetings", "/meetings"), Meetings: []meeting.Meeting{goes, over},
			Form: MeetingForm{Title: w.name, When: w.words, Mode: "e2ee"}, Messages: w.messages("title", "when", "mode"), WhyNot: w.words}),
		"meeting":         Meeting(MeetingView{Page: w.page(w.name, "/meetings/M-3K9QA-77ZPW"), Meeting: goes, Link: "http://localhost:8080/m/M-3K9QA-77ZPW"}),
		"meeting over":    Meeting(MeetingView{Page: w.page(w.name, "/meetings/M-3K9QA-77ZPW"), Meeting: over}),
		"recordings":      Recordings(RecordingsView{Page: w.page("Recordings", "/meetings/M-3K9QA-77ZPW/recordings"), MeetingRecordings: w.recorded(), Keep: 30 * 24 * time.Hour}),
		"recordings none": Recordings(RecordingsView{Page: w.page("Recordings", "/meetings/M-3K9QA-77ZPW/recordings"), MeetingRecordings: triage.MeetingRecordings{Meeting: w.recorded().Meeting}, Keep: time.Hour}),
		"room": Room(RoomView{Page: w.page(w.name, "/m/M-3K9QA-77ZPW"), ID: "M-3K9QA-77ZPW", MeetingName: w.name, Mode: "e2ee", Name: w.name, Host: true,
			Bundle: "A1B2 C3D4 E5F6 A7B8 C9D0"}),
	}
}

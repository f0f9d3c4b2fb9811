package export

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// record is what the entries of a package say of what is in it. Gather and Verify hold the same words against it, by the
// same code: what one lets out the other accepts, and a word that the log does not commit to is found by both.
type record struct {
	by      map[string][]told // by subject, in the order of the log
	decided []told            // those about decisions, likewise
	bound   int               // entries about reports and decisions so far
	size    int               // bytes that it takes, more or less

	cases map[string][]string // of exhibits and reports, by subject: the cases that entries about them belong to
}

// told is one entry.
type told struct {
	custody.Leaf
	detail custody.Detail // nil where it was withheld or erased
	place  int            // among the entries about reports and decisions: how many were before
}

// maxRecord bounds what a record keeps, in bytes; what a package says is far smaller. toldBytes is what an entry takes
// besides its detail.
const (
	maxRecord = 128 << 20
	toldBytes = 512
)

// marks names, for each act whose words a package shows, a word that its detail always has. It was not there in versions
// that recorded less than a package shows. The other acts of the table need no detail.
var marks = map[custody.Act]string{
	custody.CaseOpened:      "",
	custody.ReportSubmitted: "words", custody.ReportAmended: "number", custody.ReportWithdrawn: "",
	custody.ExhibitSealed: "report", custody.ExhibitProcessed: "trust", custody.ExhibitFailed: "trust", custody.ExhibitRetried: "",
	custody.ExhibitDerived: "size", custody.ExhibitMoved: "number", custody.ReportMoved: "from",
	custody.DecisionMade: "findings", custody.DecisionFinding: "reasons", custody.DecisionApproved: "words", custody.DecisionRejected: "words", custody.DecisionUndone: "",
	custody.DecisionLapsed:   "",
	custody.PackageRequested: "policy", custody.PackageApproved: "entries", custody.PackageRefused: "",
}

// note takes in one entry, in the order of the log. What no check asks for is passed over.
func (r *record) note(l custody.Leaf, d custody.Detail) error {
	kind, _, _ := strings.Cut(l.Subject, "/")
	t := told{l, d, r.bound}
	if kind == "report" || kind == "decision" {
		r.bound++
	}
	r.lay(l)
	if _, ok := marks[l.Act]; !ok {
		return nil
	}
	for k, v := range d {
		r.size += len(k) + len(v)
	}
	if r.size += toldBytes; r.size > maxRecord {
		return fmt.Errorf("the entries say more than the %d bytes that a package holds", maxRecord)
	}
	if r.by == nil {
		r.by = map[string][]told{}
	}
	r.by[l.Subject] = append(r.by[l.Subject], t)
	if kind == "decision" {
		r.decided = append(r.decided, t)
	}
	return nil
}

// mayMove reports whether what an entry is about can come from another case.
func mayMove(subject string) bool {
	return strings.HasPrefix(subject, "exhibit/") || strings.HasPrefix(subject, "report/")
}

// lay notes the case that an entry about an exhibit or a report belongs to.
func (r *record) lay(l custody.Leaf) {
	if !mayMove(l.Subject) || slices.Contains(r.cases[l.Subject], l.Case) {
		return
	}
	if r.cases == nil {
		r.cases = map[string][]string{}
	}
	r.cases[l.Subject] = append(r.cases[l.Subject], l.Case)
	r.size += len(l.Subject) + len(l.Case)
}

// came holds that whatever was once in another case came into this one, by entries that say so.
func (r *record) came(into string) (wrong []string) {
	for _, subject := range slices.Sorted(maps.Keys(r.cases)) {
		moves := r.of(subject, custody.ExhibitMoved, custody.ReportMoved)
		if len(moves) > 0 && moves[len(moves)-1].detail["into"] != into {
			wrong = append(wrong, fmt.Sprintf("the log says that %s went into another case", subject))
		}
		for _, c := range r.cases[subject] {
			if c != into && !slices.ContainsFunc(moves, func(t told) bool { return t.detail["from"] == c }) {
				wrong = append(wrong, fmt.Sprintf("entries about %s belong to case %s, and none says that it came from there", subject, c))
			}
		}
	}
	return wrong
}

// old finds an entry that was written by a version which did not record all that a package shows.
func (r *record) old() bool {
	for _, all := range r.by {
		if slices.ContainsFunc(all, func(t told) bool {
			_, ok := t.detail[marks[t.Act]]
			return t.detail != nil && marks[t.Act] != "" && !ok
		}) {
			return true
		}
	}
	return false
}

// of lists the entries about a subject that are of one of the acts.
func (r *record) of(subject string, acts ...custody.Act) []told {
	return slices.DeleteFunc(slices.Clone(r.by[subject]), func(t told) bool { return !slices.Contains(acts, t.Act) })
}

// one finds the only entry of an act about a subject.
func (r *record) one(subject string, act custody.Act) (told, []string) {
	switch all := r.of(subject, act); len(all) {
	case 0:
		return told{}, []string{fmt.Sprintf("the log has no entry “%s” for %s", act.Title(), subject)}
	case 1:
		return all[0], nil
	default:
		return told{}, []string{fmt.Sprintf("the log has %d entries “%s” for %s, where there is one", len(all), act.Title(), subject)}
	}
}

// differences lists what is said of something otherwise than in its entry; but are words that the entry has besides.
func (t told) differences(of string, said custody.Detail, but ...string) (wrong []string) {
	if t.detail == nil {
		return []string{fmt.Sprintf("what is said of %s cannot be held against the log: its entry “%s” was erased or withheld", of, t.Act.Title())}
	}
	keys := maps.Clone(said)
	maps.Copy(keys, t.detail)
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		logged, inLog := t.detail[k]
		v, isSaid := said[k]
		words := strings.ReplaceAll(k, "_", " ")
		switch {
		case slices.Contains(but, k):
		case !inLog:
			wrong = append(wrong, fmt.Sprintf("the log did not record “%s” of %s", words, of))
		case !isSaid:
			wrong = append(wrong, fmt.Sprintf("the log recorded “%s” of %s, which is left out", words, of))
		case logged != v:
			wrong = append(wrong, fmt.Sprintf("“%s” of %s is not what the log recorded", words, of))
		}
	}
	return wrong
}

// signed holds who did something, and when, against the leaf; what names the time.
func (t told) signed(of, what, actor string, at time.Time) (wrong []string) {
	if actor != t.Actor {
		wrong = append(wrong, fmt.Sprintf("the log names another person for “%s” of %s", t.Act.Title(), of))
	}
	if at.Format(time.RFC3339Nano) != t.Time.Format(time.RFC3339Nano) {
		wrong = append(wrong, fmt.Sprintf("the time when %s was %s is not that of the log", of, what))
	}
	return wrong
}

// request checks that two people stand behind the disclosure, and that it is the one they agreed on (DESIGN I7).
func (r *record) request(q Request, staff []Staff) (wrong []string) {
	subject := "package/" + string(q.Package)
	asked, wrong := r.one(subject, custody.PackageRequested)
	agreed, none := r.one(subject, custody.PackageApproved)
	if wrong = append(wrong, none...); len(wrong) > 0 {
		return wrong
	}
	if len(r.of(subject, custody.PackageRefused)) > 0 {
		wrong = append(wrong, "the log says that the package was refused")
	}
	if asked.Actor == agreed.Actor {
		wrong = append(wrong, "one person requested and approved the package; two are needed")
	}
	const of = "the request"
	p := triage.Package{Exhibits: q.Exhibits, Recipient: q.Recipient, Basis: q.Basis, Reference: q.Reference, Scope: q.Scope}
	wrong = append(wrong, asked.signed(of, "made", string(q.Requester), q.Requested)...)
	wrong = append(wrong, asked.differences(of, triage.PackageFacts(p, q.Policy, nameIn(staff, asked.Actor)))...)
	wrong = append(wrong, agreed.signed(of, "approved", string(q.Approver), q.Approved)...)
	wrong = append(wrong, agreed.differences("the approval", triage.ApprovedFacts(q.Answer, nameIn(staff, agreed.Actor), 0), "entries")...)
	if had := agreed.detail["entries"]; agreed.detail != nil && !atLeast(agreed.place, had) {
		wrong = append(wrong, fmt.Sprintf("the log had %s entries about these reports and the decisions when the package was approved; only %d are here",
			had, agreed.place))
	}
	for _, s := range staff {
		if s.Name != r.nameOf(q, s.ID) {
			wrong = append(wrong, fmt.Sprintf("the log gives account %s another name, or none", s.ID))
		}
	}
	opened, none := r.one("case/"+string(q.Case), custody.CaseOpened)
	if wrong = append(wrong, none...); none == nil {
		wrong = append(wrong, opened.signed("the case", "opened", opened.Actor, q.Opened)...)
	}
	return wrong
}

// atLeast reports whether n is not less than a number in its one spelling. More there may be: an entry that was written
// at the same moment as the approval was not counted.
func atLeast(n int, number string) bool {
	var least int
	_, err := fmt.Sscan(number, &least)
	return err == nil && fmt.Sprint(least) == number && least >= 0 && n >= least
}

// nameOf is the name of one of the two who answer for the disclosure, as the log gives it.
func (r *record) nameOf(q Request, id account.ID) string {
	subject := "package/" + string(q.Package)
	asked, _ := r.one(subject, custody.PackageRequested)
	agreed, _ := r.one(subject, custody.PackageApproved)
	switch string(id) {
	case asked.Actor:
		return asked.detail["requester"]
	case agreed.Actor:
		return agreed.detail["approver"]
	}
	return ""
}

func nameIn(staff []Staff, id string) string {
	i := slices.IndexFunc(staff, func(s Staff) bool { return string(s.ID) == id })
	if i < 0 {
		return ""
	}
	return staff[i].Name
}

// exhibits holds what is said of the clips against the entries of their sealing and preparation.
func (r *record) exhibits(q Request, xs []Exhibit) (wrong []string) {
	var ids []triage.ExhibitID
	for _, x := range xs {
		ids = append(ids, x.ID)
		of := fmt.Sprintf("exhibit %d (%s)", x.Number, x.ID)
		sealed, none := r.one("exhibit/"+string(x.ID), custody.ExhibitSealed)
		if wrong = append(wrong, none...); none != nil {
			continue
		}
		facts := triage.SealedFacts(triage.Exhibit{Report: x.Report, Number: x.Number, Name: x.Name, Size: x.Size})
		facts["sha256"] = x.SHA256
		if x.Proof != nil {
			facts["proof"], facts["proof_size"] = x.Proof.SHA256, strconv.FormatInt(x.Proof.Size, 10)
		}
		wrong = append(wrong, sealed.signed(of, "received", sealed.Actor, x.Received)...)
		but := []string{triage.DetailChunks}
		if moved := r.of("exhibit/"+string(x.ID), custody.ExhibitMoved); len(moved) > 0 { // its number is that of the case it came into last
			but = append(but, "number")
			wrong = append(wrong, moved[len(moved)-1].differences(of, custody.Detail{"number": facts["number"]}, "from", "into")...)
		}
		wrong = append(wrong, sealed.differences(of, facts, but...)...)
		wrong = append(wrong, r.prepared(of, x)...)
		wrong = append(wrong, r.derivatives(of, x)...)
	}
	if slices.Sort(ids); !slices.Equal(ids, q.Exhibits) {
		wrong = append(wrong, "the exhibits are not exactly those that were requested")
	}
	if !slices.IsSortedFunc(xs, func(a, b Exhibit) int { return a.Number - b.Number }) {
		wrong = append(wrong, "the exhibits are not in the order of their numbers")
	}
	return wrong
}

// prepared holds what was found out about a clip against the last entry that says so. Asking for another try takes back
// why the one before failed, and nothing else.
func (r *record) prepared(of string, x Exhibit) []string {
	last, facts := told{detail: triage.PreparedFacts("", 0, nil, triage.TrustUnverified, "")}, triage.VerdictFacts(triage.PreparedFacts(x.Container, x.Seconds, x.Tracks, x.Trust, x.Note), []byte(x.Verdict))
	for _, t := range r.of("exhibit/"+string(x.ID), custody.ExhibitProcessed, custody.ExhibitFailed, custody.ExhibitRetried) {
		if t.Act == custody.ExhibitRetried && last.detail != nil {
			last.detail = maps.Clone(last.detail)
			last.detail["why"] = ""
		} else if t.Act != custody.ExhibitRetried {
			last = t
		}
	}
	return last.differences(of, facts)
}

// derivatives holds what was made of a clip against the last entry of each kind.
func (r *record) derivatives(of string, x Exhibit) (wrong []string) {
	if !slices.IsSortedFunc(x.Derivatives, byKind) {
		wrong = append(wrong, fmt.Sprintf("what was made of %s is not in its order", of))
	}
	logged := map[string]told{}
	for _, t := range r.of("exhibit/"+string(x.ID), custody.ExhibitDerived) {
		logged[t.detail["kind"]] = t
	}
	for _, d := range x.Derivatives {
		what := fmt.Sprintf("the %s of %s", d.Kind, of)
		t, ok := logged[string(d.Kind)]
		if !ok {
			wrong = append(wrong, fmt.Sprintf("the log has no entry of %s being made", what))
			continue
		}
		delete(logged, string(d.Kind))
		facts := triage.DerivedFacts(triage.Derivative{Kind: d.Kind, ContentType: d.ContentType, Size: d.Size, Command: d.Command})
		facts["sha256"] = d.SHA256
		wrong = append(wrong, t.signed(what, "made", t.Actor, d.Made)...)
		wrong = append(wrong, t.differences(what, facts)...)
	}
	for _, kind := range slices.Sorted(maps.Keys(logged)) {
		wrong = append(wrong, fmt.Sprintf("the %s of %s, which the log records, is left out", orNone(kind), of))
	}
	return wrong
}

package export

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// history is a world whose case has all that a case can have: additions with and without a clip, another report with a
// person and a clip of its own, a decision that was refused, one that was approved and superseded, and one in force. The
// package is of the first report's clips.
func history(t testing.TB) (*world, []byte) {
	t.Helper()
	w := newWorld(t, "desk.example.org")
	must(w.desk.AddAccount(w.ctx, account.System, "Nils", "nils@example.org", w.host.Org, nil))
	w.submit(smallClips[:2], triage.Person{Name: "Nils", Identifier: "nils@example.org"}, triage.Person{Name: "Mallory 王"})
	r := must(w.desk.AddToReport(w.ctx, w.host, w.report.ID, "It went on for an hour.", []triage.UploadID{w.upload(smallClips[2])}))
	w.prepare(r.Additions[0].Exhibits[0], smallClips[2])
	w.report = must(w.desk.AddToReport(w.ctx, w.host, w.report.ID, "And he came back.", nil))
	other := w.join(film{"theirs.webm", "webm", []byte("\x1a\x45\xdf\xa3 of another report")}, triage.Person{ID: "N-OTTO0-00000", Name: "Otto"})
	nils, rest := w.report.People[0], append(slices.Clone(w.report.People[1:]), other.People...)
	find := func(action triage.ActionKind, days int) triage.Decision {
		must(w.desk.Claim(w.ctx, w.reviewer, w.report.Case))
		fs := []triage.Finding{{Person: nils.ID, Policy: "threat", Severity: triage.SeverityCritical, Action: action, Days: days, Reasons: "He threatened her twice."}}
		for _, p := range rest {
			fs = append(fs, triage.Finding{Person: p.ID, Policy: "harassment", Severity: triage.SeverityLow, Action: triage.ActRefer, Reasons: "What " + p.Name + " did was abuse."})
		}
		return must(w.desk.Decide(w.ctx, w.reviewer, w.report.Case, fs))
	}
	w.ok(w.desk.Answer(w.ctx, w.lead, w.report.Case, find(triage.ActBan, 0).ID, false, "Too hard for a first time."))
	w.ok(w.desk.Answer(w.ctx, w.lead, w.report.Case, find(triage.ActSuspend, 30).ID, true, "That is in proportion."))
	w.ok(w.desk.Reopen(w.ctx, w.lead, w.report.Case, "He wrote to us."))
	find(triage.ActRefer, 0)
	w.look()
	w.request(3)
	return w, w.build(noCover)
}

// join files a further report in the case, as a desk will that joins reports.
func (w *world) join(c film, p triage.Person) triage.Report {
	w.Helper()
	u := w.upload(c)
	w.now = w.now.Add(time.Second)
	x := triage.Exhibit{ID: "X-JOIN0-00000", Report: "R-JOIN0-00000", Case: w.report.Case, Number: 4, Name: c.name, Received: w.now,
		Processing: triage.ProcessingWaiting, Trust: triage.TrustUnverified}
	r := triage.Report{ID: x.Report, Case: x.Case, Reporter: w.host.Account, Org: w.host.Org, Key: "another form", MeetingName: "Maths", Occurred: w.now,
		Policy: "hate", Words: "Words of another report.", People: []triage.Person{p}, Exhibits: []triage.ExhibitID{x.ID}, Filed: w.now}
	w.ok(w.store.Update(w.ctx, func(tx triage.Tx) error {
		up := must(tx.Upload(w.ctx, u))
		x.SHA256, x.Size = up.SHA256, up.Size
		for act, e := range map[custody.Act]custody.Event{
			custody.ReportSubmitted: {Leaf: custody.Leaf{Subject: "report/" + string(r.ID)}, Detail: triage.ReportFacts(r)},
			custody.ExhibitSealed:   {Leaf: custody.Leaf{Subject: "exhibit/" + string(x.ID)}, Detail: triage.SealedFacts(x)},
		} {
			w.ok(tx.Log(w.ctx, must(custody.NewEvent("E-JOIN-"+string(act), w.now, act, string(r.Reporter), string(r.Case), e.Subject, e.Detail))))
		}
		w.ok(tx.InsertReport(w.ctx, r))
		return tx.InsertExhibit(w.ctx, x)
	}))
	w.prepare(x.ID, c)
	return r
}

// changes calls f once for each way to change one thing in what v points to, while it is changed: each text, number,
// time and flag, and each thing in a list left out, doubled or moved.
func changes(v any, f func(what string)) { change(reflect.ValueOf(v).Elem(), "", f) }

func change(v reflect.Value, path string, f func(what string)) {
	old := reflect.New(v.Type()).Elem()
	old.Set(v)
	with := func(x any, what string) {
		v.Set(reflect.ValueOf(x).Convert(v.Type()))
		f(path + what)
		v.Set(old)
	}
	switch x := v.Interface().(type) {
	case time.Time:
		with(x.Add(time.Microsecond), "")
		return
	case []byte:
		if len(x) > 0 {
			y := bytes.Clone(x)
			y[len(y)/2] ^= 1
			with(y, "")
		}
		return
	case triage.SHA256:
		x[7] ^= 1
		with(x, "")
		return
	}
	switch v.Kind() {
	case reflect.String:
		with(v.String()+"x", "")
		if v.String() != "" {
			with("", " emptied")
		}
	case reflect.Bool:
		with(!v.Bool(), "")
	case reflect.Int, reflect.Int64:
		with(v.Int()+1, "")
		with(-v.Int()-1, " negative")
	case reflect.Float64:
		with(v.Float()+0.5, "")
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
			f(path + " set")
			v.Set(old)
			return
		}
		with(reflect.Zero(v.Type()).Interface(), " left out")
		change(v.Elem(), path, f)
	case reflect.Slice:
		changeList(v, path, with)
		for i := range v.Len() {
			change(v.Index(i), fmt.Sprintf("%s[%d]", path, i), f)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				change(v.Field(i), path+"."+field.Name, f)
			}
		}
	}
}

func changeList(v reflect.Value, path string, with func(x any, what string)) {
	list := func() reflect.Value { return reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()+1), v) }
	for i := range v.Len() {
		less := reflect.AppendSlice(list().Slice(0, i), v.Slice(i+1, v.Len()))
		with(less.Interface(), fmt.Sprintf("[%d] left out", i))
		with(reflect.Append(list(), v.Index(i)).Interface(), fmt.Sprintf("[%d] doubled", i))
		if i > 0 {
			moved := list()
			moved.Index(i).Set(v.Index(i - 1))
			moved.Index(i - 1).Set(v.Index(i))
			with(moved.Interface(), fmt.Sprintf("[%d] moved", i))
		}
	}
	if v.Len() == 0 {
		with(reflect.Append(list(), reflect.Zero(v.Type().Elem())).Interface(), " added to")
	}
}

// rewritten is a database whose owner changed what it answers, with all triggers off.
type rewritten struct {
	triage.Tx
	pack        triage.Package
	inCase      triage.Case
	reports     []triage.Report
	exhibits    []triage.Exhibit
	derivatives map[triage.ExhibitID][]triage.Derivative
	decisions   []triage.Decision
	events      []triage.LoggedEvent
}

func (x *rewritten) View(_ context.Context, f func(triage.Tx) error) error   { return f(x) }
func (x *rewritten) Update(_ context.Context, f func(triage.Tx) error) error { return f(x) }

func (x *rewritten) Package(context.Context, triage.PackageID) (triage.Package, error) {
	return x.pack, nil
}
func (x *rewritten) Case(context.Context, triage.CaseID) (triage.Case, error) { return x.inCase, nil }
func (x *rewritten) ReportsOf(context.Context, triage.CaseID) ([]triage.Report, error) {
	return slices.Clone(x.reports), nil
}
func (x *rewritten) ExhibitsOf(context.Context, triage.CaseID) ([]triage.Exhibit, error) {
	return slices.Clone(x.exhibits), nil
}
func (x *rewritten) Derivatives(_ context.Context, id triage.ExhibitID) ([]triage.Derivative, error) {
	return slices.Clone(x.derivatives[id]), nil
}
func (x *rewritten) Decisions(context.Context, triage.CaseID) ([]triage.Decision, error) {
	return slices.Clone(x.decisions), nil
}
func (x *rewritten) EventsOf(context.Context, triage.CaseID) ([]triage.LoggedEvent, error) {
	return slices.Clone(x.events), nil
}

// owned hands what the store says to its owner, who changes it in f.
func (w *world) owned(f func(*rewritten)) {
	w.Helper()
	w.ok(w.store.View(w.ctx, func(tx triage.Tx) error {
		x := &rewritten{Tx: tx, pack: must(tx.Package(w.ctx, w.pkg.ID)), inCase: must(tx.Case(w.ctx, w.report.Case)), reports: must(tx.ReportsOf(w.ctx, w.report.Case)),
			exhibits: must(tx.ExhibitsOf(w.ctx, w.report.Case)), decisions: must(tx.Decisions(w.ctx, w.report.Case)), events: must(tx.EventsOf(w.ctx, w.report.Case)),
			derivatives: map[triage.ExhibitID][]triage.Derivative{}}
		for _, e := range x.exhibits {
			x.derivatives[e.ID] = must(tx.Derivatives(w.ctx, e.ID))
		}
		f(x)
		return nil
	}))
}

// TestRewrittenDatabase changes each thing that a record of the case holds, one at a time. Gather refuses, or what it
// gathers is what it was: no word is exported that the log does not commit to.
func TestRewrittenDatabase(t *testing.T) {
	t.Parallel()
	w, _ := history(t)
	gathered := func(store triage.Store) (*Contents, error) {
		c, err := Gather(w.ctx, store, w.pkg.ID)
		for i := 0; err == nil && i < len(c.Exhibits); i++ {
			c.Exhibits[i].blob.Chunks = nil // what they find sooner, Build finds by the digest of the whole
		}
		return c, err
	}
	genuine := must(gathered(w.store))
	refused := 0
	w.owned(func(x *rewritten) {
		tryAll := func(name string, records any) {
			before := refused
			changes(records, func(what string) {
				switch c, err := gathered(x); {
				case err == nil && !reflect.DeepEqual(c, genuine) && !strings.Contains(what, ".Key"): // where bytes are, which Build hashes
					t.Errorf("%s%s was rewritten, and leaves", name, what)
				case err != nil && triage.KindOf(err) != triage.Conflict && triage.KindOf(err) != triage.NotFound:
					t.Errorf("%s%s was rewritten: %v", name, what, err)
				case err != nil:
					refused++
				}
			})
			if refused == before {
				t.Errorf("nothing that was done to %s is refused", name)
			}
		}
		tryAll("package", &x.pack)
		tryAll("case", &x.inCase)
		tryAll("reports", &x.reports)
		tryAll("exhibits", &x.exhibits)
		tryAll("decisions", &x.decisions)
		for id, ds := range x.derivatives {
			if id != "X-JOIN0-00000" {
				tryAll("derivatives", &ds)
			}
		}
	})
	t.Logf("%d changes refused", refused)
}

// TestRewrittenLog takes each entry, and each word of a detail, out of the database's own account of the log.
func TestRewrittenLog(t *testing.T) {
	w, _ := history(t)
	w.owned(func(x *rewritten) {
		genuine := x.events
		for i, e := range genuine {
			if _, kept := marks[e.Act]; !kept || strings.HasSuffix(e.Subject, "JOIN0-00000") || strings.HasPrefix(e.Subject, "enforcement/") {
				continue
			}
			x.events = slices.Delete(slices.Clone(genuine), i, i+1)
			if _, err := Gather(w.ctx, x, w.pkg.ID); triage.KindOf(err) != triage.Conflict {
				t.Errorf("entry %s of %s was taken out: %v", e.Act, e.Subject, err)
			}
			x.events = slices.Clone(genuine)
			x.events[i].Time = e.Time.Add(time.Microsecond)
			if _, err := Gather(w.ctx, x, w.pkg.ID); triage.KindOf(err) != triage.Conflict || !strings.Contains(err.Error(), "does not show that this entry is in the log") {
				t.Errorf("%s was moved in time: %v", e.Act, err)
			}
			for k := range e.Detail {
				x.events = slices.Clone(genuine)
				x.events[i].Detail = custody.Detail{}
				for j, v := range e.Detail {
					x.events[i].Detail[j] = v
				}
				x.events[i].Detail[k] += "x"
				if _, err := Gather(w.ctx, x, w.pkg.ID); triage.KindOf(err) != triage.Conflict || !strings.Contains(err.Error(), "was changed") {
					t.Errorf("%s of %s was rewritten: %v", k, e.Act, err)
				}
			}
			x.events = slices.Clone(genuine)
			x.events[i].Salt, x.events[i].Detail = custody.Salt{}, nil
			if _, err := Gather(w.ctx, x, w.pkg.ID); marks[e.Act] != "" && (triage.KindOf(err) != triage.Conflict || !strings.Contains(err.Error(), "was erased")) {
				t.Errorf("%s was erased: %v", e.Act, err)
			}
		}
	})
}

// TestOlderVersion gathers a case whose entries record as little as they once did.
func TestOlderVersion(t *testing.T) {
	w, _ := made(t)
	for act, mark := range marks {
		w.owned(func(x *rewritten) {
			g := gathering{Tx: x, Contents: &Contents{}, people: map[triage.PersonID]triage.Person{}}
			w.ok(g.gather(w.ctx, w.pkg.ID))
			found := false
			for _, all := range g.record.by {
				for i := range all {
					if all[i].Act == act && mark != "" {
						found = true
						delete(all[i].detail, mark)
					}
				}
			}
			g.old = g.record.old()
			if err := g.bind(); found && (triage.KindOf(err) != triage.Conflict || !strings.Contains(err.Error(), "An older version of Proffer")) {
				t.Errorf("%s without %q: %v", act, mark, err)
			}
		})
	}
}

// TestForgedDocuments has an insider with the package key change each thing that the documents say, and sign anew.
func TestForgedDocuments(t *testing.T) {
	t.Parallel()
	w, pkg := history(t)
	expect(t, verify(t, pkg, w.ring.Keys()), 0, "3 decisions")
	id, genuine, date := unpack(t, pkg)
	forged := 0
	forge := func(path string, doc any, passes func(what string) bool) {
		changes(doc, func(what string) {
			parts := slices.Clone(genuine)
			parts[place(parts, path)].data = must(writeJSON(doc))
			v := verify(t, reseal(t, id, parts, date, w.ring), w.ring.Keys())
			if v.Holds && !passes(what) {
				t.Errorf("%s%s was forged unnoticed", path, what)
			}
			forged++
		})
	}
	never := func(string) bool { return false }
	data := func(path string) []byte { return genuine[place(genuine, path)].data }
	reports, decisions, doc := must(parseReportDoc(data(fileReport))), must(parseDecisionDoc(data(fileDecision))), must(parsePackageDoc(data(filePackage)))
	forge(fileReport, &reports, func(what string) bool { return strings.Contains(what, ".Receipts") }) // files of their own
	forge(fileDecision, &decisions, never)
	forge(filePackage, &doc, func(what string) bool { // what the verdict says is not in the log
		return what == ".Tool" || what == ".Tool emptied" || strings.HasPrefix(what, ".Staff") && !strings.HasSuffix(what, ".Name")
	})
	t.Logf("%d forgeries", forged)
}

// TestForgedWords shows what is said about some of them: what differs, and where.
func TestForgedWords(t *testing.T) {
	w, pkg := history(t)
	id, genuine, date := unpack(t, pkg)
	report, people := w.report.ID, w.report.People
	ds := must(parseDecisionDoc(genuine[place(genuine, fileDecision)].data)).Decisions
	edit := func(path, from, to string) func([]part) {
		return func(ps []part) {
			i := place(ps, path)
			if !bytes.Contains(ps[i].data, []byte(from)) {
				t.Fatalf("%s does not say %q", path, from)
			}
			ps[i].data = bytes.Replace(ps[i].data, []byte(from), []byte(to), 1)
		}
	}
	drop := func(words ...string) func([]part) {
		return func(ps []part) {
			i := place(ps, fileEvents)
			ps[i].data = bytes.Join(slices.DeleteFunc(bytes.SplitAfter(ps[i].data, []byte("\n")), func(l []byte) bool {
				return !slices.ContainsFunc(words, func(w string) bool { return !bytes.Contains(l, []byte(w)) })
			}), nil)
		}
	}
	for _, c := range []struct {
		forge func([]part)
		words string
	}{
		{edit(fileReport, "He shouted", "He whispered"), fmt.Sprintf("“words” of report %s is not what the log recorded", report)},
		{edit(fileReport, `"identifier": "nils@example.org"`, `"identifier": "niels@example.org"`), fmt.Sprintf("“person 01” of report %s is not what", report)},
		{edit(fileReport, "an hour", "two hours"), fmt.Sprintf("“words” of addition 1 to report %s is not what", report)},
		{edit(fileDecision, "threatened her twice", "threatened her thrice"), fmt.Sprintf("“reasons” of the finding of decision %s about person %s is not what", ds[0].ID, people[0].ID)},
		{edit(fileDecision, `"days": 30`, `"days": 3`), fmt.Sprintf("“days” of the finding of decision %s about person %s is not what", ds[1].ID, people[0].ID)},
		{edit(fileDecision, `"state": "refused"`, `"state": "in force"`), fmt.Sprintf("Decision %s is not “in force”; by the log it is “refused”", ds[0].ID)},
		{edit(fileDecision, "in proportion", "out of proportion"), fmt.Sprintf("“words” of the answer to decision %s is not what", ds[1].ID)},
		{edit(filePackage, "Checked against the warrant", "Not checked"), "“words” of the approval is not what"},
		{edit(filePackage, `"name": "Lea"`, `"name": "Leo"`), "“approver” of the approval is not what"},
		{drop("decision.finding", string(ds[2].ID), string(people[1].ID)), "shows 1"},
		{drop(string(ds[2].ID)), "entries about these reports and the decisions when the package was approved"},
		{drop("report.amended", "And he came back"), "has 2 additions, and the log recorded 1"},
		{drop("report/" + string(report)), fmt.Sprintf("no entry “Report submitted” for report/%s", report)},
	} {
		parts := slices.Clone(genuine)
		c.forge(parts)
		expect(t, verify(t, reseal(t, id, parts, date, w.ring), w.ring.Keys()), 1, c.words)
	}
}

// TestEntriesLeftOut leaves out, or withholds, each entry that a package needs.
func TestEntriesLeftOut(t *testing.T) {
	w, pkg := history(t)
	id, genuine, date := unpack(t, pkg)
	at := place(genuine, fileEvents)
	lines := bytes.SplitAfter(genuine[at].data, []byte("\n"))
	for i, line := range lines[:len(lines)-1] {
		e := must(parseEventLine(line))
		leaf := must(custody.ParseLeaf(e.Leaf))
		if _, kept := marks[leaf.Act]; !kept {
			continue
		}
		parts := slices.Clone(genuine)
		parts[at].data = bytes.Join(slices.Delete(slices.Clone(lines), i, i+1), nil)
		if v := verify(t, reseal(t, id, parts, date, w.ring), w.ring.Keys()); v.Holds {
			t.Errorf("%s of %s was left out unnoticed", leaf.Act, leaf.Subject)
		}
		if e.Detail == nil || marks[leaf.Act] == "" {
			continue
		}
		e.Salt, e.Detail, e.Withheld = custody.Salt{}, nil, true
		parts[at].data = bytes.Join(slices.Replace(slices.Clone(lines), i, i+1, must(e.line())), nil)
		if v := verify(t, reseal(t, id, parts, date, w.ring), w.ring.Keys()); v.Holds {
			t.Errorf("%s of %s was withheld unnoticed", leaf.Act, leaf.Subject)
		}
	}
}

// TestOthersStayBehind looks into a package for the person of a report that it is not about, and into its decisions for
// what was said about the others.
func TestOthersStayBehind(t *testing.T) {
	w, pkg := history(t)
	for _, secret := range []string{"Otto", "N-OTTO0-00000", "Words of another report", "JOIN0-00000", "of another report"} {
		if bytes.Contains(pkg, []byte(secret)) {
			t.Errorf("the package holds %q", secret)
		}
	}
	_, parts, _ := unpack(t, pkg)
	if n := bytes.Count(parts[place(parts, fileEvents)].data, []byte("act decision.finding")); n != 9 {
		t.Errorf("%d findings are in the log, and 9 leaves leave", n)
	}
	expect(t, verify(t, pkg, w.ring.Keys()), 0, "2 reported people, 2 additions")
}

// TestWithdrawn packs a report that was withdrawn before it was decided.
func TestWithdrawn(t *testing.T) {
	w := newWorld(t, "desk.example.org")
	w.submit(smallClips[:1], triage.Person{Name: "Mallory"})
	w.ok(w.desk.WithdrawReport(w.ctx, w.host, w.report.ID))
	must(w.desk.Claim(w.ctx, w.reviewer, w.report.Case))
	w.decide(triage.Finding{Action: triage.ActRefer}, w.report.People...)
	w.look()
	w.request(1)
	pkg := w.build(noCover)
	expect(t, verify(t, pkg, w.ring.Keys()), 0, "Everything holds")
	id, parts, date := unpack(t, pkg)
	i := place(parts, fileReport)
	d := must(parseReportDoc(parts[i].data))
	d.Reports[0].Withdrawn = nil
	parts[i].data = must(writeJSON(d))
	expect(t, verify(t, reseal(t, id, parts, date, w.ring), w.ring.Keys()), 1, "is not withdrawn exactly where the log says so")
}

// TestAlone is a severe decision of one person: the desk refuses it; a forger inside, with the log's key, does not ask
// the desk.
func TestAlone(t *testing.T) {
	for act, want := range map[custody.Act]string{
		custody.DecisionApproved: "one person made and answered decision", custody.DecisionMade: "is severe, and came into force without a second person",
	} {
		dec := triage.Decision{ID: "D-1", Number: 1, State: triage.DecisionProposed, Findings: []triage.Finding{{Person: "N-1", Action: triage.ActBan}}}
		if act == custody.DecisionMade {
			dec.State = triage.DecisionInForce
		}
		var r record
		log := func(act custody.Act, subject string, d custody.Detail) {
			must(0, r.note(custody.Leaf{Act: act, Actor: "A-1", Subject: subject}, d))
		}
		person := triage.Person{ID: "N-1", Name: "Mallory"}
		log(custody.ReportSubmitted, "report/R-1", triage.ReportFacts(triage.Report{People: []triage.Person{person}}))
		log(custody.DecisionMade, "decision/D-1", triage.DecisionFacts(dec))
		log(custody.DecisionFinding, "decision/D-1", triage.FindingFacts(dec.Findings[0], person.Name, "Ban"))
		out := Decision{ID: "D-1", Number: 1, State: triage.DecisionInForce, Decider: "A-1", Findings: []Finding{{Person: "N-1", Name: "Mallory", Action: triage.ActBan, Words: "Ban"}}}
		if act == custody.DecisionApproved {
			log(act, "decision/D-1", custody.Detail{"words": ""})
		}
		wrong := r.decisions([]Decision{out}, []Report{{ID: "R-1", People: []Person{Person(person)}}})
		if !slices.ContainsFunc(wrong, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("%v, want %q", wrong, want)
		}
	}
}

// TestLongVerdict shows that a verdict stays short enough to be read, whatever it is told.
func TestLongVerdict(t *testing.T) {
	v := &Verdict{}
	v.check(slices.Repeat([]string{strings.Repeat("ж", 1<<20)}, 1000), "")
	if s := v.String(); len(s) > (maxList+5)*(maxLine+50) || !strings.Contains(s, "900 findings are not shown") {
		t.Errorf("%d bytes", len(s))
	}
}

// TestEndlessEntries shows that what entries say is bounded, whatever their number.
func TestEndlessEntries(t *testing.T) {
	var r record
	var err error
	for i := 0; err == nil && i < maxRecord/toldBytes+1; i++ {
		err = r.note(custody.Leaf{Act: custody.ReportWithdrawn, Subject: "report/R-1"}, nil)
	}
	if err == nil {
		t.Error("there is no end")
	}
}

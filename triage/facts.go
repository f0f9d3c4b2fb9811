package triage

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// What the custody log records of reports, exhibits, decisions and packages is made here, and only here: the desk writes
// it when it acts, and package export holds what it discloses, or verifies, against the same words. It is everything that
// a package shows, so that nobody who can change the records can change what leaves. Who and when stand in the leaf.

// PersonDigestPrefix begins the names under which report.submitted records the digests of reported people; a number follows.
const PersonDigestPrefix = "person_"

// personContext starts what the digest of a reported person hashes.
const personContext = "proffer reported person v1"

// ReportFacts is what report.submitted records of a report. The people are given by name, for reading, and by a digest
// each: all of their identifiers in full would not fit into a detail (custody.Detail) beside the longest words.
func ReportFacts(r Report) custody.Detail {
	names := make([]string, len(r.People))
	d := custody.Detail{"meeting": string(r.Meeting), "meeting_name": r.MeetingName, "meeting_mode": string(r.MeetingMode),
		"occurred": factTime(r.Occurred), "policy": string(r.Policy), "words": r.Words, "simulated": strconv.FormatBool(r.Simulated)}
	for i, p := range r.People {
		names[i] = p.Name
		d[fmt.Sprintf(PersonDigestPrefix+"%02d", i+1)] = personDigest(p)
	}
	d["people"] = strings.Join(names, "; ")
	return d
}

// personDigest is SHA-256(personContext || "\n" || canonical detail of the person's four fields), in hex. What is no text
// at all, which a desk never takes in, has no digest.
func personDigest(p Person) string {
	b, err := custody.Detail{"id": string(p.ID), "name": p.Name, "identifier": p.Identifier, "account": string(p.Account)}.Canonical()
	if err != nil {
		return "not text"
	}
	return SHA256(sha256.Sum256(append([]byte(personContext+"\n"), b...))).String()
}

func factTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// AdditionFacts is what report.amended records of the words of a report's addition number n, from 1.
func AdditionFacts(n int, words string) custody.Detail {
	return custody.Detail{"number": strconv.Itoa(n), "words": words}
}

// SealedFacts is what exhibit.sealed records of an exhibit.
func SealedFacts(x Exhibit) custody.Detail {
	d := custody.Detail{"report": string(x.Report), "number": strconv.Itoa(x.Number), "name": x.Name,
		"sha256": x.SHA256.String(), "size": strconv.FormatInt(x.Size, 10)}
	if x.HasProof() {
		d["proof"], d["proof_size"] = x.Proof.String(), strconv.FormatInt(x.ProofSize, 10)
	}
	return d
}

// VerdictFacts adds what was found about a proof to what exhibit.processed records: the digest of the verdict, which says all of it.
func VerdictFacts(d custody.Detail, verdict []byte) custody.Detail {
	if len(verdict) > 0 {
		d["verdict"] = sumHex(verdict)
	}
	return d
}

// PreparedFacts is what exhibit.processed, and exhibit.failed, record of what was found out about an exhibit. seconds is
// its duration.
func PreparedFacts(container string, seconds float64, tracks []Track, trust Trust, why string) custody.Detail {
	if len(tracks) == 0 {
		tracks = []Track{}
	}
	list, err := json.Marshal(tracks)
	if err != nil { // a number that is none, which a probe does not find
		list = []byte(err.Error())
	}
	return custody.Detail{"container": container, "seconds": strconv.FormatFloat(seconds, 'f', -1, 64), "tracks": string(list),
		"trust": string(trust), "why": why}
}

// DerivedFacts is what exhibit.derived records.
func DerivedFacts(m Derivative) custody.Detail {
	return custody.Detail{"kind": string(m.Kind), "content_type": m.ContentType, "sha256": m.SHA256.String(),
		"size": strconv.FormatInt(m.Size, 10), "command": m.Command}
}

// DecisionFacts is what decision.made records: nothing about anybody, so that it can be shown whomever the decision is
// about. Each finding is an entry of its own, and there are as many of them as it says.
func DecisionFacts(d Decision) custody.Detail {
	facts := custody.Detail{"number": strconv.Itoa(d.Number), "state": string(d.State), "supersedes": string(d.Supersedes),
		"findings": strconv.Itoa(len(d.Findings))}
	if d.Bulk != "" {
		facts["bulk"] = string(d.Bulk)
	}
	return facts
}

// FindingFacts is what decision.finding records about one person of that name; measure is the action in words, as they
// were then.
func FindingFacts(f Finding, name, measure string) custody.Detail {
	d := custody.Detail{"person": string(f.Person), "name": name, "policy": string(f.Policy), "severity": string(f.Severity),
		"action": string(f.Action), "measure": measure, "days": "", "reasons": f.Reasons}
	if f.Days != 0 {
		d["days"] = strconv.Itoa(f.Days)
	}
	if len(f.Spans) > 0 { // an entry from before there were any says nothing of them, and still agrees
		d["evidence"] = SpanWords(f.Spans)
	}
	return d
}

// PackageFacts is what package.requested records of a package of a case about that policy; requester is the name of the
// one who asked.
func PackageFacts(p Package, policy PolicyID, requester string) custody.Detail {
	return custody.Detail{"recipient": p.Recipient, "basis": string(p.Basis), "reference": p.Reference, "scope": p.Scope,
		"exhibits": joinIDs(p.Exhibits), "policy": string(policy), "requester": requester}
}

// ApprovedFacts is what package.approved records: the words and the name of the second person, and how many entries about
// the package's reports and about decisions the log had until then, so that none can be left out of the package.
func ApprovedFacts(words, approver string, entries int) custody.Detail {
	return custody.Detail{"words": words, "approver": approver, "entries": strconv.Itoa(entries)}
}

// Binds reports whether an entry of the log about that subject belongs to the reports or the decisions of a package
// with these reports; ApprovedFacts counts such entries.
func Binds(subject string, reports []ReportID) bool {
	kind, id, _ := strings.Cut(subject, "/")
	return kind == "decision" || kind == "report" && slices.Contains(reports, ReportID(id))
}

// nameOf is a member of staff as details name them.
func nameOf(a Actor) string { return account.CleanName(a.Name, MaxName) }

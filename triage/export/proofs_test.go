package export

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/clip/cliptest"
	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/triage"
)

// fromMeeting is a world whose host reported, from a live meeting, a clip with its proof and a file of lines; and a clip filmed elsewhere. change may
// do something to clip, proof and lines before they are sent.
func fromMeeting(t testing.TB, change func(file, proof, lines *[]byte)) (*world, []byte) {
	t.Helper()
	w := newWorld(t, "desk.example.org")
	w.in = "M-3K9QA-77ZPW"
	w.ok(w.store.Update(w.ctx, func(tx triage.Tx) error {
		return tx.InsertMeeting(w.ctx, triage.Meeting{ID: w.in, Org: w.host.Org, Host: w.host.Account, Title: "Maths", Mode: triage.ModeE2EE,
			Started: w.now.Add(-time.Hour)}, []triage.Attendee{{Name: "Gus"}})
	}))
	host, guest := w.meeting.Person(string(w.host.Account), "Hanna"), w.meeting.Person("", "Gus")
	ring := clip.NewRing(clip.DefaultWindow)
	voice, at := guest.Stream(franking.Microphone, franking.Opus), w.meeting.Start+10_000
	for i := range uint64(5) {
		ring.Add(voice.Send(at+20*i, false, []byte("twenty milliseconds of sound")), time.UnixMilli(int64(at+20*i)))
	}
	ring.Stamped(guest.Join, voice.Stamp(at+100))
	guest.Write(ring, "Hello", "You are next.")
	frozen := ring.Freeze(time.UnixMilli(int64(at) + 5000))
	file, proof, err := frozen.Make(clip.Choice{Sender: guest.Join, To: 1 << 52}, host.Parties(guest))
	w.ok(err)
	lines, err := frozen.MakeLines([]clip.Writer{{Join: guest.Join, Message: guest.Message}}, 0, 1<<52, host.Parties(host))
	w.ok(err)
	if change != nil {
		change(&file, &proof, &lines)
	}
	w.proof = proof
	w.submit([]film{{"Gus.webm", "webm", file}, {"chat.bin", triage.ContainerLines, lines}, smallClips[0]}, triage.Person{Name: "Gus"})
	must(w.desk.Claim(w.ctx, w.reviewer, w.report.Case))
	w.decide(triage.Finding{Action: triage.ActRefer}, w.report.People...)
	w.look()
	w.request(3)
	return w, w.build(noCover)
}

// keys are those of the meeting's platform; where lost, without the notary's.
func (w *world) keys(lost bool) ProofKeys {
	return func(missing func(uint64)) clip.Platform {
		p := w.meeting.Platform()
		if lost {
			p.Notary = func(key uint64) (franking.NotaryKey, bool) {
				missing(franking.Generation(key))
				return franking.NotaryKey{}, false
			}
		}
		return p
	}
}

func (w *world) verify(pkg []byte, proofs ProofKeys) *Verdict {
	w.Helper()
	return must(Verify(w.ctx, bytes.NewReader(pkg), int64(len(pkg)), w.ring.Keys(), proofs))
}

// TestVerdictsFoundAgain has verdicts found again, with the platform's keys and without, and the output say which.
func TestVerdictsFoundAgain(t *testing.T) {
	t.Parallel()
	flip := func(b *[]byte, words string) {
		*b = bytes.Replace(*b, []byte(words), []byte(strings.ToUpper(words)), 1)
	}
	for what, c := range map[string]struct {
		change        func(file, proof, lines *[]byte)
		trusts        []triage.Trust
		with, without string
	}{
		"true": {nil, []triage.Trust{triage.TrustVerified, triage.TrustVerified, triage.TrustUnverified}, "AND each stamp against the notary keys that you gave", "WITHOUT the stamps"},
		"a changed clip": {func(file, _, _ *[]byte) { flip(file, "milliseconds") }, []triage.Trust{triage.TrustContradicted, triage.TrustVerified, triage.TrustUnverified},
			"is contradicted", "is contradicted"},
		"a changed proof": {func(_, proof, _ *[]byte) { (*proof)[len(*proof)-1] ^= 1 }, []triage.Trust{triage.TrustContradicted, triage.TrustVerified, triage.TrustUnverified},
			"is contradicted", "is contradicted"},
		"changed lines": {func(_, _, lines *[]byte) { flip(lines, "Hello") }, []triage.Trust{triage.TrustVerified, triage.TrustContradicted, triage.TrustUnverified},
			"is contradicted", "is contradicted"},
	} {
		w, pkg := fromMeeting(t, c.change)
		for i, x := range w.exhibits {
			if x.Trust != c.trusts[i] {
				t.Errorf("%s: exhibit %d is %s: %s", what, i+1, x.Trust, x.Verdict)
			}
		}
		expect(t, w.verify(pkg, w.keys(false)), 0, c.with)
		expect(t, w.verify(pkg, nil), 0, c.without)
		expect(t, w.verify(pkg, w.keys(true)), 0, "The notary key of generation 0 was not given")
	}
}

// TestForeignStamps holds a package against another platform's notary keys.
func TestForeignStamps(t *testing.T) {
	t.Parallel()
	w, pkg := fromMeeting(t, nil)
	expect(t, w.verify(pkg, func(func(uint64)) clip.Platform {
		p := w.meeting.Platform()
		p.Notary = cliptest.New("M-3K9QA-77ZPW", 2).Notary.Key
		return p
	}), 1, "it was verified, and is found contradicted now")
}

// TestForgedVerdicts has an insider, who has the package key and changes the records and the log's words with them, forge what was found: nothing but the
// clip and its proof say otherwise.
func TestForgedVerdicts(t *testing.T) {
	t.Parallel()
	w, pkg := fromMeeting(t, nil)
	_, genuine, _ := unpack(t, pkg)
	doc := must(parsePackageDoc(genuine[place(genuine, filePackage)].data))
	told := must(parseReportDoc(genuine[place(genuine, fileReport)].data)).Reports
	// judge runs the one check over a package that all the others let pass.
	judge := func(xs []Exhibit, files map[string][]byte, proofs ProofKeys) *Verdict {
		c := &check{Verdict: &Verdict{Holds: true, SignerKnown: true}, proofKeys: proofs, told: told, log: &logCheck{}, doc: packageDoc{Exhibits: xs},
			files: map[string]bagFile{}, open: map[string]func() (io.ReadCloser, error){}}
		for _, p := range genuine {
			data := p.data
			if other, ok := files[p.path]; ok {
				data = other
			}
			c.files[p.path] = bagFile{size: int64(len(data))}
			c.open[p.path] = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
		}
		w.ok(c.verdicts(w.ctx))
		return c.Verdict
	}
	first, lines := doc.Exhibits[0], doc.Exhibits[1]
	said := func(x Exhibit, old, new string) Exhibit {
		if !strings.Contains(x.Verdict, old) {
			t.Fatalf("%q is not in %s", old, x.Verdict)
		}
		x.Verdict = strings.ReplaceAll(x.Verdict, old, new)
		return x
	}
	trusted := func(x Exhibit, trust triage.Trust) Exhibit { x.Trust = trust; return x }
	bare := func(x Exhibit) Exhibit { x.Proof = nil; return x }
	silent := func(x Exhibit) Exhibit { x.Verdict = ""; return x }
	for what, c := range map[string]struct {
		x     Exhibit
		files map[string][]byte
		words string
	}{
		"another grade":                  {trusted(said(first, `{"clip":{"grade":"verified"`, `{"clip":{"grade":"partly verified"`), triage.TrustPartly), nil, "it was partly verified, and is found verified now"},
		"a grade beside its verdict":     {trusted(first, triage.TrustPartly), nil, "its verdict says verified"},
		"fewer frames":                   {said(first, `"verified":5`, `"verified":4`), nil, "4 of 5 frames were verified, and 5 of 5 now"},
		"another sender":                 {said(first, `"Name":"Gus"`, `"Name":"Gust"`), nil, "who is reported, or who reports, is another"},
		"another time":                   {said(first, `"from":`, `"from":1`), nil, "when it was differs"},
		"another line":                   {said(lines, "You are next", "You are text"), nil, "the lines are others"},
		"no verdict":                     {silent(first), nil, "no verdict that says so"},
		"no verdict at all":              {said(first, first.Verdict, "{}"), nil, "cannot be read"},
		"a verdict in another spelling":  {said(first, `{"clip":`, `{ "clip":`), nil, "not in its one encoding"},
		"the verdict of another exhibit": {said(first, first.Verdict, lines.Verdict), nil, "on another kind of exhibit"},
		"no proof":                       {bare(first), nil, "proof by which the verdict on exhibit 1"},
		"a changed proof":                {first, map[string][]byte{first.Proof.File: append([]byte{0x82}, w.proof[1:]...)}, "is found contradicted now"},
		"a swapped proof":                {first, map[string][]byte{first.Proof.File: genuine[place(genuine, lines.File)].data}, "is found contradicted now"},
		"a swapped clip":                 {first, map[string][]byte{first.File: smallClips[0].data}, "is found contradicted now"},
		"changed lines":                  {lines, map[string][]byte{lines.File: bytes.Replace(genuine[place(genuine, lines.File)].data, []byte("Hello"), []byte("Hullo"), 1)}, "is found contradicted now"},
	} {
		for _, keys := range []ProofKeys{nil, w.keys(false)} {
			if v := judge([]Exhibit{c.x}, c.files, keys); v.ExitCode() != 1 || !strings.Contains(v.String(), c.words) {
				t.Errorf("%s (keys: %v) is not “%s”:\n%s", what, keys != nil, c.words, v)
			}
		}
	}
	expect(t, judge(doc.Exhibits, nil, w.keys(false)), 0, "AND each stamp")
}

// TestMissingProof takes the proof out of a package and has it signed anew.
func TestMissingProof(t *testing.T) {
	t.Parallel()
	w, pkg := fromMeeting(t, nil)
	id, parts, date := unpack(t, pkg)
	at := slices.IndexFunc(parts, func(p part) bool { return strings.HasPrefix(p.path, "data/proof/") })
	v := w.verify(reseal(t, id, slices.Delete(parts, at, at+1), date, w.ring), w.keys(false))
	expect(t, v, 1, "was found are not all in the package")
}

package triage_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/clip/cliptest"
	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// proven is a world in which a host has a report from a live meeting.
type proven struct {
	*world
	meeting     *cliptest.World
	id          triage.MeetingID
	file, proof []byte
}

// Platform has the meeting's keys.
func (p *proven) Platform(context.Context, triage.MeetingID) (clip.Platform, error) {
	return p.meeting.Platform(), nil
}

func newProven(t *testing.T) *proven {
	p := &proven{world: newWorld(t), id: "M-3K9QA-77ZPW"}
	p.Desk.Platform = p
	p.meeting = cliptest.New(string(p.id), 1)
	host, guest := p.meeting.Person(string(p.people["host"].Account), "host"), p.meeting.Person("", "Gus")
	ring := clip.NewRing(clip.DefaultWindow)
	guest.Talk(ring, 3)
	var err error
	p.file, p.proof, err = ring.Freeze(time.UnixMilli(int64(p.meeting.Start)+20_000)).Make(
		clip.Choice{Sender: guest.Join, Picture: franking.Camera, To: 1 << 52}, host.Parties(guest))
	p.ok(err)
	p.ok(p.Store.Update(t.Context(), func(tx triage.Tx) error {
		return tx.InsertMeeting(t.Context(), triage.Meeting{ID: p.id, Org: p.people["host"].Org, Host: p.people["host"].Account, Title: "Lesson",
			Mode: triage.ModeE2EE, Started: p.now.Add(-time.Hour)}, []triage.Attendee{{Name: "Gus"}, {Name: "mallory", Account: p.people["mallory"].Account}})
	}))
	return p
}

// stored makes a sealed upload with these bytes.
func (p *proven) stored(who, name string, b []byte) triage.UploadID {
	p.t.Helper()
	u := triage.Upload{ID: triage.UploadID(triage.NewID("U")), Owner: p.people[who].Account, Name: name, Size: int64(len(b)),
		SHA256: sha256.Sum256(b), State: triage.UploadSealed, Created: p.now, Touched: p.now}
	p.bytes[u.SHA256] = b
	p.ok(p.Store.Update(p.t.Context(), func(tx triage.Tx) error {
		if err := tx.InsertUpload(p.t.Context(), u); err != nil {
			return err
		}
		if _, err := tx.LockBlob(p.t.Context(), u.SHA256); err == nil {
			return nil
		}
		return tx.InsertBlob(p.t.Context(), triage.Blob{SHA256: u.SHA256, Size: u.Size, Sealed: p.now, RetainUntil: p.now.Add(time.Minute), Chunks: triage.Chunks(nil).Append(b)})
	}))
	return u.ID
}

// report files clip and proof, and gives the exhibit once it was verified.
func (p *proven) report(who string, change func(*triage.NewReport)) (triage.Exhibit, clip.Verdict) {
	p.t.Helper()
	n := p.form("hate", p.stored(who, "clip.webm", p.file))
	n.Proofs = []triage.UploadID{p.stored(who, "clip.proof", p.proof)}
	n.Meeting, n.People = p.id, []triage.Person{{Name: "Gus"}}
	if change != nil {
		change(&n)
	}
	r, err := p.FileReport(p.t.Context(), p.people[who], n)
	p.ok(err)
	x, _, err := p.BeginPreparing(p.t.Context(), r.Exhibits[0])
	p.ok(err)
	verdict, trust, err := p.Verify(p.t.Context(), x)
	p.ok(err)
	p.ok(p.FinishPreparing(p.t.Context(), x.ID, triage.Prepared{Verdict: verdict, Trust: trust}))
	p.ok(p.Store.View(p.t.Context(), func(tx triage.Tx) error {
		x, err = tx.Exhibit(p.t.Context(), x.ID)
		return err
	}))
	var v clip.Found
	p.ok(json.Unmarshal(x.Verdict, &v))
	return x, *v.Clip
}

func TestVerifiedReport(t *testing.T) {
	t.Parallel()
	p := newProven(t)
	x, v := p.report("host", nil)
	if x.Trust != triage.TrustVerified || v.Grade != clip.Verified || len(v.Tracks) != 2 {
		t.Fatalf("the exhibit is %s: %+v", x.Trust, v)
	}
	var receipt []byte
	p.ok(p.Store.View(t.Context(), func(tx triage.Tx) error {
		r, err := tx.Report(t.Context(), x.Report)
		receipt = r.Receipt
		if err != nil {
			return err
		}
		sealed, err := tx.EventsOn(t.Context(), x.Case, "exhibit/"+string(x.ID), custody.ExhibitSealed, custody.ExhibitProcessed)
		if err != nil || len(sealed) != 2 || sealed[0].Detail["proof"] != x.Proof.String() || sealed[1].Detail["verdict"] == "" || sealed[1].Detail["trust"] != "verified" {
			t.Errorf("the log says %+v, %v", sealed, err)
		}
		return nil
	}))
	if !strings.Contains(string(receipt), x.Proof.String()) {
		t.Error("the receipt does not name the proof")
	}
}

// TestProofOfAnotherReport files true proofs with reports that they are not of.
func TestProofOfAnotherReport(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(*proven) (string, func(*triage.NewReport)){
		"by another account": func(p *proven) (string, func(*triage.NewReport)) { return "mallory", nil },
		"about somebody else": func(p *proven) (string, func(*triage.NewReport)) {
			return "host", func(n *triage.NewReport) { n.People = []triage.Person{{Name: "Gustav"}} }
		},
		"of another meeting": func(p *proven) (string, func(*triage.NewReport)) {
			return "host", func(n *triage.NewReport) { n.Meeting, n.MeetingName = "", "M-OTHER" }
		},
		"with another clip": func(p *proven) (string, func(*triage.NewReport)) {
			p.file = bytes.Replace(p.file, []byte("Proffer"), []byte("Profane"), 1)
			return "host", nil
		},
		"with a broken proof": func(p *proven) (string, func(*triage.NewReport)) {
			p.proof = []byte("no proof at all")
			return "host", nil
		},
	} {
		p := newProven(t)
		who, form := change(p)
		if x, v := p.report(who, form); x.Trust != triage.TrustContradicted || len(v.Findings) == 0 {
			t.Errorf("a proof %s is %s: %+v", what, x.Trust, v.Findings)
		}
	}
}

func TestWithoutProof(t *testing.T) {
	t.Parallel()
	p := newProven(t)
	n := p.form("hate", p.stored("host", "phone.webm", []byte("a film of a screen")))
	r, err := p.FileReport(t.Context(), p.people["host"], n)
	p.ok(err)
	x, _, err := p.BeginPreparing(t.Context(), r.Exhibits[0])
	p.ok(err)
	if verdict, trust, err := p.Verify(t.Context(), x); err != nil || verdict != nil || trust != triage.TrustUnverified {
		t.Errorf("a clip without a proof is %s with %s, %v", trust, verdict, err)
	}
}

// TestAttendeesReport lets those report who were there, and nobody else.
func TestAttendeesReport(t *testing.T) {
	t.Parallel()
	p := newProven(t)
	n := p.form("hate")
	n.Meeting, n.People = p.id, []triage.Person{{Name: "Gus"}}
	_, err := p.FileReport(t.Context(), p.people["mallory"], n)
	p.ok(err)
	n.Key += "x"
	_, err = p.FileReport(t.Context(), p.people["rui"], n)
	p.is(triage.ErrInvalid, err)
}

// TestOwnProof attaches the same bytes as a clip and as its proof: by one upload, and by two. The form says so, and nothing is lost.
func TestOwnProof(t *testing.T) {
	t.Parallel()
	p := newProven(t)
	clip := p.stored("host", "clip.webm", p.file)
	n := p.form("hate", clip)
	n.Meeting, n.People = p.id, []triage.Person{{Name: "Gus"}}
	for _, proof := range []triage.UploadID{clip, p.stored("host", "again.webm", p.file)} {
		n.Proofs = []triage.UploadID{proof}
		_, err := p.FileReport(t.Context(), p.people["host"], n)
		var fe triage.FieldErrors
		if !errors.As(err, &fe) || fe[0].Field != "clips" || !strings.Contains(fe[0].Error(), "as its own proof") {
			t.Errorf("a clip as its own proof is %v", err)
		}
	}
	n.Proofs = []triage.UploadID{p.stored("host", "clip.proof", p.proof)}
	_, err := p.FileReport(t.Context(), p.people["host"], n)
	p.ok(err)
}

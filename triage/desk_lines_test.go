package triage_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// written is a file of lines that the host makes of what two people wrote.
func (p *proven) written() []byte {
	p.t.Helper()
	host := p.meeting.Person(string(p.people["host"].Account), "host")
	ring := clip.NewRing(clip.DefaultWindow)
	var writers []clip.Writer
	for _, name := range []string{"Gus", "Gert"} {
		guest := p.meeting.Person("", name)
		guest.Write(ring, "Hello", "You are \u202egnihton")
		writers = append(writers, clip.Writer{Join: guest.Join, Message: guest.Message})
	}
	file, err := ring.Freeze(time.UnixMilli(int64(p.meeting.Start)+20_000)).MakeLines(writers, 0, 1<<52, host.Parties(host))
	p.ok(err)
	return file
}

// lines files a file of lines under the name of a film, and gives the exhibit once it was looked at.
func (p *proven) lines(file []byte, change func(*triage.NewReport)) (triage.Exhibit, clip.Found) {
	p.t.Helper()
	n := p.form("hate", p.stored("host", "holiday.mp4", file))
	n.Meeting, n.People = p.id, []triage.Person{{Name: "Gus"}, {Name: "Gert"}}
	if change != nil {
		change(&n)
	}
	r, err := p.FileReport(p.t.Context(), p.people["host"], n)
	p.ok(err)
	x, _, err := p.BeginPreparing(p.t.Context(), r.Exhibits[0])
	p.ok(err)
	is, err := p.IsLines(p.t.Context(), x)
	if p.ok(err); !is {
		p.t.Fatal("the file is not taken for one of lines")
	}
	x.Container = triage.ContainerLines
	verdict, trust, err := p.Verify(p.t.Context(), x)
	p.ok(err)
	p.ok(p.FinishPreparing(p.t.Context(), x.ID, triage.Prepared{Probe: triage.Probe{Container: triage.ContainerLines}, Verdict: verdict, Trust: trust}))
	p.ok(p.Store.View(p.t.Context(), func(tx triage.Tx) error {
		x, err = tx.Exhibit(p.t.Context(), x.ID)
		return err
	}))
	var v clip.Found
	p.ok(json.Unmarshal(x.Verdict, &v))
	return x, v
}

func TestLines(t *testing.T) {
	t.Parallel()
	p := newProven(t)
	x, v := p.lines(p.written(), nil)
	if x.Trust != triage.TrustVerified || x.Container != triage.ContainerLines || v.Clip != nil || v.Lines == nil || len(v.Lines.Lines) != 4 || v.Grade() != clip.Verified {
		t.Fatalf("the lines are %s: %+v", x.Trust, v.Lines)
	}
}

// TestLinesViewed holds that who opens the page of a case with lines of chat is on record as having viewed them, once a viewing.
func TestLinesViewed(t *testing.T) {
	t.Parallel()
	p := newProven(t)
	x, _ := p.lines(p.written(), nil)
	for range 2 {
		_, err := p.OpenCase(t.Context(), p.people["rui"], x.Case)
		p.ok(err)
	}
	var by []string
	p.ok(p.Store.View(t.Context(), func(tx triage.Tx) error {
		es, err := tx.EventsOn(t.Context(), x.Case, "exhibit/"+string(x.ID), custody.ExhibitViewed)
		for _, e := range es {
			if e.Act == custody.ExhibitViewed {
				by = append(by, e.Detail["kind"]+" "+e.Actor)
			}
		}
		return err
	}))
	if want := "lines " + string(p.people["rui"].Account); len(by) != 1 || by[0] != want {
		t.Errorf("viewed: %q, want %q once", by, want)
	}
}

// TestLinesOfAnotherReport files true lines with reports that they are not of, and others that are not whole.
func TestLinesOfAnotherReport(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(p *proven, file []byte) ([]byte, func(*triage.NewReport)){
		"about one who is not named": func(_ *proven, file []byte) ([]byte, func(*triage.NewReport)) {
			return file, func(n *triage.NewReport) { n.People = n.People[:1] }
		},
		"of another meeting": func(_ *proven, file []byte) ([]byte, func(*triage.NewReport)) {
			return file, func(n *triage.NewReport) { n.Meeting, n.MeetingName = "", "M-OTHER" }
		},
		"cut short": func(_ *proven, file []byte) ([]byte, func(*triage.NewReport)) { return file[:len(file)-9], nil },
		"changed": func(_ *proven, file []byte) ([]byte, func(*triage.NewReport)) {
			return bytes.Replace(file, []byte("Hello"), []byte("Hullo"), 1), nil
		},
		"too long": func(_ *proven, file []byte) ([]byte, func(*triage.NewReport)) {
			return append(file, make([]byte, clip.MaxProof)...), nil
		},
		"with proof": func(p *proven, file []byte) ([]byte, func(*triage.NewReport)) {
			return file, func(n *triage.NewReport) { n.Proofs = []triage.UploadID{p.stored("host", "clip.proof", p.proof)} }
		},
	} {
		p := newProven(t)
		file, form := change(p, p.written())
		if x, v := p.lines(file, form); x.Trust != triage.TrustContradicted || len(v.Findings()) == 0 {
			t.Errorf("lines %s are %s: %+v", what, x.Trust, v.Findings())
		}
	}
}

package triage_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/proffer/proffer/media/clip/cliptest"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// again has an exhibit verified again, and gives all that was found so far.
func (p *proven) again(who string, x triage.Exhibit) []triage.Verification {
	p.t.Helper()
	p.now = p.now.Add(time.Second)
	_, err := p.VerifyAgain(p.t.Context(), p.people[who], x.ID)
	p.ok(err)
	vs := p.verifications(x.ID)
	job := triage.VerifyExhibit{Exhibit: x.ID, Verification: vs[len(vs)-1].ID}
	p.ok(p.Reverify(p.t.Context(), job))
	p.ok(p.Reverify(p.t.Context(), job)) // a job may be done twice
	p.ok(p.GiveUpVerifying(p.t.Context(), job))
	return p.verifications(x.ID)
}

func (p *proven) verifications(id triage.ExhibitID) (vs []triage.Verification) {
	p.t.Helper()
	p.ok(p.Store.View(p.t.Context(), func(tx triage.Tx) (err error) {
		vs, err = tx.Verifications(p.t.Context(), id)
		return err
	}))
	return vs
}

// TestVerifyAgain finds the same again; another once the platform has other keys, which does not change what was found first; and once the proof
// is not what was sealed, that.
func TestVerifyAgain(t *testing.T) {
	t.Parallel()
	p := newProven(t)
	x, _ := p.report("host", nil)
	first := bytes.Clone(x.Verdict)
	vs := p.again("rui", x)
	if len(vs) != 1 || vs[0].Trust != triage.TrustVerified || vs[0].Differs != "" || vs[0].Failed != "" || vs[0].By != p.people["rui"].Account || vs[0].Done.IsZero() ||
		!bytes.Equal(vs[0].Verdict, first) {
		t.Errorf("the first time: %+v", vs)
	}
	keys := p.meeting
	p.meeting = cliptest.New(string(p.id), 2)
	vs = p.again("rui", x)
	if len(vs) != 2 || vs[1].Trust != triage.TrustContradicted || vs[1].Differs == "" || len(vs[1].Verdict) == 0 {
		t.Errorf("with other keys: %+v", vs)
	}
	p.meeting = keys
	p.ok(p.Store.View(t.Context(), func(tx triage.Tx) error {
		now, err := tx.Exhibit(t.Context(), x.ID)
		if err != nil || !bytes.Equal(now.Verdict, first) || now.Trust != triage.TrustVerified {
			t.Errorf("what was found first is %s now: %s", now.Trust, now.Verdict)
		}
		asked, err := tx.EventsOn(t.Context(), x.Case, "exhibit/"+string(x.ID), custody.ExhibitVerifyAsked)
		if err != nil || len(asked) != 2 || asked[0].Leaf.Actor != string(p.people["rui"].Account) {
			t.Errorf("the log says %+v, %v", asked, err)
		}
		done, err := tx.EventsOn(t.Context(), x.Case, "exhibit/"+string(x.ID), custody.ExhibitVerified)
		if err != nil || len(done) != 2 || done[0].Detail["differs"] != "" || done[0].Detail["verdict"] != done[0].Detail["before"] || done[1].Detail["differs"] == "" {
			t.Errorf("the log says %+v, %v", done, err)
		}
		return nil
	}))
	p.bytes[x.Proof] = []byte("another proof")
	if vs = p.again("rui", x); len(vs) != 3 || vs[2].Failed != triage.WhyAltered || vs[2].Verdict != nil || vs[2].Trust != "" {
		t.Errorf("with another proof: %+v", vs[2])
	}
	_, err := p.VerifyAgain(t.Context(), p.people["rui"], x.ID)
	p.is(triage.ErrConflict, err)
}

// TestVerifyAgainOnce takes a second wish, while one waits, for the same; and refuses those who may not, and what has no proof.
func TestVerifyAgainOnce(t *testing.T) {
	t.Parallel()
	p := newProven(t)
	x, _ := p.report("host", nil)
	for range 2 {
		_, err := p.VerifyAgain(t.Context(), p.people["rui"], x.ID)
		p.ok(err)
	}
	vs := p.verifications(x.ID)
	if len(vs) != 1 {
		t.Errorf("two wishes are %+v", vs)
	}
	p.ok(p.GiveUpVerifying(t.Context(), triage.VerifyExhibit{Exhibit: x.ID, Verification: vs[0].ID}))
	if vs = p.verifications(x.ID); vs[0].Failed == "" || vs[0].Done.IsZero() {
		t.Errorf("what was given up is %+v", vs)
	}
	_, err := p.VerifyAgain(t.Context(), p.people["host"], x.ID)
	if triage.KindOf(err) != triage.NotFound && triage.KindOf(err) != triage.Forbidden {
		t.Errorf("a host may verify: %v", err)
	}
}

package triage_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/proffer/proffer/triage"
)

func FuzzSnippet(f *testing.F) {
	f.Add("He <b>shouted</b> at Ökonom", "shout öko")
	f.Add(strings.Repeat("a long text ", 50)+"needle", "need")
	f.Fuzz(func(t *testing.T, text, words string) {
		if text = strings.ToValidUTF8(text, "?"); strings.Contains(text, "…") {
			return
		}
		var all strings.Builder
		for _, s := range triage.Snippet(text, triage.Tokens(words)) {
			if s.Text == "" || s.Hit && len(triage.Tokens(s.Text)) != 1 {
				t.Fatalf("%q of %q", s.Text, text)
			}
			all.WriteString(s.Text)
		}
		if shown := strings.Trim(all.String(), "…"); !strings.Contains(text, shown) {
			t.Fatalf("%q is not of %q", shown, text)
		}
	})
}

// TestFindKeepsLanesClosed searches by everything there is, as everybody: nobody finds what they may not know of.
func TestFindKeepsLanesClosed(t *testing.T) {
	w := newWorld(t)
	general, closed := w.form("hate"), w.form("csam", w.upload())
	general.Words, closed.Words = "a peculiar rehearsal", "a peculiar secret"
	g, c := w.fileAs("host", general), w.fileAs("host", closed)
	aboutRobin := w.form("hate")
	aboutRobin.Words, aboutRobin.People = "a peculiar colleague", []triage.Person{{Name: "Robin", Identifier: "robin@test.example"}}
	r := w.fileAs("host", aboutRobin)
	w.ok(w.AddNote(t.Context(), w.people["cleo"], c.Case, "peculiar note"))
	var sum triage.SHA256
	w.ok(w.Store.View(t.Context(), func(tx triage.Tx) error {
		xs, err := tx.ExhibitsOf(t.Context(), c.Case)
		sum = xs[0].SHA256
		return err
	}))
	find := func(name, text string) (got []triage.CaseID) {
		t.Helper()
		f, err := w.Find(t.Context(), w.people[name], triage.FindAsk{Text: text, Limit: 50})
		if err != nil {
			w.is(triage.ErrForbidden, err)
		}
		for _, row := range f.Rows {
			got = append(got, row.ID)
			for _, h := range row.Hits {
				if !slices.ContainsFunc(h.Spans, func(s triage.Fragment) bool { return s.Hit }) {
					t.Errorf("%s: a hit without one: %+v", text, h)
				}
			}
		}
		slices.Sort(got)
		return got
	}
	for _, x := range []struct {
		text string
		want map[string][]triage.CaseID
	}{
		{"peculiar", map[string][]triage.CaseID{"rui": {g.Case, r.Case}, "robin": {g.Case}, "cleo": {c.Case}, "sam": {g.Case, r.Case, c.Case}}},
		{"peculiar not", map[string][]triage.CaseID{"cleo": {c.Case}, "sam": {c.Case}}},
		{sum.String(), map[string][]triage.CaseID{"cleo": {c.Case}, "sam": {c.Case}}},
		{string(c.ID), map[string][]triage.CaseID{"cleo": {c.Case}, "sam": {c.Case}}},
		{strings.ToLower(strings.ReplaceAll(string(c.Case), "-", "")), map[string][]triage.CaseID{"cleo": {c.Case}, "sam": {c.Case}}},
		{"MALLORY@test.example", map[string][]triage.CaseID{"rui": {g.Case}, "robin": {g.Case}, "cleo": {c.Case}, "sam": {g.Case, c.Case}}},
		{string(w.people["robin"].Account), map[string][]triage.CaseID{"rui": {r.Case}, "sam": {r.Case}}},
		{string(g.Receipt), map[string][]triage.CaseID{"rui": {g.Case}, "robin": {g.Case}, "sam": {g.Case}}},
		{" ... ", nil},
		{"", nil},
	} {
		for _, name := range []string{"rui", "robin", "cleo", "sam", "lior", "ada", "host", "mallory"} {
			want := slices.Clone(x.want[name])
			slices.Sort(want)
			if got := find(name, x.text); !slices.Equal(got, want) {
				t.Errorf("%s finds %v for %.40q, want %v", name, got, x.text, want)
			}
		}
	}
}

package triagetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

func (t *tx) Log(_ context.Context, e custody.Event) error {
	if err := t.write("Log"); err != nil {
		return err
	}
	if slices.ContainsFunc(t.events, func(f custody.Event) bool { return f.ID == e.ID }) {
		return conflict()
	}
	t.events = append(t.events, copyOf(e))
	return nil
}

func (t *tx) EventsOf(_ context.Context, c triage.CaseID) ([]triage.LoggedEvent, error) {
	var out []triage.LoggedEvent
	for _, e := range t.events {
		if e.Case != string(c) && !t.cameWith(e, c) {
			continue
		}
		logged := triage.LoggedEvent{Event: copyOf(e), Index: t.place(e.ID)}
		for id, a := range t.accounts {
			if string(id) == e.Actor {
				logged.ActorName = a.Name
			}
		}
		if e.Actor == custody.System {
			logged.ActorName = triage.SystemActor.Name
		}
		out = append(out, logged)
	}
	slices.SortStableFunc(out, func(a, b triage.LoggedEvent) int { return a.Time.Compare(b.Time) })
	return out, nil
}

// cameWith reports whether an event of another case is on a report or exhibit that came from there into a case.
func (t *tx) cameWith(e custody.Event, c triage.CaseID) bool {
	kind, id, _ := strings.Cut(e.Subject, "/")
	report := triage.ReportID(id)
	if kind == "exhibit" {
		report = t.exhibits[triage.ExhibitID(id)].Report
	}
	r, ok := t.reports[report]
	return ok && (kind == "report" || kind == "exhibit") && r.Case == c && t.wasIn(r.ID, triage.CaseID(e.Case))
}

func (t *tx) EventsOn(ctx context.Context, c triage.CaseID, subject string, acts ...custody.Act) ([]triage.LoggedEvent, error) {
	all, err := t.EventsOf(ctx, c)
	return slices.DeleteFunc(all, func(e triage.LoggedEvent) bool { return e.Subject != subject || !slices.Contains(acts, e.Act) }), err
}

// place is the index of an event's leaf, or -1.
func (t *tx) place(event string) int64 {
	return int64(slices.IndexFunc(t.leaves, func(l triage.Leaf) bool { return l.Event == event }))
}

func (t *tx) Unsequenced(_ context.Context, limit int) ([]custody.Event, error) {
	if err := t.write("Unsequenced"); err != nil {
		return nil, err
	}
	var out []custody.Event
	for _, e := range t.events {
		if len(out) < limit && t.place(e.ID) < 0 {
			out = append(out, copyOf(e))
		}
	}
	return out, nil
}

func (t *tx) AppendLeaves(_ context.Context, size int64, leaves []triage.Leaf, hashes [][32]byte) error {
	if err := t.write("AppendLeaves"); err != nil {
		return err
	}
	if size != int64(len(t.leaves)) {
		return conflict()
	}
	for i, l := range leaves {
		if l.Index != size+int64(i) || t.place(l.Event) >= 0 {
			return fmt.Errorf("leaf %d (event %s) where %d comes next", l.Index, l.Event, size+int64(i))
		}
		l.Salt, l.Content = custody.Salt{}, nil
		t.leaves = append(t.leaves, copyOf(l))
	}
	if want := tlog.StoredHashCount(int64(len(t.leaves))) - tlog.StoredHashCount(size); int64(len(hashes)) != want {
		return fmt.Errorf("%d hashes for %d leaves; there should be %d", len(hashes), len(leaves), want)
	}
	t.hashes = append(t.hashes, hashes...)
	return nil
}

func (t *tx) TreeSize(context.Context) (int64, error) { return int64(len(t.leaves)), nil }

func (t *tx) ReadHashes(_ context.Context, indexes []int64) ([][32]byte, error) {
	out := make([][32]byte, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(t.hashes)) {
			return nil, missing()
		}
		out[i] = t.hashes[index]
	}
	return out, nil
}

// withContent adds to a leaf what is kept beside it.
func (t *tx) withContent(l triage.Leaf) triage.Leaf {
	i := slices.IndexFunc(t.events, func(e custody.Event) bool { return e.ID == l.Event })
	l.Salt, l.Content = t.events[i].Salt, t.events[i].Detail
	return copyOf(l)
}

func (t *tx) Leaves(_ context.Context, from int64, limit int) ([]triage.Leaf, error) {
	var out []triage.Leaf
	for i := max(from, 0); i < int64(len(t.leaves)) && len(out) < limit; i++ {
		out = append(out, t.withContent(t.leaves[i]))
	}
	return out, nil
}

func (t *tx) LeafOf(_ context.Context, event string) (triage.Leaf, error) {
	i := t.place(event)
	if i < 0 {
		return triage.Leaf{}, missing()
	}
	return t.withContent(t.leaves[i]), nil
}

// Drift finds nothing: this store keeps an event and its leaf as one.
func (t *tx) Drift(context.Context) (string, int64, error) { return "", 0, nil }

func (t *tx) InsertCheckpoint(_ context.Context, size int64, signed []byte, _ time.Time) error {
	if err := t.write("InsertCheckpoint"); err != nil {
		return err
	}
	t.checkpoints = append(t.checkpoints, checkpoint{size, slices.Clone(signed)})
	slices.SortStableFunc(t.checkpoints, func(a, b checkpoint) int { return int(a.size - b.size) })
	return nil
}

func (t *tx) Checkpoints(_ context.Context, after int64, limit int) ([][]byte, error) {
	var out [][]byte
	for _, c := range t.checkpoints {
		if c.size > after && len(out) < limit {
			out = append(out, slices.Clone(c.signed))
		}
	}
	return out, nil
}

func (t *tx) Checkpoint(context.Context) (signed []byte, size int64, err error) {
	if len(t.checkpoints) == 0 {
		return nil, 0, missing()
	}
	newest := t.checkpoints[len(t.checkpoints)-1]
	return slices.Clone(newest.signed), newest.size, nil
}

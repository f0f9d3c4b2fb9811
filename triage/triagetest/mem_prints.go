package triagetest

import (
	"context"

	"github.com/proffer/proffer/media/pdq"
	"github.com/proffer/proffer/triage"
)

func (t *tx) PutPrint(_ context.Context, x triage.ExhibitID, p triage.Print) error {
	if err := t.write("PutPrint"); err != nil {
		return err
	}
	if _, ok := t.exhibits[x]; !ok {
		return missing()
	}
	t.prints[x] = copyOf(p)
	return nil
}

func (t *tx) Print(_ context.Context, x triage.ExhibitID) (triage.Print, error) {
	return get(t.prints, x)
}

func (t *tx) FramesNear(_ context.Context, h pdq.Hash, limit int) ([]triage.FrameNear, error) {
	nearest := map[triage.ExhibitID]triage.FrameNear{}
	for x, p := range t.prints {
		for _, f := range p.Frames {
			d := h.Distance(f.Hash)
			if n, ok := nearest[x]; d <= pdq.MatchDistance && (!ok || d < n.Distance) {
				nearest[x] = triage.FrameNear{Exhibit: x, At: f.At, Distance: d}
			}
		}
	}
	return find(nearest, func(triage.FrameNear) bool { return true }, func(a, b triage.FrameNear) int {
		return newestExhibit(t.exhibits[a.Exhibit], t.exhibits[b.Exhibit])
	}, limit), nil
}

func (t *tx) PutNear(_ context.Context, a, b triage.ExhibitID, share int) error {
	if err := t.write("PutNear"); err != nil {
		return err
	}
	t.near[[2]triage.ExhibitID{a, b}], t.near[[2]triage.ExhibitID{b, a}] = share, share
	return nil
}

func (t *tx) ExhibitsNear(_ context.Context, x triage.Exhibit, q triage.KnownQuery) (out []triage.NearExhibit, _ error) {
	for _, o := range find(t.exhibits, func(o triage.Exhibit) bool {
		return t.near[[2]triage.ExhibitID{x.ID, o.ID}] > 0 && o.Case != x.Case && t.decidedFor(o.Case, q)
	}, newestExhibit, q.Limit) {
		out = append(out, triage.NearExhibit{Exhibit: o, Share: t.near[[2]triage.ExhibitID{x.ID, o.ID}]})
	}
	return out, nil
}

package meeting

import (
	"context"
	"slices"
	"time"
)

// presenceSlack is how far a sender's clock may be from the board's (§15: 2 s from the stamps'), and a little.
const presenceSlack = 5 * time.Second

// Present says why a join was not in a meeting at any time between two; "" where it was. In an end-to-end encrypted meeting that is what the
// links of the list say; in a standard one, from the join's entry to its leave, since the roster leaves no trace of its own.
func Present(ctx context.Context, store Store, id string, j J, from, to time.Time) (why string, err error) {
	p := presence{j: j, from: from.Add(-presenceSlack), to: to.Add(presenceSlack)}
	for next := uint64(1); ; {
		es, err := store.Entries(ctx, id, next, chunk, chunkBytes)
		if err != nil {
			return "", err
		}
		for _, e := range es {
			p.entry(e)
			next = e.Number + 1
		}
		if len(es) == 0 {
			return p.why(), nil
		}
	}
}

// presence follows one join through a board.
type presence struct {
	j        J
	from, to time.Time // of interest
	joined   bool
	links    bool // there is a list: the meeting is end-to-end encrypted, from here on
	in       bool // now
	since    time.Time
	was      bool // in, at some time of interest
}

func (p *presence) entry(e Entry) {
	o, err := openMessage(e.Message)
	if err != nil {
		return // the board takes none that does not open
	}
	switch b := o.body.(type) {
	case *Join:
		if J(o.hash) == p.j {
			p.joined = true
			p.set(!p.links, e.At)
		}
	case *Link:
		p.links = true
		p.set(slices.ContainsFunc(b.Members, func(s Seat) bool { return s.J == p.j }), e.At)
	case *Leave:
		if b.J == p.j {
			p.set(false, e.At)
		}
	case *End:
		p.set(false, e.At)
	}
}

// set notes that the join is in or not from a time on.
func (p *presence) set(in bool, at time.Time) {
	if p.in && !p.since.After(p.to) && !at.Before(p.from) {
		p.was = true
	}
	if in != p.in {
		p.in, p.since = in, at
	}
}

func (p *presence) why() string {
	p.set(p.in, p.to)
	switch {
	case !p.joined:
		return "The meeting’s board has no such join."
	case !p.was:
		return "The board says that this person was not in the meeting then."
	}
	return ""
}

package triage

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/proffer/proffer/triage/account"
)

// FindAsk is a search as somebody typed and chose it. Saved views keep it as JSON.
type FindAsk struct {
	Text     string     `json:"text,omitzero"` // words, or a number, address or digest
	Policy   PolicyID   `json:"policy,omitzero"`
	State    State      `json:"state,omitzero"`
	Lane     Lane       `json:"lane,omitzero"`
	Trust    Trust      `json:"trust,omitzero"`
	Reviewer account.ID `json:"reviewer,omitzero"` // Myself for whoever looks
	Reporter string     `json:"reporter,omitzero"` // number or e-mail address of who reported
	Reported string     `json:"reported,omitzero"` // number, address or handle of who is reported
	Older    int        `json:"older,omitzero"`    // opened at least so many days ago
	From     time.Time  `json:"from,omitzero"`     // day when cases were opened, included; zero for an open end
	To       time.Time  `json:"to,omitzero"`       // likewise
	After    Cursor     `json:"-"`
	Limit    int        `json:"-"`
}

// MaxOlder is the most days that a search by age can ask for.
const MaxOlder = 3650

// Empty reports whether nothing is asked for.
func (q FindAsk) Empty() bool {
	q.After, q.Limit = Cursor{}, 0
	return q == FindAsk{}
}

// Found is one page of what a search found.
type Found struct {
	Rows  []FoundCase
	More  bool
	Words []string // that were looked for; nil where it was a number
	Lists []Listed // entries of lists that hold the hash that was looked for
}

// FoundCase is a case with where it matches.
type FoundCase struct {
	CaseRow
	Hits []Hit // at most maxHits
}

// Hit is a text of a case in which something was found.
type Hit struct {
	In    string // what the text is, in words
	Spans []Fragment
}

const maxHits = 3

// places is where an actor may look: the lanes and states whose cases they may know of.
func places(a Actor, lane Lane, state State) (in []Place) {
	for _, l := range AllLanes {
		for _, s := range AllStates {
			if (lane == "" || l == lane) && (state == "" || s == state) && Can(a, QueueRead, Target{Lane: l, State: s}) {
				in = append(in, Place{l, s})
			}
		}
	}
	return in
}

// Find searches all cases that the actor may know of, in whatever state. Those of closed lanes, and those to which they are a
// party or are giving a blind opinion on (notes and who decided are searched, too), are not found by anything, and nothing here counts them.
func (d *Desk) Find(ctx context.Context, a Actor, ask FindAsk) (out Found, err error) {
	if err := Allow(a, QueueRead, Target{}); err != nil {
		return Found{}, err
	}
	q := FindQuery{In: places(a, ask.Lane, ask.State), Without: a.Account, Policy: ask.Policy, Trust: ask.Trust, Reviewer: ask.Reviewer,
		From: ask.From, After: ask.After, Limit: min(max(ask.Limit, 1), 199) + 1}
	if !ask.To.IsZero() {
		q.To = ask.To.AddDate(0, 0, 1)
	}
	if old := d.now().AddDate(0, 0, -ask.Older); ask.Older > 0 && (q.To.IsZero() || old.Before(q.To)) {
		q.To = old
	}
	if q.Reviewer == Myself {
		q.Reviewer = a.Account
	}
	q.Number, q.Words = read(ask.Text)
	if ask.Empty() || len(q.In) == 0 || ask.Text != "" && q.Number == (Number{}) && len(q.Words) == 0 {
		return Found{}, nil
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		out = Found{Words: q.Words}
		if q.Identifier != "" {
			if q.Account, err = accountAt(ctx, tx, q.Identifier); err != nil {
				return err
			}
		}
		if out.Lists, err = listed(ctx, tx, a, q.Number); err != nil {
			return err
		}
		if ok, err := q.people(ctx, tx, ask); err != nil || !ok {
			return err
		}
		rows, err := tx.Find(ctx, q)
		if err != nil {
			return err
		}
		if out.More = len(rows) >= q.Limit; out.More {
			rows = rows[:q.Limit-1]
		}
		for _, r := range rows {
			found := FoundCase{CaseRow: r}
			if found.Hits, err = hits(ctx, tx, r.ID, q.Words); err != nil {
				return err
			}
			out.Rows = append(out.Rows, found)
		}
		return nil
	})
	return out, err
}

// accountAt is the account with that e-mail address, or "".
func accountAt(ctx context.Context, tx Tx, email string) (account.ID, error) {
	known, err := tx.AccountByEmail(ctx, strings.ToLower(email))
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return known.ID, err
}

// people sets who reported and who is reported, as they were typed; false where that is nobody, so that nothing can be found.
func (q *FindQuery) people(ctx context.Context, tx Tx, ask FindAsk) (ok bool, err error) {
	if ask.Reporter != "" {
		if q.Reporter, err = who(ctx, tx, ask.Reporter); err != nil || q.Reporter == "" {
			return false, err
		}
	}
	if ask.Reported != "" {
		q.Reported.Identifier = ask.Reported
		q.Reported.Account, err = who(ctx, tx, ask.Reported)
	}
	return true, err
}

// who is the account of a number or an address that was typed, or "".
func who(ctx context.Context, tx Tx, typed string) (account.ID, error) {
	if id, ok := ParseID(prefixAccount, typed); ok {
		return account.ID(id), nil
	}
	return accountAt(ctx, tx, typed)
}

// hits is where the words are in a case.
func hits(ctx context.Context, tx Tx, id CaseID, words []string) (out []Hit, err error) {
	if len(words) == 0 {
		return nil, nil
	}
	add := func(in, text string) {
		if s := Snippet(text, words); s != nil && len(out) < maxHits {
			out = append(out, Hit{in, s})
		}
	}
	rs, err := tx.ReportsOf(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, r := range rs {
		add("Report", r.Words)
		for _, x := range r.Additions {
			add("Addition", x.Words)
		}
		add("Meeting", r.MeetingName)
	}
	ns, err := tx.Notes(ctx, id)
	for _, n := range ns {
		add("Note", n.Words)
	}
	return out, err
}

// Colleagues lists the staff who may take cases of a lane that the actor may know of, to search by.
func (d *Desk) Colleagues(ctx context.Context, a Actor) (out []account.Account, err error) {
	if err := Allow(a, QueueRead, Target{}); err != nil {
		return nil, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		staff, err := tx.Accounts(ctx, true)
		if err != nil {
			return err
		}
		out = out[:0]
		for _, acc := range staff {
			for _, l := range Lanes(a, QueueRead) {
				if Can(actorOf(acc), CaseClaim, Target{Lane: l}) {
					out = append(out, acc)
					break
				}
			}
		}
		return nil
	})
	return out, err
}

package triage

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/proffer/proffer/media/pdq"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// Lists of hashes come from elsewhere: a match is shown with the list's source and label, and decides nothing by itself. Lists
// of the child-safety lane are there for that lane only: who does not have it learns neither of the list nor of a match. A case
// of the general lane with a clip on such a list therefore moves into the lane, as when a reviewer moves it, by the system and
// with the words "hash list" (moveListed), wherever it stands: what awaited a second person lapses, and what was settled is taken up
// again there, its decision in force until the lane's own replaces it. Nobody outside the lane goes on with such a clip.

// HashListID names a list of hashes, as "HL-XXXXX-XXXXX".
type HashListID string

// HashList is a list of hashes that was imported.
type HashList struct {
	ID      HashListID
	Lane    Lane
	Source  string // who made it
	Label   string // what it holds
	Kind    HashKind
	Entries int
	Done    int // entries that were compared with the exhibits that were there before; the rest is under way
	By      account.ID
	At      time.Time
	Version int
}

// subject is the list as the custody log names it. Auditors read the subjects of all that is about no case, so a list of a closed lane
// has none: its number is in the detail, which they do not read.
func (l HashList) subject() string {
	if l.Lane != LaneGeneral {
		return ""
	}
	return "hashlist/" + string(l.ID)
}

// facts are what the log says of an import or a removal.
func (l HashList) facts() custody.Detail {
	return custody.Detail{"list": string(l.ID), "lane": string(l.Lane), "source": l.Source, "label": l.Label, "kind": string(l.Kind), "entries": strconv.Itoa(l.Entries)}
}

// HashMatch is an exhibit that an entry of a list holds, or is near to.
type HashMatch struct {
	List     HashListID
	Entry    int // its number
	Exhibit  ExhibitID
	At       time.Duration // of the frame; 0 for hashes of the whole
	Distance int           // bits of the frame; 0 for hashes of the whole
}

// Listed is a match, or a hash that was looked for, with what the list says of it.
type Listed struct {
	HashMatch
	Case   CaseID // of the exhibit; "" where a hash was looked for
	Number int    // of the exhibit in its case
	Lane   Lane   // the list's, like the next three
	Source string
	Holds  string // its label
	Kind   HashKind
	Label  string // the entry's, or ""
}

// HashTx keeps lists of hashes and what matches them.
type HashTx interface {
	InsertHashList(ctx context.Context, l HashList, entries []HashEntry) error
	HashList(ctx context.Context, id HashListID) (HashList, error)
	HashLists(ctx context.Context, lanes []Lane) ([]HashList, error) // newest first
	SaveHashList(ctx context.Context, l HashList) error              // Done only
	DeleteHashList(ctx context.Context, id HashListID) error         // with its entries and matches
	Hashes(ctx context.Context, id HashListID, after, limit int) ([]HashEntry, error)

	// Listed lists the entries of lists in some lanes that hold a hash, or for PDQ are near to it; newest list first. Only List,
	// Entry, Distance and what the list says are set.
	Listed(ctx context.Context, kind HashKind, hash []byte, lanes []Lane, limit int) ([]Listed, error)
	// ExhibitsHashed lists the exhibits with a hash; for PDQ those with a frame near it (FramesNear). Newest first.
	ExhibitsHashed(ctx context.Context, kind HashKind, hash []byte, limit int) ([]FrameNear, error)
	// PutMatch keeps a match and reports whether it is new.
	PutMatch(ctx context.Context, m HashMatch) (bool, error)
	MatchesOf(ctx context.Context, x ExhibitID, lanes []Lane, limit int) ([]Listed, error) // with lists of some lanes; newest list first
	// MatchesOn lists what matches a list in cases of some lanes to which an account is no party; newest exhibit first.
	MatchesOn(ctx context.Context, id HashListID, lanes []Lane, without account.ID, limit int) ([]Listed, error)
}

const (
	prefixHashList = "HL"
	listedMost     = 1000 // matches of one hash that are kept
	listedShown    = 20   // on a page of a case
	matchedShown   = 200  // on a page of a list
	matchBatch     = 100  // entries in one transaction
	entriesShown   = 5
	sourceRunes    = 80
)

// listLanes are the lanes whose lists the actor may be told of when they see a match.
func listLanes(a Actor) []Lane {
	return slices.DeleteFunc(slices.Clone(AllLanes), func(l Lane) bool { return !laneOpen(a, l) })
}

// NewHashList is a list as somebody fills it in.
type NewHashList struct {
	Lane   Lane
	Source string
	Label  string
	Kind   HashKind
	File   []byte // CSV
}

// check cleans the form and reads the file.
func (n *NewHashList) check(a Actor) ([]HashEntry, error) {
	var fe FieldErrors
	n.Source, n.Label = account.CleanName(n.Source, sourceRunes), account.CleanName(n.Label, sourceRunes)
	if n.Source == "" {
		fe.Add("source", "Say who made the list, such as the organisation's name.")
	}
	if n.Label == "" {
		fe.Add("label", "Say what the list holds: reviewers see it beside a match.")
	}
	fe.noKey("source", n.Source)
	fe.noKey("label", n.Label)
	if !slices.Contains(Lanes(a, HashListChange), n.Lane) {
		fe.Add("lane", "Choose a lane.")
	}
	if !slices.Contains(HashKinds, n.Kind) {
		fe.Add("kind", "Choose what the hashes are.")
		return nil, fe
	}
	entries, err := ParseHashes(n.Kind, n.File)
	var bad FieldErrors
	if errors.As(err, &bad) {
		fe = append(fe, bad...)
	} else if err != nil {
		return nil, err
	}
	return entries, fe.Err()
}

// CheckHashList reads a list and imports nothing.
func (d *Desk) CheckHashList(a Actor, n NewHashList) ([]HashEntry, error) {
	if err := Allow(a, HashListChange, Target{}); err != nil {
		return nil, err
	}
	return n.check(a)
}

// ImportHashList keeps a list, all of it or nothing, and has the exhibits that are there compared with it.
func (d *Desk) ImportHashList(ctx context.Context, a Actor, n NewHashList) (HashList, error) {
	entries, err := d.CheckHashList(a, n)
	if err != nil {
		return HashList{}, err
	}
	l := HashList{ID: HashListID(NewID(prefixHashList)), Lane: n.Lane, Source: account.CleanName(n.Source, sourceRunes), Label: account.CleanName(n.Label, sourceRunes),
		Kind: n.Kind, Entries: len(entries), By: a.Account, At: d.now()}
	return l, d.Store.Update(ctx, func(tx Tx) error {
		if err := tx.InsertHashList(ctx, l, entries); err != nil {
			return err
		}
		if err := tx.Enqueue(ctx, MatchList{List: l.ID}); err != nil {
			return err
		}
		facts := l.facts()
		facts["sha256"] = sumHex(n.File)
		return d.recordAt(ctx, tx, l.At, a.Account, entry{custody.HashListImported, "", l.subject(), facts})
	})
}

// RemoveHashList forgets a list with its matches. What was moved because of it stays where it is.
func (d *Desk) RemoveHashList(ctx context.Context, a Actor, id HashListID) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		l, err := openHashList(ctx, tx, a, HashListChange, id)
		if err != nil {
			return err
		}
		if err := tx.DeleteHashList(ctx, id); err != nil {
			return err
		}
		return d.record(ctx, tx, a.Account, entry{custody.HashListRemoved, "", l.subject(), l.facts()})
	})
}

// openHashList fetches a list that the actor may know of.
func openHashList(ctx context.Context, tx Tx, a Actor, do Action, id HashListID) (HashList, error) {
	if err := Allow(a, do, Target{}); err != nil {
		return HashList{}, err
	}
	l, err := tx.HashList(ctx, id)
	if err != nil {
		return l, err
	}
	return l, Allow(a, do, Target{Lane: l.Lane})
}

// HashLists is the lists that the actor may know of.
func (d *Desk) HashLists(ctx context.Context, a Actor) (out []HashList, names map[account.ID]string, err error) {
	if err := Allow(a, HashListRead, Target{}); err != nil {
		return nil, nil, err
	}
	err = d.Store.View(ctx, func(tx Tx) error {
		if out, err = tx.HashLists(ctx, Lanes(a, HashListRead)); err != nil {
			return err
		}
		var by []account.ID
		for _, l := range out {
			by = append(by, l.By)
		}
		names, err = tx.Names(ctx, by)
		return err
	})
	return out, names, err
}

// HashListView is the page of a list.
type HashListView struct {
	HashList
	ByName  string
	First   []HashEntry
	Matches []Listed // in cases that the actor may open: nothing tells of others
	Cases   bool     // the actor may open cases at all
	Change  bool     // they may remove it
}

// OpenHashList shows a list and what matches it.
func (d *Desk) OpenHashList(ctx context.Context, a Actor, id HashListID) (v HashListView, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		if v.HashList, err = openHashList(ctx, tx, a, HashListRead, id); err != nil {
			return err
		}
		if v.First, err = tx.Hashes(ctx, id, 0, entriesShown); err != nil {
			return err
		}
		names, err := tx.Names(ctx, []account.ID{v.By})
		if err != nil {
			return err
		}
		lanes := Lanes(a, CaseRead)
		v.ByName, v.Cases, v.Change = names[v.By], len(lanes) > 0, Can(a, HashListChange, Target{Lane: v.Lane})
		all, err := tx.MatchesOn(ctx, id, lanes, a.Account, matchedShown)
		if err != nil {
			return err
		}
		v.Matches = nil
		for _, m := range all {
			if may, err := mayRead(ctx, tx, a, m.Case); err != nil {
				return err
			} else if may {
				v.Matches = append(v.Matches, m)
			}
		}
		return nil
	})
	return v, err
}

// matchLists compares an exhibit with every list.
func (d *Desk) matchLists(ctx context.Context, tx Tx, x Exhibit, p Print) error {
	look := func(kind HashKind, hash []byte, at time.Duration) error {
		found, err := tx.Listed(ctx, kind, hash, AllLanes, listedMost)
		if err != nil {
			return err
		}
		for _, f := range found {
			f.Exhibit, f.At = x.ID, at
			if err := d.match(ctx, tx, f.HashMatch, f.Lane); err != nil {
				return err
			}
		}
		return nil
	}
	if err := look(HashSHA256, x.SHA256[:], 0); err != nil {
		return err
	}
	if p.MD5 != (MD5{}) {
		if err := look(HashMD5, p.MD5[:], 0); err != nil {
			return err
		}
	}
	for _, f := range p.Frames {
		if err := look(HashPDQ, f.Hash.Bytes(), f.At); err != nil {
			return err
		}
	}
	return nil
}

// match keeps a match. It is told of in the case's own log and live events only where whoever may read the case may know of the list.
func (d *Desk) match(ctx context.Context, tx Tx, m HashMatch, lane Lane) error {
	fresh, err := tx.PutMatch(ctx, m)
	if err != nil || !fresh {
		return err
	}
	x, err := tx.Exhibit(ctx, m.Exhibit)
	if err != nil {
		return err
	}
	c, err := tx.Case(ctx, x.Case)
	if err != nil {
		return err
	}
	if lane == LaneChildSafety && c.Lane != lane {
		if err := d.moveListed(ctx, tx, &c); err != nil {
			return err
		}
	}
	if err := tx.SaveExhibit(ctx, x); err != nil {
		return err
	}
	return d.record(ctx, tx, account.System, entry{custody.ExhibitListed, c.ID, "hashlist/" + string(m.List),
		custody.Detail{"exhibit": string(m.Exhibit), "entry": strconv.Itoa(m.Entry), "distance": strconv.Itoa(m.Distance)}})
}

// moveListed moves a case into the child-safety lane as Escalate does, so that it can be worked on there.
func (d *Desk) moveListed(ctx context.Context, tx Tx, c *Case) error {
	if err := d.free(ctx, tx, c); err != nil {
		return err
	}
	if err := d.intoChildSafety(ctx, tx, c); err != nil {
		return err
	}
	if err := tx.SaveCase(ctx, *c); err != nil {
		return err
	}
	c.Version++
	if err := d.takeMergedAlong(ctx, tx, SystemActor, *c); err != nil {
		return err
	}
	return d.record(ctx, tx, account.System, entry{custody.CaseMoved, c.ID, "case/" + string(c.ID), custody.Detail{"words": "hash list", "lane": string(c.Lane)}})
}

// free takes a case out of the hands in which it is. Whoever holds it is told, by their next step, that it is there no more.
func (d *Desk) free(ctx context.Context, tx Tx, c *Case) error {
	switch c.State {
	case StateClaimed:
		return c.advance(StepRelease)
	case StateAwaiting:
		if err := c.advance(StepRefuse); err != nil {
			return err
		}
		return d.lapse(ctx, tx, c.ID)
	case StateDecided, StateClosed:
		if err := c.advance(StepReopen); err != nil {
			return err
		}
		return d.record(ctx, tx, account.System, entry{custody.CaseReopened, c.ID, "case/" + string(c.ID), custody.Detail{"words": "hash list"}})
	}
	return nil
}

// lapse ends what waits for a second person, without one.
func (d *Desk) lapse(ctx context.Context, tx Tx, id CaseID) error {
	ds, err := tx.Decisions(ctx, id)
	if err != nil {
		return err
	}
	for _, dec := range ds {
		if dec.State != DecisionProposed {
			continue
		}
		dec.State = DecisionLapsed
		if err := tx.SaveDecision(ctx, dec); err != nil {
			return err
		}
		if err := d.record(ctx, tx, account.System, entry{custody.DecisionLapsed, id, "decision/" + string(dec.ID), custody.Detail{"lane": string(LaneChildSafety)}}); err != nil {
			return err
		}
	}
	return nil
}

// MatchList compares the exhibits that were there before a list with it, some entries at a time: a job that dies begins with what
// is left. What comes later is compared by MatchExhibit, which sees the list by then.
func (d *Desk) MatchList(ctx context.Context, j MatchList) error {
	for done := false; !done; {
		err := d.updateAgain(ctx, func(tx Tx) error {
			l, err := tx.HashList(ctx, j.List)
			if errors.Is(err, ErrNotFound) { // removed meanwhile
				done = true
				return nil
			} else if err != nil {
				return err
			}
			entries, err := tx.Hashes(ctx, l.ID, l.Done, matchBatch)
			if done = len(entries) == 0; err != nil || done {
				return err
			}
			for _, e := range entries {
				if err := d.matchEntry(ctx, tx, l, e); err != nil {
					return err
				}
			}
			l.Done = entries[len(entries)-1].Number
			return tx.SaveHashList(ctx, l)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) matchEntry(ctx context.Context, tx Tx, l HashList, e HashEntry) error {
	found, err := tx.ExhibitsHashed(ctx, l.Kind, e.Hash, listedMost)
	if err != nil {
		return err
	}
	for _, f := range found {
		if err := d.match(ctx, tx, HashMatch{List: l.ID, Entry: e.Number, Exhibit: f.Exhibit, At: f.At, Distance: f.Distance}, l.Lane); err != nil {
			return err
		}
	}
	return nil
}

// listed is which lists hold a hash that somebody typed, as far as they may know of lists. What has 64 digits may be either kind.
func listed(ctx context.Context, tx Tx, a Actor, n Number) (out []Listed, err error) {
	lanes := Lanes(a, HashListRead)
	if len(lanes) == 0 {
		return nil, nil
	}
	look := func(kind HashKind, hash []byte) error {
		ls, err := tx.Listed(ctx, kind, hash, lanes, listedShown)
		out = append(out, ls...)
		return err
	}
	if n.MD5 != (MD5{}) {
		return out, look(HashMD5, n.MD5[:])
	}
	if n.SHA256 == (SHA256{}) {
		return nil, nil
	}
	return out, errors.Join(look(HashSHA256, n.SHA256[:]), look(HashPDQ, n.SHA256[:]))
}

// PDQ is the digest read as a perceptual hash, since both are typed as 64 digits.
func (s SHA256) PDQ() pdq.Hash { return pdq.FromBytes(s) }

// parseMD5 reads 32 hexadecimal digits.
func parseMD5(text string) (m MD5, ok bool) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(m) {
		return m, false
	}
	return MD5(b), true
}

package triagetest

import (
	"context"
	"testing"
	"time"

	"github.com/proffer/proffer/media/pdq"
	"github.com/proffer/proffer/triage"
)

// testHashLists holds that lists are kept with their entries in order, found by a hash in the lanes that are asked for, and gone with their
// matches.
func testHashLists(t *testing.T, w *world) {
	h := pdq.Hash{1, 2, 3, 4}
	md5 := triage.MD5{9}
	hidden := triage.HashList{ID: "HL-1", Lane: triage.LaneChildSafety, Source: "Clearing house", Label: "Known", Kind: triage.HashPDQ, Entries: 2, By: w.ann.ID, At: w.at(1)}
	shown := triage.HashList{ID: "HL-2", Lane: triage.LaneGeneral, Source: "Partner", Label: "Hate", Kind: triage.HashMD5, Entries: 1, By: w.ben.ID, At: w.at(2)}
	bytes := triage.HashList{ID: "HL-3", Lane: triage.LaneGeneral, Source: "Partner", Label: "Spam", Kind: triage.HashSHA256, Entries: 1, By: w.ben.ID, At: w.at(3)}
	entries := []triage.HashEntry{{Number: 1, Hash: h.Bytes(), Label: "First"}, {Number: 2, Hash: away(h, 100).Bytes()}}
	r := w.addReport(w.addCase(triage.LaneGeneral, triage.StateQueued, 50, 0), 1, triage.Person{Name: "Ben", Account: w.ben.ID})
	x := w.addExhibit(r, 1)
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertHashList(ctx, hidden, entries))
		w.ok(tx.InsertHashList(ctx, shown, []triage.HashEntry{{Number: 1, Hash: md5[:], Label: "Second"}}))
		w.ok(tx.InsertHashList(ctx, bytes, []triage.HashEntry{{Number: 1, Hash: x.SHA256[:], Label: "Third"}}))
		w.ok(tx.PutPrint(ctx, x.ID, triage.Print{MD5: md5, Frames: []triage.Frame{frame(3, away(h, 5))}}))
	})
	general := []triage.Lane{triage.LaneGeneral}
	near := triage.Listed{HashMatch: triage.HashMatch{List: "HL-1", Entry: 1, Distance: 5}, Lane: hidden.Lane, Source: "Clearing house", Holds: "Known", Kind: triage.HashPDQ, Label: "First"}
	same := triage.Listed{HashMatch: triage.HashMatch{List: "HL-2", Entry: 1}, Lane: shown.Lane, Source: "Partner", Holds: "Hate", Kind: triage.HashMD5, Label: "Second"}
	w.view(func(ctx context.Context, tx triage.Tx) {
		is(w, hidden)(tx.HashList(ctx, hidden.ID))
		is(w, []triage.HashList{bytes, shown, hidden})(tx.HashLists(ctx, triage.AllLanes))
		is(w, []triage.HashList{bytes, shown})(tx.HashLists(ctx, general))
		is(w, entries)(tx.Hashes(ctx, hidden.ID, 0, 9))
		is(w, entries[1:])(tx.Hashes(ctx, hidden.ID, 1, 1))
		empty(w, must(tx.Hashes(ctx, hidden.ID, 2, 9)))
		is(w, []triage.Listed{near})(tx.Listed(ctx, triage.HashPDQ, away(h, 5).Bytes(), triage.AllLanes, 9))
		empty(w, must(tx.Listed(ctx, triage.HashPDQ, h.Bytes(), general, 9)))
		empty(w, must(tx.Listed(ctx, triage.HashPDQ, away(h, 40).Bytes(), triage.AllLanes, 9)))
		empty(w, must(tx.Listed(ctx, triage.HashSHA256, h.Bytes(), triage.AllLanes, 9))) // the same digits, of another kind
		is(w, []triage.Listed{same})(tx.Listed(ctx, triage.HashMD5, md5[:], general, 9))
		is(w, []triage.FrameNear{{Exhibit: x.ID}})(tx.ExhibitsHashed(ctx, triage.HashMD5, md5[:], 9))
		is(w, []triage.FrameNear{{Exhibit: x.ID}})(tx.ExhibitsHashed(ctx, triage.HashSHA256, x.SHA256[:], 9))
		is(w, []triage.FrameNear{{Exhibit: x.ID, At: 3 * time.Second, Distance: 5}})(tx.ExhibitsHashed(ctx, triage.HashPDQ, h.Bytes(), 9))
		empty(w, must(tx.ExhibitsHashed(ctx, triage.HashMD5, make([]byte, 16), 9)))
	})
	w.update(func(ctx context.Context, tx triage.Tx) {
		m := triage.HashMatch{List: "HL-1", Entry: 1, Exhibit: x.ID, At: 3 * time.Second, Distance: 5}
		is(w, true)(tx.PutMatch(ctx, m))
		is(w, false)(tx.PutMatch(ctx, m))
		is(w, true)(tx.PutMatch(ctx, triage.HashMatch{List: "HL-2", Entry: 1, Exhibit: x.ID}))
		moved := hidden
		moved.Done, moved.Label = 1, "is not saved"
		w.ok(tx.SaveHashList(ctx, moved))
		w.fails(tx.SaveHashList(ctx, hidden), triage.ErrConflict)
	})
	hidden.Done, hidden.Version = 1, 1
	near.Exhibit, near.At, near.Case, near.Number = x.ID, 3*time.Second, r.Case, 1
	same.Exhibit, same.Case, same.Number = x.ID, r.Case, 1
	w.view(func(ctx context.Context, tx triage.Tx) {
		is(w, hidden)(tx.HashList(ctx, hidden.ID))
		is(w, []triage.Listed{same, near})(tx.MatchesOf(ctx, x.ID, triage.AllLanes, 9))
		is(w, []triage.Listed{same})(tx.MatchesOf(ctx, x.ID, general, 9))
		is(w, []triage.Listed{near})(tx.MatchesOn(ctx, hidden.ID, general, w.ann.ID, 9)) // the case's lane, not the list's
		empty(w, must(tx.MatchesOn(ctx, hidden.ID, general, w.ben.ID, 9)))               // a party
		empty(w, must(tx.MatchesOn(ctx, hidden.ID, []triage.Lane{triage.LaneChildSafety}, w.ann.ID, 9)))
		for digits, n := range map[string]int{x.SHA256.String(): 1, away(h, 10).String(): 1, away(h, 80).String(): 0} {
			sum, err := triage.ParseSHA256(digits)
			w.ok(err)
			rows := must(tx.Find(ctx, triage.FindQuery{In: []triage.Place{{Lane: triage.LaneGeneral, State: triage.StateQueued}}, Number: triage.Number{SHA256: sum}, Limit: 9}))
			if len(rows) != n {
				t.Errorf("%s finds %d cases", digits, len(rows))
			}
		}
		equal(w, len(must(tx.Find(ctx, triage.FindQuery{In: []triage.Place{{Lane: triage.LaneGeneral, State: triage.StateQueued}}, Number: triage.Number{MD5: md5}, Limit: 9}))), 1)
	})
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.DeleteHashList(ctx, hidden.ID))
		w.fails(tx.DeleteHashList(ctx, hidden.ID), triage.ErrNotFound)
		is(w, []triage.Listed{same})(tx.MatchesOf(ctx, x.ID, triage.AllLanes, 9))
		empty(w, must(tx.Listed(ctx, triage.HashPDQ, h.Bytes(), triage.AllLanes, 9)))
	})
}

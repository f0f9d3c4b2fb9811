package triagetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func testMeetings(t *testing.T, w *world) {
	meeting := func(n int, mode triage.MeetingMode) triage.Meeting {
		return triage.Meeting{ID: triage.MeetingID(fmt.Sprintf("M-00000-0000%d", n)), Org: w.org.ID, Host: w.host.ID, Title: "Stand-up",
			Mode: mode, Started: w.at(n)}
	}
	one, two, three := meeting(1, triage.ModeStandard), meeting(2, triage.ModeE2EE), meeting(3, triage.ModeUnknown)
	one.Ended = w.at(30)
	roster := []triage.Attendee{{Name: "Zoe", Device: [32]byte{1}}, {Name: "Ann", Account: w.ann.ID, Device: [32]byte{2}}, {Name: "Zoe"}}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertMeeting(ctx, one, roster))
		w.ok(tx.InsertMeeting(ctx, two, nil))
		w.ok(tx.InsertMeeting(ctx, three, nil))
		w.fails(tx.InsertMeeting(ctx, one, roster), triage.ErrConflict)
	})
	w.view(func(ctx context.Context, tx triage.Tx) {
		m, who, err := tx.Meeting(ctx, one.ID)
		w.ok(err)
		equal(w, m, one)
		equal(w, who, []triage.Attendee{{Name: "Zoe"}, {Name: "Ann", Account: w.ann.ID}, {Name: "Zoe"}})
		is(w, triage.Guest{Device: [32]byte{1}, Name: "Zoe"})(tx.Guest(ctx, one.ID, [32]byte{1}))
		for _, device := range [][32]byte{{}, {2}, {3}} { // no device, an account's, nobody's
			refused[triage.Guest](w, triage.ErrNotFound)(tx.Guest(ctx, one.ID, device))
		}
		refused[triage.Guest](w, triage.ErrNotFound)(tx.Guest(ctx, two.ID, [32]byte{1}))
		is(w, []triage.Meeting{three, two})(tx.MeetingsHostedBy(ctx, w.host.ID, 2))
		empty(w, must(tx.MeetingsHostedBy(ctx, w.ann.ID, 2)))
	})
}

func testUploads(t *testing.T, w *world) {
	upload := func(n int, state triage.UploadState) triage.Upload {
		u := triage.Upload{ID: triage.UploadID(fmt.Sprintf("U-%d", n)), Owner: w.host.ID, Name: "clip.webm", Size: 100,
			SHA256: triage.SHA256{byte(n)}, State: state, Created: w.at(n), Touched: w.at(n)}
		w.update(func(ctx context.Context, tx triage.Tx) { w.ok(tx.InsertUpload(ctx, u)) })
		return u
	}
	open, late, sealed := upload(1, triage.UploadOpen), upload(2, triage.UploadOpen), upload(3, triage.UploadSealed)
	upload(4, triage.UploadCancelled)
	x := w.addExhibit(w.addReport(w.addCase(triage.LaneGeneral, triage.StateReceived, 50, 0), 1, triage.Person{Name: "Mallory"}), 1)
	w.update(func(ctx context.Context, tx triage.Tx) {
		is(w, []triage.Upload{sealed, late, open})(tx.UploadsOf(ctx, w.host.ID))
		is(w, []triage.Upload{open, late})(tx.StaleUploads(ctx, w.at(3), 10))
		is(w, []triage.Upload{open})(tx.StaleUploads(ctx, w.at(3), 1))
		is(w, []triage.Upload{open})(tx.StaleUploads(ctx, w.at(2), 10))
		w.fails(tx.InsertUpload(ctx, open), triage.ErrConflict)

		next := open
		next.TailSum = triage.SHA256{5}
		next.Offset, next.Tail, next.Multipart, next.Hash, next.Touched = 60, 10, "mp", []byte{1, 2, 3}, w.at(5)
		next.Parts = []triage.UploadPart{{Number: 1, ETag: "a", Size: 50, Chunks: triage.Chunks{1, 2}}}
		next.Why = "because"
		w.ok(tx.SaveUpload(ctx, next))
		w.fails(tx.SaveUpload(ctx, next), triage.ErrConflict)
		next.Version = 1
		is(w, next)(tx.Upload(ctx, open.ID))

		sealed.Exhibit = x.ID
		w.ok(tx.SaveUpload(ctx, sealed))
		is(w, int64(300))(tx.DeclaredSince(ctx, w.host.ID, w.at(1)))
		is(w, int64(200))(tx.DeclaredSince(ctx, w.host.ID, w.at(2)))
		is(w, int64(0))(tx.DeclaredSince(ctx, w.host.ID, w.at(4)))
		is(w, int64(0))(tx.DeclaredSince(ctx, "A-other", w.at(1)))
		is(w, []triage.Upload{late, next})(tx.UploadsOf(ctx, w.host.ID))
	})
}

func testBlobs(t *testing.T, w *world) {
	sum := triage.SHA256{7}
	blob := triage.Blob{SHA256: sum, Size: 5, Sealed: w.at(1), RetainUntil: w.at(100)}
	made := 0
	equal(w, w.together(8, nil, func(int) error {
		return w.s.Update(t.Context(), func(tx triage.Tx) error {
			known, err := tx.LockBlob(t.Context(), sum)
			if errors.Is(err, triage.ErrNotFound) {
				made++ // alone until the transaction ends; the race detector agrees
				return tx.InsertBlob(t.Context(), blob)
			}
			if err == nil && !reflect.DeepEqual(known, copyOf(blob)) {
				err = fmt.Errorf("got %+v", known)
			}
			return err
		})
	}), 8)
	equal(w, made, 1)
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.fails(tx.InsertBlob(ctx, blob), triage.ErrConflict)
		w.ok(tx.ExtendBlob(ctx, sum, w.at(50)))
		is(w, blob)(tx.LockBlob(ctx, sum))
		w.ok(tx.ExtendBlob(ctx, sum, w.at(200)))
		blob.RetainUntil = w.at(200)
		is(w, blob)(tx.LockBlob(ctx, sum))
	})
	chunks := triage.Chunks(nil).Append([]byte("bytes"))
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.KeepChunks(ctx, sum, chunks))
		w.fails(tx.KeepChunks(ctx, sum, triage.Chunks(nil).Append([]byte("other"))), triage.ErrConflict)
		w.fails(tx.KeepChunks(ctx, triage.SHA256{9}, chunks), triage.ErrNotFound)
		blob.Chunks = chunks
		is(w, blob)(tx.Blob(ctx, sum))
		with := blob
		with.SHA256 = triage.SHA256{8}
		w.ok(tx.InsertBlob(ctx, with))
		is(w, with)(tx.LockBlob(ctx, with.SHA256))
		refused[triage.Blob](w, triage.ErrNotFound)(tx.Blob(ctx, triage.SHA256{9}))
	})
	testForgotten(w)
}

// testForgotten deletes bytes that are locked, that are an exhibit, and that are neither.
func testForgotten(w *world) {
	past := time.Date(2001, 2, 3, 0, 0, 0, 0, time.UTC)
	x := w.addExhibit(w.addReport(w.addCase(triage.LaneGeneral, triage.StateReceived, 50, 0), 1, triage.Person{Name: "Mallory"}), 1)
	locked, free := triage.Blob{SHA256: triage.SHA256{20}, Size: 1, Sealed: past, RetainUntil: time.Now().Add(time.Hour)},
		triage.Blob{SHA256: triage.SHA256{21}, Size: 1, Sealed: past, RetainUntil: past}
	u := triage.Upload{ID: "U-forgotten", Owner: w.host.ID, Size: 1, SHA256: free.SHA256, State: triage.UploadSealed, Created: past, Touched: past}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertBlob(ctx, locked))
		w.ok(tx.InsertBlob(ctx, free))
		w.ok(tx.InsertUpload(ctx, u))
		is(w, []triage.Upload{u})(tx.ForgottenUploads(ctx, past.Add(time.Second), 10))
		empty(w, must(tx.ForgottenUploads(ctx, past, 10)))
		is(w, true)(tx.BlobInUse(ctx, free.SHA256))
		is(w, true)(tx.BlobInUse(ctx, x.SHA256))
		is(w, false)(tx.BlobInUse(ctx, locked.SHA256))
		u.State = triage.UploadExpired
		w.ok(tx.SaveUpload(ctx, u))
		is(w, false)(tx.BlobInUse(ctx, free.SHA256))
		empty(w, must(tx.ForgottenUploads(ctx, past.Add(time.Second), 10)))
		w.ok(tx.DeleteBlob(ctx, free.SHA256))
		w.fails(tx.DeleteBlob(ctx, free.SHA256), triage.ErrNotFound)
	})
	for _, sum := range []triage.SHA256{locked.SHA256, x.SHA256} {
		if err := w.s.Update(w.t.Context(), func(tx triage.Tx) error { return tx.DeleteBlob(w.t.Context(), sum) }); err == nil {
			w.t.Errorf("the bytes %s could be deleted", sum)
		}
	}
}

// testGuestReports keeps reports by guests, of whom no account is a party to the case.
func testGuestReports(t *testing.T, w *world) {
	c := w.addCase(triage.LaneGeneral, triage.StateQueued, 50, 0)
	m := triage.Meeting{ID: "M-00000-00001", Org: w.org.ID, Host: w.host.ID, Title: "Stand-up", Mode: triage.ModeStandard, Started: w.at(0)}
	r := triage.Report{ID: "R-00000-00001", Case: c.ID, Reporter: account.Guest, Guest: triage.Guest{Device: [32]byte{5}, Name: "Gus"}, Key: "key", Meeting: m.ID, MeetingName: m.Title,
		MeetingMode: triage.ModeStandard, Occurred: w.at(1), Policy: "hate", Words: "Words", Filed: w.at(2), Receipt: []byte("signed\n"),
		People: []triage.Person{{ID: "W-1", Name: "Ann", Account: w.ann.ID}}}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertMeeting(ctx, m, nil))
		w.ok(tx.InsertReport(ctx, r))
		again := r
		again.ID, again.People = "R-00000-00002", nil
		w.fails(tx.InsertReport(ctx, again), triage.ErrConflict)
		again.Guest.Device[0]++
		w.ok(tx.InsertReport(ctx, again)) // another guest's form may have the same key
		is(w, r)(tx.ReportByGuest(ctx, r.Guest.Device, "key"))
		refused[triage.Report](w, triage.ErrNotFound)(tx.ReportByGuest(ctx, r.Guest.Device, "other"))
		refused[triage.Report](w, triage.ErrNotFound)(tx.ReportByGuest(ctx, [32]byte{}, "key"))
		refused[triage.Report](w, triage.ErrNotFound)(tx.ReportByKey(ctx, account.Guest, "key"))
		empty(w, must(tx.ReportsBy(ctx, account.Guest, triage.ReportCursor{}, 5)))
	})
	w.view(func(ctx context.Context, tx triage.Tx) {
		is(w, r)(tx.Report(ctx, r.ID))
		is(w, []account.ID{w.ann.ID})(tx.Parties(ctx, c.ID))
		rows := must(tx.Queue(ctx, triage.QueueQuery{Lanes: triage.AllLanes, States: []triage.State{triage.StateQueued}, Limit: 5}))
		if len(rows) != 1 || rows[0].Reporter != triage.GuestTitle {
			t.Errorf("the queue has %+v", rows)
		}
		earlier := must(tx.ReportsOn(ctx, r.People[0], "", triage.AllLanes, 5))
		if len(earlier) != 1 || earlier[0].Reporter != account.Guest {
			t.Errorf("earlier reports %+v", earlier)
		}
	})
}

func testReports(t *testing.T, w *world) {
	c := w.addCase(triage.LaneGeneral, triage.StateReceived, 50, 0)
	m := triage.Meeting{ID: "M-00000-00001", Org: w.org.ID, Host: w.host.ID, Title: "Stand-up", Started: w.at(0)}
	full := triage.Report{ID: "R-00000-00001", Case: c.ID, Reporter: w.host.ID, Org: w.org.ID, Key: "key", Form: triage.SHA256{7}, Meeting: m.ID, MeetingName: m.Title,
		MeetingMode: triage.ModeStandard, Occurred: w.at(1), Policy: "hate", Words: "Line\n„quoted“ ✓", Simulated: true, Filed: w.at(2),
		Exhibits: []triage.ExhibitID{"X-2", "X-1"}, Receipt: []byte("signed\n"),
		People: []triage.Person{{ID: "W-1", Name: "Zoë"}, {ID: "W-2", Name: "Ann", Identifier: "p2@example.org", Account: w.ann.ID}}}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertMeeting(ctx, m, nil))
		w.ok(tx.InsertReport(ctx, full))
		again := full
		again.ID, again.People = "R-00000-00002", nil
		w.fails(tx.InsertReport(ctx, again), triage.ErrConflict)
		is(w, full)(tx.ReportByKey(ctx, w.host.ID, "key")) // a conflict leaves the transaction usable
	})
	older := w.addReport(c, 1, triage.Person{Name: "Mallory"})
	w.update(func(ctx context.Context, tx triage.Tx) {
		is(w, []triage.Report{older, full})(tx.ReportsOf(ctx, c.ID))
		is(w, []triage.Report{full})(tx.ReportsBy(ctx, w.host.ID, triage.ReportCursor{}, 1))
		is(w, []triage.Report{older})(tx.ReportsBy(ctx, w.host.ID, triage.ReportCursor{Filed: full.Filed, Report: full.ID}, 9))
		is(w, []triage.Report{full, older})(tx.ReportsBy(ctx, w.host.ID, triage.ReportCursor{Filed: full.Filed, Report: "R-00000-00000"}, 9))
		empty(w, must(tx.ReportsBy(ctx, w.host.ID, triage.ReportCursor{Filed: older.Filed, Report: older.ID}, 9)))
		empty(w, must(tx.ReportsBy(ctx, w.ann.ID, triage.ReportCursor{}, 1)))

		changed := full
		changed.Withdrawn, changed.Receipt = w.at(3), []byte("signed again\n")
		changed.Additions = []triage.Addition{{At: w.at(3), Words: "And then"}, {At: w.at(4), Words: "", Exhibits: []triage.ExhibitID{"X-3"}}}
		w.ok(tx.SaveReport(ctx, changed))
		w.fails(tx.SaveReport(ctx, changed), triage.ErrConflict)
		changed.Version = 1
		is(w, changed)(tx.Report(ctx, full.ID))

		// What was said stays; only a receipt may come later.
		tampered := changed
		tampered.Words, tampered.People = "rewritten", nil
		tampered.Additions = []triage.Addition{{At: w.at(9), Words: "rewritten"}, {At: w.at(4), Exhibits: []triage.ExhibitID{"X-3"}, Receipt: []byte("r")}}
		w.ok(tx.SaveReport(ctx, tampered))
		changed.Version, changed.Additions[1].Receipt = 2, []byte("r")
		is(w, changed)(tx.Report(ctx, full.ID))
	})
}

func testEarlierReports(t *testing.T, w *world) {
	now := w.addCase(triage.LaneGeneral, triage.StateQueued, 50, 9)
	old := w.addCase(triage.LaneGeneral, triage.StateClosed, 50, 0)
	closed := w.addCase(triage.LaneChildSafety, triage.StateQueued, 50, 0)
	ben := triage.Person{Name: "Ben", Account: w.ben.ID}
	guest := triage.Person{Name: "ÉVE", Identifier: "Eve@Example.org"}
	w.addReport(now, 9, ben, guest)
	first, second := w.addReport(old, 1, ben, guest), w.addReport(old, 2, triage.Person{Name: "Benny", Account: w.ben.ID})
	hidden := w.addReport(closed, 3, ben)
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertDecision(ctx, triage.Decision{ID: "D-1", Case: old.ID, Number: 1, Decider: w.ann.ID, Decided: w.at(5),
			State: triage.DecisionInForce, Findings: []triage.Finding{{Person: first.People[0].ID, Policy: "hate", Severity: "low", Action: triage.ActWarn}}}))
	})
	row := func(r triage.Report, c triage.Case, person string, same bool, outcome triage.ActionKind) triage.EarlierReport {
		return triage.EarlierReport{Report: r.ID, Case: c.ID, State: c.State, Policy: r.Policy, Filed: r.Filed, Person: person, Same: same,
			Outcome: outcome, Reporter: w.host.ID}
	}
	general := []triage.Lane{triage.LaneGeneral}
	w.view(func(ctx context.Context, tx triage.Tx) {
		want := []triage.EarlierReport{row(second, old, "Benny", true, ""), row(first, old, "Ben", true, triage.ActWarn)}
		is(w, want)(tx.ReportsOn(ctx, ben, now.ID, general, 10))
		is(w, want[:1])(tx.ReportsOn(ctx, ben, now.ID, general, 1))
		is(w, append([]triage.EarlierReport{row(hidden, closed, "Ben", true, "")}, want...))(tx.ReportsOn(ctx, ben, now.ID, triage.AllLanes, 10))
		empty(w, must(tx.ReportsOn(ctx, ben, now.ID, nil, 10)))
		eve := []triage.EarlierReport{row(first, old, "ÉVE", false, "")}
		is(w, eve)(tx.ReportsOn(ctx, triage.Person{Name: "éve"}, now.ID, general, 10))
		is(w, eve)(tx.ReportsOn(ctx, triage.Person{Name: "Other", Identifier: "eve@example.org"}, now.ID, general, 10))
		empty(w, must(tx.ReportsOn(ctx, triage.Person{Name: "Stranger"}, now.ID, general, 10)))
	})
}

func testExhibits(t *testing.T, w *world) {
	r := w.addReport(w.addCase(triage.LaneGeneral, triage.StateReceived, 50, 0), 1, triage.Person{Name: "Mallory"})
	two, one := w.addExhibit(r, 2), w.addExhibit(r, 1)
	w.update(func(ctx context.Context, tx triage.Tx) {
		is(w, []triage.Exhibit{one, two})(tx.ExhibitsOf(ctx, r.Case))
		same := one
		same.ID = "X-9"
		w.fails(tx.InsertExhibit(ctx, same), triage.ErrConflict) // the number is taken

		done := one
		done.Container, done.Processing, done.Why = "webm", triage.ProcessingDone, "limited"
		done.Probe = triage.Probe{Container: "webm", Duration: 1500 * time.Millisecond, NeedsProxy: true,
			Tracks: []triage.Track{{Kind: "video", Codec: "vp8", Width: 640, Height: 360, FrameRate: 29.97}, {Kind: "audio", Codec: "opus"}}}
		done.Trust, done.Verdict = triage.TrustPartly, []byte(`{"grade": "partly verified"}`) // kept byte for byte
		changed := done
		changed.Name, changed.SHA256, changed.Proof, changed.ProofSize = "other", triage.SHA256{99}, triage.SHA256{98}, 7 // are not saved
		w.ok(tx.SaveExhibit(ctx, changed))
		w.fails(tx.SaveExhibit(ctx, done), triage.ErrConflict)
		done.Version = 1
		is(w, done)(tx.Exhibit(ctx, one.ID))
		three := two
		three.ID, three.Number, three.Proof, three.ProofSize = "X-90000-00003", 3, one.SHA256, 12
		w.ok(tx.InsertExhibit(ctx, three))
		is(w, three)(tx.Exhibit(ctx, three.ID))
		for _, c := range triage.Containers {
			two.Container = c
			w.ok(tx.SaveExhibit(ctx, two))
			two.Version++
		}
	})
	poster := triage.Derivative{Exhibit: one.ID, Kind: triage.DerivedPoster, Key: "k", ContentType: "image/jpeg", SHA256: triage.SHA256{1},
		Size: 9, Command: "ffmpeg", Made: w.at(2)}
	contact := poster
	contact.Kind, contact.Meta = triage.DerivedContact, []byte(`{"b": 1,  "a": [2]}`) // kept byte for byte
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.PutDerivative(ctx, poster))
		w.ok(tx.PutDerivative(ctx, contact))
		poster.Key, poster.Made = "k2", w.at(3)
		w.ok(tx.PutDerivative(ctx, poster))
		is(w, []triage.Derivative{contact, poster})(tx.Derivatives(ctx, one.ID))
		empty(w, must(tx.Derivatives(ctx, two.ID)))
	})
}

func testViewing(t *testing.T, w *world) {
	x := w.addExhibit(w.addReport(w.addCase(triage.LaneGeneral, triage.StateReceived, 50, 0), 1, triage.Person{Name: "Mallory"}), 1)
	watch := func(minute int) triage.Watch {
		return triage.Watch{Exhibit: x.ID, Account: w.ann.ID, Session: "s", From: time.Second, To: 2*time.Second + 1, Clear: true, At: w.at(minute)}
	}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertWatch(ctx, watch(2)))
		w.ok(tx.InsertWatch(ctx, watch(1)))
		w.ok(tx.InsertWatch(ctx, watch(1)))
		is(w, []triage.Watch{watch(1), watch(1), watch(2)})(tx.Watches(ctx, x.ID))
	})
	w.update(func(ctx context.Context, tx triage.Tx) {
		is(w, true)(tx.Viewed(ctx, "exhibit/"+string(x.ID), w.ann.ID, "original", w.at(10), w.at(0)))
		is(w, false)(tx.Viewed(ctx, "exhibit/"+string(x.ID), w.ann.ID, "original", w.at(11), w.at(1)))
		is(w, true)(tx.Viewed(ctx, "exhibit/"+string(x.ID), w.ann.ID, "stills", w.at(11), w.at(1)))
		is(w, true)(tx.Viewed(ctx, "exhibit/"+string(x.ID), w.ben.ID, "original", w.at(11), w.at(1)))
		is(w, false)(tx.Viewed(ctx, "exhibit/"+string(x.ID), w.ann.ID, "original", w.at(30), w.at(11))) // exactly then is since then
		is(w, true)(tx.Viewed(ctx, "exhibit/"+string(x.ID), w.ann.ID, "original", w.at(50), w.at(40)))
	})
	equal(w, w.together(8, nil, func(int) error { return w.viewOnce(x.ID) }), 8)
	equal(w, w.firsts, 1)
}

// viewOnce views an exhibit long after everybody else did, and counts who was first.
func (w *world) viewOnce(x triage.ExhibitID) error {
	var first bool
	err := w.s.Update(w.t.Context(), func(tx triage.Tx) (err error) {
		first, err = tx.Viewed(w.t.Context(), "exhibit/"+string(x), w.ann.ID, "original", w.at(100), w.at(90))
		return err
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	if first && err == nil {
		w.firsts++
	}
	return err
}

package triagetest

import (
	"context"
	"testing"

	"github.com/proffer/proffer/triage"
)

func testRecordings(t *testing.T, w *world) {
	standard := triage.Meeting{ID: "M-00000-00001", Org: w.org.ID, Host: w.host.ID, Title: "Lesson", Mode: triage.ModeStandard, Started: w.at(0)}
	secret, over := standard, standard
	secret.ID, secret.Mode = "M-00000-00002", triage.ModeE2EE
	over.ID, over.Ended = "M-00000-00003", w.at(1)
	first := triage.Recording{ID: "V-00000-00001", Meeting: standard.ID, By: w.host.ID, Began: w.at(1), Seen: w.at(1)}
	second := triage.Recording{ID: "V-00000-00002", Meeting: standard.ID, Began: w.at(2), Seen: w.at(2)}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.InsertMeeting(ctx, standard, nil))
		w.ok(tx.InsertMeeting(ctx, secret, nil))
		w.ok(tx.InsertMeeting(ctx, over, nil))
		w.ok(tx.InsertRecording(ctx, first))
		w.ok(tx.InsertRecording(ctx, second))
	})
	for _, m := range []triage.MeetingID{secret.ID, over.ID} {
		r := first
		r.ID, r.Meeting = "V-00000-00009", m
		if err := w.s.Update(t.Context(), func(tx triage.Tx) error { return tx.InsertRecording(t.Context(), r) }); err == nil {
			t.Errorf("%s is recorded", m)
		}
	}
	w.view(func(ctx context.Context, tx triage.Tx) {
		is(w, []triage.Recording{second, first})(tx.RecordingsOf(ctx, standard.ID))
		is(w, []triage.Recording{first, second})(tx.SilentRecordings(ctx, w.at(10), 9))
		is(w, []triage.Recording{first})(tx.SilentRecordings(ctx, w.at(2), 9))
		is[[]triage.Recording](w, nil)(tx.RecordingsOf(ctx, secret.ID))
	})
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.SeeRecordings(ctx, []triage.RecordingID{first.ID, "V-99999-99999"}, w.at(5)))
		first.Seen = w.at(5)
		is(w, first)(tx.Recording(ctx, first.ID))
		first.Ended, first.End = w.at(6), triage.RecordingStopped
		w.ok(tx.SaveRecording(ctx, first))
		first.Version++
		w.ok(tx.SeeRecordings(ctx, []triage.RecordingID{first.ID, second.ID}, w.at(7)))
		second.Seen = w.at(7)
		is(w, []triage.Recording{second, first})(tx.RecordingsOf(ctx, standard.ID))
	})
	stale := first
	stale.Version--
	w.fails(w.s.Update(t.Context(), func(tx triage.Tx) error { return tx.SaveRecording(t.Context(), stale) }), triage.ErrConflict)
	testRecordingFiles(w, first)
}

func testRecordingFiles(w *world, first triage.Recording) {
	anna := triage.RecordingFile{ID: "Y-00000-00001", Recording: first.ID, Meeting: first.Meeting, Person: "Anna", Part: 1, Type: "video/webm",
		Began: w.at(1), State: triage.FileWriting}
	ben := triage.RecordingFile{ID: "Y-00000-00002", Recording: first.ID, Meeting: first.Meeting, Person: "Ben", Screen: true, Part: 2, Type: "audio/matroska",
		Began: w.at(2), State: triage.FileWriting}
	w.update(func(ctx context.Context, tx triage.Tx) {
		w.ok(tx.DeleteEmptyRecordings(ctx, w.at(6))) // it ended then, not before
		w.ok(tx.InsertRecordingFile(ctx, ben))
		w.ok(tx.InsertRecordingFile(ctx, anna))
		is(w, []triage.RecordingFile{anna, ben})(tx.RecordingFilesOf(ctx, first.ID))
		anna.Ended, anna.Size, anna.State = w.at(3), 1234, triage.FileReady
		w.ok(tx.SaveRecordingFile(ctx, anna))
		w.fails(tx.SaveRecordingFile(ctx, anna), triage.ErrConflict)
		anna.Version++
		is(w, anna)(tx.RecordingFile(ctx, anna.ID))
		is(w, []triage.Recording{first})(tx.OverdueRecordings(ctx, w.at(7), 9))
		is[[]triage.Recording](w, nil)(tx.OverdueRecordings(ctx, w.at(6), 9))
		w.fails(tx.DeleteRecordingFile(ctx, anna.ID), triage.ErrNotFound)
	})
	w.update(func(ctx context.Context, tx triage.Tx) {
		for _, f := range []*triage.RecordingFile{&anna, &ben} {
			f.Person, f.State = "", triage.FileErased
			w.ok(tx.SaveRecordingFile(ctx, *f))
			f.Version++
		}
		is[[]triage.Recording](w, nil)(tx.OverdueRecordings(ctx, w.at(7), 9))
		is(w, []triage.RecordingFile{anna, ben})(tx.ErasedRecordingFiles(ctx, 9))
		is(w, []triage.RecordingFile{anna})(tx.ErasedRecordingFiles(ctx, 1))
		w.ok(tx.DeleteRecordingFile(ctx, anna.ID))
		w.ok(tx.DeleteEmptyRecordings(ctx, w.at(7)))
		is(w, first)(tx.Recording(ctx, first.ID)) // Ben's is there still
		w.ok(tx.DeleteRecordingFile(ctx, ben.ID))
		w.ok(tx.DeleteEmptyRecordings(ctx, w.at(7)))
		refused[triage.Recording](w, triage.ErrNotFound)(tx.Recording(ctx, first.ID))
		is(w, 1)(countOf(tx.RecordingsOf(ctx, first.Meeting))) // the one that runs
	})
}

func countOf[T any](list []T, err error) (int, error) { return len(list), err }

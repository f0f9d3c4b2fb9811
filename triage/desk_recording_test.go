package triage_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// recordedMeeting is a standard meeting of the host.
func (w *world) recordedMeeting() triage.MeetingID {
	w.t.Helper()
	host := w.people["host"]
	m := triage.Meeting{ID: triage.MeetingID(triage.NewID("M")), Org: host.Org, Host: host.Account, Title: "Choir", Mode: triage.ModeStandard, Started: w.now}
	w.ok(w.Store.Update(w.t.Context(), func(tx triage.Tx) error { return tx.InsertMeeting(w.t.Context(), m, nil) }))
	return m.ID
}

// fileIn begins a file, and keeps it unless it is not stored yet.
func (w *world) fileIn(r triage.Recording, person string, stored bool) triage.RecordingFile {
	w.t.Helper()
	f, err := w.BeginRecordingFile(w.t.Context(), triage.RecordingFile{Recording: r.ID, Person: person, Part: 1, Type: "video/webm", Began: w.now})
	w.ok(err)
	if stored {
		w.ok(w.KeepRecordingFile(w.t.Context(), f.ID, 7, w.now, true))
	}
	return f
}

// loggedOn is the custody log of a subject that belongs to no case.
func (w *world) loggedOn(subject string) (out []custody.Act) {
	w.t.Helper()
	w.ok(w.Store.Update(w.t.Context(), func(tx triage.Tx) error {
		es, err := tx.Unsequenced(w.t.Context(), 1000)
		for _, e := range es {
			if e.Subject == subject {
				out = append(out, e.Act)
			}
			if strings.Contains(string(e.Act), "recording") && strings.Contains(strings.Join(slices.Collect(valuesOf(e.Detail)), " "), "Anna") {
				w.t.Errorf("%s names somebody: %v", e.Act, e.Detail)
			}
		}
		return err
	}))
	return out
}

func valuesOf(d custody.Detail) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, v := range d {
			if !yield(v) {
				return
			}
		}
	}
}

func (w *world) wantLog(subject string, want ...custody.Act) {
	w.t.Helper()
	if got := w.loggedOn(subject); !slices.Equal(got, want) {
		w.t.Errorf("the log says of %s %v, want %v", subject, got, want)
	}
}

// TestRecordingsErased holds that a recording is erased when its time has come and not before, that an interruption loses no deletion, and
// that nothing of it stays behind but the log.
func TestRecordingsErased(t *testing.T) {
	w := newWorld(t)
	w.RecordingsKeep = 30 * 24 * time.Hour
	ctx, host, m := t.Context(), w.people["host"], w.recordedMeeting()
	r, err := w.BeginRecording(ctx, m, host.Account, "aa")
	w.ok(err)
	f := w.fileIn(r, "Anna", true)
	w.now = w.now.Add(time.Minute)
	w.ok(w.EndRecording(ctx, r.ID, host.Account, "aa", triage.RecordingStopped))
	w.ok(w.InterruptRecording(ctx, r.ID, w.now)) // it has ended: nothing changes
	list, err := w.ListRecordings(ctx, host, m)
	w.ok(err)
	if len(list.Recordings) != 1 || list.Recordings[0].End != triage.RecordingStopped || !list.Recordings[0].Erase.Equal(w.now.Add(w.RecordingsKeep)) {
		t.Fatalf("listed as %+v", list.Recordings)
	}
	w.now = list.Recordings[0].Erase
	w.ok(w.Sweep(ctx))
	if _, err := w.RecordingFile(ctx, f.ID); err != nil {
		t.Errorf("it is erased too early: %v", err)
	}

	w.now = w.now.Add(time.Microsecond)
	w.away = true // the object store
	if err := w.Sweep(ctx); err == nil {
		t.Error("the sweep does not say that it could not delete")
	}
	if _, err := w.DownloadRecording(ctx, host, m, f.ID); !errors.Is(err, triage.ErrNotFound) {
		t.Errorf("what is erased is handed out: %v", err)
	}
	w.away = false
	w.store.FailNext("DeleteRecordingFile", false)
	if err := w.Sweep(ctx); err == nil {
		t.Error("the sweep does not say that the record stayed")
	}
	w.ok(w.Sweep(ctx))
	if n := strings.Count(strings.Join(w.calls, "\n"), "delete "+f.Key()); n != 2 {
		t.Errorf("the object was deleted %d times: %v", n, w.calls)
	}
	w.ok(w.Store.View(ctx, func(tx triage.Tx) error {
		if _, err := tx.Recording(ctx, r.ID); !errors.Is(err, triage.ErrNotFound) {
			t.Errorf("its record stays: %v", err)
		}
		return nil
	}))
	w.wantLog("recording/"+string(r.ID), custody.RecordingStarted, custody.RecordingStopped)
	w.wantLog("recording_file/"+string(f.ID), custody.RecordingErased)
}

// TestLostRecording holds that a recording whose server is not heard of any more is ended, at the time when it last was, and that what that
// server brings later is kept as what it is, or refused where it was erased meanwhile.
func TestLostRecording(t *testing.T) {
	w := newWorld(t)
	w.RecordingsKeep = 30 * 24 * time.Hour
	ctx, host, m := t.Context(), w.people["host"], w.recordedMeeting()
	lost, err := w.BeginRecording(ctx, m, "", "bb")
	w.ok(err)
	other, err := w.BeginRecording(ctx, m, host.Account, "aa")
	w.ok(err)
	first, second := w.fileIn(lost, "Anna", false), w.fileIn(lost, "Anna again", false)
	seen := w.now.Add(triage.RecordingLost)
	w.now = seen.Add(time.Second)
	w.ok(w.SeeRecordings(ctx, []triage.RecordingID{other.ID}))
	w.ok(w.Sweep(ctx))
	list, err := w.ListRecordings(ctx, host, m)
	w.ok(err)
	for _, r := range list.Recordings {
		if ended := !r.Ended.IsZero(); ended != (r.ID == lost.ID) || ended && (r.End != triage.RecordingInterrupted || !r.Ended.Equal(lost.Seen)) {
			t.Errorf("%+v", r)
		}
	}
	if _, err := w.BeginRecordingFile(ctx, triage.RecordingFile{Recording: lost.ID, Part: 1, Type: "video/webm", Began: w.now}); !errors.Is(err, triage.ErrConflict) {
		t.Errorf("what has ended takes a file: %v", err)
	}
	w.ok(w.KeepRecordingFile(ctx, first.ID, 5, w.now, false))
	if f, err := w.RecordingFile(ctx, first.ID); err != nil || f.State != triage.FileIncomplete || f.Size != 5 {
		t.Errorf("%+v, %v", f, err)
	}
	w.ok(w.DeleteRecordingFile(ctx, host, m, second.ID))
	if err := w.KeepRecordingFile(ctx, second.ID, 5, w.now, false); !errors.Is(err, triage.ErrNotFound) {
		t.Errorf("what was deleted is kept: %v", err)
	}
	w.wantLog("recording/"+string(lost.ID), custody.RecordingStarted, custody.RecordingStopped)
	w.wantLog("recording_file/"+string(second.ID), custody.RecordingDeleted)
}

// TestSettledRecording holds that a file of which nothing was ever written does not stay.
func TestSettledRecording(t *testing.T) {
	w := newWorld(t)
	ctx, m := t.Context(), w.recordedMeeting()
	r, err := w.BeginRecording(ctx, m, "", "")
	w.ok(err)
	kept, never := w.fileIn(r, "Anna", true), w.fileIn(r, "Ben", false)
	w.ok(w.SettleRecording(ctx, r.ID))
	if _, err := w.RecordingFile(ctx, kept.ID); err != nil {
		t.Error(err)
	}
	if _, err := w.RecordingFile(ctx, never.ID); !errors.Is(err, triage.ErrNotFound) {
		t.Errorf("it stays: %v", err)
	}
}

// TestRecordingFileNames holds that a download is named after whom it shows, and by no path.
func TestRecordingFileNames(t *testing.T) {
	at := time.Date(2026, 11, 26, 9, 30, 5, 0, time.UTC)
	for _, c := range []struct {
		f    triage.RecordingFile
		want string
	}{
		{triage.RecordingFile{Person: "Anna", Type: "video/webm"}, "Anna 2026-11-26 09.30.05.webm"},
		{triage.RecordingFile{Person: "../../etc/passwd\x00", Screen: true, Type: "audio/matroska"}, "-..-etc-passwd, screen 2026-11-26 09.30.05.mka"},
		{triage.RecordingFile{Person: " . ", State: triage.FileIncomplete, Type: "audio/webm"}, "recording, incomplete 2026-11-26 09.30.05.webm"},
	} {
		if c.f.Began = at; c.f.FileName() != c.want {
			t.Errorf("%q, want %q", c.f.FileName(), c.want)
		}
	}
}

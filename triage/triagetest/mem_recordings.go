package triagetest

import (
	"context"
	"time"

	"github.com/proffer/proffer/triage"
)

func recordingID(r triage.Recording) triage.RecordingID { return r.ID }

func (t *tx) InsertRecording(_ context.Context, r triage.Recording) error {
	if err := t.write("InsertRecording"); err != nil {
		return err
	}
	m, ok := t.meetings[r.Meeting]
	if !ok {
		return missing()
	}
	if m.Mode != triage.ModeStandard || !m.Ended.IsZero() {
		return conflict()
	}
	return insert(t.recordings, r.ID, r)
}

func (t *tx) Recording(_ context.Context, id triage.RecordingID) (triage.Recording, error) {
	return get(t.recordings, id)
}

func (t *tx) SaveRecording(_ context.Context, r triage.Recording) error {
	if err := t.write("SaveRecording"); err != nil {
		return err
	}
	old, err := guarded(t.recordings, r.ID, func(r triage.Recording) int { return r.Version }, r.Version)
	if err != nil {
		return err
	}
	old.Ended, old.End = r.Ended, r.End
	old.Version++
	t.recordings[r.ID] = copyOf(old)
	return nil
}

func (t *tx) RecordingsOf(_ context.Context, m triage.MeetingID) ([]triage.Recording, error) {
	return find(t.recordings, func(r triage.Recording) bool { return r.Meeting == m },
		newest(func(r triage.Recording) time.Time { return r.Began }, recordingID), 0), nil
}

func (t *tx) SeeRecordings(_ context.Context, ids []triage.RecordingID, at time.Time) error {
	if err := t.write("SeeRecordings"); err != nil {
		return err
	}
	for _, id := range ids {
		if r, ok := t.recordings[id]; ok && r.Ended.IsZero() && at.After(r.Seen) {
			r.Seen = at
			t.recordings[id] = copyOf(r)
		}
	}
	return nil
}

func (t *tx) SilentRecordings(_ context.Context, before time.Time, limit int) ([]triage.Recording, error) {
	return find(t.recordings, func(r triage.Recording) bool { return r.Ended.IsZero() && r.Seen.Before(before) },
		oldest(func(r triage.Recording) time.Time { return r.Seen }, recordingID), limit), nil
}

func (t *tx) OverdueRecordings(_ context.Context, before time.Time, limit int) ([]triage.Recording, error) {
	return find(t.recordings, func(r triage.Recording) bool {
		return t.over(r, before) && t.hasFile(r.ID, func(f triage.RecordingFile) bool { return f.State != triage.FileErased })
	}, oldest(func(r triage.Recording) time.Time { return r.Ended }, recordingID), limit), nil
}

func (t *tx) over(r triage.Recording, before time.Time) bool {
	return !r.Ended.IsZero() && r.Ended.Before(before)
}

func (t *tx) hasFile(of triage.RecordingID, is func(triage.RecordingFile) bool) bool {
	for _, f := range t.recordingFiles {
		if f.Recording == of && is(f) {
			return true
		}
	}
	return false
}

func (t *tx) DeleteEmptyRecordings(_ context.Context, before time.Time) error {
	if err := t.write("DeleteEmptyRecordings"); err != nil {
		return err
	}
	for id, r := range t.recordings {
		if t.over(r, before) && !t.hasFile(id, func(triage.RecordingFile) bool { return true }) {
			delete(t.recordings, id)
		}
	}
	return nil
}

func (t *tx) InsertRecordingFile(_ context.Context, f triage.RecordingFile) error {
	if err := t.write("InsertRecordingFile"); err != nil {
		return err
	}
	return insert(t.recordingFiles, f.ID, f)
}

func (t *tx) RecordingFile(_ context.Context, id triage.RecordingFileID) (triage.RecordingFile, error) {
	return get(t.recordingFiles, id)
}

func (t *tx) SaveRecordingFile(_ context.Context, f triage.RecordingFile) error {
	if err := t.write("SaveRecordingFile"); err != nil {
		return err
	}
	old, err := guarded(t.recordingFiles, f.ID, func(f triage.RecordingFile) int { return f.Version }, f.Version)
	if err != nil {
		return err
	}
	old.Person, old.Ended, old.Size, old.State = f.Person, f.Ended, f.Size, f.State
	old.Version++
	t.recordingFiles[f.ID] = copyOf(old)
	return nil
}

func recordingFileID(f triage.RecordingFile) triage.RecordingFileID { return f.ID }

func (t *tx) RecordingFilesOf(_ context.Context, id triage.RecordingID) ([]triage.RecordingFile, error) {
	return find(t.recordingFiles, func(f triage.RecordingFile) bool { return f.Recording == id },
		oldest(func(f triage.RecordingFile) time.Time { return f.Began }, recordingFileID), 0), nil
}

func (t *tx) ErasedRecordingFiles(_ context.Context, limit int) ([]triage.RecordingFile, error) {
	return find(t.recordingFiles, func(f triage.RecordingFile) bool { return f.State == triage.FileErased },
		oldest(func(triage.RecordingFile) time.Time { return time.Time{} }, recordingFileID), limit), nil
}

func (t *tx) DeleteRecordingFile(_ context.Context, id triage.RecordingFileID) error {
	if err := t.write("DeleteRecordingFile"); err != nil {
		return err
	}
	if f, ok := t.recordingFiles[id]; !ok || f.State != triage.FileErased {
		return missing()
	}
	delete(t.recordingFiles, id)
	return nil
}

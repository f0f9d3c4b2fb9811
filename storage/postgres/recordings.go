package postgres

import (
	"context"
	"time"

	"github.com/proffer/proffer/triage"
)

func recordingColumns(r *triage.Recording) []column {
	return []column{{"id", &r.ID}, {"meeting", &r.Meeting}, {"begun_by", opt(&r.By)}, {"began", &r.Began}, {"seen", &r.Seen}, {"ended", optTime{&r.Ended}},
		{`"end"`, &r.End}, {"version", &r.Version}}
}

func (t *tx) InsertRecording(ctx context.Context, r triage.Recording) error {
	return t.insert(ctx, "recordings", recordingColumns(&r))
}

func (t *tx) Recording(ctx context.Context, id triage.RecordingID) (triage.Recording, error) {
	return one(ctx, t, recordingColumns, "FROM recordings WHERE id = $1", id)
}

func (t *tx) SaveRecording(ctx context.Context, r triage.Recording) error {
	return t.save(ctx, "recordings", string(r.ID), r.Version, only(recordingColumns(&r), "ended", `"end"`))
}

func (t *tx) RecordingsOf(ctx context.Context, m triage.MeetingID) ([]triage.Recording, error) {
	return list(ctx, t, recordingColumns, "FROM recordings WHERE meeting = $1 ORDER BY began DESC, id", m)
}

func (t *tx) SeeRecordings(ctx context.Context, list []triage.RecordingID, at time.Time) error {
	_, err := t.exec(ctx, "UPDATE recordings SET seen = $2 WHERE id = ANY($1) AND ended IS NULL AND seen < $2", ids(&list), at)
	return err
}

func (t *tx) SilentRecordings(ctx context.Context, before time.Time, limit int) ([]triage.Recording, error) {
	return list(ctx, t, recordingColumns, "FROM recordings WHERE ended IS NULL AND seen < $1 ORDER BY seen, id LIMIT $2", before, limit)
}

func (t *tx) OverdueRecordings(ctx context.Context, before time.Time, limit int) ([]triage.Recording, error) {
	return list(ctx, t, recordingColumns, `FROM recordings r WHERE ended < $1
		AND EXISTS (SELECT FROM recording_files WHERE recording = r.id AND state <> 'erased') ORDER BY ended, id LIMIT $2`, before, limit)
}

func (t *tx) DeleteEmptyRecordings(ctx context.Context, before time.Time) error {
	_, err := t.exec(ctx, "DELETE FROM recordings r WHERE ended < $1 AND NOT EXISTS (SELECT FROM recording_files WHERE recording = r.id)", before)
	return err
}

func recordingFileColumns(f *triage.RecordingFile) []column {
	return []column{{"id", &f.ID}, {"recording", &f.Recording}, {"meeting", &f.Meeting}, {"person", &f.Person}, {"screen", &f.Screen}, {"part", &f.Part},
		{"type", &f.Type}, {"began", &f.Began}, {"ended", optTime{&f.Ended}}, {"size", &f.Size}, {"state", &f.State}, {"version", &f.Version}}
}

func (t *tx) InsertRecordingFile(ctx context.Context, f triage.RecordingFile) error {
	return t.insert(ctx, "recording_files", recordingFileColumns(&f))
}

func (t *tx) RecordingFile(ctx context.Context, id triage.RecordingFileID) (triage.RecordingFile, error) {
	return one(ctx, t, recordingFileColumns, "FROM recording_files WHERE id = $1", id)
}

func (t *tx) SaveRecordingFile(ctx context.Context, f triage.RecordingFile) error {
	return t.save(ctx, "recording_files", string(f.ID), f.Version, only(recordingFileColumns(&f), "person", "ended", "size", "state"))
}

func (t *tx) RecordingFilesOf(ctx context.Context, r triage.RecordingID) ([]triage.RecordingFile, error) {
	return list(ctx, t, recordingFileColumns, "FROM recording_files WHERE recording = $1 ORDER BY began, id", r)
}

func (t *tx) ErasedRecordingFiles(ctx context.Context, limit int) ([]triage.RecordingFile, error) {
	return list(ctx, t, recordingFileColumns, "FROM recording_files WHERE state = 'erased' ORDER BY id LIMIT $1", limit)
}

func (t *tx) DeleteRecordingFile(ctx context.Context, id triage.RecordingFileID) error {
	_, err := scalar[bool](ctx, t, "DELETE FROM recording_files WHERE id = $1 AND state = 'erased' RETURNING true", id)
	return err
}

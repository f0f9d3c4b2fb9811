package triage

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// RecordingLost is after how long without a sign of life a recording is taken to have ended with the server that wrote it.
const RecordingLost = 5 * time.Minute

// recordingBatch is how many recordings, or files, one sweep takes at once.
const recordingBatch = 100

// MeetingRecordings is the recordings of one meeting.
type MeetingRecordings struct {
	Meeting    Meeting
	Recordings []RecordingFiles // newest first
}

// RecordingFiles is a recording with its files that are not erased, by their beginning.
type RecordingFiles struct {
	Recording
	ByName string
	Erase  time.Time // when everything of it is erased; zero as long as it runs
	Files  []RecordingFile
}

// ListRecordings lists the recordings of a meeting.
func (d *Desk) ListRecordings(ctx context.Context, a Actor, id MeetingID) (out MeetingRecordings, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		if out.Meeting, err = recordedMeeting(ctx, tx, a, RecordingRead, id); err != nil {
			return err
		}
		rs, err := tx.RecordingsOf(ctx, id)
		if err != nil {
			return err
		}
		out.Recordings = nil
		var by []account.ID
		for _, r := range rs {
			x := RecordingFiles{Recording: r, Erase: r.Erased(d.RecordingsKeep)}
			if x.Files, err = unerased(ctx, tx, r.ID); err != nil {
				return err
			}
			if len(x.Files) > 0 || r.Ended.IsZero() {
				out.Recordings, by = append(out.Recordings, x), append(by, r.By)
			}
		}
		names, err := tx.Names(ctx, by)
		for i := range out.Recordings {
			out.Recordings[i].ByName = names[out.Recordings[i].By]
		}
		return err
	})
	return out, err
}

// recordedMeeting is the meeting whose recordings somebody wants to do something with, if they may.
func recordedMeeting(ctx context.Context, tx Tx, a Actor, do Action, id MeetingID) (Meeting, error) {
	m, _, err := tx.Meeting(ctx, id)
	if err != nil {
		return m, err
	}
	return m, Allow(a, do, Target{Owner: m.Host, Org: m.Org})
}

func unerased(ctx context.Context, tx Tx, id RecordingID) (out []RecordingFile, err error) {
	fs, err := tx.RecordingFilesOf(ctx, id)
	for _, f := range fs {
		if f.State != FileErased {
			out = append(out, f)
		}
	}
	return out, err
}

// DownloadRecording opens a file of a recording. Each download is in the custody log before its first byte; the ranges of one are one download.
func (d *Desk) DownloadRecording(ctx context.Context, a Actor, m MeetingID, id RecordingFileID) (Playback, error) {
	var f RecordingFile
	may := func(tx Tx) (err error) {
		f, err = recordedFile(ctx, tx, a, RecordingDownload, m, id)
		if err == nil && !f.Stored() {
			err = Errorf(Conflict, "This file is not stored yet. It can be downloaded once it is.")
		}
		return err
	}
	if err := d.Store.View(ctx, may); err != nil {
		return Playback{}, err
	}
	r, err := d.Objects.OpenDerivative(ctx, f.Key())
	if err != nil {
		return Playback{}, err
	}
	err = d.Store.Update(ctx, func(tx Tx) error {
		if err := may(tx); err != nil {
			return err
		}
		return d.recordView(ctx, tx, a, entry{Act: custody.RecordingDownloaded, Subject: f.subject(), Detail: f.detail("kind", "download")})
	})
	if err != nil {
		return Playback{}, errors.Join(err, r.Close())
	}
	return Playback{r, f.Size, f.Type, f.FileName(), f.Ended}, nil
}

// recordedFile is a file of a meeting's recordings, if the actor may do something with it.
func recordedFile(ctx context.Context, tx Tx, a Actor, do Action, m MeetingID, id RecordingFileID) (RecordingFile, error) {
	if _, err := recordedMeeting(ctx, tx, a, do, m); err != nil {
		return RecordingFile{}, err
	}
	f, err := tx.RecordingFile(ctx, id)
	if err == nil && (f.Meeting != m || f.State == FileErased) {
		err = Errorf(NotFound, "There is no such file any more.")
	}
	return f, err
}

func (r Recording) subject() string     { return "recording/" + string(r.ID) }
func (f RecordingFile) subject() string { return "recording_file/" + string(f.ID) }

// detail holds numbers and no names, so that nothing has to be erased from the log with a recording.
func (r Recording) detail(more ...string) custody.Detail {
	return with(custody.Detail{"meeting": string(r.Meeting)}, more)
}

func (f RecordingFile) detail(more ...string) custody.Detail {
	return with(custody.Detail{"meeting": string(f.Meeting), "recording": string(f.Recording), "bytes": strconv.FormatInt(f.Size, 10)}, more)
}

func with(d custody.Detail, more []string) custody.Detail {
	for i := 0; i < len(more); i += 2 {
		if more[i+1] != "" {
			d[more[i]] = more[i+1]
		}
	}
	return d
}

// DeleteRecordingFile deletes one file of a recording, for good.
func (d *Desk) DeleteRecordingFile(ctx context.Context, a Actor, m MeetingID, id RecordingFileID) error {
	return d.updateAgain(ctx, func(tx Tx) error {
		f, err := recordedFile(ctx, tx, a, RecordingDelete, m, id)
		if err != nil {
			return err
		}
		r, err := tx.Recording(ctx, f.Recording)
		if err != nil {
			return err
		}
		if r.Ended.IsZero() && !f.Stored() {
			return Errorf(Conflict, "This file is being written. Stop the recording in the meeting first.")
		}
		if err := d.eraseFile(ctx, tx, a.Account, custody.RecordingDeleted, f); err != nil {
			return err
		}
		return tx.Enqueue(ctx, Sweep{})
	})
}

// DeleteRecording deletes everything of a recording that is over, for good.
func (d *Desk) DeleteRecording(ctx context.Context, a Actor, m MeetingID, id RecordingID) error {
	return d.updateAgain(ctx, func(tx Tx) error {
		if _, err := recordedMeeting(ctx, tx, a, RecordingDelete, m); err != nil {
			return err
		}
		r, err := tx.Recording(ctx, id)
		if err != nil {
			return err
		}
		if r.Meeting != m {
			return Errorf(NotFound, "There is no such recording any more.")
		}
		if r.Ended.IsZero() {
			return Errorf(Conflict, "This recording is running. Stop it in the meeting first.")
		}
		if err := d.eraseFiles(ctx, tx, a.Account, custody.RecordingDeleted, id); err != nil {
			return err
		}
		return tx.Enqueue(ctx, Sweep{})
	})
}

func (d *Desk) eraseFiles(ctx context.Context, tx Tx, by account.ID, act custody.Act, id RecordingID) error {
	fs, err := unerased(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, f := range fs {
		if err := d.eraseFile(ctx, tx, by, act, f); err != nil {
			return err
		}
	}
	return nil
}

// eraseFile takes a file from everyone. From then on it is the sweep's to delete, however often that is interrupted.
func (d *Desk) eraseFile(ctx context.Context, tx Tx, by account.ID, act custody.Act, f RecordingFile) error {
	e := entry{Act: act, Subject: f.subject(), Detail: f.detail()}
	f.State, f.Person = FileErased, ""
	if err := tx.SaveRecordingFile(ctx, f); err != nil {
		return err
	}
	return d.record(ctx, tx, by, e)
}

// BeginRecording notes that a recording begins. join is the board's name for the appearance of whoever began it, who may have no account.
func (d *Desk) BeginRecording(ctx context.Context, m MeetingID, by account.ID, join string) (Recording, error) {
	now := d.now()
	r := Recording{ID: RecordingID(NewID(prefixRecording)), Meeting: m, By: by, Began: now, Seen: now}
	err := d.Store.Update(ctx, func(tx Tx) error {
		if err := tx.InsertRecording(ctx, r); err != nil {
			return err
		}
		return d.recordAt(ctx, tx, now, actorOr(by), entry{Act: custody.RecordingStarted, Subject: r.subject(), Detail: r.detail("join", join)})
	})
	return r, err
}

// actorOr is who did something, as the log names them: the system acts for guests, who have no account.
func actorOr(by account.ID) account.ID {
	if by == "" {
		return account.System
	}
	return by
}

// EndRecording notes that a recording ended, and how. Of one that has ended already, or was erased since, nothing is changed.
func (d *Desk) EndRecording(ctx context.Context, id RecordingID, by account.ID, join string, end RecordingEnd) error {
	return d.endAt(ctx, id, by, join, end, func(Recording) time.Time { return d.now() })
}

// InterruptRecording notes that a recording ended when the server that wrote it did. last is when it last wrote something; zero where it
// never did.
func (d *Desk) InterruptRecording(ctx context.Context, id RecordingID, last time.Time) error {
	return d.endAt(ctx, id, "", "", RecordingInterrupted, func(r Recording) time.Time {
		if last = last.UTC().Truncate(time.Microsecond); last.After(r.Seen) && last.Before(d.now()) {
			return last
		}
		return r.Seen
	})
}

func (d *Desk) endAt(ctx context.Context, id RecordingID, by account.ID, join string, end RecordingEnd, at func(Recording) time.Time) error {
	return d.updateAgain(ctx, func(tx Tx) error {
		r, err := tx.Recording(ctx, id)
		if errors.Is(err, ErrNotFound) || err == nil && !r.Ended.IsZero() {
			return nil
		} else if err != nil {
			return err
		}
		return d.endRecording(ctx, tx, r, by, join, at(r), end)
	})
}

func (d *Desk) endRecording(ctx context.Context, tx Tx, r Recording, by account.ID, join string, at time.Time, end RecordingEnd) error {
	r.Ended, r.End = at, end
	if err := tx.SaveRecording(ctx, r); err != nil {
		return err
	}
	return d.record(ctx, tx, actorOr(by), entry{Act: custody.RecordingStopped, Subject: r.subject(), Detail: r.detail("join", join, "end", string(end))})
}

// SeeRecordings is the sign of life of the server that writes them.
func (d *Desk) SeeRecordings(ctx context.Context, ids []RecordingID) error {
	return d.Store.Update(ctx, func(tx Tx) error { return tx.SeeRecordings(ctx, ids, d.now()) })
}

// BeginRecordingFile notes a file before anything is written into it; it gets its number.
func (d *Desk) BeginRecordingFile(ctx context.Context, f RecordingFile) (RecordingFile, error) {
	f.ID, f.State, f.Person, f.Began = RecordingFileID(NewID(prefixRecordingFile)), FileWriting, account.CleanName(f.Person, MaxName), f.Began.UTC().Truncate(time.Microsecond)
	err := d.Store.Update(ctx, func(tx Tx) error {
		r, err := tx.Recording(ctx, f.Recording)
		if err != nil {
			return err
		}
		if !r.Ended.IsZero() {
			return Errorf(Conflict, "The recording has ended.")
		}
		f.Meeting = r.Meeting
		return tx.InsertRecordingFile(ctx, f)
	})
	return f, err
}

// RecordingFile is a file as it stands, for the server that wrote it. NotFound where it was erased: then nothing of it may be kept.
func (d *Desk) RecordingFile(ctx context.Context, id RecordingFileID) (f RecordingFile, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		f, err = keptFile(ctx, tx, id)
		return err
	})
	return f, err
}

func keptFile(ctx context.Context, tx Tx, id RecordingFileID) (RecordingFile, error) {
	f, err := tx.RecordingFile(ctx, id)
	if err == nil && f.State == FileErased {
		err = Errorf(NotFound, "The file was erased.")
	}
	return f, err
}

// KeepRecordingFile notes that the object store has the whole of what was written. NotFound where it was erased meanwhile.
func (d *Desk) KeepRecordingFile(ctx context.Context, id RecordingFileID, size int64, ended time.Time, whole bool) error {
	return d.updateAgain(ctx, func(tx Tx) error {
		f, err := keptFile(ctx, tx, id)
		if err != nil || f.Stored() {
			return err
		}
		f.Size, f.Ended, f.State = size, ended.UTC().Truncate(time.Microsecond), FileIncomplete
		if whole {
			f.State = FileReady
		}
		return tx.SaveRecordingFile(ctx, f)
	})
}

// SettleRecording is called once a recording is over and its server has nothing left of it: what is not stored by then never will be.
func (d *Desk) SettleRecording(ctx context.Context, id RecordingID) error {
	return d.updateAgain(ctx, func(tx Tx) error {
		fs, err := tx.RecordingFilesOf(ctx, id)
		if err != nil {
			return err
		}
		for _, f := range fs {
			if f.State != FileWriting {
				continue
			}
			f.State, f.Person = FileErased, "" // it never had a byte
			if err := tx.SaveRecordingFile(ctx, f); err != nil {
				return err
			}
		}
		return nil
	})
}

// sweepRecordings ends recordings whose server was lost, erases those whose time has come, and deletes what is erased.
func (d *Desk) sweepRecordings(ctx context.Context) error {
	return errors.Join(d.endLostRecordings(ctx), d.eraseOverdue(ctx), d.deleteErased(ctx))
}

func (d *Desk) endLostRecordings(ctx context.Context) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		rs, err := tx.SilentRecordings(ctx, d.now().Add(-RecordingLost), recordingBatch)
		if err != nil {
			return err
		}
		for _, r := range rs {
			if err := d.endRecording(ctx, tx, r, "", "", r.Seen, RecordingInterrupted); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *Desk) eraseOverdue(ctx context.Context) error {
	return d.Store.Update(ctx, func(tx Tx) error {
		rs, err := tx.OverdueRecordings(ctx, d.now().Add(-d.RecordingsKeep), recordingBatch)
		if err != nil {
			return err
		}
		for _, r := range rs {
			if err := d.eraseFiles(ctx, tx, account.System, custody.RecordingErased, r.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// deleteErased deletes the bytes first and their record after them: what an interruption leaves is a record, and the next sweep finds it.
func (d *Desk) deleteErased(ctx context.Context) error {
	var fs []RecordingFile
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		fs, err = tx.ErasedRecordingFiles(ctx, recordingBatch)
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range fs {
		if err := d.Objects.DeleteDerivative(ctx, f.Key()); err != nil {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, d.Store.Update(ctx, func(tx Tx) error { return tx.DeleteRecordingFile(ctx, f.ID) }))
	}
	errs = append(errs, d.Store.Update(ctx, func(tx Tx) error { return tx.DeleteEmptyRecordings(ctx, d.now().Add(-RecordingLost)) }))
	return errors.Join(errs...)
}

package triage

import (
	"mime"
	"strings"
	"time"

	"github.com/proffer/proffer/triage/account"
)

// RecordingID names one recording of a standard meeting.
type RecordingID string

// RecordingFileID names one file of a recording.
type RecordingFileID string

// Recording is one stretch of a standard meeting that the server wrote down, from when a host began it to when it ended. It is no evidence: it
// belongs to the organisation whose meeting it was, and staff have no business in it.
type Recording struct {
	ID      RecordingID
	Meeting MeetingID
	By      account.ID // who began it; "" where a co-host without an account did
	Began   time.Time
	Seen    time.Time // when the server that writes it was last heard of
	Ended   time.Time // zero while it runs
	End     RecordingEnd
	Version int // see Tx
}

// RecordingEnd says how a recording ended.
type RecordingEnd string

// The ends.
const (
	RecordingRuns        RecordingEnd = ""            // it has not ended
	RecordingStopped     RecordingEnd = "stopped"     // a host stopped it, or the meeting was over or end-to-end encrypted
	RecordingFailed      RecordingEnd = "failed"      // it could not be kept any longer
	RecordingInterrupted RecordingEnd = "interrupted" // the server that wrote it ended abruptly, or was lost
)

// Erased is when everything of a recording is erased; zero as long as it runs.
func (r Recording) Erased(keep time.Duration) time.Time {
	if r.Ended.IsZero() {
		return noTime
	}
	return r.Ended.Add(keep)
}

// RecordingFile is one person's camera and microphone, or a screen that was shown.
type RecordingFile struct {
	ID        RecordingFileID
	Recording RecordingID
	Meeting   MeetingID
	Person    string // as the meeting called them then
	Screen    bool
	Part      int    // from 1
	Type      string // MIME
	Began     time.Time
	Ended     time.Time // zero while it is written
	Size      int64     // bytes; 0 until it is stored
	State     RecordingFileState
	Version   int // see Tx
}

// RecordingFileState says how far a file is.
type RecordingFileState string

// The states. A file goes from writing to one of the next two, and from any to the last.
const (
	FileWriting    RecordingFileState = "writing"    // on the server that writes it, or on its way to the object store
	FileReady      RecordingFileState = "ready"      // stored, whole
	FileIncomplete RecordingFileState = "incomplete" // stored, as far as it was written when something broke
	FileErased     RecordingFileState = "erased"     // for everyone; its bytes and this record go at the next sweep
)

// Key is where the object store has the file.
func (f RecordingFile) Key() string {
	return "recordings/" + string(f.Meeting) + "/" + string(f.Recording) + "/" + string(f.ID) + f.Extension()
}

// Extension is the file name's ending, with its dot.
func (f RecordingFile) Extension() string {
	if t, _, _ := mime.ParseMediaType(f.Type); t == "audio/matroska" {
		return ".mka"
	}
	return ".webm"
}

// Stored reports whether it can be taken out.
func (f RecordingFile) Stored() bool { return f.State == FileReady || f.State == FileIncomplete }

// FileName is what a download is called: whose it is, and from when.
func (f RecordingFile) FileName() string {
	who := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, account.CleanName(f.Person, 60))
	if who = strings.TrimLeft(who, ". "); who == "" {
		who = "recording"
	}
	if f.Screen {
		who += ", screen"
	}
	if f.State == FileIncomplete {
		who += ", incomplete"
	}
	return who + " " + f.Began.UTC().Format("2006-01-02 15.04.05") + f.Extension()
}

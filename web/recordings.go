package web

import (
	"time"

	"github.com/proffer/proffer/triage"
)

// RecordingsView is the host's page of what was recorded of one meeting.
type RecordingsView struct {
	Page
	triage.MeetingRecordings
	Keep time.Duration // after the end of a recording
}

// keepWords is how long recordings are kept.
func (v RecordingsView) keepWords() string {
	switch days := int(v.Keep / (24 * time.Hour)); {
	case v.Keep < 2*time.Hour:
		return plural(int(v.Keep/time.Minute), "minute", "minutes")
	case days < 2:
		return plural(int(v.Keep/time.Hour), "hour", "hours")
	default:
		return plural(days, "day", "days")
	}
}

// path is the address of something on the page.
func (v RecordingsView) path(rest ...string) string {
	p := "/meetings/" + string(v.Meeting.ID) + "/recordings"
	for _, r := range rest {
		p += "/" + r
	}
	return p
}

// recordingState is the chip of a recording that did not end as it should, or runs; no words where it is over and whole.
func recordingState(r triage.RecordingFiles) (tone, words string) {
	switch r.End {
	case triage.RecordingRuns:
		return "active", "Being recorded"
	case triage.RecordingFailed:
		return "warn", "Cut short: it could not be kept any longer"
	case triage.RecordingInterrupted:
		return "warn", "Cut short: the server ended abruptly"
	}
	return "", ""
}

// recordingFileState is the chip of a file.
func recordingFileState(f triage.RecordingFile, runs bool) (tone, words string) {
	switch {
	case f.State == triage.FileReady:
		return "done", "Ready"
	case f.State == triage.FileIncomplete:
		return "warn", "Incomplete"
	case runs:
		return "active", "Being written"
	}
	return "quiet", "Being stored"
}

// whose says whose file it is.
func whose(f triage.RecordingFile) string {
	who := f.Person
	if who == "" {
		who = "Somebody without a name"
	}
	if f.Screen {
		who += ", screen"
	}
	return who
}

// length is how long a recording or a file is, or "" while it grows.
func length(from, to time.Time) string {
	if to.IsZero() || to.Before(from) {
		return ""
	}
	return clockWords(to.Sub(from))
}

func totalSize(fs []triage.RecordingFile) (n int64) {
	for _, f := range fs {
		n += f.Size
	}
	return n
}

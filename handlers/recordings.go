package handlers

import (
	"net/http"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/web"
)

func (s *server) recordings(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := meetingID(r)
	if err != nil {
		return err
	}
	list, err := s.desk.ListRecordings(r.Context(), a, triage.MeetingID(id))
	if err != nil {
		return err
	}
	p, err := s.page(r, "Recordings", "/meetings/"+id+"/recordings")
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, web.Recordings(web.RecordingsView{Page: p, MeetingRecordings: list, Keep: s.desk.RecordingsKeep}))
}

// inRecordings is the meeting in the path and the file of it.
func inRecordings(r *http.Request) (triage.MeetingID, triage.RecordingFileID, error) {
	id, err := meetingID(r)
	if err != nil {
		return "", "", err
	}
	f, err := pathID[triage.RecordingFileID](r, "file", "Y")
	return triage.MeetingID(id), f, err
}

func (s *server) downloadRecording(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	m, f, err := inRecordings(r)
	if err != nil {
		return err
	}
	pb, err := s.desk.DownloadRecording(r.Context(), a, m, f)
	if err != nil {
		return err
	}
	return serveBytes(w, r, pb, true)
}

func (s *server) deleteRecordingFile(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	m, f, err := inRecordings(r)
	if err != nil {
		return err
	}
	if err := s.desk.DeleteRecordingFile(r.Context(), a, m, f); err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "The file is deleted.")
	return seeOther(w, r, "/meetings/"+string(m)+"/recordings")
}

func (s *server) deleteRecording(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	m, err := meetingID(r)
	if err != nil {
		return err
	}
	id, err := pathID[triage.RecordingID](r, "recording", "V")
	if err != nil {
		return err
	}
	if err := s.desk.DeleteRecording(r.Context(), a, triage.MeetingID(m), id); err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "The recording is deleted.")
	return seeOther(w, r, "/meetings/"+m+"/recordings")
}

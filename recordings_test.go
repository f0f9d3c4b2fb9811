package main

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/media/connector/recorder"
	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/storage/embedded/embeddedtest"
	"github.com/proffer/proffer/storage/objects"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/triagetest"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// studio is a server's recordings, with one standard meeting to record.
type studio struct {
	*recordings
	t    *testing.T
	host triage.Actor
}

const choir = triage.MeetingID("M-00000-00001")

func newStudio(t *testing.T) *studio {
	t.Helper()
	s3 := embeddedtest.S3(t)
	store, err := objects.Open(t.Context(), objects.Config{Endpoint: s3.Endpoint, AccessKey: s3.AccessKey, SecretKey: s3.SecretKey,
		TLS: true, TLSConfig: s3.TLS, PathStyle: true, EvidenceBucket: s3.Evidence, DerivativeBucket: s3.Derivative})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	desk := &triage.Desk{Store: triagetest.NewStore(nil), Objects: store, Clock: time.Now, Log: log, RecordingsKeep: time.Hour}
	err = desk.Store.Update(t.Context(), func(tx triage.Tx) error {
		return tx.InsertMeeting(t.Context(), triage.Meeting{ID: choir, Host: "A-1", Org: "O-1", Mode: triage.ModeStandard, Started: time.Now()}, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	return &studio{newRecordings(&services{cfg: Config{Data: t.TempDir()}, objects: store, desk: desk, log: log}), t, triage.Actor{Account: "A-1", Org: "O-1"}}
}

// restarted is the same server after its process ended.
func (s *studio) restarted() *studio {
	return &studio{newRecordings(&services{cfg: Config{Data: filepath.Dir(s.dir)}, objects: s.objects, desk: s.desk, log: s.log}), s.t, s.host}
}

func (s *studio) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// takes begins a recording and a file of it.
func (s *studio) takes(person string) (take, io.WriteCloser) {
	s.t.Helper()
	to, err := s.begin(s.t.Context(), string(choir), meeting.Orderer{Account: "A-1"})
	s.ok(err)
	f, err := to.Create(recorder.File{Person: person, Part: 1, Type: "video/webm", Began: time.Now()})
	s.ok(err)
	_, err = io.WriteString(f, "sound of "+person)
	s.ok(err)
	return to, f
}

// only is the one recording of the meeting, with its one file.
func (s *studio) only() (triage.RecordingFiles, triage.RecordingFile) {
	s.t.Helper()
	list, err := s.desk.ListRecordings(s.t.Context(), s.host, choir)
	s.ok(err)
	if len(list.Recordings) != 1 || len(list.Recordings[0].Files) != 1 {
		s.t.Fatalf("%+v", list.Recordings)
	}
	return list.Recordings[0], list.Recordings[0].Files[0]
}

// downloads is what the host gets of a file.
func (s *studio) downloads(f triage.RecordingFile) string {
	s.t.Helper()
	pb, err := s.desk.DownloadRecording(s.t.Context(), s.host, choir, f.ID)
	if err != nil {
		return "-"
	}
	defer pb.Close()
	b, err := io.ReadAll(pb)
	s.ok(err)
	return string(b)
}

func (s *studio) empty() {
	s.t.Helper()
	if left, err := os.ReadDir(s.dir); err != nil || len(left) > 0 {
		s.t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestRecordingsKept holds that a file can be had once it is whole, and that nothing stays in the folder when the recording is over.
func TestRecordingsKept(t *testing.T) {
	s := newStudio(t)
	to, f := s.takes("Anna")
	s.ok(s.store(t.Context()))
	if r, is := s.only(); r.End != triage.RecordingRuns || is.State != triage.FileWriting || s.downloads(is) != "-" {
		t.Errorf("while it is written: %+v", r)
	}
	s.ok(f.Close())
	s.ok(s.store(t.Context()))
	if r, is := s.only(); r.End != triage.RecordingRuns || is.State != triage.FileReady || is.Size != 13 || s.downloads(is) != "sound of Anna" {
		t.Errorf("while the recording runs: %+v", r)
	}
	to.end(meeting.Orderer{Account: "A-1"}, triage.RecordingStopped)
	s.ok(s.store(t.Context()))
	if r, _ := s.only(); r.End != triage.RecordingStopped {
		t.Errorf("once it is over: %+v", r)
	}
	s.empty()
}

// TestRecordingsLeft holds that what a process left that ended abruptly is stored by the next one, and called what it is: a file that was
// closed is whole, one that was written is not, and one that was never begun is none.
func TestRecordingsLeft(t *testing.T) {
	for name, c := range map[string]struct {
		leave func(f io.WriteCloser) error
		want  triage.RecordingFileState
	}{
		"closed": {func(f io.WriteCloser) error { return f.Close() }, triage.FileReady},
		"open":   {func(io.WriteCloser) error { return nil }, triage.FileIncomplete},
	} {
		s := newStudio(t)
		to, f := s.takes("Ben")
		s.ok(c.leave(f))
		_, err := s.desk.BeginRecordingFile(t.Context(), triage.RecordingFile{Recording: to.is.ID, Person: "Cleo", Part: 1, Type: "video/webm", Began: time.Now()})
		s.ok(err)
		again := s.restarted()
		s.ok(again.store(t.Context()))
		if r, is := again.only(); r.End != triage.RecordingInterrupted || is.State != c.want || again.downloads(is) != "sound of Ben" {
			t.Errorf("%s: %+v", name, r)
		}
		again.empty()
		s.ok(again.store(t.Context()))
	}
}

// TestRecordingsErasedMeanwhile holds that nothing is kept of what was deleted before its server could store it.
func TestRecordingsErasedMeanwhile(t *testing.T) {
	s := newStudio(t)
	_, f := s.takes("Dora")
	s.ok(f.Close())
	again := s.restarted()
	_, is := again.only()
	s.ok(s.desk.InterruptRecording(t.Context(), is.Recording, time.Time{}))                     // as the sweep of another node does
	s.ok(s.objects.PutDerivative(t.Context(), is.Key(), is.Type, strings.NewReader("half"), 4)) // and as a process does that ends right afterwards
	s.ok(s.desk.DeleteRecording(t.Context(), s.host, choir, is.Recording))
	s.ok(again.store(t.Context()))
	if _, err := s.objects.OpenDerivative(t.Context(), is.Key()); err == nil {
		t.Error("its bytes are in the store")
	}
	again.empty()
}

// TestRecordingsNoRoom holds that a recording leaves room for everything else, and says that it is incomplete where it had to end.
func TestRecordingsNoRoom(t *testing.T) {
	s := newStudio(t)
	free := int64(minFree)
	s.free = func() (int64, error) { return free, nil }
	to, f := s.takes("Eve")
	free--
	if _, err := to.Create(recorder.File{Person: "Finn", Part: 2, Type: "video/webm"}); err == nil || !strings.Contains(err.Error(), "room") {
		t.Errorf("a file is begun: %v", err)
	}
	if _, err := s.begin(t.Context(), string(choir), meeting.Orderer{}); err == nil {
		t.Error("a recording is begun")
	}
	if _, err := io.Copy(f, bytes.NewReader(make([]byte, 2*lookEvery))); err == nil {
		t.Error("a file is written on")
	}
	s.ok(f.Close())
	to.end(meeting.Orderer{}, triage.RecordingFailed)
	s.ok(s.store(t.Context()))
	if r, is := s.only(); r.End != triage.RecordingFailed || is.State != triage.FileIncomplete {
		t.Errorf("%+v", r)
	}
	s.empty()
}

// TestSIPConfig holds that what an operator writes is read, or refused in words that name the variable.
func TestSIPConfig(t *testing.T) {
	good := SIPConfig{Addr: "0.0.0.0:5060", Trunks: []string{"192.0.2.0/24"}, IP: "198.51.100.7", RTP: "20000-20199", Calls: 5}
	c, err := good.config()
	if err != nil || len(c.Trunks) != 1 || c.Ports != [2]uint16{20000, 20199} || c.IP.String() != "198.51.100.7" {
		t.Errorf("%+v, %v", c, err)
	}
	for name, change := range map[string]func(*SIPConfig){
		"PROFFER_SIP_TRUNKS": func(c *SIPConfig) { c.Trunks = []string{"192.0.2.7"} },
		"PROFFER_SIP_IP":     func(c *SIPConfig) { c.IP = "phone.example" },
		"PROFFER_SIP_RTP":    func(c *SIPConfig) { c.RTP = "20199-20000" },
	} {
		bad := good
		change(&bad)
		if _, err := bad.config(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, rtp := range []string{"20000", "a-b", "20000-70000", "0-1", "20000-20001x"} {
		bad := good
		bad.RTP = rtp
		if c, err := bad.config(); err == nil {
			t.Errorf("%q is read as %v", rtp, c.Ports)
		}
	}
}

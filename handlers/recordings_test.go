package handlers

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// recorded is a recording with one file.
type recorded struct {
	id   triage.RecordingID
	file triage.RecordingFileID
}

// record makes a recording of a meeting with a file that holds some text; over: it ended, and the file is stored.
func (w *world) record(m, text string, over bool) recorded {
	w.t.Helper()
	ctx := w.t.Context()
	r, err := w.desk.BeginRecording(ctx, triage.MeetingID(m), "", "")
	must(w.t, err)
	f, err := w.desk.BeginRecordingFile(ctx, triage.RecordingFile{Recording: r.ID, Person: "Änne/Born <b>", Part: 1, Type: "video/webm", Began: r.Began})
	must(w.t, err)
	if over {
		must(w.t, w.objects.PutDerivative(ctx, f.Key(), f.Type, strings.NewReader(text), int64(len(text))))
		must(w.t, w.desk.KeepRecordingFile(ctx, f.ID, int64(len(text)), r.Began.Add(65*time.Second), true))
		must(w.t, w.desk.EndRecording(ctx, r.ID, "", "", triage.RecordingStopped))
	}
	return recorded{r.ID, f.ID}
}

// held makes a meeting of a host's.
func (w *world) held(host account.Account) string {
	w.t.Helper()
	m, err := w.desk.NewMeeting(w.actor(host), "Chemistry")
	must(w.t, err)
	_, err = w.config.Meetings.Create(w.t.Context(), meeting.Meeting{ID: string(m.ID), Org: m.Org, Host: m.Host, Title: m.Title, Mode: meeting.Standard, Starts: time.Now()})
	must(w.t, err)
	return string(m.ID)
}

// actsOn is the custody log of a subject, as "act by actor".
func (w *world) actsOn(subject string) (acts []string) {
	w.t.Helper()
	must(w.t, w.store.Update(w.t.Context(), func(tx triage.Tx) error {
		es, err := tx.Unsequenced(w.t.Context(), 1000)
		for _, e := range es {
			if e.Subject != subject {
				continue
			}
			acts = append(acts, fmt.Sprintf("%s by %s", e.Act, e.Actor))
			if strings.Contains(fmt.Sprint(e.Detail), "nne") {
				w.t.Errorf("the log names somebody: %v", e.Detail)
			}
		}
		return err
	}))
	return acts
}

// TestRecordingDownload holds that a file comes whole or by ranges, as a download that nothing runs, and that the log has it once.
func TestRecordingDownload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	b, m := w.signIn(ada), w.held(ada)
	r := w.record(m, "recorded", true)
	at := "/meetings/" + m + "/recordings"
	page := b.get(at).body
	for _, want := range []string{"Änne/Born &lt;b&gt;", "1:05 long", "8 B", "Ready", "Everything of it is erased on", "30 days after it ended", "This cannot be undone"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if a := b.get("/meetings/" + m); !strings.Contains(a.body, "1 recording,") {
		t.Error("the meeting's page does not count it")
	}
	whole := b.get(at + "/files/" + string(r.file))
	h := whole.header
	if whole.status != 200 || whole.body != "recorded" || h.Get("Content-Type") != "video/webm" || h.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.HasPrefix(h.Get("Content-Disposition"), "attachment; filename*=utf-8''%C3%84nne-Born%20-b-%20") ||
		!strings.Contains(h.Get("Cache-Control"), "no-store") || !strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox;") {
		t.Errorf("%d %q %v", whole.status, whole.body, h)
	}
	part := b.send("GET", at+"/files/"+string(r.file), map[string]string{"Range": "bytes=2-4"}, nil)
	if part.status != 206 || part.body != "cor" || part.header.Get("Content-Range") != "bytes 2-4/8" {
		t.Errorf("a range answers %d %q %v", part.status, part.body, part.header)
	}
	if acts := w.actsOn("recording_file/" + string(r.file)); len(acts) != 1 || acts[0] != "recording.downloaded by "+string(ada.ID) {
		t.Errorf("the log has %v", acts)
	}
	if acts := w.actsOn("recording/" + string(r.id)); len(acts) != 2 || acts[0] != "recording.started by system" || acts[1] != "recording.stopped by system" {
		t.Errorf("the log has %v", acts)
	}
	other := w.held(ada)
	if a := b.get("/meetings/" + other + "/recordings/files/" + string(r.file)); a.status != 404 {
		t.Errorf("in another meeting it answers %d", a.status)
	}
	if a := b.post("/meetings/"+other+"/recordings/"+string(r.id)+"/delete", url.Values{}); a.status != 404 {
		t.Errorf("in another meeting it is deleted: %d", a.status)
	}
	if a := b.get("/meetings/" + other + "/recordings"); !strings.Contains(a.body, "Nothing is recorded") {
		t.Error("a meeting that nobody recorded does not say so")
	}
}

// TestRecordingDeletion holds that what is deleted is gone for everyone at once, and from the store at the next sweep; and that what is
// being written is not deleted.
func TestRecordingDeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	b, m := w.signIn(ada), w.held(ada)
	at := "/meetings/" + m + "/recordings"
	first, second, runs := w.record(m, "first", true), w.record(m, "second", true), w.record(m, "", false)
	file, err := w.desk.RecordingFile(t.Context(), first.file)
	must(t, err)
	for _, path := range []string{at + "/" + string(runs.id) + "/delete", at + "/files/" + string(runs.file) + "/delete"} {
		if a := b.post(path, url.Values{}); a.status != 409 || !strings.Contains(a.body, "in the meeting first") {
			t.Errorf("%s answers %d", path, a.status)
		}
	}
	if a := b.get(at + "/files/" + string(runs.file)); a.status != 409 {
		t.Errorf("what is being written is downloaded: %d", a.status)
	}
	for _, path := range []string{at + "/files/" + string(first.file) + "/delete", at + "/" + string(second.id) + "/delete"} {
		if a := b.post(path, url.Values{}); a.status != 303 || a.header.Get("Location") != at {
			t.Errorf("%s answers %d", path, a.status)
		}
	}
	for _, r := range []recorded{first, second} {
		if a := b.get(at + "/files/" + string(r.file)); a.status != 404 {
			t.Errorf("what was deleted answers %d", a.status)
		}
		if acts := w.actsOn("recording_file/" + string(r.file)); len(acts) != 1 || acts[0] != "recording.deleted by "+string(ada.ID) {
			t.Errorf("the log has %v", acts)
		}
	}
	if a := b.post(at+"/files/"+string(first.file)+"/delete", url.Values{}); a.status != 404 {
		t.Errorf("it is deleted twice: %d", a.status)
	}
	must(t, w.desk.Sweep(t.Context()))
	if _, err := w.objects.OpenDerivative(t.Context(), file.Key()); err == nil {
		t.Error("its bytes are left in the store")
	}
	if page := b.get(at).body; strings.Contains(page, string(first.id)) || !strings.Contains(page, "Being written") {
		t.Error("the page shows what is gone, or not what runs")
	}
}

// TestRecordingOfAnother holds that nobody but the host of the meeting, and of its organisation, gets at a recording.
func TestRecordingOfAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	b, m := w.signIn(ada), w.held(ada)
	r := w.record(m, "recorded", true)
	elsewhere, err := w.desk.AddOrganisation(t.Context(), "Elsewhere", account.PlanBusiness, true)
	must(t, err)
	moved := w.actor(ada)
	moved.Org = elsewhere.ID
	if _, err := w.desk.DownloadRecording(t.Context(), moved, triage.MeetingID(m), r.file); triage.KindOf(err) != triage.NotFound {
		t.Errorf("a host who left the organisation gets %v", err)
	}
	if a := b.get("/meetings/" + m + "/recordings"); a.status != 200 {
		t.Errorf("the host gets %d", a.status)
	}
}

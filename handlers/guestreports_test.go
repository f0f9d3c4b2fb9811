package handlers

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// aboutHost is a report about the host of a meeting, as a guest's page writes it.
func aboutHost(key, id string, host account.Account, at time.Time) string {
	b, err := json.Marshal(map[string]any{"key": key, "meeting": id, "occurred": at, "policy": "harassment", "words": "He insults everybody.",
		"people": []map[string]string{{"name": host.Name, "identifier": "", "account": ""}}, "declared": true})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// testifies sends a report of a device.
func (b *browser) testifies(id, report string, proof []byte) answer {
	b.w.t.Helper()
	body, err := json.Marshal(map[string]string{"report": report, "proof": base64.RawURLEncoding.EncodeToString(proof)})
	must(b.w.t, err)
	return b.send("POST", "/m/"+id+"/reports", map[string]string{"Content-Type": "application/json"}, bytes.NewReader(body))
}

// TestGuestReports files reports of guests from meetings of both modes: those who were let in are taken at their device's word, also when they have
// left and the meeting is over, and nobody else is.
func TestGuestReports(t *testing.T) {
	t.Parallel()
	for _, mode := range []meeting.State{meeting.Standard, meeting.E2EE} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			hanna := w.person("Hanna Host")
			id := w.meetingOf(hanna, mode, mode == meeting.Standard)
			var secret *e2ee.Secret
			if mode == meeting.E2EE {
				secret = newSecret()
			}
			host := w.participate(w.signIn(hanna).certified(id, ""), secret, true)
			b := w.stranger()
			guest := w.participate(b.certified(id, "Gerd Guest"), secret, false)
			d := guest.d
			report := func(key string) string { return aboutHost(key, id, hanna, w.desk.Clock()) }
			proof := func(d *device, report string) []byte {
				return d.honest.Testify(id, []byte(report), uint64(w.desk.Clock().UnixMilli()))
			}
			one := report("0123456789abcdef")
			refused := func(what string, status int, a answer) {
				t.Helper()
				if a.status != status {
					t.Errorf("%s: %d %s", what, a.status, a.body)
				}
			}
			if mode == meeting.Standard {
				host.reaches(e2ee.Standard)
				waitWhere(host.wireClient, func(l *e2ee.Lobby) bool { return len(l.Waiting) == 1 })
				refused("who waits and was not let in", http.StatusForbidden, b.testifies(id, one, proof(d, one)))
				host.order(e2ee.OrderAdmit, guest.m.J(), true)
				guest.reaches(e2ee.Standard)
			} else {
				host.reaches(e2ee.In)
				host.until("a knock", func([]any) bool { return slices.Contains(host.knocked, guest.m.J()) })
				refused("who knocks and was not let in", http.StatusForbidden, b.testifies(id, one, proof(d, one)))
				host.decide(e2ee.Admit{J: guest.m.J()})
				guest.reaches(e2ee.In)
			}
			w.attended(id, "Gerd Guest")
			a := b.testifies(id, one, proof(d, one))
			var got guestFiled
			if a.status != http.StatusCreated || json.Unmarshal([]byte(a.body), &got) != nil || !strings.Contains(got.Receipt, "proffer receipt v1\nreport "+string(got.Report)) {
				t.Fatalf("the report was answered %d %s", a.status, a.body)
			}
			if again := b.testifies(id, one, proof(d, one)); again.status != http.StatusCreated || again.body != a.body {
				t.Errorf("sent again, it was answered %d %s", again.status, again.body)
			}
			filedByGuest(t, w, got.Report, d)

			other := strings.Replace(one, "0123456789abcdef", "1123456789abcdef", 1)
			outside := b.certified(id, "Gerd Guest") // has the link and a certificate, and never came
			refused("a certificate alone", http.StatusForbidden, b.testifies(id, other, proof(outside, other)))
			refused("another's device", http.StatusForbidden, b.testifies(id, other, proof(d, one)))
			refused("the host's device", http.StatusForbidden, b.testifies(id, other, proof(host.d, other)))
			refused("no proof", http.StatusForbidden, b.testifies(id, other, nil))
			refused("an old proof", http.StatusForbidden, b.testifies(id, other, d.honest.Testify(id, []byte(other), uint64(w.desk.Clock().Add(-26*time.Hour).UnixMilli()))))
			refused("of another meeting", http.StatusNotFound, b.testifies("M-00000-00000", other, d.honest.Testify("M-00000-00000", []byte(other), uint64(w.desk.Clock().UnixMilli()))))
			bad := `{"key":7}`
			refused("no report", http.StatusUnprocessableEntity, b.testifies(id, bad, proof(d, bad)))
			clips := strings.Replace(other, `"declared"`, `"clips":[{"upload":"U-00000-00000","proof":""}],"declared"`, 1)
			refused("with a clip", http.StatusUnprocessableEntity, b.testifies(id, clips, proof(d, clips)))

			guest.conn.CloseNow()
			must(t, w.config.Meetings.End(t.Context(), id))
			refused("after the end", http.StatusCreated, b.testifies(id, other, proof(d, other)))
			third := strings.Replace(one, "0123456789abcdef", "2123456789abcdef", 1)
			for range 3 {
				a = b.testifies(id, third, proof(d, third))
			}
			if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
				t.Errorf("too many reports were answered %d %s", a.status, a.body)
			}
		})
	}
}

// filedByGuest looks at the report's case as a reviewer does, and at the log.
func filedByGuest(t *testing.T, w *world, id triage.ReportID, d *device) {
	t.Helper()
	must(t, w.store.View(t.Context(), func(tx triage.Tx) error {
		r, err := tx.Report(t.Context(), id)
		must(t, err)
		if r.Reporter != account.Guest || r.Guest.Name != "Gerd Guest" || r.Guest.Device != d.Key {
			t.Errorf("the report is by %s, %+v", r.Reporter, r.Guest)
		}
		es, err := tx.EventsOf(t.Context(), r.Case)
		if !slices.ContainsFunc(es, func(e triage.LoggedEvent) bool {
			return e.Act == custody.ReportSubmitted && e.Actor == "guest" && e.Detail["guest_name"] == "Gerd Guest"
		}) {
			t.Errorf("the log says %+v", es)
		}
		rui := w.signIn(w.person("Rui", account.Reviewer))
		page := rui.get("/cases/" + string(r.Case)).body
		for _, words := range []string{"Gerd Guest", triage.GuestTitle, "He insults everybody."} {
			if !strings.Contains(page, words) {
				t.Errorf("the case does not say %q", words)
			}
		}
		if queue := rui.get("/queue").body; !strings.Contains(queue, triage.GuestTitle) || strings.Contains(queue, "Gerd Guest") {
			t.Error("the queue does not say that a guest reported, or by which name")
		}
		return err
	}))
}

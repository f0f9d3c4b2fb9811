package handlers

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/web"
)

// upload sends a clip by tus and returns its id.
func (b *browser) upload(name string, data []byte) triage.UploadID {
	b.w.t.Helper()
	id := b.beginUpload(name, data)
	a := b.send("PATCH", "/uploads/"+string(id), map[string]string{"Tus-Resumable": "1.0.0", "Upload-Offset": "0",
		"Content-Type": "application/offset+octet-stream"}, bytes.NewReader(data))
	if a.status != http.StatusNoContent {
		b.w.t.Fatalf("sending a clip answered %d %s", a.status, a.body)
	}
	return id
}

func (b *browser) beginUpload(name string, data []byte) triage.UploadID {
	b.w.t.Helper()
	sum := sha256.Sum256(data)
	b64 := base64.StdEncoding.EncodeToString
	a := b.send("POST", "/uploads/", map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": strconv.Itoa(len(data)),
		"Upload-Metadata": "filename " + b64([]byte(name)) + ",sha256 " + b64([]byte(hex.EncodeToString(sum[:])))}, nil)
	if a.status != http.StatusCreated {
		b.w.t.Fatalf("beginning an upload answered %d %s", a.status, a.body)
	}
	return triage.UploadID(strings.TrimPrefix(a.header.Get("Location"), "/uploads/"))
}

// reportFields is a good report form.
func reportFields(policy triage.PolicyID, name string, uploads ...triage.UploadID) url.Values {
	v := url.Values{"key": {"key-" + strings.ReplaceAll(triage.NewID("K"), "-", "") + "0000"}, "meeting": {""}, "meeting_name": {"Meeting of " + name},
		"occurred": {time.Now().Add(-time.Hour).UTC().Format(localTime)}, "tz": {"UTC"}, "policy": {string(policy)},
		"words": {"What " + name + " did."}, "declared": {"yes"},
		web.FieldPersonName: {name}, web.FieldPersonIdentifier: {""}, web.FieldPersonAccount: {""}}
	for _, u := range uploads {
		v.Add(web.FieldUpload, string(u))
	}
	return v
}

// file files a report by the form and returns it.
func (b *browser) file(form url.Values, by account.Account) triage.Report {
	b.w.t.Helper()
	a := b.post("/reports", form)
	if a.status != http.StatusSeeOther {
		b.w.t.Fatalf("filing a report answered %d %s", a.status, a.body)
	}
	v, err := b.w.desk.MyReport(b.w.t.Context(), b.w.actor(by), triage.ReportID(strings.TrimPrefix(a.header.Get("Location"), "/reports/")))
	must(b.w.t, err)
	return v.Report
}

// prepare does what the job does: it finishes every exhibit of a report, with derivatives.
func (w *world) prepare(r triage.Report, failed bool) {
	w.t.Helper()
	ctx := w.t.Context()
	for _, id := range r.Exhibits {
		_, _, err := w.desk.BeginPreparing(ctx, id)
		must(w.t, err)
		p := triage.Prepared{Failed: true, Why: "It could not be decoded."}
		if !failed {
			p = triage.Prepared{Probe: triage.Probe{Container: "webm", Duration: 9 * time.Second}}
			for kind, contentType := range map[triage.DerivativeKind]string{triage.DerivedPoster: "image/jpeg", triage.DerivedContact: "image/jpeg",
				triage.DerivedWaveform: "application/json", triage.DerivedPreview: "video/webm"} {
				must(w.t, w.desk.KeepDerivative(ctx, w.derive(id, kind, contentType)))
			}
		}
		must(w.t, w.desk.FinishPreparing(ctx, id, p))
	}
}

func (w *world) derive(id triage.ExhibitID, kind triage.DerivativeKind, contentType string) triage.Derivative {
	w.t.Helper()
	data := []byte(`{"of":"` + string(kind) + `"}`)
	d := triage.Derivative{Exhibit: id, Kind: kind, Key: "derivative/" + string(id) + "/" + string(kind), ContentType: contentType,
		SHA256: sha256.Sum256(data), Size: int64(len(data)), Command: "test"}
	if kind == triage.DerivedContact {
		d.Meta = []byte(`{"columns":4,"rows":2,"tile_width":320,"tile_height":180,"times_ms":[0,1000,2000,3000,4000,5000,6000,7000]}`)
	}
	must(w.t, w.objects.PutDerivative(w.t.Context(), d.Key, contentType, bytes.NewReader(data), d.Size))
	return d
}

// TestAnotherReportOnAnOldForm goes back in the browser, writes something else into the form that was sent, and sends it: the
// form comes back as it was typed, with a key of its own, and then it is filed.
func TestAnotherReportOnAnOldForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	host := w.signIn(ada)
	fields := reportFields("hate", "Somebody")
	first := host.file(fields, ada)
	fields.Set("words", "Quite another thing.")
	a := host.post("/reports", fields)
	_, after, _ := strings.Cut(a.body, `name="key" value="`)
	key, _, _ := strings.Cut(after, `"`)
	if a.status != 422 || !strings.Contains(a.body, "Quite another thing.") || !strings.Contains(a.body, string(first.ID)) || key == fields.Get("key") {
		t.Fatalf("it is answered %d, with the key %q:\n%s", a.status, key, a.body)
	}
	fields.Set("key", key)
	if a := host.post("/reports", fields); a.status != 303 || strings.Contains(a.header.Get("Location"), string(first.ID)) {
		t.Errorf("sent again, it is answered %d %s", a.status, a.header.Get("Location"))
	}
}

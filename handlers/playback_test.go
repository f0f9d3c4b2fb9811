package handlers

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"mime/multipart"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/storage/embedded/embeddedtest"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// screening is a world with one prepared exhibit and a reviewer.
func screening(t *testing.T, failed bool) (w *world, at string, data []byte, rev *browser) {
	w = newWorld(t)
	ada := w.person("Ada Owner")
	host := w.signIn(ada)
	data = make([]byte, 300_000)
	rand.NewChaCha8([32]byte{1}).Read(data)
	r := host.file(reportFields("hate", "Somebody", host.upload("x.html", data)), ada)
	w.prepare(r, failed)
	return w, "/exhibits/" + string(r.Exhibits[0]), data, w.signIn(w.person("Rob Reviewer", account.Reviewer))
}

func TestRanges(t *testing.T) {
	t.Parallel()
	w, at, data, rev := screening(t, false)
	whole := rev.get(at + "/original")
	if whole.status != 200 || whole.body != string(data) || whole.header.Get("Accept-Ranges") != "bytes" {
		t.Fatalf("the whole clip answers %d, %d bytes", whole.status, len(whole.body))
	}
	ranged := func(r string) answer { return rev.send("GET", at+"/original", map[string]string{"Range": r}, nil) }
	for r, want := range map[string][]byte{"bytes=0-0": data[:1], "bytes=100-199": data[100:200], "bytes=299000-": data[299000:],
		"bytes=-10": data[len(data)-10:], "bytes=299999-400000": data[299999:], "bytes=-400000": data} {
		a := ranged(r)
		if a.status != 206 || a.body != string(want) || !strings.HasSuffix(a.header.Get("Content-Range"), "/300000") {
			t.Errorf("%s answers %d, %d bytes, %q", r, a.status, len(a.body), a.header.Get("Content-Range"))
		}
	}
	for _, r := range []string{"bytes=300000-", "bytes=5-4", "bytes=a-b", "bytes=--1"} {
		if a := ranged(r); a.status != 416 || len(a.body) > 100 {
			t.Errorf("%s answers %d", r, a.status)
		}
	}
	if got := parts(t, ranged("bytes=0-9,100-109,-5")); got != string(data[:10])+string(data[100:110])+string(data[len(data)-5:]) {
		t.Errorf("several ranges answer %d bytes", len(got))
	}
	var joined []byte
	for from := 0; from < len(data); from += 70_000 {
		joined = append(joined, ranged(fmt.Sprintf("bytes=%d-%d", from, from+69_999)).body...)
	}
	if !bytes.Equal(joined, data) {
		t.Error("the ranges together are not the clip")
	}
	views := 0
	for _, e := range w.events(at) {
		if e.Act == "exhibit.viewed" {
			views++
		}
	}
	if views != 1 {
		t.Errorf("one viewing is %d events", views)
	}
}

func parts(t *testing.T, a answer) (all string) {
	t.Helper()
	_, params, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	must(t, err)
	for r := multipart.NewReader(strings.NewReader(a.body), params["boundary"]); ; {
		p, err := r.NextPart()
		if err == io.EOF {
			return all
		}
		must(t, err)
		b, err := io.ReadAll(p)
		must(t, err)
		all += string(b)
	}
}

// events is the custody events of the exhibit at a path.
func (w *world) events(at string) (out []triage.LoggedEvent) {
	w.t.Helper()
	id := triage.ExhibitID(strings.TrimPrefix(at, "/exhibits/"))
	must(w.t, w.store.View(w.t.Context(), func(tx triage.Tx) error {
		x, err := tx.Exhibit(w.t.Context(), id)
		if err != nil {
			return err
		}
		es, err := tx.EventsOf(w.t.Context(), x.Case)
		for _, e := range es {
			if e.Subject == "exhibit/"+string(id) {
				out = append(out, e)
			}
		}
		return err
	}))
	return out
}

func TestEvidenceRunsNothing(t *testing.T) {
	t.Parallel()
	_, at, _, rev := screening(t, false)
	for what, want := range map[string]string{"original": "video/webm", "preview": "video/webm", "poster": "image/jpeg", "waveform": "application/json"} {
		h := rev.get(at + "/" + what).header
		if h.Get("Content-Type") != want || !strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox;") || h.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(h.Get("Cache-Control"), "no-store") || !strings.Contains(h.Get("Cache-Control"), "private") {
			t.Errorf("%s is served with %v", what, h)
		}
		if strings.Contains(h.Get("Content-Disposition"), "html") {
			t.Errorf("%s keeps the sender's file name", what)
		}
	}
	_, at, _, rev = screening(t, true)
	h := rev.get(at + "/original").header
	if h.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") {
		t.Errorf("bytes that nobody could decode are served with %v", h)
	}
}

func TestForgedDerivativeType(t *testing.T) {
	t.Parallel()
	w, at, _, rev := screening(t, false)
	id := triage.ExhibitID(strings.TrimPrefix(at, "/exhibits/"))
	must(t, w.store.Update(t.Context(), func(tx triage.Tx) error {
		ds, err := tx.Derivatives(t.Context(), id)
		if err != nil {
			return err
		}
		d := ds[0]
		d.Kind, d.ContentType = triage.DerivedPoster, "text/html"
		return tx.PutDerivative(t.Context(), d)
	}))
	if h := rev.get(at + "/poster").header; h.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") {
		t.Errorf("a derivative that calls itself HTML is served with %v", h)
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	w, at, _, rev := screening(t, false)
	send := func(contentType, body string) answer {
		return rev.send("POST", at+"/watch", map[string]string{"Content-Type": contentType}, strings.NewReader(body))
	}
	good := `{"session":"s1","intervals":[{"from":0,"to":2.5,"clear":true,"sound":false},{"from":1,"to":4,"clear":false,"sound":true}]}`
	for _, contentType := range []string{"application/x-www-form-urlencoded", "text/plain", "multipart/form-data", ""} {
		if a := send(contentType, good); a.status != 415 || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%q is answered %d", contentType, a.status)
		}
	}
	for _, bad := range badWatched {
		if a := send("application/json", bad); a.status != 422 {
			t.Errorf("%.80s is answered %d", bad, a.status)
		}
	}
	if a := send("application/json", `{"session":"`+strings.Repeat("x", maxWatch)+`"}`); a.status != 413 {
		t.Errorf("a long message is answered %d", a.status)
	}
	if n := len(w.events(at)); n != 6 { // sealed, four derivatives, prepared
		t.Errorf("refused messages left %d events", n)
	}
	if a := send("application/json; charset=utf-8", good); a.status != 204 {
		t.Fatalf("a good message is answered %d %s", a.status, a.body)
	}
	many := watched{Session: "s2"}
	for i := range 3 * triage.MaxWatches {
		many.Intervals = append(many.Intervals, interval{From: float64(i), To: float64(i) + 0.5})
	}
	b, err := json.Marshal(many)
	must(t, err)
	if a := send("application/json", string(b)); a.status != 204 {
		t.Errorf("what was kept while offline is answered %d %s", a.status, a.body)
	}
	other := w.signIn(w.person("Ira Investigator", account.Investigator))
	x := w.events(at)
	if page := other.get("/cases/" + x[0].Case); !strings.Contains(page.body, "Rob Reviewer, ") || !strings.Contains(page.body, "of it not blurred") {
		t.Error("the case does not say who watched how much")
	}
}

var badWatched = []string{"", "{", "null", "[]", `{}`, `{"session":"s"}`, `{"session":"s","intervals":[]}`, `{"session":"s","intervals":[{"from":2,"to":1}]}`,
	`{"session":"s","intervals":[{"from":-1,"to":1}]}`, `{"session":"s","intervals":[{"from":0,"to":1e300}]}`, `{"session":"s","intervals":[{"from":0,"to":NaN}]}`,
	`{"session":"s","intervals":[{"from":0,"to":1,"account":"A-1"}]}`, `{"session":"s","intervals":[{"from":0,"to":1}]}{}`,
	`{"session":"` + strings.Repeat("x", 65) + `","intervals":[{"from":0,"to":1}]}`, `{"session":"s","intervals":[{"from":0,"to":1}],"exhibit":"X"}`}

func TestCovered(t *testing.T) {
	t.Parallel()
	s := func(from, to int) triage.Watch {
		return triage.Watch{From: time.Duration(from) * time.Second, To: time.Duration(to) * time.Second}
	}
	for want, list := range map[int][]triage.Watch{0: nil, 5: {s(3, 5), s(0, 2), s(1, 4)}, 3: {s(0, 3), s(1, 2)}, 2: {s(0, 1), s(4, 5)}} {
		if got := covered(list); got != time.Duration(want)*time.Second {
			t.Errorf("covered(%v) = %v, want %d s", list, got, want)
		}
	}
}

// TestAlteredOriginal changes one bit of an original on the disk of the object store. What comes before that chunk is served
// as it was sealed; of the chunk not a byte is, in words; and from then on the clip is not shown until the whole of it was
// looked at again.
func TestAlteredOriginal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.person("Ada Owner")
	host := w.signIn(ada)
	data := make([]byte, 3*triage.ChunkSize+99)
	rand.NewChaCha8([32]byte{2}).Read(data)
	r := host.file(reportFields("hate", "Somebody", host.upload("x.webm", data)), ada)
	w.prepare(r, false)
	at := "/exhibits/" + string(r.Exhibits[0])
	rob := w.person("Rob Reviewer", account.Reviewer)
	rev := w.signIn(rob)
	ranged := func(from int) answer {
		return rev.send("GET", at+"/original", map[string]string{"Range": fmt.Sprintf("bytes=%d-%d", from, from+9), "Accept": "application/json"}, nil)
	}
	sum := sha256.Sum256(data)
	file := embeddedtest.OnDisk(t, embeddedtest.S3(t).Dir, hex.EncodeToString(sum[:]))
	embeddedtest.Flip(t, file, triage.ChunkSize+5)
	if a := ranged(triage.ChunkSize - 10); a.status != 206 || a.body != string(data[triage.ChunkSize-10:triage.ChunkSize]) {
		t.Errorf("the chunk before answers %d", a.status)
	}
	res := rev.open(t.Context(), "GET", at+"/original", nil, nil)
	defer res.Body.Close()
	if got, err := io.ReadAll(res.Body); res.StatusCode != 200 || err == nil || !bytes.Equal(got, data[:triage.ChunkSize]) {
		t.Errorf("the whole answers %d and ends after %d bytes with %v", res.StatusCode, len(got), err)
	}
	for _, from := range []int{triage.ChunkSize + 5, triage.ChunkSize + 500, 0} { // the last is not shown any more either
		a := ranged(from)
		if a.status != 500 || !strings.Contains(a.body, "is not what was sealed") || a.header.Get("Content-Range") != "" || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("from %d: %d %s %v", from, a.status, a.body, a.header)
		}
	}
	if page := rev.get("/cases/" + string(r.Case)); !strings.Contains(page.body, "This clip cannot be relied on.") || strings.Contains(page.body, "sealed and unchanged") {
		t.Error("the case does not say so")
	}
	if page := host.get("/reports/" + string(r.ID)); !strings.Contains(page.body, "no longer what your receipt names") {
		t.Error("the host is not told")
	}
	if n := strings.Count(fmt.Sprint(w.acts(at)), "exhibit.altered"); n != 1 || !strings.Contains(w.log.String(), "an original is not what was sealed") {
		t.Errorf("it is logged %d times", n)
	}
	embeddedtest.Flip(t, file, triage.ChunkSize+5)
	_, err := w.desk.RetryExhibit(t.Context(), w.actor(rob), r.Exhibits[0])
	must(t, err)
	w.prepare(r, false)
	if a := ranged(triage.ChunkSize + 5); a.status != 206 || a.body != string(data[triage.ChunkSize+5:triage.ChunkSize+15]) {
		t.Errorf("after it was put back: %d", a.status)
	}
}

// acts is what was done to the exhibit at a path.
func (w *world) acts(at string) (acts []custody.Act) {
	w.t.Helper()
	for _, e := range w.events(at) {
		acts = append(acts, e.Act)
	}
	return acts
}

// TestManyRanges is RFC 9110 section 14.2: so many ranges are no reader's.
func TestManyRanges(t *testing.T) {
	t.Parallel()
	_, at, data, rev := screening(t, false)
	ask := func(n int) answer {
		return rev.send("GET", at+"/original", map[string]string{"Range": "bytes=0-0" + strings.Repeat(",9-9", n-1)}, nil)
	}
	if got := parts(t, ask(maxRanges)); got != string(data[:1])+strings.Repeat(string(data[9:10]), maxRanges-1) {
		t.Errorf("%d ranges answer %d bytes", maxRanges, len(got))
	}
	if a := ask(maxRanges + 1); a.status != 416 || a.header.Get("Content-Range") != "bytes */300000" {
		t.Errorf("%d ranges answer %d %v", maxRanges+1, a.status, a.header)
	}
}

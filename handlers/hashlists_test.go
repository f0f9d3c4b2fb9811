package handlers

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// What nobody outside the child-safety lane may ever read of its lists.
const (
	hiddenSource = "Clearing House Hidden"
	hiddenHash   = "Entry Hidden"
)

// hashLists imports a list for each lane, that hold a clip of that lane.
func (f *fixture) hashLists() {
	f.t.Helper()
	f.list = f.hashList(f.column("administrator").acc, triage.LaneGeneral, "Partner", "Entry", f.free.exhibit)
}

// hashList imports a list with the hash of one clip, and matches it.
func (f *fixture) hashList(who account.Account, lane triage.Lane, source, label string, x triage.ExhibitID) triage.HashListID {
	f.t.Helper()
	var sum triage.SHA256
	must(f.t, f.store.View(f.t.Context(), func(tx triage.Tx) error {
		e, err := tx.Exhibit(f.t.Context(), x)
		sum = e.SHA256
		return err
	}))
	l, err := f.desk.ImportHashList(f.t.Context(), f.actor(who), triage.NewHashList{Lane: lane, Source: source, Label: "Known clips", Kind: triage.HashSHA256,
		File: []byte(sum.String() + "," + label)})
	must(f.t, err)
	must(f.t, f.desk.MatchList(f.t.Context(), triage.MatchList{List: l.ID}))
	return l.ID
}

func (f *fixture) hashProbes(add adder) {
	add("GET /hashlists", "", "/hashlists", nil)
	good := url.Values{"source": {"Partner"}, "label": {"Known"}, "kind": {"md5"}, "lane": {"general"}, "hashes": {strings.Repeat("0a", 16)}}
	add("POST /hashlists", "general", "/hashlists", good)
	closed := url.Values{"source": {"Partner"}, "label": {"Known"}, "kind": {"md5"}, "lane": {"child-safety"}, "hashes": {strings.Repeat("0a", 16)}}
	add("POST /hashlists", "hidden", "/hashlists", closed)
	add("POST /hashlists", "empty", "/hashlists", url.Values{})
	for _, x := range []struct {
		label string
		id    triage.HashListID
	}{{"general", f.list}, {"hidden", f.hiddenList}, {"no such", "HL-00000-00000"}} {
		at := "/hashlists/" + string(x.id)
		add("GET /hashlists/{id}", x.label, at, nil)
		add("POST /hashlists/{id}/remove", x.label, at+"/remove", url.Values{})
	}
	add("GET /search", "a hash", "/search?q="+strings.Repeat("0a", 32), nil)
}

// TestImportHashList goes the way of a list through the pages: checked, refused with its lines, imported from a file, and removed.
func TestImportHashList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signIn(w.person("Ada Admin", account.Administrator))
	send := func(file string, fields ...string) answer {
		t.Helper()
		var body bytes.Buffer
		m := multipart.NewWriter(&body)
		for i := 0; i < len(fields); i += 2 {
			must(t, m.WriteField(fields[i], fields[i+1]))
		}
		p, err := m.CreateFormFile("file", "list.csv")
		must(t, err)
		_, err = p.Write([]byte(file))
		must(t, err)
		must(t, m.Close())
		return b.send(post, "/hashlists", map[string]string{"Content-Type": m.FormDataContentType(), "Sec-Fetch-Site": "same-origin"}, &body)
	}
	ordinary := []string{"source", "Partner", "label", "Known clips", "kind", "md5", "lane", "general"}
	hash := strings.Repeat("0a", 16)
	if a := send("hash,label\n"+hash+",Seven\n", append(ordinary, "check", "1")...); a.status != http.StatusOK || !strings.Contains(a.body, "Nothing was imported yet") || !strings.Contains(a.body, "Seven") {
		t.Errorf("checking: %d\n%s", a.status, a.body)
	}
	if a := send(hash+"\nzz\n", ordinary...); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Line 2: the first column is not MD5") {
		t.Errorf("a bad line: %d\n%s", a.status, a.body)
	}
	if a := send(strings.Repeat("x", maxFileForm), ordinary...); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "at most 12 MiB") {
		t.Errorf("too large: %d", a.status)
	}
	if a := b.get("/hashlists"); !strings.Contains(a.body, "There is no list yet") {
		t.Error("something was imported all the same")
	}
	a := send(hash+",Seven\n", ordinary...)
	at := a.header.Get("Location")
	if a.status != http.StatusSeeOther || !strings.HasPrefix(at, "/hashlists/HL-") {
		t.Fatalf("importing: %d\n%s", a.status, a.body)
	}
	if a := b.get(at); !strings.Contains(a.body, "0 of 1 compared") || !strings.Contains(a.body, hash) {
		t.Errorf("its page: %d\n%s", a.status, a.body)
	}
	if a := b.post(at+"/remove", url.Values{}); a.status != http.StatusSeeOther {
		t.Errorf("removing: %d", a.status)
	}
	if a := b.get(at); a.status != http.StatusNotFound {
		t.Errorf("after that its page is %d", a.status)
	}
}

package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/proffer/proffer/triage/passkey/passkeytest"
)

// patience is how long a client tries again before it gives a server up. Answers, good or bad, have to come sooner.
const patience = 3 * time.Minute

// client is somebody who uses Proffer over HTTP: what a browser does, with the uploader's protocol and its retries. Its
// methods return errors, so that they can be used beside the test's own goroutine.
type client struct {
	name string
	s    *server
	http *http.Client
	key  *passkeytest.Authenticator // of the account, once one was needed

	mu       sync.Mutex
	troubles []trouble // guarded by mu
}

// trouble is an answer that said that something was wrong on the server's side, or a connection that gave none.
type trouble struct {
	request string
	status  int // 0 for a broken connection
	words   string
	took    time.Duration
}

// reply is an answer that was read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

// notNow is a failure that a client does not take for an answer: it tries again.
type notNow struct{ trouble }

func (e *notNow) Error() string { return fmt.Sprintf("%s: %d %s", e.request, e.status, e.words) }

// newClient is somebody who is not signed in.
func (s *server) newClient(name string) *client {
	jar, _ := cookiejar.New(nil) // it fails never
	return &client{name: name, s: s, http: &http.Client{Jar: jar, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// enter signs somebody in with a sign-in link.
func (s *server) enter(t testing.TB, name, link string) *client {
	t.Helper()
	c := s.newClient(name)
	r, err := c.post(strings.TrimPrefix(link, s.URL), nil)
	if err != nil || r.status != http.StatusSeeOther {
		t.Fatalf("%s does not come in: %v, %d %s", name, err, r.status, r.words())
	}
	return c
}

// become signs somebody of the demonstration in with the person switcher.
func (s *server) become(t testing.TB, name string) *client {
	t.Helper()
	c := s.newClient(name)
	r, err := c.get("/sign-in")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`name="account" value="(A-[^"]+)"[^>]*>\s*<bdi class="name">` + name).FindStringSubmatch(r.body)
	if m == nil {
		t.Fatalf("the switcher does not offer %s", name)
	}
	if r, err = c.post("/demo/switch", url.Values{"account": {m[1]}}); err != nil || r.status != http.StatusSeeOther {
		t.Fatalf("switching to %s: %v, %d %s", name, err, r.status, r.words())
	}
	return c
}

// do sends one request. A connection that breaks and an answer of 5xx are notNow errors.
func (c *client) do(method, path string, h http.Header, body io.Reader, size int64) (reply, error) {
	req, err := http.NewRequest(method, c.s.URL+path, body)
	if err != nil {
		return reply{}, err
	}
	for k, v := range h {
		req.Header[k] = v
	}
	if size >= 0 {
		req.ContentLength = size
	}
	began, t := time.Now(), trouble{request: method + " " + path}
	res, err := c.http.Do(req)
	var r reply
	if err == nil {
		defer res.Body.Close()
		var b []byte
		b, err = io.ReadAll(res.Body)
		r = reply{res.StatusCode, res.Header, string(b)}
	}
	t.took = time.Since(began)
	switch {
	case err != nil:
		t.words = err.Error()
	case r.status >= 500:
		t.status, t.words = r.status, r.words()
	default:
		return r, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.troubles = append(c.troubles, t)
	return r, &notNow{t}
}

func (c *client) get(path string) (reply, error) { return c.do("GET", path, nil, nil, -1) }

func (c *client) post(path string, v url.Values) (reply, error) {
	h := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	return c.do("POST", path, h, strings.NewReader(v.Encode()), -1)
}

// page is get for an address that has to be there.
func (c *client) page(path string) (string, error) {
	r, err := c.get(path)
	if err == nil && r.status != http.StatusOK {
		err = fmt.Errorf("%s opens %s: %d %s", c.name, path, r.status, r.words())
	}
	return r.body, err
}

var (
	inMain = regexp.MustCompile(`(?s)<main.*</main>`)
	aTag   = regexp.MustCompile(`(?s)<[^>]*>`)
)

// words is what a person reads of an answer.
func (r reply) words() string {
	s := r.body
	if m := inMain.FindString(s); m != "" {
		s = m
	}
	s = strings.Join(strings.Fields(html.UnescapeString(aTag.ReplaceAllString(s, " "))), " ")
	if len(s) > 600 {
		s = s[:600] + "…"
	}
	return s
}

// persist tries f again while the server is away, and while f says errWait.
func persist(what string, f func() error) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		err := f()
		var later *notNow
		if err == nil || !errors.As(err, &later) && !errors.Is(err, errWait) {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: still not after %s: %w", what, patience, err)
		}
	}
}

// errWait says that what is waited for has not come yet.
var errWait = errors.New("not yet")

func orWait(err error) error {
	if err == nil {
		return errWait
	}
	return err
}

// metadata is an Upload-Metadata header (tus 1.0).
func metadata(name string, sum [32]byte) string {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	return "filename " + b64(name) + ",sha256 " + b64(hex.EncodeToString(sum[:]))
}

func tusHeader(more ...string) http.Header {
	h := http.Header{"Tus-Resumable": {"1.0.0"}}
	for i := 0; i < len(more); i += 2 {
		h.Set(more[i], more[i+1])
	}
	return h
}

// upload sends a clip and goes on where it was after each failure, as the page's uploader does. via, where it is not
// nil, is put before what is still to be sent.
func (c *client) upload(name string, clip []byte, via func(io.Reader) io.Reader) (id string, err error) {
	var at string
	err = persist("uploading "+name, func() error {
		if at == "" {
			h := tusHeader("Upload-Length", strconv.Itoa(len(clip)), "Upload-Metadata", metadata(name, sha256.Sum256(clip)))
			r, err := c.do("POST", "/uploads/", h, nil, -1)
			if err != nil {
				return err
			}
			if r.status != http.StatusCreated {
				return fmt.Errorf("beginning an upload: %d %s", r.status, r.body)
			}
			at = r.header.Get("Location")
		}
		r, err := c.do("HEAD", at, tusHeader(), nil, -1)
		if err != nil {
			return err
		}
		if r.status == http.StatusBadRequest { // the gateway was killed while it put the parts together: the host is asked to send it again
			at = ""
			return fmt.Errorf("the store lost parts of an upload: %w", errWait)
		}
		offset, err := strconv.Atoi(r.header.Get("Upload-Offset"))
		if r.status != http.StatusOK || err != nil {
			return fmt.Errorf("asking how far an upload is: %d", r.status)
		}
		if offset == len(clip) {
			return nil // an answer to HEAD says so only once it is sealed
		}
		return c.patch(at, clip, offset, via)
	})
	return path.Base(at), err
}

func (c *client) patch(at string, clip []byte, offset int, via func(io.Reader) io.Reader) error {
	var rest io.Reader = bytes.NewReader(clip[offset:])
	if via != nil {
		rest = via(rest)
	}
	h := tusHeader("Upload-Offset", strconv.Itoa(offset), "Content-Type", "application/offset+octet-stream")
	r, err := c.do("PATCH", at, h, rest, int64(len(clip)-offset))
	switch {
	case err != nil:
		return err
	case r.status == http.StatusConflict, r.status == http.StatusLocked, r.status == http.StatusNoContent:
		return errWait // ask how far it is now
	}
	return fmt.Errorf("sending: %d %s", r.status, r.body)
}

// complaint is a report form.
type complaint struct {
	key     string // of the form; newForm fetches one
	meeting string
	policy  string
	words   string
	people  [][2]string // name and identifier
	uploads []string
}

func (f complaint) values() url.Values {
	v := url.Values{"key": {f.key}, "meeting": {""}, "meeting_name": {f.meeting}, "tz": {""}, "policy": {f.policy}, "words": {f.words},
		"occurred": {time.Now().UTC().Add(-10 * time.Minute).Format("2006-01-02T15:04")}, "declared": {"yes"}, "upload[]": f.uploads}
	for _, p := range f.people {
		v.Add("person_name[]", p[0])
		v.Add("person_identifier[]", p[1])
		v.Add("person_account[]", "")
	}
	return v
}

// newForm opens a fresh report form about one person of the platform, under a name of the reporter's choice.
func (c *client) newForm(name string, uploads ...string) (complaint, error) {
	f := complaint{meeting: "Choir rehearsal", policy: "threat", words: "He shouted at everyone and would not stop.",
		people: [][2]string{{name, "robin.reviewer@proffer.example"}}, uploads: uploads}
	body, err := c.page("/reports/new")
	if err != nil {
		return f, err
	}
	if f.key = first(body, `name="key" value="([^"]+)"`); f.key == "" {
		return f, errors.New("the report form has no key")
	}
	return f, nil
}

// file sends a form and returns the report's number. The form may be sent again after a failure.
func (c *client) file(f complaint) (report string, err error) {
	r, err := c.post("/reports", f.values())
	if err != nil {
		return "", err
	}
	report, ok := strings.CutPrefix(r.header.Get("Location"), "/reports/")
	if r.status != http.StatusSeeOther || !ok {
		return "", fmt.Errorf("filing: %d %s", r.status, r.words())
	}
	return report, nil
}

// report uploads a clip and files a report on it, whatever it takes.
func (c *client) report(person, clipName string, clip []byte) (report string, err error) {
	upload, err := c.upload(clipName, clip, nil)
	if err != nil {
		return "", err
	}
	var f complaint
	if err = persist("opening a form", func() error { f, err = c.newForm(person, upload); return err }); err != nil {
		return "", err
	}
	err = persist("filing", func() error { report, err = c.file(f); return err })
	return report, err
}

// first is what a pattern's first group matches, or "".
func first(body, pattern string) string {
	if m := regexp.MustCompile(pattern).FindStringSubmatch(body); m != nil {
		return html.UnescapeString(m[1])
	}
	return ""
}

// all is what a pattern's first group matches, each once, in order.
func all(body, pattern string) (found []string) {
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(body, -1) {
		if s := html.UnescapeString(m[1]); !slices.Contains(found, s) {
			found = append(found, s)
		}
	}
	return found
}

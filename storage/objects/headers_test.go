package objects

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/proffer/proffer/triage"
)

func TestForgedHeaders(t *testing.T) {
	n := testNode(t)
	good := metadata("a", []byte("x"))
	sum := good[strings.Index(good, "sha256 "):]
	for name, h := range map[string]map[string]string{
		"no metadata":         {"Upload-Length": "5"},
		"no hash":             {"Upload-Length": "5", "Upload-Metadata": "filename " + b64("a")},
		"short hash":          {"Upload-Length": "5", "Upload-Metadata": "sha256 " + b64("abcd")},
		"upper-case hash":     {"Upload-Length": "5", "Upload-Metadata": "sha256 " + b64(strings.Repeat("A", 64))},
		"hash of nothing":     {"Upload-Length": "5", "Upload-Metadata": "sha256 " + b64(strings.Repeat("0", 64))},
		"hash twice":          {"Upload-Length": "5", "Upload-Metadata": sum + "," + sum},
		"unknown key":         {"Upload-Length": "5", "Upload-Metadata": good + ",owner " + b64("A-2")},
		"not base64":          {"Upload-Length": "5", "Upload-Metadata": "filename ???," + sum},
		"bits after the end":  {"Upload-Length": "5", "Upload-Metadata": "filename YR==," + sum},
		"not UTF-8":           {"Upload-Length": "5", "Upload-Metadata": "filename " + b64("\xff\xfe") + "," + sum},
		"a key as its name":   {"Upload-Length": "5", "Upload-Metadata": "filename " + b64("AGE-SECRET-KEY-1.webm") + "," + sum},
		"oversized metadata":  {"Upload-Length": "5", "Upload-Metadata": "filename " + b64(strings.Repeat("a", 5000)) + "," + sum},
		"no length":           {"Upload-Metadata": good},
		"negative length":     {"Upload-Length": "-1", "Upload-Metadata": good},
		"signed length":       {"Upload-Length": "+5", "Upload-Metadata": good},
		"zero length":         {"Upload-Length": "0", "Upload-Metadata": good},
		"too long":            {"Upload-Length": strconv.Itoa(triage.MaxClipBytes + 1), "Upload-Metadata": good},
		"beyond int64":        {"Upload-Length": "99999999999999999999", "Upload-Metadata": good},
		"deferred length":     {"Upload-Defer-Length": "1", "Upload-Metadata": good},
		"concatenation":       {"Upload-Length": "5", "Upload-Concat": "partial", "Upload-Metadata": good},
		"final concatenation": {"Upload-Length": "5", "Upload-Concat": "final;/uploads/a", "Upload-Metadata": good},
	} {
		a := n.do("POST", "/uploads/", "A-1", h, nil)
		if a.status != 400 || len(a.body) < 20 || a.header.Get("Location") != "" {
			t.Errorf("%s: %d %q", name, a.status, a.body)
		}
	}
	if us := n.uploads("A-1"); len(us) != 0 {
		t.Fatalf("uploads were made: %v", us)
	}
}

func TestDuplicateHeaders(t *testing.T) {
	n := testNode(t)
	data := clip(20, 100)
	path := n.create("A-1", data, len(data))
	send := func(method, path string, h http.Header) int {
		req, err := http.NewRequest(method, n.server.URL+path, bytes.NewReader(data))
		must(t, err)
		req.Header = h
		h["X-Test-Account"], h["Tus-Resumable"] = []string{"A-1"}, []string{"1.0.0"}
		res, err := n.server.Client().Do(req)
		must(t, err)
		defer res.Body.Close()
		return res.StatusCode
	}
	m := metadata("a", data)
	for name, h := range map[string]http.Header{
		"metadata": {"Upload-Length": {"100"}, "Upload-Metadata": {m, m}},
		"length":   {"Upload-Length": {"100", "100"}, "Upload-Metadata": {m}},
	} {
		if got := send("POST", "/uploads/", h); got != 400 {
			t.Errorf("%s twice: %d", name, got)
		}
	}
	ct := []string{"application/offset+octet-stream"}
	for _, offset := range [][]string{{"0", "50"}, {"+0"}, {"-1"}, {""}, {"0x0"}, nil} {
		if got := send("PATCH", path, http.Header{"Upload-Offset": offset, "Content-Type": ct}); got != 400 {
			t.Errorf("offset %q: %d", offset, got)
		}
	}
	if got := send("PATCH", path, http.Header{"Upload-Offset": {"0"}, "Content-Type": {"video/webm"}}); got != 400 {
		t.Errorf("wrong content type: %d", got)
	}
	if got := send("PATCH", path, http.Header{"Upload-Offset": {"0"}, "Content-Type": ct}); got != 204 {
		t.Errorf("right headers: %d", got)
	}
}

// TestErrorsAreInWords meets tusd's own errors: none may show a code or the text of a library.
func TestErrorsAreInWords(t *testing.T) {
	n := testNode(t)
	data := clip(24, 100)
	path := n.create("A-1", data, len(data))
	ct := "application/offset+octet-stream"
	for name, c := range map[string]struct {
		header map[string]string
		body   string
		status int
		words  string
	}{
		"an offset that jumps": {map[string]string{"Upload-Offset": "50", "Content-Type": ct}, "x", 409, "go on from there"},
		"too many bytes":       {map[string]string{"Upload-Offset": "0", "Content-Type": ct}, strings.Repeat("x", 200), 413, "choose the file again"},
		"another type":         {map[string]string{"Upload-Offset": "0", "Content-Type": "video/webm"}, "x", 400, "Reload the page"},
		"another version":      {map[string]string{"Upload-Offset": "0", "Content-Type": ct, "Tus-Resumable": "0.2.2"}, "x", 412, "Reload the page"},
	} {
		a := n.do("PATCH", path, "A-1", c.header, strings.NewReader(c.body))
		if a.status != c.status || !strings.Contains(a.body, c.words) || strings.Contains(a.body, "ERR_") {
			t.Errorf("%s: %d %q", name, a.status, a.body)
		}
	}
	c, err := net.Dial("tcp", n.server.Listener.Addr().String())
	must(t, err)
	defer c.Close()
	_, err = fmt.Fprintf(c, "PATCH %s HTTP/1.1\r\nHost: x\r\nX-Test-Account: A-1\r\nTus-Resumable: 1.0.0\r\nContent-Type: %s\r\nUpload-Offset: 0\r\n"+
		"Transfer-Encoding: chunked\r\n\r\nzz\r\n", path, ct)
	must(t, err)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	must(t, err)
	body, err := io.ReadAll(res.Body)
	must(t, err)
	if res.StatusCode != 500 || !strings.Contains(string(body), "go on from there") || strings.Contains(string(body), "chunk") {
		t.Errorf("a body that cannot be read: %d %q", res.StatusCode, body)
	}
}

func TestNoWayAround(t *testing.T) {
	n := testNode(t)
	data := clip(21, 100)
	path := n.create("A-1", data, len(data))
	a := n.do("POST", path, "A-1", map[string]string{"X-HTTP-Method-Override": "DELETE"}, nil)
	if a.status != 405 || n.upload(path).State != triage.UploadOpen {
		t.Errorf("a method override was followed: %+v", a)
	}
	a = n.do("POST", "/uploads/", "A-1", map[string]string{
		"Upload-Length": "100", "Upload-Metadata": metadata("a", data), "Origin": "https://evil.example", "X-Forwarded-Host": "evil.example",
	}, nil)
	if a.status != 201 || !strings.HasPrefix(a.header.Get("Location"), "/uploads/U-") || a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("creation from another origin: %+v", a.header)
	}
	a = n.do("OPTIONS", "/uploads/", "A-1", map[string]string{"Origin": "https://evil.example"}, nil)
	if a.status != 200 || a.header.Get("Access-Control-Allow-Origin") != "" || strings.Contains(a.header.Get("Tus-Extension"), "concat") {
		t.Errorf("options: %+v", a.header)
	}
}

func TestNameIsCleaned(t *testing.T) {
	n := testNode(t)
	for in, want := range map[string]string{
		"a\u202egpj.exe\x00\n": "agpj.exe",
		"\u200b":               "clip",
		"":                     "clip",
		"été.webm":             "été.webm",
	} {
		a := n.do("POST", "/uploads/", "A-1", map[string]string{"Upload-Length": "5", "Upload-Metadata": metadata(in, nil)}, nil)
		if got := n.upload(a.header.Get("Location")).Name; got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
	long := n.do("POST", "/uploads/", "A-1", map[string]string{"Upload-Length": "5", "Upload-Metadata": metadata(strings.Repeat("ä", 400), nil)}, nil)
	if got := []rune(n.upload(long.header.Get("Location")).Name); len(got) != maxFileName {
		t.Errorf("a long name has %d runes", len(got))
	}
}

func TestQuota(t *testing.T) {
	n := testNode(t)
	data := clip(22, 10)
	for range 20 {
		n.create("A-1", data, 10)
	}
	header := map[string]string{"Upload-Length": "10", "Upload-Metadata": metadata("a", data)}
	if a := n.do("POST", "/uploads/", "A-1", header, nil); a.status != 403 || !strings.Contains(a.body, "20 unfinished uploads") {
		t.Errorf("answer %+v", a)
	}
	n.create("A-2", data, 10) // somebody else's do not count
}

func TestQuotaOfBytes(t *testing.T) {
	t.Parallel()
	n := newNode(t, sharedStore(t), newDatabase(), IntakeConfig{MaxBytes: 150})
	data := clip(23, 100)
	n.patch(n.create("A-1", data, 100), "A-1", 0, data) // sealed and in no report still counts
	header := map[string]string{"Upload-Length": "51", "Upload-Metadata": metadata("a", data)}
	if a := n.do("POST", "/uploads/", "A-1", header, nil); a.status != 403 || !strings.Contains(a.body, "in no report yet") {
		t.Errorf("answer %+v", a)
	}
	header["Upload-Length"] = "50"
	if a := n.do("POST", "/uploads/", "A-1", header, nil); a.status != 201 {
		t.Errorf("answer %+v", a)
	}
}

func TestAdmission(t *testing.T) {
	t.Parallel()
	in, err := NewIntake(newDatabase(), sharedStore(t), IntakeConfig{MaxActive: 6})
	must(t, err)
	var leave []func()
	for range activePerOwner {
		f, err := in.admit("A-1")
		must(t, err)
		leave = append(leave, f)
	}
	if _, err := in.admit("A-1"); triage.KindOf(err) != triage.Unavailable {
		t.Errorf("one owner's fifth request: %v", err)
	}
	for range 2 {
		f, err := in.admit("A-2")
		must(t, err)
		leave = append(leave, f)
	}
	if _, err := in.admit("A-3"); triage.KindOf(err) != triage.Unavailable {
		t.Errorf("the seventh request: %v", err)
	}
	for _, f := range leave {
		f()
	}
	if in.total != 0 || len(in.active) != 0 {
		t.Errorf("%d, %v are left", in.total, in.active)
	}
}

func FuzzMetadata(f *testing.F) {
	f.Add(metadata("clip.webm", []byte("x")))
	f.Add("filename " + b64("a") + ",filetype ,sha256 " + b64(strings.Repeat("0", 64)))
	f.Add("filetype")
	f.Add("filename YR==")
	f.Add("filename YQ==\n")
	f.Add(",,,")
	f.Add("sha256  ")
	f.Fuzz(func(t *testing.T, header string) {
		pairs, err := parseMetadata(header)
		if err != nil {
			if triage.KindOf(err) != triage.Invalid {
				t.Fatalf("a bad header is told as %v", err)
			}
			return
		}
		if again := formatMetadata(pairs); again != header {
			t.Fatalf("%q was read but is written as %q", header, again)
		}
		d, err := declaration{}.withMetadata(header)
		if err == nil && d.sha256 == (triage.SHA256{}) {
			t.Fatal("the digest that stands for none was taken")
		}
		if err == nil && len([]rune(d.name)) > maxFileName {
			t.Fatalf("the name %q is too long", d.name)
		}
	})
}

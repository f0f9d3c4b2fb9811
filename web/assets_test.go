package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/proffer/proffer/triage/account"
)

func role(s string) account.Role { return account.Role(s) }

func builtDir() fstest.MapFS {
	return fstest.MapFS{
		".gitkeep":               {},
		"manifest.json":          {Data: []byte(`{"app.css":"app-AAA.css","hash-worker.js":"hash-worker-BBB.js","frame-worker.js":"frame-worker-CCC.js","core-worker.js":"core-worker-DDD.js"}`)},
		"app-AAA.css":            {Data: []byte("body{}")},
		"hash-worker-BBB.js":     {Data: []byte("1")},
		"frame-worker-CCC.js":    {Data: []byte("2")},
		"core-worker-DDD.js":     {Data: []byte("3")},
		"hash-worker-BBB.js.map": {Data: []byte("{}")},
	}
}

func TestBundleServesForever(t *testing.T) {
	b, err := openBundle(builtDir())
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Path("app.css"); got != "/static/app-AAA.css" {
		t.Fatalf("Path is %q", got)
	}
	for path, wantType := range map[string]string{"app-AAA.css": "text/css", "hash-worker-BBB.js": "text/javascript", "frame-worker-CCC.js": "text/javascript", "core-worker-DDD.js": "text/javascript"} {
		w := httptest.NewRecorder()
		b.ServeHTTP(w, httptest.NewRequest("GET", StaticPrefix+path, nil))
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), wantType) || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
		csp := w.Header().Get("Content-Security-Policy")
		if strings.HasPrefix(path, "core-worker") && csp != "default-src 'none'; script-src 'self'; connect-src 'self'" {
			t.Errorf("%s may do more than run and ask the server: %q", path, csp)
		}
		if strings.HasPrefix(path, "frame-worker") && csp != "default-src 'none'; script-src 'self'" {
			t.Errorf("%s may do more than run: %q", path, csp)
		}
		wasm := strings.Contains(csp, "wasm-unsafe-eval")
		if wasm != strings.HasPrefix(path, "hash-worker") {
			t.Errorf("%s: only the hashing worker may compile WebAssembly", path)
		}
	}
	for _, path := range []string{"", "manifest.json", ".gitkeep", "../assets.go", "app.css", "missing/app.css"} {
		w := httptest.NewRecorder()
		b.ServeHTTP(w, httptest.NewRequest("GET", StaticPrefix+path, nil))
		if w.Code != http.StatusNotFound {
			t.Errorf("%q answers %d", path, w.Code)
		}
	}
}

// TestBundleIsCompressed holds that who takes gzip gets the same bytes in it, under an ETag of their own.
func TestBundleIsCompressed(t *testing.T) {
	dir := builtDir()
	style := strings.Repeat("body { color: red }\n", 500)
	dir["app-AAA.css"].Data = []byte(style)
	b, err := openBundle(dir)
	if err != nil {
		t.Fatal(err)
	}
	get := func(method, path string, header ...string) *http.Response {
		w, r := httptest.NewRecorder(), httptest.NewRequest(method, StaticPrefix+path, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Add(header[i], header[i+1])
		}
		b.ServeHTTP(w, r)
		return w.Result()
	}
	text := func(r *http.Response) string {
		var in io.Reader = r.Body
		if r.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			in = z
		}
		all, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		return string(all)
	}
	plain := get("GET", "app-AAA.css")
	for accept, packed := range map[string]bool{"": false, "gzip": true, "br, GZIP;q=0.5": true, "gzip;q=0": false, "gzip;q=0.000": false, "gzip; q=1": true,
		"gzip;q=x": false, "gzip;x=1": false, "deflate": false, "*": false, "xgzip": false, "gzip;q=": false, "gzip;q=NaN": false} {
		r := get("GET", "app-AAA.css", "Accept-Encoding", accept)
		if got := r.Header.Get("Content-Encoding") == "gzip"; got != packed {
			t.Errorf("Accept-Encoding %q is answered compressed: %v", accept, got)
		}
		if got := r.Header.Get("ETag"); (got != plain.Header.Get("ETag")) != packed || got == "" {
			t.Errorf("Accept-Encoding %q has the ETag %s", accept, got)
		}
		if r.StatusCode != 200 || r.Header.Get("Vary") != "Accept-Encoding" || r.Header.Get("Content-Type") != "text/css; charset=utf-8" ||
			!strings.Contains(r.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("Accept-Encoding %q is answered %d %v", accept, r.StatusCode, r.Header)
		}
		n, _ := strconv.Atoi(r.Header.Get("Content-Length"))
		if packed && n > len(style)/10 || !packed && n != len(style) || text(r) != style {
			t.Errorf("Accept-Encoding %q is answered with %d bytes, or others than the file's", accept, n)
		}
		if h := get("HEAD", "app-AAA.css", "Accept-Encoding", accept); raw(h) != "" || h.Header.Get("Content-Length") != strconv.Itoa(n) {
			t.Errorf("HEAD with %q is answered %v", accept, h.Header)
		}
		if again := get("GET", "app-AAA.css", "Accept-Encoding", accept, "If-None-Match", r.Header.Get("ETag")); again.StatusCode != 304 || again.Header.Get("Content-Length") != "" {
			t.Errorf("a known file with %q is answered %d %v", accept, again.StatusCode, again.Header)
		}
		if part := get("GET", "app-AAA.css", "Accept-Encoding", accept, "Range", "bytes=0-3"); text(part) != map[bool]string{true: style, false: "body"}[packed] {
			t.Errorf("a range with %q is answered %d", accept, part.StatusCode)
		}
	}
}

// raw is a body as it came.
func raw(r *http.Response) string {
	all, _ := io.ReadAll(r.Body)
	return string(all)
}

func TestAnUnbuiltBundleSaysWhatToDo(t *testing.T) {
	_, err := openBundle(fstest.MapFS{".gitkeep": {}})
	if err == nil || !strings.Contains(err.Error(), "go run ./web/bundle") {
		t.Errorf("error is %v", err)
	}
	broken := builtDir()
	delete(broken, "app-AAA.css")
	if _, err := openBundle(broken); err == nil || !strings.Contains(err.Error(), "app.css") {
		t.Errorf("error is %v", err)
	}
}

func TestDigestNamesEveryByte(t *testing.T) {
	files := fstest.MapFS{"manifest.json": {Data: []byte(`{}`)}, "a-1.js": {Data: []byte("a")}, "b-2.js": {Data: []byte("b")}}
	sum := func() string {
		b, err := openBundle(files)
		if err != nil {
			t.Fatal(err)
		}
		return b.Digest()
	}
	before := sum()
	if sum() != before {
		t.Error("the same bundle has two digests")
	}
	for name, other := range map[string]string{"a-1.js": "A", "b-2.js": "", "c-3.js": "c"} {
		was, there := files[name]
		files[name] = &fstest.MapFile{Data: []byte(other)}
		if sum() == before {
			t.Errorf("another %s has the same digest", name)
		}
		if files[name] = was; !there {
			delete(files, name)
		}
	}
}

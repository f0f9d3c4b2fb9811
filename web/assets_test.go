package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/proffer/proffer/triage/account"
)

func role(s string) account.Role { return account.Role(s) }

func builtDir() fstest.MapFS {
	return fstest.MapFS{
		".gitkeep":               {},
		"manifest.json":          {Data: []byte(`{"app.css":"app-AAA.css","hash-worker.js":"hash-worker-BBB.js"}`)},
		"app-AAA.css":            {Data: []byte("body{}")},
		"hash-worker-BBB.js":     {Data: []byte("1")},
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
	for path, wantType := range map[string]string{"app-AAA.css": "text/css", "hash-worker-BBB.js": "text/javascript"} {
		w := httptest.NewRecorder()
		b.ServeHTTP(w, httptest.NewRequest("GET", StaticPrefix+path, nil))
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), wantType) || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
		wasm := strings.Contains(w.Header().Get("Content-Security-Policy"), "wasm-unsafe-eval")
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

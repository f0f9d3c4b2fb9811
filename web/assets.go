package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed all:dist
var dist embed.FS

// StaticPrefix is where the bundle is served.
const StaticPrefix = "/static/"

// manifestName is the file of dist that maps names to hashed names.
const manifestName = "manifest.json"

// workerPolicy is the Content-Security-Policy of the hashing worker alone: it compiles the WebAssembly of hash-wasm. A
// worker is governed by the policy of its own response, so pages need not allow it.
const workerPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"

// Bundle is the built scripts, styles and pictures. It is read-only and safe for concurrent use.
type Bundle struct {
	names map[string]string // "app.css" to "app-HASH.css"
	files map[string][]byte // hashed name to bytes
}

// Assets opens the bundle that was built into the binary. It fails where the binary was built without it.
func Assets() (*Bundle, error) {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, fmt.Errorf("opening the pages' scripts and styles: %w", err)
	}
	return openBundle(sub)
}

func openBundle(dir fs.FS) (*Bundle, error) {
	b := &Bundle{files: map[string][]byte{}}
	manifest, err := fs.ReadFile(dir, manifestName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("the pages' scripts and styles are not in this binary: run `npm ci --prefix web` and `go run ./web/bundle`, then build it again")
	} else if err != nil {
		return nil, fmt.Errorf("reading the pages' scripts and styles: %w", err)
	}
	if err := json.Unmarshal(manifest, &b.names); err != nil {
		return nil, fmt.Errorf("reading %s of the pages' scripts and styles: %w", manifestName, err)
	}
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return nil, fmt.Errorf("reading the pages' scripts and styles: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() || e.Name() == manifestName || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if b.files[e.Name()], err = fs.ReadFile(dir, e.Name()); err != nil {
			return nil, fmt.Errorf("reading the pages' scripts and styles: %w", err)
		}
	}
	for name, hashed := range b.names {
		if _, ok := b.files[hashed]; !ok {
			return nil, fmt.Errorf("the pages' %s is missing: run `go run ./web/bundle` and build again", name)
		}
	}
	return b, nil
}

// Path is the address of a bundled file. A name that is not in the bundle gives an address that answers 404.
func (b *Bundle) Path(name string) string {
	if hashed, ok := b.names[name]; ok {
		return StaticPrefix + hashed
	}
	return StaticPrefix + "missing/" + name
}

// ServeHTTP serves the bundle under StaticPrefix. Names hold a hash of the content, so browsers may keep them forever.
func (b *Bundle) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, StaticPrefix)
	body, ok := b.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentType(name))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if name == b.names["hash-worker.js"] {
		h.Set("Content-Security-Policy", workerPolicy)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// contentType does not depend on the machine's own table for what the bundle holds.
func contentType(name string) string {
	switch ext := path.Ext(name); ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".map", ".json":
		return "application/json"
	default:
		if t := mime.TypeByExtension(ext); t != "" {
			return t
		}
		return "application/octet-stream"
	}
}

package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed all:dist
var dist embed.FS

// StaticPrefix is where the bundle is served.
const StaticPrefix = "/static/"

// manifestName is the file of dist that maps names to hashed names.
const manifestName = "manifest.json"

// workerPolicies are the Content-Security-Policies of workers: a worker is governed by the policy of its own response. The one that
// hashes uploads compiles the WebAssembly of hash-wasm, which nothing else has to allow. The frame worker holds keys of a meeting,
// and can reach nothing.
var workerPolicies = map[string]string{
	"hash-worker.js":  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'",
	"core-worker.js":  "default-src 'none'; script-src 'self'; connect-src 'self'",
	"frame-worker.js": "default-src 'none'; script-src 'self'",
}

// Bundle is the built scripts, styles and pictures. It is read-only and safe for concurrent use.
type Bundle struct {
	names map[string]string // "app.css" to "app-HASH.css"
	files map[string]asset  // by hashed name

	digest func() string // computed when it is asked for first
}

// asset is one file of the bundle.
type asset struct {
	plain  []byte
	packed func() []byte // the same in gzip form (RFC 1952), made when it is asked for first; nil where that saves nothing
}

func newAsset(name string, plain []byte) asset {
	a := asset{plain: plain}
	switch path.Ext(name) {
	case ".js", ".css", ".svg", ".map":
		a.packed = sync.OnceValue(func() []byte { return pack(plain) })
	}
	return a
}

func pack(plain []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // fails for other levels only
	_, _ = z.Write(plain)                                 // a buffer takes everything
	_ = z.Close()
	return b.Bytes()
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
	b := &Bundle{files: map[string]asset{}}
	b.digest = sync.OnceValue(b.sum)
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
		plain, err := fs.ReadFile(dir, e.Name())
		if err != nil {
			return nil, fmt.Errorf("reading the pages' scripts and styles: %w", err)
		}
		b.files[e.Name()] = newAsset(e.Name(), plain)
	}
	for name, hashed := range b.names {
		if _, ok := b.files[hashed]; !ok {
			return nil, fmt.Errorf("the pages' %s is missing: run `go run ./web/bundle` and build again", name)
		}
	}
	return b, nil
}

// Name is the beginning of Digest as people compare it: 80 bits, in groups of four digits.
func (b *Bundle) Name() string {
	d := strings.ToUpper(b.Digest())
	return strings.Join([]string{d[:4], d[4:8], d[8:12], d[12:16], d[16:20]}, " ")
}

// Path is the address of a bundled file. A name that is not in the bundle gives an address that answers 404.
func (b *Bundle) Path(name string) string {
	if hashed, ok := b.names[name]; ok {
		return StaticPrefix + hashed
	}
	return StaticPrefix + "missing/" + name
}

// Digest is the SHA-256, in hex, over what `sha256sum *` says of the bundle's files, sorted by name: people compare it with what was published.
func (b *Bundle) Digest() string { return b.digest() }

func (b *Bundle) sum() string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(b.files)) {
		fmt.Fprintf(h, "%x  %s\n", sha256.Sum256(b.files[name].plain), name)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// ServeHTTP serves the bundle under StaticPrefix. Names hold a hash of the content, so browsers may keep them forever.
//
// These files alone are compressed: they are the same for everybody. Pages are not, since they hold what is secret (names,
// reports, links) beside what somebody else may have chosen (a search, a reporter's words): whoever can watch how long
// the compressed answers are could find out the one by trying the other (BREACH).
func (b *Bundle) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, StaticPrefix)
	file, ok := b.files[name]
	if !ok {
		w.Header().Set("Cache-Control", "no-store") // after an upgrade the name may mean something
		http.Error(w, "There is no such file. Reload the page that asked for it.", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentType(name))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	for worker, policy := range workerPolicies {
		if name == b.names[worker] {
			h.Set("Content-Security-Policy", policy)
		}
	}
	h.Set("Vary", "Accept-Encoding")
	body, form := file.plain, ""
	if file.packed != nil && takesGzip(r.Header) {
		body, form = file.packed(), "-gzip"
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(body))) // ServeContent leaves it out of what is encoded
		r = r.Clone(r.Context())
		r.Header.Del("Range") // pieces of a packed file help nobody
	}
	h.Set("ETag", `"`+name+form+`"`) // the name holds the content's hash
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// takesGzip reads Accept-Encoding (RFC 9110 section 12.5.3): gzip has to be named, and not with a weight of zero.
func takesGzip(h http.Header) bool {
	for _, list := range h.Values("Accept-Encoding") {
		for item := range strings.SplitSeq(list, ",") {
			coding, weight, weighted := strings.Cut(item, ";")
			if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
				continue
			}
			name, value, _ := strings.Cut(weight, "=")
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return !weighted || err == nil && strings.EqualFold(strings.TrimSpace(name), "q") && q > 0 && q <= 1
		}
	}
	return false
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

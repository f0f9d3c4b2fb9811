package objects

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// Limits of what a page may declare.
const (
	maxMetadata = 4096 // bytes of the Upload-Metadata header
	maxFileName = 200  // runes of a cleaned file name
)

// declaration is what a page says of a clip before its first byte.
type declaration struct {
	name   string // cleaned
	size   int64  // bytes
	sha256 triage.SHA256
}

// pair is one entry of Upload-Metadata: a key, and a value in base64 after one space. bare says that there was no
// space, which a page may leave out, and a proxy may cut off, where the value is empty.
type pair struct {
	key   string
	value string
	bare  bool
}

var metadataKeys = map[string]bool{"filename": true, "sha256": true, "filetype": true}

// parseMetadata reads an Upload-Metadata header (tus 1.0, creation) strictly: pairs separated by one comma and nothing
// else, known keys only, each once, base64 with padding in its one canonical form.
func parseMetadata(header string) ([]pair, error) {
	if header == "" || len(header) > maxMetadata {
		return nil, triage.Errorf(triage.Invalid, "The upload needs an Upload-Metadata header of at most %d bytes with the file name and its SHA-256.", maxMetadata)
	}
	var pairs []pair
	seen := map[string]bool{}
	for _, element := range strings.Split(header, ",") {
		key, encoded, spaced := strings.Cut(element, " ")
		value, err := base64.StdEncoding.Strict().DecodeString(encoded)
		// The decoder skips line breaks, which have no place in a header.
		if err != nil || strings.ContainsAny(encoded, "\r\n") {
			return nil, triage.Errorf(triage.Invalid, "A value in the upload's metadata is not base64.")
		}
		if !metadataKeys[key] {
			return nil, triage.Errorf(triage.Invalid, "The upload's metadata may only hold filename, sha256 and filetype, separated by single commas.")
		}
		if seen[key] {
			return nil, triage.Errorf(triage.Invalid, "The upload's metadata names %s twice.", key)
		}
		seen[key] = true
		pairs = append(pairs, pair{key, string(value), !spaced})
	}
	return pairs, nil
}

// formatMetadata writes pairs as parseMetadata reads them.
func formatMetadata(pairs []pair) string {
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(p.key)
		if !p.bare {
			b.WriteByte(' ')
			b.WriteString(base64.StdEncoding.EncodeToString([]byte(p.value)))
		}
	}
	return b.String()
}

// parseDeclaration reads the headers of a creation request (tus 1.0, creation).
func parseDeclaration(h http.Header) (declaration, error) {
	for _, k := range []string{"Upload-Concat", "Upload-Defer-Length"} {
		if h.Values(k) != nil {
			return declaration{}, triage.Errorf(triage.Invalid, "This server does not take uploads in pieces of unknown length: send the whole file as one upload and say its size first.")
		}
	}
	length, err := single(h, "Upload-Length")
	if err != nil {
		return declaration{}, err
	}
	d := declaration{name: "clip"}
	if d.size, err = parseCount(length); err != nil {
		return declaration{}, triage.Errorf(triage.Invalid, "The upload's size is not a number of bytes.")
	}
	if d.size == 0 {
		return declaration{}, triage.Errorf(triage.Invalid, "The file is empty. Choose the clip again.")
	}
	if d.size > triage.MaxClipBytes {
		return declaration{}, triage.Errorf(triage.Invalid, "The file is too large: a clip may have at most %d MiB. Trim it and try again.", triage.MaxClipBytes>>20)
	}
	metadata, err := single(h, "Upload-Metadata")
	if err != nil {
		return declaration{}, err
	}
	return d.withMetadata(metadata)
}

func (d declaration) withMetadata(header string) (declaration, error) {
	pairs, err := parseMetadata(header)
	if err != nil {
		return declaration{}, err
	}
	var hashed bool
	for _, p := range pairs {
		switch p.key {
		case "sha256":
			if d.sha256, err = triage.ParseSHA256(p.value); err != nil {
				return declaration{}, err
			}
			if d.sha256 == (triage.SHA256{}) { // it stands for none in the records, and no file is known to have it
				return declaration{}, triage.Errorf(triage.Invalid, "The SHA-256 that the upload says is all zeros, which no file has. Reload the page and choose the file again.")
			}
			hashed = true
		case "filename":
			if !utf8.ValidString(p.value) {
				return declaration{}, triage.Errorf(triage.Invalid, "The file's name is not text in UTF-8. Rename the file and try again.")
			}
			if name := account.CleanName(p.value, maxFileName); name != "" {
				d.name = name
			}
			if triage.HoldsKey(d.name) {
				return declaration{}, triage.Errorf(triage.Invalid, "The file's name looks like a secret key. Proffer never needs one: rename the file and try again.")
			}
		}
	}
	if !hashed {
		return declaration{}, triage.Errorf(triage.Invalid, "The upload does not say the SHA-256 of the file, so it could not be checked. Reload the page and try again.")
	}
	return d, nil
}

// single returns a header that must be there exactly once.
func single(h http.Header, key string) (string, error) {
	v := h.Values(key)
	if len(v) != 1 {
		return "", triage.Errorf(triage.Invalid, "The request must carry the header %s exactly once.", key)
	}
	return v[0], nil
}

// parseCount reads a count of bytes: decimal digits only, no sign, no leading zero.
func parseCount(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil && (n < 0 || strconv.FormatInt(n, 10) != s) {
		err = strconv.ErrSyntax
	}
	return n, err
}

package triage

import (
	"bytes"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/proffer/proffer/triage/account"
)

// HashKind says what the hashes of a list are.
type HashKind string

// The kinds of hashes.
const (
	HashSHA256 HashKind = "sha256" // of a clip's bytes
	HashMD5    HashKind = "md5"    // likewise
	HashPDQ    HashKind = "pdq"    // of a picture, which frames of clips are near to
)

// HashKinds lists them in the order pages show them.
var HashKinds = []HashKind{HashSHA256, HashMD5, HashPDQ}

// Title is the kind as people write it.
func (k HashKind) Title() string {
	return map[HashKind]string{HashSHA256: "SHA-256", HashMD5: "MD5", HashPDQ: "PDQ"}[k]
}

// bytes is how many bytes a hash has.
func (k HashKind) bytes() int {
	if k == HashMD5 {
		return 16
	}
	return 32
}

// Bounds of a list. A larger one is imported in parts.
const (
	MaxHashes    = 100_000
	MaxHashFile  = 12 << 20 // bytes
	MaxHashLabel = 200      // runes
	maxFaults    = 10       // lines that are named at once
)

// HashEntry is one line of a list.
type HashEntry struct {
	Number int    // 1, 2, … within the list
	Hash   []byte // 16 or 32 bytes
	Label  string // what the list calls it, or ""
}

// Hex is the hash in lower-case hex.
func (e HashEntry) Hex() string { return hex.EncodeToString(e.Hash) }

// ParseHashes reads a list: CSV (RFC 4180) in UTF-8 with the columns hash and, if there are any, label; the names of the columns
// may stand in the first line. Anything else is refused, with the numbers of the lines that are wrong, and nothing of it is taken.
func ParseHashes(kind HashKind, file []byte) ([]HashEntry, error) {
	var fe FieldErrors
	file = bytes.TrimPrefix(file, []byte("\ufeff")) // as spreadsheets write it
	switch {
	case len(file) > MaxHashFile:
		fe.Add("file", "A list has at most %d MiB. Divide it, and import the parts one after the other.", MaxHashFile>>20)
	case !utf8.Valid(file):
		fe.Add("file", "The file is not text in UTF-8. Save it as CSV in UTF-8.")
	}
	if len(fe) > 0 {
		return nil, fe
	}
	r := csv.NewReader(bytes.NewReader(file))
	r.FieldsPerRecord = -1
	var out []HashEntry
	first := map[string]int{} // line of each hash
	for n := 0; len(fe) < maxFaults; n++ {
		row, err := r.Read()
		var bad *csv.ParseError
		if errors.Is(err, io.EOF) {
			break
		} else if errors.As(err, &bad) {
			fe.Add("file", "Line %d is not CSV: %v. Nothing after it was read.", bad.Line, bad.Err)
			break
		} else if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		if n == 0 && strings.EqualFold(row[0], "hash") && (len(row) == 1 || len(row) == 2 && strings.EqualFold(row[1], "label")) {
			continue
		}
		e, why := parseHash(kind, row)
		if before := first[string(e.Hash)]; why == "" && before > 0 {
			fe.Add("file", "Line %d has the same hash as line %d.", line, before)
			continue
		} else if why != "" {
			fe.Add("file", "Line %d: %s", line, why)
			continue
		}
		first[string(e.Hash)], e.Number = line, len(out)+1
		if out = append(out, e); len(out) > MaxHashes {
			fe.Add("file", "A list has at most %d hashes. Divide it, and import the parts one after the other.", MaxHashes)
			break
		}
	}
	if len(fe) == 0 && len(out) == 0 {
		fe.Add("file", "There is no hash in it. Choose a CSV file, or paste its lines.")
	}
	if len(fe) > 0 {
		return nil, fe
	}
	return out, nil
}

// parseHash reads one line, or says what is wrong with it.
func parseHash(kind HashKind, row []string) (e HashEntry, why string) {
	if len(row) > 2 {
		return e, "there are more than two columns. Each line is a hash, and a label if there is one."
	}
	b, err := hex.DecodeString(row[0])
	if err != nil || len(b) != kind.bytes() {
		return e, "the first column is not " + kind.Title() + " as hexadecimal digits (" + strconv.Itoa(2*kind.bytes()) + " of them)."
	}
	e.Hash = b
	if len(row) == 2 {
		e.Label = row[1]
	}
	switch {
	case utf8.RuneCountInString(e.Label) > MaxHashLabel:
		return e, "the label has more than " + strconv.Itoa(MaxHashLabel) + " characters."
	case account.CleanName(e.Label, MaxHashLabel) != e.Label:
		return e, "the label has line breaks, invisible characters, or spaces too many."
	case HoldsKey(e.Label):
		return e, "the label holds what looks like a secret key."
	}
	return e, ""
}

package export

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/proffer/proffer/triage/custody"
)

// The package's own documents of the payload.
const (
	filePackage    = "data/package.json"
	fileReport     = "data/report.json"
	fileDecision   = "data/decision.json"
	fileEvents     = "data/custody/events.jsonl"
	fileCheckpoint = "data/custody/checkpoint.txt"
	fileCase       = "data/case.jsonld"
	fileCover      = "data/cover.pdf"
	dirReceipt     = "data/receipt/"
)

// Format names of the JSON documents.
const (
	formatPackage  = "proffer package document v1"
	formatReport   = "proffer report document v1"
	formatDecision = "proffer decision document v1"
)

// packageDoc is package.json: what was asked for, by whom, and what is in the package.
type packageDoc struct {
	Format   string    `json:"format"`
	Tool     string    `json:"tool"`
	Built    string    `json:"built"`
	Request  Request   `json:"request"`
	Exhibits []Exhibit `json:"exhibits"`
	Staff    []Staff   `json:"staff"`
}

type reportDoc struct {
	Format  string   `json:"format"`
	Reports []Report `json:"reports"`
}

type decisionDoc struct {
	Format    string     `json:"format"`
	Decisions []Decision `json:"decisions"`
}

// writeJSON is the one form of the package's JSON: two spaces of indent, nothing escaped that need not be.
func writeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// The parsers read the documents and accept nothing but what writeJSON writes.
func parsePackageDoc(b []byte) (d packageDoc, err error) {
	err = parseDoc(filePackage, b, &d, &d.Format, formatPackage)
	return d, err
}

func parseReportDoc(b []byte) (d reportDoc, err error) {
	err = parseDoc(fileReport, b, &d, &d.Format, formatReport)
	return d, err
}

func parseDecisionDoc(b []byte) (d decisionDoc, err error) {
	err = parseDoc(fileDecision, b, &d, &d.Format, formatDecision)
	return d, err
}

// parseDoc reads b into the document, whose field format has to say what it is.
func parseDoc(path string, b []byte, doc any, format *string, want string) error {
	if err := json.Unmarshal(b, doc); err == nil && *format == want {
		if again, err := writeJSON(doc); err == nil && bytes.Equal(again, b) {
			return nil
		}
	}
	return fmt.Errorf("%s is not in the form of this version of Proffer", path)
}

// eventLine is one line of events.jsonl. The leaf and the proof are the texts of package custody; with salt and detail
// the commitment in the leaf can be recomputed.
type eventLine struct {
	Index    int64           `json:"index"`
	Leaf     string          `json:"leaf"`
	Salt     string          `json:"salt,omitempty"` // 64 hex digits
	Detail   *custody.Detail `json:"detail,omitempty"`
	Withheld bool            `json:"withheld,omitempty"` // the detail exists but does not leave
	Proof    string          `json:"proof"`
}

// maxEventLine bounds a line: a detail of 64 KiB, all of it escaped, and the rest.
const maxEventLine = 1 << 20

func (e Entry) line() ([]byte, error) {
	l := eventLine{Index: e.Index, Leaf: string(e.Leaf), Withheld: e.Withheld, Proof: string(e.Proof.Encode())}
	if e.Salt != (custody.Salt{}) {
		l.Salt, l.Detail = hex.EncodeToString(e.Salt[:]), &e.Detail
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(l); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// parseEventLine reads one line with its line feed and accepts nothing but what Entry.line writes.
func parseEventLine(b []byte) (Entry, error) {
	errForm := errors.New("it is not in its one canonical form")
	var l eventLine
	if err := json.Unmarshal(b, &l); err != nil {
		return Entry{}, errForm
	}
	proof, err := custody.ParseInclusion([]byte(l.Proof))
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Index: l.Index, Leaf: []byte(l.Leaf), Withheld: l.Withheld, Proof: proof}
	copy(e.Salt[:], unhex(l.Salt))
	if l.Detail != nil {
		e.Detail = *l.Detail
	}
	if again, err := e.line(); err != nil || !bytes.Equal(again, b) || e.Index != proof.Index || e.Withheld && e.Detail != nil {
		return Entry{}, errForm
	}
	return e, nil
}

// writeEvents is events.jsonl.
func writeEvents(es []Entry) ([]byte, error) {
	var b bytes.Buffer
	for _, e := range es {
		line, err := e.line()
		if err != nil {
			return nil, fmt.Errorf("writing down entry %d of the custody log: %w", e.Index, err)
		}
		b.Write(line)
	}
	return b.Bytes(), nil
}

// unhex decodes hex digits, or nothing; what was read is encoded again and compared by every caller.
func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}

package custody

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// maxReceiptClips bounds the clips of one receipt.
const maxReceiptClips = 1000

// Receipt is what the host gets once a report and its clips are sealed: a signed note that anyone can check with
// `proffer verify RECEIPT`. It says nothing of what was reported: no file names, no words, no people. As text:
//
//	proffer receipt v1
//	report <id>
//	time <time>                          2006-01-02T15:04:05.000000Z
//	clip <64 hex> <size>                 SHA-256 in lower case, bytes in decimal; one line for each clip, in the report's order
//	log <index>                          optional: the entry of the custody log that records the report
type Receipt struct {
	Report string
	Time   time.Time // whole microseconds; written in UTC
	Clips  []Clip    // nil for a report in words only
	Entry  *int64    // index in the custody log of the event that records the report; nil if not yet known at signing
}

// Clip is one file as a receipt names it.
type Clip struct {
	SHA256 [sha256.Size]byte
	Size   int64 // bytes, at least 1
}

var errReceipt = errors.New("this is not a receipt in its one canonical form")

// SignReceipt signs a receipt. The time is cut to microseconds.
func SignReceipt(r Receipt, s note.Signer) ([]byte, error) {
	r.Time = r.Time.UTC().Truncate(time.Microsecond)
	text := r.text()
	if _, err := parseReceipt(text); err != nil {
		return nil, fmt.Errorf("signing the receipt of %q: %w", r.Report, err)
	}
	return SignNote(RoleReceipt, text, s)
}

// OpenReceipt checks a signed receipt against the known keys and also says which key signed it.
func OpenReceipt(data []byte, known note.Verifiers) (r Receipt, signer string, err error) {
	text, signer, err := OpenNote(RoleReceipt, data, known)
	if err != nil {
		return Receipt{}, "", fmt.Errorf("receipt: %w", err)
	}
	r, err = parseReceipt(text)
	return r, signer, err
}

// ReadReceipt reads a receipt without checking its signature: a claim.
func ReadReceipt(data []byte) (r Receipt, signer string, err error) {
	text, signer, err := ReadNote(RoleReceipt, data)
	if err != nil {
		return Receipt{}, "", fmt.Errorf("receipt: %w", err)
	}
	r, err = parseReceipt(text)
	return r, signer, err
}

func (r Receipt) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nreport %s\ntime %s\n", ReceiptContext, r.Report, r.Time.UTC().Format(timeLayout))
	for _, c := range r.Clips {
		fmt.Fprintf(&b, "clip %x %d\n", c.SHA256, c.Size)
	}
	if r.Entry != nil {
		fmt.Fprintf(&b, "log %d\n", *r.Entry)
	}
	return b.String()
}

func parseReceipt(text string) (Receipt, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || len(lines) > 5+maxReceiptClips || lines[0] != ReceiptContext || lines[len(lines)-1] != "" {
		return Receipt{}, errReceipt
	}
	report, ok1 := strings.CutPrefix(lines[1], "report ")
	s, ok2 := strings.CutPrefix(lines[2], "time ")
	at, ok3 := parseTime(s)
	if !ok1 || !ok2 || !ok3 || !validID(report) {
		return Receipt{}, errReceipt
	}
	r := Receipt{Report: report, Time: at}
	rest := lines[3 : len(lines)-1]
	if n := len(rest); n > 0 && strings.HasPrefix(rest[n-1], "log ") {
		entry, ok := parseLabelled(rest[n-1], "log")
		if !ok {
			return Receipt{}, errReceipt
		}
		r.Entry, rest = &entry, rest[:n-1]
	}
	for _, line := range rest {
		c, ok := parseClip(line)
		if !ok {
			return Receipt{}, errReceipt
		}
		r.Clips = append(r.Clips, c)
	}
	if len(r.Clips) > maxReceiptClips || r.text() != text {
		return Receipt{}, errReceipt
	}
	return r, nil
}

func parseClip(line string) (Clip, bool) {
	f := strings.Split(line, " ")
	if len(f) != 3 || f[0] != "clip" {
		return Clip{}, false
	}
	sum, err := hex.DecodeString(f[1])
	size, ok := parseCount(f[2])
	if err != nil || len(sum) != sha256.Size || !ok || size == 0 {
		return Clip{}, false
	}
	return Clip{[sha256.Size]byte(sum), size}, true
}

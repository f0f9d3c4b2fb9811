package export

import (
	"bytes"
	"fmt"
	"regexp"

	"github.com/proffer/proffer/triage"
)

// keyFound is what the gate says of a file that looks as if it held key material.
type keyFound struct{ what string }

func (k *keyFound) Error() string { return k.what }

// refusal is a finding in words for the people who wait for the package.
func (k *keyFound) refusal(file string) error {
	return triage.Errorf(triage.Conflict, "The package was not built: %s holds what looks like key material (%s), and no package may carry a key. "+
		"If it is an exhibit, ask for a package without it; if it is text, have a lead look at what was written.", file, k.what)
}

// gate looks for key material in a file as it streams past. It fails closed: what looks like a key is one. It knows
//
//   - private keys in PEM (RFC 7468), OpenSSH, PuTTY and SSH2 form, in any file;
//   - age identities and signing keys of signed notes, in any file;
//   - JSON Web Keys with a private member (RFC 7517, RFC 7518 section 6), in any file;
//   - CASE's encryptionKey and encryptionIV, in text;
//   - the boxes pssh and tenc (ISO/IEC 23001-7, sections 8.1 and 8.2) and their PIFF forms, in MP4 and its relatives;
//   - the element ContentEncryption (RFC 9559 section 5.1.4.1.31.6) in Matroska and WebM.
//
// Text is scanned wherever it stands, media data included: these patterns are far too long to occur by chance.
type gate struct {
	text  bool // every name of a CASE field counts
	head  []byte
	parts []func([]byte) *keyFound // nil until the file's kind is known
}

const sniffBytes = 16

// newGate makes the gate for one file; text says that it is one of the package's own documents.
func newGate(text bool) *gate { return &gate{text: text} }

// Write returns a *keyFound as soon as there is something to be found.
func (g *gate) Write(p []byte) (int, error) {
	n := len(p)
	if g.parts == nil {
		g.head = append(g.head, p...)
		if len(g.head) < sniffBytes {
			return n, nil
		}
		p = g.head
		g.start()
	}
	return n, g.feed(p)
}

// close looks at what is left of a very short file.
func (g *gate) close() error {
	if g.parts != nil {
		return nil
	}
	g.start()
	return g.feed(g.head)
}

func (g *gate) start() {
	scan := keyScan{text: g.text}
	g.parts = []func([]byte) *keyFound{scan.write}
	switch {
	case bytes.HasPrefix(g.head, ebmlMagic):
		g.parts = append(g.parts, (&trackScan{}).write)
	case looksLikeBoxes(g.head):
		g.parts = append(g.parts, (&boxScan{}).write)
	}
}

func (g *gate) feed(p []byte) error {
	for _, part := range g.parts {
		if found := part(p); found != nil {
			return found
		}
	}
	return nil
}

// keyReach is how many bytes may lie between the members of a JSON Web Key, and how much of a stream is kept so that
// nothing is missed where one piece of it ends and the next begins.
const keyReach = 4 << 10

// keyPattern is one form of key. Each holds the word KEY, Key or key at one place, which is what the scan looks for first:
// so the work per byte is small and bounded, whatever a hostile file repeats.
type keyPattern struct {
	what   string
	mark   string         // with the word in it
	word   int            // where in the mark
	shape  *regexp.Regexp // around the mark, or nil where the mark says it all
	before int            // bytes before the word that shape may reach to
	text   bool           // in the package's own documents only
}

var keyPatterns = []keyPattern{
	{"a private key in PEM form", "PRIVATE KEY", 8, regexp.MustCompile(`-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY( BLOCK)?-----`), 64, false},
	{"a private key in SSH2 form", "PRIVATE KEY ----", 8, regexp.MustCompile(`---- BEGIN SSH2 [A-Z ]{0,20}PRIVATE KEY ----`), 64, false},
	{"an OpenSSH private key", "openssh-key-v1\x00", 8, nil, 0, false},
	{"a PuTTY private key", "PuTTY-User-Key-File-", 11, nil, 0, false},
	{"an age identity", "AGE-SECRET-KEY-", 11, nil, 0, false},
	{"a signing key of signed notes", "PRIVATE+KEY+", 8, nil, 0, false},
	{"CASE's field for an encryption key", "encryptionKey", 10, regexp.MustCompile(`encryptionKey\\*["']`), 16, true},
}

// at reports whether the pattern stands in b with its word at that place.
func (k keyPattern) at(b []byte, at int) bool {
	if from := at - k.word; from < 0 || len(b)-from < len(k.mark) || string(b[from:from+len(k.mark)]) != k.mark {
		return false
	}
	return k.shape == nil || k.shape.Match(b[max(0, at-k.before):min(len(b), at+64)])
}

var (
	// A private member of a JSON Web Key; quotes may be escaped, as in JSON within JSON.
	jwkPrivate = regexp.MustCompile(`["'](d|k|p|q|dp|dq|qi)\\*["']\s*:\s*\\*["'][A-Za-z0-9_-]{16,}`)
	jwkKind    = regexp.MustCompile(`^kty\\*["']\s{0,8}:`)
	// Two patterns of documents that hold no “key”.
	caseIV     = regexp.MustCompile(`encryptionIV\\*["']`)
	opensshB64 = []byte("b3BlbnNzaC1rZXktdjE") // openssh-key-v1 in base64, without its PEM lines
)

// keyScan looks for keys in text form anywhere in a stream.
type keyScan struct {
	text bool
	buf  []byte
}

func (s *keyScan) write(p []byte) *keyFound {
	s.buf = append(s.buf, p...)
	if found := s.scan(s.buf); found != nil {
		return found
	}
	if keep := 2 * keyReach; len(s.buf) > keep {
		s.buf = append(s.buf[:0], s.buf[len(s.buf)-keep:]...)
	}
	return nil
}

func (s *keyScan) scan(b []byte) *keyFound {
	var kinds []int // where JSON Web Keys may be
	for at := nextKeyWord(b, 0); at >= 0; at = nextKeyWord(b, at+1) {
		if b[at+1] == 't' {
			if jwkKind.Match(b[at:min(len(b), at+24)]) {
				kinds = append(kinds, at)
			}
			continue
		}
		for _, k := range keyPatterns {
			if (s.text || !k.text) && k.at(b, at) {
				return &keyFound{k.what}
			}
		}
	}
	if len(kinds) > 0 && jwkNear(b, kinds) {
		return &keyFound{"a JSON Web Key with its private part"}
	}
	if s.text && caseIV.Match(b) {
		return &keyFound{"CASE's field for an initialisation vector"}
	}
	if s.text && bytes.Contains(b, opensshB64) {
		return &keyFound{"an OpenSSH private key"}
	}
	return nil
}

// jwkNear reports whether a private member stands near one of the places, which are in order.
func jwkNear(b []byte, kinds []int) bool {
	for from := max(0, kinds[0]-keyReach); len(kinds) > 0; {
		m := jwkPrivate.FindIndex(b[from:])
		if m == nil {
			return false
		}
		at := from + m[0]
		for len(kinds) > 0 && kinds[0] < at-keyReach {
			kinds = kinds[1:]
		}
		if len(kinds) > 0 && kinds[0] <= at+keyReach {
			return true
		}
		from += m[1]
	}
	return false
}

// inKeyWord marks the letters of KEY, Key, key and kty.
var inKeyWord = func() (t [256]bool) {
	for _, c := range []byte("KEYkeyt") {
		t[c] = true
	}
	return t
}()

// nextKeyWord finds the next KEY, Key, key or kty at or after from, or -1. It looks at every third byte only.
func nextKeyWord(b []byte, from int) int {
	for i := from + 2; i < len(b); i += 3 {
		if !inKeyWord[b[i]] {
			continue
		}
		for at := i - 2; at <= i && at+3 <= len(b); at++ {
			if isKeyWord(b[at], b[at+1], b[at+2]) {
				return at
			}
		}
	}
	return -1
}

func isKeyWord(a, b, c byte) bool {
	switch a {
	case 'K':
		return b == 'E' && c == 'Y' || b == 'e' && c == 'y'
	case 'k':
		return b == 'e' && c == 'y' || b == 't' && c == 'y'
	}
	return false
}

// gateText is the gate over a document that is at hand.
func gateText(file string, data []byte) error {
	g := newGate(true)
	_, err := g.Write(data)
	if err == nil {
		err = g.close()
	}
	if found, ok := err.(*keyFound); ok {
		return found.refusal(file)
	}
	if err != nil {
		return fmt.Errorf("looking through %s: %w", file, err)
	}
	return nil
}

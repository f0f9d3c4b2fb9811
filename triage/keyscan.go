package triage

import (
	"bytes"
	"regexp"
)

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
	text   bool           // in documents only
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

// KeyScan looks for keys in text form anywhere in a stream, in work per byte that does not grow with what is in it.
type KeyScan struct {
	Document bool // what is scanned is text that a package says itself: names of CASE fields count too
	buf      []byte
}

// Find takes the next piece of the stream and says what kind of key was found by now, or "".
func (s *KeyScan) Find(p []byte) string {
	s.buf = append(s.buf, p...)
	if what := s.scan(s.buf); what != "" {
		return what
	}
	if keep := 2 * keyReach; len(s.buf) > keep {
		s.buf = append(s.buf[:0], s.buf[len(s.buf)-keep:]...)
	}
	return ""
}

func (s *KeyScan) scan(b []byte) string {
	var kinds []int // where JSON Web Keys may be
	for at := nextKeyWord(b, 0); at >= 0; at = nextKeyWord(b, at+1) {
		if b[at+1] == 't' {
			if jwkKind.Match(b[at:min(len(b), at+24)]) {
				kinds = append(kinds, at)
			}
			continue
		}
		for _, k := range keyPatterns {
			if (s.Document || !k.text) && k.at(b, at) {
				return k.what
			}
		}
	}
	if len(kinds) > 0 && jwkNear(b, kinds) {
		return "a JSON Web Key with its private part"
	}
	if s.Document && caseIV.Match(b) {
		return "CASE's field for an initialisation vector"
	}
	if s.Document && bytes.Contains(b, opensshB64) {
		return "an OpenSSH private key"
	}
	return ""
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

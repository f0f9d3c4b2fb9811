package custody

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Role is what a signing key is for. It is the last part of the key's name, <origin>/<role>, and a signature counts for
// its own role only.
type Role string

// The roles.
const (
	RoleReceipt Role = "receipt" // capture receipts
	RoleLog     Role = "log"     // checkpoints of the custody log
	RolePackage Role = "package" // law-enforcement packages
)

// Roles lists every role, in the order in which files name them.
func Roles() []Role { return []Role{RoleReceipt, RoleLog, RolePackage} }

// maxNote bounds what is read as a signed note, in bytes.
const maxNote = 1 << 20

// ErrUnknownSigner means that the text is well formed and signed, but by none of the keys at hand: it may be genuine, and
// it may be made by anyone.
var ErrUnknownSigner = errors.New("it is signed, but not by a key that is known here")

// ErrBadSignature means that the text was changed after it was signed, or never signed by the key it names.
var ErrBadSignature = errors.New("the signature does not fit: this was changed after it was signed")

var errNote = errors.New("this is not a signed text in its one canonical form")

// SignNote signs a text with a key of the role. The text is one or more lines, none blank, and its first line must set
// it apart from every other text that a key of that role signs (see the context table).
func SignNote(role Role, text string, s note.Signer) ([]byte, error) {
	if !hasRole(s.Name(), role) {
		return nil, fmt.Errorf("the key %s is not for signing a %s", s.Name(), role)
	}
	if !validNoteText(text) {
		return nil, fmt.Errorf("signing a %s: the text is not whole lines without blank ones", role)
	}
	out, err := note.Sign(&note.Note{Text: text}, s)
	if err != nil {
		return nil, fmt.Errorf("signing a %s: %w", role, err)
	}
	return out, nil
}

// OpenNote checks a signed text and returns it with the name of the key that signed it. It accepts one signature, by a
// known key of the role, and one encoding. Errors: ErrUnknownSigner, ErrBadSignature, or that it is no such text at all.
func OpenNote(role Role, data []byte, known note.Verifiers) (text, signer string, err error) {
	text, signer, err = ReadNote(role, data)
	if err != nil {
		return "", "", err
	}
	n, err := note.Open(data, known)
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified):
		return "", "", fmt.Errorf("%w (it names %s)", ErrUnknownSigner, signer)
	case errors.As(err, &invalid):
		return "", "", ErrBadSignature
	case err != nil:
		return "", "", fmt.Errorf("checking a signature: %w", err)
	case len(n.Sigs) != 1 || n.Sigs[0].Name != signer || n.Text != text:
		return "", "", errNote
	}
	return text, signer, nil
}

// ReadNote reads a signed text without checking the signature: what it returns is a claim, and must be shown as one.
func ReadNote(role Role, data []byte) (text, signer string, err error) {
	if len(data) > maxNote {
		return "", "", errNote
	}
	text, sig, ok := strings.Cut(string(data), "\n\n")
	text += "\n"
	sig, hasDash := strings.CutPrefix(sig, "— ")
	sig, hasEnd := strings.CutSuffix(sig, "\n")
	if !ok || !hasDash || !hasEnd || !validNoteText(text) {
		return "", "", errNote
	}
	name, b64, _ := strings.Cut(sig, " ")
	// Four bytes of key hash and 64 of an Ed25519 signature. Strict, since note.Open ignores the last bits of the base64.
	raw, err := base64.StdEncoding.Strict().DecodeString(b64)
	if err != nil || len(raw) != 4+64 || base64.StdEncoding.EncodeToString(raw) != b64 || !validKeyName(name) {
		return "", "", errNote
	}
	if !hasRole(name, role) {
		return "", "", fmt.Errorf("it is signed with %s, which is not a key for a %s", name, role)
	}
	return text, name, nil
}

// validNoteText accepts lines of printable ASCII and valid UTF-8 above it, none empty, each ended by a line feed.
func validNoteText(s string) bool {
	if s == "" || s[0] == '\n' || s[len(s)-1] != '\n' || strings.Contains(s, "\n\n") || strings.ToValidUTF8(s, "") != s {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 && r != '\n' || r == 0x7f })
}

func hasRole(name string, role Role) bool {
	_, r, ok := cutName(name)
	return ok && r == role
}

// cutName takes a key's name apart into origin and role.
func cutName(name string) (origin string, role Role, ok bool) {
	origin, r, _ := strings.Cut(name, "/")
	switch role = Role(r); role {
	case RoleReceipt, RoleLog, RolePackage:
		return origin, role, validOrigin(origin)
	}
	return "", "", false
}

func validKeyName(name string) bool {
	_, _, ok := cutName(name)
	return ok
}

// validOrigin accepts a host name in lower case, with a port if need be.
func validOrigin(s string) bool {
	return s != "" && len(s) <= 253 && isAlnum(s[0]) && strings.Trim(s, lowerLetters+"0123456789.-:") == ""
}

package custody

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// maxPublicKeys bounds the keys of one file.
const maxPublicKeys = 1000

// PublicKey is one verifier key: <origin>/<role>+<8 hex>+<base64>, as sumdb/note writes them.
type PublicKey struct {
	Name string // "<origin>/<role>"
	Role Role
	VKey string
}

// PublicKeys are the keys of a platform, as PLATFORM.pub lists them: the present ones and those they replaced.
type PublicKeys []PublicKey

// ParsePublicKey reads one verifier key strictly.
func ParsePublicKey(vkey string) (PublicKey, error) {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return PublicKey{}, fmt.Errorf("this is not a public key of Proffer: %w", err)
	}
	_, role, ok := cutName(v.Name())
	_, b64, _ := strings.Cut(strings.TrimPrefix(vkey, v.Name()+"+"), "+")
	raw, err := base64.StdEncoding.Strict().DecodeString(b64)
	if !ok || err != nil || vkey != fmt.Sprintf("%s+%08x+%s", v.Name(), v.KeyHash(), base64.StdEncoding.EncodeToString(raw)) {
		return PublicKey{}, fmt.Errorf("the public key %q does not end in a role (receipt, log or package), or is not in its one form", vkey)
	}
	return PublicKey{v.Name(), role, vkey}, nil
}

// ParsePublicKeys reads a PLATFORM.pub: one key a line; lines that start with # and empty lines are comments. Each key
// stands once, and there is at least one.
func ParsePublicKeys(b []byte) (PublicKeys, error) {
	if len(b) > maxNote || len(b) > 0 && b[len(b)-1] != '\n' {
		return nil, fmt.Errorf("the file of public keys is too long, or its last line is cut off; fetch it again")
	}
	var keys PublicKeys
	for i, line := range strings.Split(string(b), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		k, err := ParsePublicKey(line)
		if err != nil {
			return nil, fmt.Errorf("line %d of the file of public keys: %w", i+1, err)
		}
		if slices.Contains(keys, k) || len(keys) == maxPublicKeys {
			return nil, fmt.Errorf("line %d of the file of public keys: the key stands twice, or there are over %d", i+1, maxPublicKeys)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("the file of public keys holds no key")
	}
	return keys, nil
}

// Verifiers are the keys of one role: nothing that another role signed passes them.
func (ks PublicKeys) Verifiers(role Role) note.Verifiers {
	var list []note.Verifier
	for _, k := range ks {
		if k.Role != role {
			continue
		}
		if v, err := note.NewVerifier(k.VKey); err == nil && v.Name() == k.Name && hasRole(k.Name, role) {
			list = append(list, v)
		}
	}
	return note.VerifierList(list...)
}

package custody

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Seed names a secret of 32 random bytes in the key folder that signs nothing of the custody log.
type Seed string

// The seeds.
const (
	SeedIdentity Seed = "identity" // Ed25519: vouches for who uses a device in a meeting (media/PROTOCOL.md, section 2)
	SeedMeetings Seed = "meetings" // AES-256: wraps the keys of standard meetings in the database
)

const seedPrefix = "PROFFER+SEED+"

// Seed reads a secret, and makes it where there is none: what a lost one leaves behind is no reason not to start, unlike a
// signing key's. Its file is <name>.key, mode 0600: PROFFER+SEED+<name>+<base64>.
func (r *Ring) Seed(name Seed) (seed [32]byte, err error) {
	path := filepath.Join(r.dir, string(name)+".key")
	prefix := seedPrefix + string(name) + "+"
	if err := createFile(path, func() (string, error) {
		var fresh [32]byte
		rand.Read(fresh[:]) // never fails since Go 1.24
		return prefix + base64.StdEncoding.EncodeToString(fresh[:]), nil
	}); err != nil {
		return seed, fmt.Errorf("making the %s key: %w", name, err)
	}
	b, err := readPrivate(path)
	if err != nil {
		return seed, err
	}
	text, ok := strings.CutPrefix(strings.TrimSuffix(string(b), "\n"), prefix)
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if !ok || err != nil || len(raw) != len(seed) {
		return seed, fmt.Errorf("%s holds no %s key: restore it from the backup of the key folder, or remove it and a new one is made", path, name)
	}
	return [32]byte(raw), nil
}

// createFile writes a private file unless there is one; of two nodes that start at once, both end up with the same.
func createFile(path string, text func() (string, error)) error {
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	s, err := text()
	if err != nil {
		return err
	}
	return writeTemp(path, []byte(s+"\n"), 0o600, func(temp string) error {
		err := os.Link(temp, path) // fails where path exists, unlike a rename
		return errors.Join(os.Remove(temp), ignoreExists(err))
	})
}

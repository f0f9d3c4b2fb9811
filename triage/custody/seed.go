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
	SeedNotary   Seed = "notary"   // HKDF: the keys with which commitments of frames are stamped (media/PROTOCOL.md, section 15)
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

// Seeds reads all generations of a secret, the oldest first: <name>.key, and <name>-1.key, <name>-2.key and so on as far as there are files.
func (r *Ring) Seeds(name Seed) (all [][32]byte, err error) {
	for generation := name; ; generation = Seed(fmt.Sprintf("%s-%d", name, len(all))) {
		if _, err := os.Lstat(filepath.Join(r.dir, string(generation)+".key")); err != nil && len(all) > 0 {
			return all, nil
		}
		seed, err := r.Seed(generation)
		if err != nil {
			return nil, err
		}
		all = append(all, seed)
	}
}

// RotateSeed makes the next generation of a secret, and gives the name of its file.
func (r *Ring) RotateSeed(name Seed) (file string, err error) {
	all, err := r.Seeds(name)
	if err != nil {
		return "", err
	}
	next := Seed(fmt.Sprintf("%s-%d", name, len(all)))
	_, err = r.Seed(next)
	return string(next) + ".key", err
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

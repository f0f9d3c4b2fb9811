package custody

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

func (r *Ring) load() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.loadLocked()
}

// loadLocked reads the folder anew; the ring is unchanged if that fails.
func (r *Ring) loadLocked() error {
	signers, current := map[Role]note.Signer{}, map[Role]PublicKey{}
	for _, role := range Roles() {
		s, k, err := readKey(r.dir, role)
		if err != nil {
			return err
		}
		signers[role], current[role] = s, k
	}
	retired, err := readRetired(r.dir)
	if err != nil {
		return err
	}
	r.signers, r.current, r.retired = signers, current, retired
	return nil
}

// publish writes PLATFORM.pub where it is not up to date.
func (r *Ring) publish() error {
	path, want := filepath.Join(r.dir, PublicFile), r.PublicKeys()
	if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, want) {
		return nil
	}
	if err := replaceFile(path, want, 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", PublicFile, err)
	}
	return nil
}

// createKey makes a key unless there is one; of two nodes that start at once, both end up with the same.
func createKey(dir, origin string, role Role) error {
	err := createFile(filepath.Join(dir, string(role)+".key"), func() (string, error) {
		skey, _, err := note.GenerateKey(rand.Reader, origin+"/"+string(role))
		return skey, err
	})
	if err != nil {
		return fmt.Errorf("making the %s key: %w", role, err)
	}
	return nil
}

func ignoreExists(err error) error {
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// readKey reads a signing key and derives its public one.
func readKey(dir string, role Role) (note.Signer, PublicKey, error) {
	path := filepath.Join(dir, string(role)+".key")
	b, err := readPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, PublicKey{}, fmt.Errorf("the signing key %s is missing; restore it from the backup of the key folder "+
			"(only if nothing was ever signed with it, delete %s and start again, and a new one is made)", path, PublicFile)
	}
	if err != nil {
		return nil, PublicKey{}, err
	}
	skey := strings.TrimSuffix(string(b), "\n")
	s, err := note.NewSigner(skey)
	if err != nil {
		return nil, PublicKey{}, fmt.Errorf("%s holds no signing key: restore it from the backup of the key folder", path)
	}
	if !hasRole(s.Name(), role) {
		return nil, PublicKey{}, fmt.Errorf("%s holds the key %s, which is not for a %s; put the files back in their places", path, s.Name(), role)
	}
	// note.NewSigner has checked the form: PRIVATE+KEY+name+hash+base64 of 0x01 and 32 bytes of seed.
	raw, err := base64.StdEncoding.DecodeString(skey[strings.Index(skey, s.Name())+len(s.Name())+len("+00000000+"):])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return nil, PublicKey{}, fmt.Errorf("%s holds no Ed25519 key", path)
	}
	vkey, err := note.NewEd25519VerifierKey(s.Name(), ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey))
	if err != nil {
		return nil, PublicKey{}, fmt.Errorf("the public key of %s: %w", path, err)
	}
	return s, PublicKey{s.Name(), role, vkey}, nil
}

// readPrivate reads a file that nobody but its owner may read.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("reading a signing key: %w", err)
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("the signing key %s is not an ordinary file", path)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("the signing key %s can be read by others (mode %04o): run chmod 600 on it, and replace the key if "+
			"anyone may have read it", path, info.Mode().Perm())
	case info.Size() > 4096:
		return nil, fmt.Errorf("%s is too long for a signing key", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading a signing key: %w", err)
	}
	return b, nil
}

// checkFolder refuses a folder in which others could swap the keys.
func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("looking at the key folder: %w", err)
	}
	if !info.IsDir() || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("the key folder %s can be written to by others, or is no folder: run chmod 700 on it", dir)
	}
	return nil
}

// readRetired reads the public keys of replaced keys, newest first.
func readRetired(dir string) ([]retiredKey, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("listing the key folder: %w", err)
	}
	var out []retiredKey
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		role, rest, ok := strings.Cut(f.Name(), "-")
		if !ok || !strings.HasSuffix(rest, ".pub") {
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading a replaced key: %w", err)
		}
		k, err := ParsePublicKey(strings.TrimSuffix(string(b), "\n"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		day := rest[:min(len(rest), len(time.DateOnly))]
		if _, err := time.Parse(time.DateOnly, day); err != nil || role != string(k.Role) {
			return nil, fmt.Errorf("%s is not called <role>-<year>-<month>-<day>-<hash>.pub after the key in it; give it its name back", path)
		}
		if !slices.ContainsFunc(out, func(x retiredKey) bool { return x.PublicKey == k }) {
			out = append(out, retiredKey{k, day})
		}
	}
	slices.SortStableFunc(out, func(a, b retiredKey) int { return strings.Compare(b.day, a.day) })
	return out, nil
}

// replaceFile puts a file in place whole, and on disk, or not at all.
func replaceFile(path string, data []byte, mode fs.FileMode) error {
	return writeTemp(path, data, mode, func(temp string) error { return os.Rename(temp, path) })
}

// writeTemp writes data beside path, lets place move it there, and syncs both.
func writeTemp(path string, data []byte, mode fs.FileMode, place func(temp string) error) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = place(f.Name())
	}
	if err != nil {
		os.Remove(f.Name()) // best effort: it may be in place already
		return err
	}
	return syncFolder(dir)
}

// syncFolder returns when the names in a folder are on the disk.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

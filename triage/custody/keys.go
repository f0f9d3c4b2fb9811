package custody

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// PublicFile is the name of the file of public keys in the key folder. It is what the operator hands out; that it
// exists also says that the keys were made before, so that a lost one is noticed and never quietly replaced.
const PublicFile = "PLATFORM.pub"

// Ring holds the platform's signing keys, one for each role, and the public keys of those they replaced. The folder:
//
//	receipt.key log.key package.key      signing keys, mode 0600: PRIVATE+KEY+<origin>/<role>+<hash>+<base64>
//	receipt-2026-11-23-1a2b3c4d.pub      public key of a receipt key that was replaced on that day
//	identity.key meetings.key            seeds of meetings, mode 0600: see Seed
//	PLATFORM.pub                         all public keys, written from the others
//	log.checkpoint                       newest checkpoint of the log, kept by a Witness
//	log-2026-11-23T093000Z.checkpoint    one that was set aside then, after a restore from a backup
//
// All of it belongs into the backup, apart from the database's. A replaced signing key is overwritten; its public key
// stays, so that what it signed can be checked for ever. A receipt or package key that was stolen, rather than
// merely old, is struck by deleting its .pub file and handing out PLATFORM.pub anew. A log key's file has to stay, since
// the log's checkpoints until then are read with it; it is left out of what is handed out.
//
// The origin is part of the keys' names from the first start on, and does not follow a later change of address: the log
// keeps its name. Several nodes may share the folder; after a rotation the others read it at their next start.
// A Ring is safe for concurrent use.
type Ring struct {
	dir string

	mu      sync.RWMutex // guards what follows
	signers map[Role]note.Signer
	current map[Role]PublicKey
	retired []retiredKey // newest first
}

type retiredKey struct {
	PublicKey
	day string // 2006-01-02
}

// OpenRing reads the key ring in dir, and at the first start makes it, for the platform called origin: a host name in
// lower case, with a port if need be, such as "desk.example.org".
func OpenRing(dir, origin string) (*Ring, error) {
	if !validOrigin(origin) {
		return nil, fmt.Errorf("%q cannot name the platform's keys: a host name in lower case is needed", origin)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the key folder: %w", err)
	}
	if err := checkFolder(dir); err != nil {
		return nil, err
	}
	if _, err := os.Lstat(filepath.Join(dir, PublicFile)); errors.Is(err, fs.ErrNotExist) {
		for _, role := range Roles() {
			if err := createKey(dir, origin, role); err != nil {
				return nil, err
			}
		}
	} else if err != nil {
		return nil, fmt.Errorf("looking for %s: %w", PublicFile, err)
	}
	r := &Ring{dir: dir}
	if err := r.load(); err != nil {
		return nil, err
	}
	return r, r.publish()
}

// Signer is the present key of a role.
func (r *Ring) Signer(role Role) note.Signer {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.signers[role]
}

// Verifiers are the present key of a role and those it replaced.
func (r *Ring) Verifiers(role Role) note.Verifiers { return r.Keys().Verifiers(role) }

// Keys lists all public keys: the present ones by role, then the replaced ones, newest first.
func (r *Ring) Keys() PublicKeys {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.keysLocked()
}

func (r *Ring) keysLocked() PublicKeys {
	var ks PublicKeys
	for _, role := range Roles() {
		ks = append(ks, r.current[role])
	}
	for _, k := range r.retired {
		if !slices.Contains(ks, k.PublicKey) { // present too, if a rotation was cut off
			ks = append(ks, k.PublicKey)
		}
	}
	return ks
}

// PublicKeys writes PLATFORM.pub: every key on a line of its own, with comments for people.
func (r *Ring) PublicKeys() []byte {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var b bytes.Buffer
	b.WriteString("# Public keys of a Proffer platform. Get this file from the platform itself, not along with what you check:\n" +
		"#   proffer verify --key PLATFORM.pub FILE\n")
	for _, k := range r.keysLocked() {
		state := "in use"
		if k != r.current[k.Role] {
			i := slices.IndexFunc(r.retired, func(x retiredKey) bool { return x.PublicKey == k })
			state = "replaced on " + r.retired[i].day
		}
		fmt.Fprintf(&b, "\n# %s key, %s\n%s\n", k.Role, state, k.VKey)
	}
	return b.Bytes()
}

// Rotate replaces the key of a role by a fresh one and returns that. The old public key is kept for verification, on disk
// before the old signing key goes; at a crash in between the old key is simply still in use. The caller records it as a
// KeyRotated event, and hands out PLATFORM.pub anew.
func (r *Ring) Rotate(role Role, now time.Time) (PublicKey, error) {
	k, err := r.rotate(role, now)
	if err != nil {
		return PublicKey{}, err
	}
	return k, r.publish()
}

func (r *Ring) rotate(role Role, now time.Time) (PublicKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old, ok := r.current[role]
	if !ok {
		return PublicKey{}, fmt.Errorf("there is no key for %q", role)
	}
	skey, _, err := note.GenerateKey(rand.Reader, old.Name)
	if err != nil {
		return PublicKey{}, fmt.Errorf("making a %s key: %w", role, err)
	}
	hash := strings.Split(old.VKey, "+")[1]
	name := fmt.Sprintf("%s-%s-%s.pub", role, now.UTC().Format(time.DateOnly), hash)
	if err := replaceFile(filepath.Join(r.dir, name), []byte(old.VKey+"\n"), 0o644); err != nil {
		return PublicKey{}, fmt.Errorf("keeping the old %s key: %w", role, err)
	}
	if err := replaceFile(filepath.Join(r.dir, string(role)+".key"), []byte(skey+"\n"), 0o600); err != nil {
		return PublicKey{}, fmt.Errorf("replacing the %s key: %w", role, err)
	}
	if err := r.loadLocked(); err != nil {
		return PublicKey{}, err
	}
	return r.current[role], nil
}

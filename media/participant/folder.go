package participant

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/proffer/proffer/media/e2ee"
)

// folder keeps what outlives the program, in a directory that only its owner can read:
//
//	device.key                       the device's seed, in hexadecimal
//	meetings/<hash>                  this meeting is end-to-end encrypted, for good
//	accounts/<hash>/<device's key>   this account was met with this device
//	identities/<hash>/<key>          this identity key was accepted for this server
//
// All but the first are empty files: they are there or not, whatever was interrupted, and several programs can share them.
type folder struct {
	path   string
	server string // what is remembered is about one server's meetings and accounts
}

// openFolder makes the directory if it is not there.
func openFolder(path, server string) (*folder, error) {
	if path == "" {
		return nil, errors.New("participant: Config.Folder is not set; it is where the device's key is kept")
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the device's key: %w", err)
	}
	return &folder{path: path, server: server}, nil
}

const deviceFile = "device.key"

// device gives the device whose key is kept here, and makes one the first time.
func (f *folder) device() (*e2ee.Device, error) {
	path := filepath.Join(f.path, deviceFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = f.newDevice(path)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the device's key: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the device's key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("participant: others can read %s; make it yours alone with chmod 600, or delete it for a new device", path)
	}
	seed, err := hex.DecodeString(strings.TrimSuffix(string(text), "\n"))
	if err != nil {
		return nil, fmt.Errorf("participant: %s holds no key; delete it for a new device", path)
	}
	return e2ee.NewDevice(seed)
}

// newDevice draws a seed. Of two programs that do so at once, both go on with the one that was first.
func (f *folder) newDevice(path string) ([]byte, error) {
	var seed [32]byte
	rand.Read(seed[:])                                       // never fails
	temporary, err := os.CreateTemp(f.path, deviceFile+".*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.WriteString(hex.EncodeToString(seed[:]) + "\n")
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(temporary.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := syncDirectory(f.path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// about is a name that stands for something of this server and can be a file's.
func (f *folder) about(what string) string {
	h := sha256.Sum256([]byte(f.server + "\x00" + what))
	return hex.EncodeToString(h[:])
}

// mark makes an empty file, for good: it is there after a crash.
func (f *folder) mark(parts ...string) error {
	path := filepath.Join(f.path, filepath.Join(parts...))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if err := syncDirectory(dir); err != nil || dir == filepath.Clean(f.path) {
			return err
		}
	}
}

// syncDirectory makes the names in a directory outlive a crash.
func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// names lists what is marked in a directory; one that is not there is empty.
func (f *folder) names(parts ...string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(f.path, filepath.Join(parts...)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// Remember notes that a meeting is end-to-end encrypted (e2ee.Memory).
func (f *folder) Remember(meeting string) error { return f.mark("meetings", f.about(meeting)) }

// Remembered reports whether a meeting was noted, and says yes where that cannot be known.
func (f *folder) Remembered(meeting string) bool {
	_, err := os.Stat(filepath.Join(f.path, "meetings", f.about(meeting)))
	return !errors.Is(err, fs.ErrNotExist)
}

// Meet notes that an account takes part with a device. What could not be noted is met anew the next time.
func (f *folder) Meet(account string, device e2ee.Key) (strange bool) {
	of, key := f.about(account), hex.EncodeToString(device[:])
	met, _ := f.names("accounts", of)
	strange = len(met) > 0
	for _, name := range met {
		strange = strange && name != key
	}
	_ = f.mark("accounts", of, key)
	return strange
}

// identities are the identity keys that were accepted for the server.
func (f *folder) identities() ([]e2ee.Key, error) {
	names, err := f.names("identities", f.about(""))
	if err != nil {
		return nil, err
	}
	var keys []e2ee.Key
	for _, name := range names {
		if key, err := hex.DecodeString(name); err == nil && len(key) == len(e2ee.Key{}) {
			keys = append(keys, e2ee.Key(key))
		}
	}
	return keys, nil
}

// accept keeps an identity key for the server.
func (f *folder) accept(key e2ee.Key) error {
	return f.mark("identities", f.about(""), hex.EncodeToString(key[:]))
}

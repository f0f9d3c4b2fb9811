package participant

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/proffer/proffer/media/e2ee"
)

func openedFolder(t *testing.T, path string) *folder {
	t.Helper()
	f, err := openFolder(path, "https://meet.example")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestDeviceIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder")
	first, err := openedFolder(t, path).device()
	if err != nil {
		t.Fatal(err)
	}
	again, err := openedFolder(t, path).device()
	if err != nil || again.Key != first.Key {
		t.Errorf("another device: %v", err)
	}
	file := filepath.Join(path, deviceFile)
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := os.ReadDir(path); len(left) != 1 {
		t.Errorf("temporary files stay: %v", left)
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := openedFolder(t, path).device(); err == nil {
		t.Error("a key that others can read is used")
	}
	for _, text := range []string{"", "00", "no key at all"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := openedFolder(t, path).device(); err == nil {
			t.Errorf("%q is used as a key", text)
		}
	}
}

func TestNotesAreKept(t *testing.T) {
	path := t.TempDir()
	if f := openedFolder(t, path); f.Remembered("M-1") || f.Remember("M-1") != nil {
		t.Error("a new folder remembers, or cannot")
	}
	f := openedFolder(t, path)
	if !f.Remembered("M-1") || f.Remembered("M-2") {
		t.Error("the note is lost, or another's")
	}
	other, err := openFolder(path, "https://other.example")
	if err != nil || other.Remembered("M-1") {
		t.Error("another server's meeting has the note")
	}
	if err := os.Chmod(filepath.Join(path, "meetings"), 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(filepath.Join(path, "meetings"), 0o700)
	if os.Getuid() != 0 && !f.Remembered("M-2") {
		t.Error("what cannot be known is taken for standard")
	}
	if (&folder{path: filepath.Join(path, deviceFile, "x")}).Remember("M-1") == nil {
		if err := os.WriteFile(filepath.Join(path, "file"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if (&folder{path: filepath.Join(path, "file")}).Remember("M-1") == nil {
			t.Error("a note that was not written is taken for written")
		}
	}
}

func TestDevicesMet(t *testing.T) {
	path := t.TempDir()
	for i, step := range []struct {
		account string
		device  e2ee.Key
		strange bool
	}{{"ann", e2ee.Key{1}, false}, {"ann", e2ee.Key{1}, false}, {"bob", e2ee.Key{2}, false}, {"ann", e2ee.Key{2}, true}, {"ann", e2ee.Key{2}, false},
		{"ann", e2ee.Key{1}, false}, {"../ann", e2ee.Key{3}, false}} {
		if got := openedFolder(t, path).Meet(step.account, step.device); got != step.strange {
			t.Errorf("step %d: strange is %v", i, got)
		}
	}
}

func TestIdentitiesAreKept(t *testing.T) {
	f := openedFolder(t, t.TempDir())
	for _, k := range []e2ee.Key{{1}, {2}, {1}} {
		if err := f.accept(k); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := f.identities()
	if err != nil || !slices.Equal(keys, []e2ee.Key{{1}, {2}}) {
		t.Errorf("%v %v", keys, err)
	}
}

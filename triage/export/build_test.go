package export

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	w, pkg := made(t)
	expect(t, verify(t, pkg, w.ring.Keys()), 0, "Everything holds")
	expect(t, verify(t, pkg, nil), 2, "signer unknown")
	if again := w.build(writeCover); !bytes.Equal(again, pkg) {
		t.Error("the same contents gave another package")
	}
	if dir := os.Getenv("PROFFER_KEEP"); dir != "" {
		must(0, os.WriteFile(filepath.Join(dir, "package.zip"), pkg, 0o644))
		must(0, os.WriteFile(filepath.Join(dir, "PLATFORM.pub"), w.ring.PublicKeys(), 0o644))
	}
}

// TestOtherPrograms shows that a package is an ordinary archive to others.
func TestOtherPrograms(t *testing.T) {
	w, pkg := made(t)
	r, err := zip.NewReader(bytes.NewReader(pkg), int64(len(pkg)))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range r.File {
		in, err := f.Open()
		w.ok(err)
		b, err := io.ReadAll(in) // checks the CRC
		w.ok(err)
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		w.ok(os.MkdirAll(filepath.Dir(path), 0o700))
		w.ok(os.WriteFile(path, b, 0o600))
	}
	v, err := VerifyFolder(t.Context(), os.DirFS(filepath.Join(dir, string(w.pkg.ID))), string(w.pkg.ID), w.ring.Keys(), nil)
	w.ok(err)
	expect(t, v, 0, "Everything holds")
	for _, extra := range []string{"empty", "data/original/empty", "data/more/folders"} {
		w.ok(os.MkdirAll(filepath.Join(dir, string(w.pkg.ID), extra), 0o700))
		v, err := VerifyFolder(t.Context(), os.DirFS(filepath.Join(dir, string(w.pkg.ID))), string(w.pkg.ID), w.ring.Keys(), nil)
		w.ok(err)
		expect(t, v, 1, fmt.Sprintf("%q was added: it is a folder with no file in it", extra))
		w.ok(os.Remove(filepath.Join(dir, string(w.pkg.ID), extra)))
	}
	path := filepath.Join(t.TempDir(), "package.zip")
	w.ok(os.WriteFile(path, pkg, 0o600))
	for _, c := range [][]string{{"unzip", "-t", path}, {"python3", "-m", "zipfile", "-t", path}} {
		if _, err := exec.LookPath(c[0]); err != nil {
			continue // one of them is on any machine that builds this
		}
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", c, err, out)
		}
	}
}

// TestOnlyWhatIsNamedLeaves looks for anything of the third exhibit, the notes and the reporter's name (DESIGN I8).
func TestOnlyWhatIsNamedLeaves(t *testing.T) {
	w, pkg := made(t)
	third := w.exhibits[2]
	for _, secret := range []string{string(third.ID), third.SHA256.String(), third.Name, "stays behind", "stays in the house", "hanna@", "Hanna", "Rita", "rita@"} {
		if bytes.Contains(pkg, []byte(secret)) {
			t.Errorf("the package holds %q", secret)
		}
	}
	for _, word := range []string{string(w.exhibits[0].ID), "Müller", "Lea", "Liam", string(w.host.Account), "a small first clip"} {
		if !bytes.Contains(pkg, []byte(word)) {
			t.Errorf("the package lacks %q", word)
		}
	}
	if strings.Contains(string(pkg), "data/receipt/") {
		t.Error("a receipt that names the third clip left the house")
	}
}

package custody

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReadSeed(t *testing.T) {
	dir := t.TempDir()
	check(t, os.Chmod(dir, 0o700))
	r, err := OpenRing(dir, "test")
	check(t, err)
	_, err = r.RotateSeed(SeedNotary)
	check(t, err)
	all, err := r.Seeds(SeedNotary)
	check(t, err)
	paths := SeedFiles(dir, SeedNotary)
	if len(paths) != 2 {
		t.Fatalf("there are %q", paths)
	}
	for i, path := range paths {
		if seed, n, err := ReadSeed(path, SeedNotary); err != nil || n != i || seed != all[i] {
			t.Errorf("%s: generation %d, %v", path, n, err)
		}
		if _, _, err := ReadSeed(path, SeedIdentity); err == nil {
			t.Errorf("%s is taken for an identity key", path)
		}
	}
	for i, text := range []string{"", "PROFFER+SEED+notary", "PROFFER+SEED+notary+AAAA", "PROFFER+SEED+notary-0+AAAA", "PROFFER+SEED+notary1+AAAA"} {
		path := filepath.Join(dir, "bad.key")
		check(t, os.WriteFile(path, []byte(text), 0o600))
		if _, _, err := ReadSeed(path, SeedNotary); err == nil {
			t.Errorf("%d is read", i)
		}
	}
}

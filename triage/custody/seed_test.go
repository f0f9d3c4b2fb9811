package custody

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestSeeds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	r := openRing(t, dir)
	before := r.PublicKeys()
	var wg sync.WaitGroup
	got := make([][32]byte, 8)
	for i := range got { // several nodes that start at once end up with the same
		wg.Go(func() { got[i], _ = r.Seed(SeedIdentity) })
	}
	wg.Wait()
	again, err := openRing(t, dir).Seed(SeedIdentity)
	check(t, err)
	for _, s := range got {
		if s != again || s == ([32]byte{}) {
			t.Error("the seed is another at each start")
		}
	}
	master, err := r.Seed(SeedMeetings)
	check(t, err)
	if master == again || string(before) != string(r.PublicKeys()) {
		t.Error("two seeds are the same, or one is in PLATFORM.pub")
	}
	path := filepath.Join(dir, "meetings.key")
	text, err := os.ReadFile(path)
	check(t, err)
	info, err := os.Stat(path)
	check(t, err)
	if info.Mode().Perm() != 0o600 || !strings.HasPrefix(string(text), "PROFFER+SEED+meetings+") {
		t.Errorf("it is kept as %o %s", info.Mode().Perm(), text)
	}
	for name, spoilt := range map[string]string{"cut": string(text[:40]), "another's": strings.Replace(string(text), "meetings", "identity", 1), "empty": ""} {
		check(t, os.WriteFile(path, []byte(spoilt), 0o600))
		if _, err := r.Seed(SeedMeetings); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	check(t, os.WriteFile(path, text, 0o644))
	check(t, os.Chmod(path, 0o644))
	if _, err := r.Seed(SeedMeetings); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("one that others can read: %v", err)
	}
	check(t, os.Remove(path))
	if fresh, err := r.Seed(SeedMeetings); err != nil || fresh == master {
		t.Errorf("a lost one is not made anew: %v", err)
	}
}

func TestGenerations(t *testing.T) {
	r := openRing(t, filepath.Join(t.TempDir(), "keys"))
	first, err := r.Seeds(SeedNotary)
	if err != nil || len(first) != 1 {
		t.Fatal(len(first), err)
	}
	file, err := r.RotateSeed(SeedNotary)
	if err != nil || file != "notary-1.key" {
		t.Fatal(file, err)
	}
	if _, err := r.RotateSeed(SeedNotary); err != nil {
		t.Fatal(err)
	}
	all, err := r.Seeds(SeedNotary)
	if err != nil || len(all) != 3 || all[0] != first[0] || all[1] == all[0] || all[2] == all[1] {
		t.Errorf("there are %d generations, %v", len(all), err)
	}
	if other, err := r.Seeds(SeedIdentity); err != nil || len(other) != 1 {
		t.Errorf("another secret has %d generations, %v", len(other), err)
	}
}

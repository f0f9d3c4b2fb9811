package custody

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func openRing(t *testing.T, dir string) *Ring {
	t.Helper()
	r, err := OpenRing(dir, "desk.example.org")
	check(t, err)
	return r
}

func TestRingIsMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	r := openRing(t, dir)
	receipt, err := SignReceipt(Receipt{Report: "R-1", Time: noon}, r.Signer(RoleReceipt))
	check(t, err)
	for _, role := range Roles() {
		info, err := os.Stat(filepath.Join(dir, string(role)+".key"))
		check(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("the %s key has mode %o", role, info.Mode().Perm())
		}
		if name := r.Signer(role).Name(); name != "desk.example.org/"+string(role) {
			t.Errorf("the %s key is called %s", role, name)
		}
	}
	again, err := OpenRing(dir, "another.example.org") // a later change of address
	check(t, err)
	if _, _, err := OpenReceipt(receipt, again.Verifiers(RoleReceipt)); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	if !bytes.Equal(r.PublicKeys(), again.PublicKeys()) {
		t.Error("the public keys changed with a restart")
	}
	onDisk, err := os.ReadFile(filepath.Join(dir, PublicFile))
	check(t, err)
	if !bytes.Equal(onDisk, r.PublicKeys()) || bytes.Contains(onDisk, []byte("PRIVATE")) {
		t.Errorf("%s holds\n%s", PublicFile, onDisk)
	}
	keys, err := ParsePublicKeys(onDisk)
	check(t, err)
	if len(keys) != 3 {
		t.Errorf("%d public keys", len(keys))
	}
	if _, _, err := OpenReceipt(receipt, keys.Verifiers(RoleReceipt)); err != nil {
		t.Error(err)
	}
	if _, _, err := OpenReceipt(receipt, keys.Verifiers(RoleLog)); err == nil {
		t.Error("a receipt passed the keys of the log")
	}
}

func TestRingStartsOnceForManyNodes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	var wg sync.WaitGroup
	rings := make([]*Ring, 8)
	errs := make([]error, len(rings))
	for i := range rings {
		wg.Go(func() { rings[i], errs[i] = OpenRing(dir, "desk.example.org") })
	}
	wg.Wait()
	for i, r := range rings {
		check(t, errs[i])
		if !bytes.Equal(r.PublicKeys(), rings[0].PublicKeys()) {
			t.Errorf("node %d has other keys than node 0", i)
		}
	}
	files, err := os.ReadDir(dir)
	check(t, err)
	if len(files) != 4 {
		t.Errorf("%d files are in the folder: %v", len(files), files)
	}
}

func TestRotationKeepsOldSignaturesGood(t *testing.T) {
	dir := t.TempDir()
	r := openRing(t, dir)
	var notes [][]byte
	for i := range 3 {
		b, err := SignCheckpoint(EmptyTree, noon, r.Signer(RoleLog))
		check(t, err)
		notes = append(notes, b)
		k, err := r.Rotate(RoleLog, noon.AddDate(0, 0, i))
		check(t, err)
		if r.Keys()[1] != k || k.Name != "desk.example.org/log" {
			t.Errorf("the new key is %+v", k)
		}
	}
	for _, r := range []*Ring{r, openRing(t, dir)} {
		for i, b := range notes {
			if _, err := OpenCheckpoint(b, r.Verifiers(RoleLog)); err != nil {
				t.Errorf("checkpoint %d: %v", i, err)
			}
		}
		pub := string(r.PublicKeys())
		keys, err := ParsePublicKeys([]byte(pub))
		check(t, err)
		if len(keys) != 6 || strings.Count(pub, "# log key, replaced on 2026-11-2") != 3 || strings.Count(pub, "in use") != 3 {
			t.Errorf("%d keys in\n%s", len(keys), pub)
		}
		onDisk, err := os.ReadFile(filepath.Join(dir, PublicFile))
		check(t, err)
		if string(onDisk) != pub {
			t.Error("PLATFORM.pub was not written anew")
		}
	}
	if _, err := r.Rotate("notary", noon); err == nil {
		t.Error("a key without a role was rotated")
	}
}

// TestRotationCutOff stands between the two writes of a rotation: the old public key is kept, the old key still in use.
func TestRotationCutOff(t *testing.T) {
	dir := t.TempDir()
	before := openRing(t, dir)
	old := before.Keys()[0]
	name := "receipt-2026-11-23-" + strings.Split(old.VKey, "+")[1] + ".pub"
	check(t, os.WriteFile(filepath.Join(dir, name), []byte(old.VKey+"\n"), 0o644))
	r := openRing(t, dir)
	if len(r.Keys()) != 3 || r.Keys()[0] != old || !strings.Contains(string(r.PublicKeys()), "# receipt key, in use\n"+old.VKey) {
		t.Errorf("after the cut: %s", r.PublicKeys())
	}
	_, err := r.Rotate(RoleReceipt, time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC))
	check(t, err)
	if len(r.Keys()) != 4 {
		t.Errorf("after the second try: %s", r.PublicKeys())
	}
}

func TestRingRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string)
		words string
	}{
		"a key others can read": {func(t *testing.T, dir string) { check(t, os.Chmod(filepath.Join(dir, "log.key"), 0o640)) }, "chmod 600"},
		"a key all can read":    {func(t *testing.T, dir string) { check(t, os.Chmod(filepath.Join(dir, "log.key"), 0o604)) }, "chmod 600"},
		"a folder others write": {func(t *testing.T, dir string) { check(t, os.Chmod(dir, 0o777)) }, "chmod 700"},
		"a lost key":            {func(t *testing.T, dir string) { check(t, os.Remove(filepath.Join(dir, "package.key"))) }, "restore it"},
		"a key behind a link": {func(t *testing.T, dir string) {
			check(t, os.Rename(filepath.Join(dir, "log.key"), filepath.Join(dir, "x")))
			check(t, os.Symlink("x", filepath.Join(dir, "log.key")))
		}, "not an ordinary file"},
		"swapped keys": {func(t *testing.T, dir string) {
			check(t, os.Rename(filepath.Join(dir, "log.key"), filepath.Join(dir, "receipt.key")))
		}, "not for a receipt"},
		"an empty key":   {func(t *testing.T, dir string) { check(t, os.Truncate(filepath.Join(dir, "log.key"), 0)) }, "holds no signing key"},
		"a cut key":      {func(t *testing.T, dir string) { check(t, os.Truncate(filepath.Join(dir, "log.key"), 60)) }, "holds no signing key"},
		"a huge key":     {func(t *testing.T, dir string) { check(t, os.Truncate(filepath.Join(dir, "log.key"), 1<<20)) }, "too long"},
		"a bad old key":  {func(t *testing.T, dir string) { put(t, dir, "log-2026-11-23-00000000.pub", "x\n") }, "not a public key"},
		"an undated key": {func(t *testing.T, dir string) { _, ks := key(t, "a/log"); put(t, dir, "log-old.pub", ks[0].VKey) }, "give it its name"},
		"an old key under another role": {func(t *testing.T, dir string) {
			_, ks := key(t, "desk.example.org/log")
			put(t, dir, "receipt-2026-11-23-00000000.pub", ks[0].VKey)
		}, "give it its name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "keys")
			openRing(t, dir)
			c.spoil(t, dir)
			if _, err := OpenRing(dir, "desk.example.org"); err == nil || !strings.Contains(err.Error(), c.words) {
				t.Errorf("got %v, want … %s …", err, c.words)
			} else if strings.Contains(err.Error(), "PRIVATE") {
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
	for _, origin := range []string{"", "Desk.example.org", "a b", "a/b", "a+b", "-a", strings.Repeat("a", 254)} {
		if _, err := OpenRing(t.TempDir(), origin); err == nil {
			t.Errorf("the origin %q was accepted", origin)
		}
	}
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	check(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
}

func TestParsePublicKeysIsStrict(t *testing.T) {
	_, ks := key(t, "desk.example.org/log")
	_, notary := func() (any, string) {
		k := ks[0].VKey
		return nil, strings.Replace(k, "/log+", "/notary+", 1)
	}()
	v := ks[0].VKey
	last := v[:len(v)-2] + string(v[len(v)-2]+1) + "="
	if !strings.HasSuffix(v, "=") {
		last = v + "="
	}
	for name, s := range map[string]string{
		"nothing":           "",
		"comments only":     "# x\n",
		"no last line feed": v,
		"CRLF":              v + "\r\n",
		"a space before":    " " + v + "\n",
		"a space after":     v + " \n",
		"twice":             v + "\n" + v + "\n",
		"another role":      notary + "\n",
		"loose base64":      last + "\n",
		"a flipped hash":    strings.Replace(v, "+", "+0", 1) + "\n",
		"a private key":     "PRIVATE+KEY+" + v + "\n",
	} {
		if keys, err := ParsePublicKeys([]byte(s)); err == nil {
			t.Errorf("%s was accepted: %+v", name, keys)
		}
	}
	if _, err := ParsePublicKeys([]byte("# a comment\n\n" + v + "\n")); err != nil {
		t.Error(err)
	}
}

package custody

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ReadSeed reads the file of a secret, wherever it is, and makes none. generation counts from 0: what stands in the file tells, not its name.
func ReadSeed(path string, name Seed) (seed [32]byte, generation int, err error) {
	b, err := readPrivate(path)
	if err != nil {
		return seed, 0, err
	}
	none := fmt.Errorf("%s holds no %s key", path, name)
	text, ok := strings.CutPrefix(strings.TrimSuffix(string(b), "\n"), seedPrefix+string(name))
	which, encoded, more := strings.Cut(text, "+")
	if !ok || !more {
		return seed, 0, none
	}
	if which != "" {
		number, dash := strings.CutPrefix(which, "-")
		if generation, err = strconv.Atoi(number); !dash || err != nil || generation < 1 || generation > 1<<16 {
			return seed, 0, none
		}
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(raw) != len(seed) {
		return seed, 0, none
	}
	return [32]byte(raw), generation, nil
}

// SeedFiles are the files of all generations of a secret in a key folder.
func SeedFiles(dir string, name Seed) (paths []string) {
	for path := filepath.Join(dir, string(name)+".key"); ; path = filepath.Join(dir, fmt.Sprintf("%s-%d.key", name, len(paths))) {
		if _, err := os.Lstat(path); err != nil {
			return paths
		}
		paths = append(paths, path)
	}
}

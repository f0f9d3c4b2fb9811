package export

import (
	"archive/tar"
	"compress/gzip"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"strings"
	"testing"
)

// oldRules are those of the conformance suite, which has bags of version 0.97 and in algorithms that packages do not use.
var oldRules = bagRules{
	versions: []string{"0.97", "1.0"},
	hashes: map[string]func() hash.Hash{"md5": md5.New, "sha1": sha1.New, "sha224": sha256.New224, "sha256": sha256.New,
		"sha512": sha512.New},
}

// vectors opens a shared vector, or skips where the folder is missing outside of CI.
func vectors(t *testing.T, name string) *os.File {
	f, err := os.Open("../../../shared/vectors/" + name)
	if errors.Is(err, os.ErrNotExist) && os.Getenv("CI") == "" {
		t.Skip("the shared vectors are not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestBagConformance runs the Library of Congress suite.
func TestBagConformance(t *testing.T) {
	bags := map[string]map[string][]byte{}
	in := tar.NewReader(must(gzip.NewReader(vectors(t, "bagit/conformance-suite.tar.gz"))))
	for {
		h, err := in.Next()
		if err == io.EOF {
			break
		}
		must(0, err)
		parts := strings.SplitN(strings.TrimPrefix(path.Clean(h.Name), "./"), "/", 4)
		if h.Typeflag != tar.TypeReg || len(parts) < 4 {
			continue
		}
		name := path.Join(parts[:3]...)
		if bags[name] == nil {
			bags[name] = map[string][]byte{}
		}
		bags[name][parts[3]] = must(io.ReadAll(in))
	}
	if len(bags) < 25 {
		t.Fatalf("the suite has only %d bags", len(bags))
	}
	unsupported := map[string]string{ // valid, but not for a package
		"v0.97/valid/ISO-8859-1-encoded-tag-files": "only UTF-8", "v0.97/valid/UTF-16-encoded-tag-files": "only UTF-8",
		"v0.97/valid/holey-bag": "fetch.txt",
	}
	for name, files := range bags {
		t.Run(name, func(t *testing.T) {
			problems := checkFiles(files)
			switch {
			case unsupported[name] != "":
				if !strings.Contains(strings.Join(problems, "\n"), unsupported[name]) {
					t.Errorf("not refused for %s: %v", unsupported[name], problems)
				}
			case strings.Contains(name, "/valid/") && len(problems) > 0:
				t.Errorf("valid, but: %v", problems)
			case !strings.Contains(name, "/valid/") && len(problems) == 0:
				t.Error("invalid, but nothing was found")
			}
		})
	}
}

func checkFiles(files map[string][]byte) []string {
	c := bagCheck{rules: oldRules, files: map[string]bagFile{}, text: func(name string) ([]byte, error) { return files[name], nil }}
	for name, data := range files {
		f := bagFile{int64(len(data)), map[string]string{}}
		for algorithm, make := range oldRules.hashes {
			h := make()
			h.Write(data)
			f.sums[algorithm] = fmt.Sprintf("%x", h.Sum(nil))
		}
		c.files[name] = f
	}
	return must(c.run())
}

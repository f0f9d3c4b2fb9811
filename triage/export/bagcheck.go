package export

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// bagCheck checks a bag's form (RFC 8493 section 3): complete means that every file is where a manifest says it is and
// none besides, valid that every digest fits.
type bagCheck struct {
	rules     bagRules
	files     map[string]bagFile
	text      func(name string) ([]byte, error) // a tag file's bytes
	version   string
	manifests map[string][]manifestLine // by file name
	problems  []string
}

func (c *bagCheck) problem(format string, args ...any) {
	if len(c.problems) < 20 { // a person reads them
		c.problems = append(c.problems, fmt.Sprintf(format, args...))
	}
}

// run returns what is wrong with the bag, in words; an error only where it could not be read.
func (c *bagCheck) run() ([]string, error) {
	c.manifests = map[string][]manifestLine{}
	if _, ok := c.files[fileFetch]; ok {
		c.problem("the bag has a fetch.txt; files that have to be fetched from elsewhere are not supported")
	}
	if err := c.declaration(); err != nil || c.version == "" {
		return c.problems, err
	}
	for _, name := range slices.Sorted(maps.Keys(c.files)) {
		if err := c.manifest(name); err != nil {
			return nil, err
		}
	}
	c.complete()
	return c.problems, c.oxum()
}

func (c *bagCheck) declaration() error {
	if _, ok := c.files[fileBagit]; !ok {
		c.problem("bagit.txt is missing (RFC 8493 section 2.1.1)")
		return nil
	}
	b, err := c.text(fileBagit)
	if err != nil {
		return err
	}
	version, err := parseBagit(b)
	switch {
	case err != nil:
		c.problem("%v", err)
	case !slices.Contains(c.rules.versions, version):
		c.problem("the bag says that it is of version %.20q, which is not supported (RFC 8493 section 2.1.1)", version)
	default:
		c.version = version
	}
	return nil
}

// manifest reads one manifest and holds each of its lines against the file it names.
func (c *bagCheck) manifest(name string) error {
	algorithm, isTag := manifestAlgorithm(name, tagName)
	ok := isTag
	if !isTag {
		algorithm, ok = manifestAlgorithm(name, manifestName)
	}
	if !ok {
		return nil
	}
	if c.rules.hashes[algorithm] == nil {
		c.problem("%s uses an algorithm that is not supported", name)
		return nil
	}
	b, err := c.text(name)
	if err != nil {
		return err
	}
	lines, err := parseManifest(b, c.version)
	if err != nil {
		c.problem("%s: %v (RFC 8493 section 2.1.3)", name, err)
		return nil
	}
	c.manifests[name] = lines
	seen := map[string]bool{}
	for _, l := range lines {
		f, exists := c.files[l.path]
		switch {
		case !insideBag(l.path):
			c.problem("%s names a path outside of the bag: %.80q (RFC 8493 section 5.1)", name, l.path)
		case isTag == strings.HasPrefix(l.path, payloadDir):
			c.problem("%s names %.80q, which does not belong there (RFC 8493 sections 2.1.3 and 2.2.1)", name, l.path)
		case seen[l.path]:
			c.problem("%s names %.80q twice (RFC 8493 section 2.1.3)", name, l.path)
		case !exists:
			c.problem("%.80s is missing, although %s names it (RFC 8493 section 3)", l.path, name)
		case f.sums[algorithm] != l.sum:
			c.problem("%.80s was changed: its digest is not the one in %s (RFC 8493 section 3)", l.path, name)
		}
		seen[l.path] = true
	}
	return nil
}

// complete requires that every payload manifest names every file of the payload (RFC 8493 sections 2.1.3 and 3).
func (c *bagCheck) complete() {
	payloadManifests := 0
	for _, name := range slices.Sorted(maps.Keys(c.manifests)) {
		if _, ok := manifestAlgorithm(name, manifestName); !ok {
			continue
		}
		payloadManifests++
		named := map[string]bool{}
		for _, l := range c.manifests[name] {
			named[l.path] = true
		}
		for _, path := range slices.Sorted(maps.Keys(c.files)) {
			if strings.HasPrefix(path, payloadDir) && !named[path] {
				c.problem("%.80s was added: %s does not name it (RFC 8493 section 3)", path, name)
			}
		}
	}
	if payloadManifests == 0 {
		c.problem("the bag has no manifest that can be read (RFC 8493 section 2.1.3)")
	}
}

// oxum compares the payload's size with what bag-info.txt says, where it says so (RFC 8493 section 2.2.2).
func (c *bagCheck) oxum() error {
	if _, ok := c.files[fileBagInfo]; !ok {
		return nil
	}
	b, err := c.text(fileBagInfo)
	if err != nil {
		return err
	}
	octets, count, ok, err := payloadOxum(b)
	if err != nil {
		c.problem("%v", err)
		return nil
	}
	for path, f := range c.files {
		if strings.HasPrefix(path, payloadDir) {
			octets, count = octets-f.size, count-1
		}
	}
	if ok && (octets != 0 || count != 0) {
		c.problem("the payload is not of the size that bag-info.txt gives (RFC 8493 section 2.2.2)")
	}
	return nil
}

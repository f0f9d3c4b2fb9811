package export

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/proffer/proffer/triage/custody"
)

// Limits of what is read into memory, in bytes. Clips, what was made of them and the custody events are streamed.
const (
	maxTagFile  = 4 << 20
	maxDocument = 32 << 20
)

// tagFiles are the tag files of a package, in the order of the archive; there are no others.
var tagFiles = []string{fileBagit, fileBagInfo, fileKeys, manifestName + "sha256.txt", manifestName + "sha512.txt",
	tagName + "sha256.txt", tagName + "sha512.txt", fileSig}

// Verify checks a package without network or account. keys are the platform's public keys from outside the package; with
// nil the package is held against the keys it claims itself, and its signer stays unknown. With
// proofs, which may be nil, stamps in the proofs of clips are checked, too. What does not hold is a
// result, not an error: an error means that the package could not be read.
func Verify(ctx context.Context, r io.ReaderAt, size int64, keys custody.PublicKeys, proofs ProofKeys) (*Verdict, error) {
	v := &Verdict{What: "law-enforcement package", Holds: true}
	files, date, err := walkZip(r, size)
	if errors.Is(err, errArchive) {
		v.fails("%s", sentence(err.Error()))
		return v, nil
	}
	if err != nil {
		return nil, err
	}
	c := &check{Verdict: v, given: keys, proofKeys: proofs, open: map[string]func() (io.ReadCloser, error){}, files: map[string]bagFile{}, date: date}
	var order []string
	for _, f := range files {
		id, path, _ := strings.Cut(f.name, "/")
		if c.id == "" {
			c.id = id
		}
		if id != c.id || path == "" {
			v.fails("The archive holds more than one folder: %s.", f.name)
			return v, nil
		}
		order = append(order, path)
		c.open[path] = func() (io.ReadCloser, error) {
			return io.NopCloser(io.NewSectionReader(r, f.dataOffset(), f.size)), nil
		}
		c.files[path] = bagFile{size: f.size}
		c.crcs = append(c.crcs, f.crc)
	}
	v.holds("The archive is in its one canonical form: %d files, with nothing before, between or after them.", len(files))
	c.archive = true
	return v, c.run(ctx, order)
}

// VerifyFolder checks a package that was unpacked: fsys is the package's own folder, and id its name. Everything is
// checked but the archive's own bytes.
func VerifyFolder(ctx context.Context, fsys fs.FS, id string, keys custody.PublicKeys, proofs ProofKeys) (*Verdict, error) {
	v := &Verdict{What: "unpacked law-enforcement package", Holds: true}
	c := &check{Verdict: v, id: id, given: keys, proofKeys: proofs, open: map[string]func() (io.ReadCloser, error){}, files: map[string]bagFile{}}
	var order, folders []string
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			folders = append(folders, path)
			if len(folders) > maxFiles {
				v.fails("There are too many folders.")
				return fs.SkipAll
			}
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() || len(order) == maxFiles {
			v.fails("%s is not an ordinary file, or there are too many files.", path)
			return fs.SkipAll
		}
		order = append(order, path)
		c.open[path] = func() (io.ReadCloser, error) { return fsys.Open(path) }
		c.files[path] = bagFile{size: info.Size()}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the unpacked package: %w", err)
	}
	for _, folder := range folders[min(1, len(folders)):] { // after the package's own
		if !slices.ContainsFunc(order, func(path string) bool { return strings.HasPrefix(path, folder+"/") }) {
			v.fails("%.80q was added: it is a folder with no file in it.", folder)
		}
	}
	if !v.Holds {
		return v, nil
	}
	return v, c.run(ctx, order)
}

// check is one verification of a package.
type check struct {
	*Verdict
	id        string
	given     custody.PublicKeys // from outside, or nil
	keys      custody.PublicKeys // what is checked against
	open      map[string]func() (io.ReadCloser, error)
	files     map[string]bagFile
	archive   bool     // it is an archive: checksums, order and date count
	crcs      []uint32 // by place in the archive
	date      uint32
	bag       bagCheck
	doc       packageDoc
	proofKeys ProofKeys // or nil
	told      []Report  // of report.json; nil where it cannot be read
	origin    string    // of the signer
	sealed    string    // when it was signed; "" where the signature does not hold
	log       *logCheck
	stop      bool // what is left cannot be checked
}

func (c *check) run(ctx context.Context, order []string) error {
	if missing := c.structure(order); len(missing) > 0 {
		c.check(missing, "")
		return nil
	}
	if err := c.hash(ctx, order); err != nil {
		return err
	}
	c.bag = bagCheck{rules: packageRules, files: c.files, text: func(name string) ([]byte, error) { return c.read(name, maxTagFile) }}
	problems, err := c.bag.run()
	if err != nil {
		return err
	}
	problems = append(problems, c.profile(order)...)
	if !c.check(problems, "It is a complete and valid BagIt 1.0 bag (RFC 8493 section 3): all %d files of the payload are there, none besides, each "+
		"with the SHA-256 and the SHA-512 of its manifests; Payload-Oxum fits.", len(c.bag.manifests[manifestName+"sha256.txt"])) {
		return nil
	}
	for _, step := range []func() error{c.signature, c.document, c.checkpoint, c.entries, c.originals, c.request, c.reports, c.decisions, c.receipts,
		func() error { return c.verdicts(ctx) }} {
		if err := step(); err != nil || c.stop {
			return err
		}
	}
	c.remark("Not proven: that a clip shows what really happened, who sat at a device, or what was left out of the request. The roles of staff, cover.pdf and " +
		"case.jsonld are signed, but not in the log: they are as the platform had them when the package was built.")
	return nil
}

// structure says what keeps the files from being a package at all.
func (c *check) structure(order []string) (wrong []string) {
	for _, name := range append(slices.Clone(tagFiles), filePackage, fileReport, fileDecision, fileEvents, fileCheckpoint) {
		if _, ok := c.files[name]; !ok {
			wrong = append(wrong, name+" is missing")
		}
	}
	for _, path := range order {
		isTag := slices.Contains(tagFiles, path)
		switch {
		case !isTag && !strings.HasPrefix(path, payloadDir):
			wrong = append(wrong, fmt.Sprintf("%.80q was added: it is no part of a package", path))
		case (isTag || strings.HasPrefix(path, dirReceipt) || path == fileCheckpoint) && c.files[path].size > maxTagFile,
			(path == filePackage || path == fileReport || path == fileDecision) && c.files[path].size > maxDocument:
			wrong = append(wrong, path+" is far longer than it can be")
		}
	}
	return wrong
}

// hash reads every file once, for its digests, its checksum, and anything that looks like a key.
func (c *check) hash(ctx context.Context, order []string) error {
	p := newPump()
	var damaged, keyed []string
	for i, path := range order {
		r, err := c.open[path]()
		if err != nil {
			return fmt.Errorf("opening %s: %w", path, err)
		}
		sums, crc := newHashes(packageRules.hashes), crc32.NewIEEE()
		look := &tolerantGate{gate: newGate(!isMedia(path))}
		if c.files[path].size <= small {
			err = errors.Join(ctx.Err(), p.runSmall(r, sums[0], sums[1], crc, look))
		} else {
			err = p.run(ctx, r, nil, sums[0], sums[1], io.MultiWriter(crc, look))
		}
		err = errors.Join(err, r.Close())
		if err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		if look.done(); look.found != nil {
			keyed = append(keyed, fmt.Sprintf("%s holds what looks like key material (%s); no genuine package does", path, look.found.what))
		}
		if c.archive && crc.Sum32() != c.crcs[i] {
			damaged = append(damaged, path+" was changed or damaged: it is not what the archive's checksum says")
		}
		f := c.files[path]
		f.sums = map[string]string{"sha256": fmt.Sprintf("%x", sums[0].Sum(nil)), "sha512": fmt.Sprintf("%x", sums[1].Sum(nil))}
		c.files[path] = f
	}
	for _, d := range damaged {
		c.fails("%s", sentence(d))
	}
	c.check(keyed, "No file holds anything that looks like a key.")
	return nil
}

// tolerantGate notes what the gate finds instead of ending the reading.
type tolerantGate struct {
	*gate
	found *keyFound
}

func (t *tolerantGate) Write(p []byte) (int, error) {
	if t.found == nil {
		_, err := t.gate.Write(p)
		errors.As(err, &t.found)
	}
	return len(p), nil
}

func (t *tolerantGate) done() {
	if t.found == nil {
		errors.As(t.gate.close(), &t.found)
	}
}

// profile checks what a package has beyond any bag: both algorithms with the same list, all tag files covered, the
// order of the archive.
func (c *check) profile(order []string) (wrong []string) {
	m := c.bag.manifests
	for _, prefix := range []string{manifestName, tagName} {
		a, b := m[prefix+"sha256.txt"], m[prefix+"sha512.txt"]
		if !slices.EqualFunc(a, b, func(x, y manifestLine) bool { return x.path == y.path }) {
			wrong = append(wrong, fmt.Sprintf("%ssha256.txt and %ssha512.txt do not list the same files in the same order", prefix, prefix))
		}
	}
	var covered []string
	for _, l := range m[tagName+"sha256.txt"] {
		covered = append(covered, l.path)
	}
	if want := tagFiles[:5]; !slices.Equal(covered, want) {
		wrong = append(wrong, "the tag manifests do not cover exactly "+strings.Join(want, ", "))
	}
	for name, lines := range m {
		if have, err := c.read(name, maxTagFile); err != nil || string(have) != string(writeManifest(lines)) {
			wrong = append(wrong, name+" is not in its one canonical form")
		}
	}
	if have, err := c.read(fileBagit, maxTagFile); err != nil || string(have) != bagDeclaration {
		wrong = append(wrong, "bagit.txt is not in its one canonical form")
	}
	if c.archive {
		want := []string{fileBagit}
		for _, l := range m[manifestName+"sha256.txt"] {
			want = append(want, l.path)
		}
		if !slices.Equal(order, append(want, tagFiles[1:]...)) {
			wrong = append(wrong, "the files of the archive are not in the order of the manifest")
		}
	}
	slices.Sort(wrong)
	return wrong
}

// read reads a file that is small by its nature.
func (c *check) read(path string, limit int64) ([]byte, error) {
	if c.files[path].size > limit {
		return nil, fmt.Errorf("%s is longer than the %d bytes that are read of it", path, limit)
	}
	r, err := c.open[path]()
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	b, err := io.ReadAll(io.LimitReader(r, limit))
	return b, errors.Join(err, r.Close())
}

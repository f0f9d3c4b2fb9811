package export

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// Options are what Build needs besides the contents.
type Options struct {
	Objects    triage.Objects
	Signer     note.Signer // the platform's key of role package
	PublicKeys []byte      // PLATFORM.pub; it goes in as claimed-keys.txt, which nobody trusts
	Tool       string      // name and version of the program, such as "Proffer 0.2.0"
	Now        time.Time   // the one time of the archive and its documents; cut to microseconds
}

// Result is what was written.
type Result struct {
	SHA256 triage.SHA256
	Size   int64
}

// Build writes a package to w in one pass: every clip is read once, and hashed, looked through for key material and
// copied at the same time, in memory that does not grow with it. The same contents and options give the same bytes.
// progress, which may be nil, is told the bytes of originals done. An error of kind Conflict is final and said in words
// for people: an original that is not the one that was sealed, or key material. What was written to w by then is to be
// thrown away.
func Build(ctx context.Context, c *Contents, o Options, w io.Writer, progress func(done int64)) (Result, error) {
	return build(ctx, c, o, w, progress, writeCover)
}

func build(ctx context.Context, c *Contents, o Options, w io.Writer, progress func(int64), cover coverFunc) (r Result, err error) {
	o.Now = o.Now.UTC().Truncate(time.Microsecond)
	keys, err := custody.ParsePublicKeys(o.PublicKeys)
	if err != nil {
		return r, fmt.Errorf("the public keys for the package: %w", err)
	}
	signing, err := keyOf(o.Signer, keys)
	if err != nil {
		return r, err
	}
	if !validDate(o.Now) {
		return r, fmt.Errorf("a package cannot be dated %s", o.Now)
	}
	whole := sha256.New()
	b := builder{Contents: c, Options: o, key: signing, pump: newPump(), cover: cover, progress: progress,
		zip: &zipWriter{w: io.MultiWriter(w, whole), date: dosDate(o.Now)}}
	err = b.run(ctx)
	r.Size = b.zip.at
	whole.Sum(r.SHA256[:0])
	return r, err
}

// keyOf finds the public key of the signer among the platform's.
func keyOf(s note.Signer, keys custody.PublicKeys) (custody.PublicKey, error) {
	for _, k := range keys {
		if v, err := note.NewVerifier(k.VKey); err == nil && k.Role == custody.RolePackage && v.Name() == s.Name() && v.KeyHash() == s.KeyHash() {
			return k, nil
		}
	}
	return custody.PublicKey{}, fmt.Errorf("the key %s that signs packages is not among the public keys; hand both from the same key folder", s.Name())
}

type builder struct {
	*Contents
	Options
	key      custody.PublicKey
	pump     *pump
	zip      *zipWriter
	cover    coverFunc
	progress func(int64)
	done     int64 // bytes of originals

	payload [2][]manifestLine // SHA-256, SHA-512; in the order of the archive
	tags    [2][]manifestLine
	octets  int64
	sum512  map[string]string // by path
}

func (b *builder) run(ctx context.Context) error {
	b.sum512 = map[string]string{}
	if err := b.tag(fileBagit, []byte(bagDeclaration)); err != nil {
		return err
	}
	for _, x := range b.Exhibits {
		if err := b.original(ctx, x); err != nil {
			return err
		}
	}
	for _, x := range b.Exhibits {
		if x.Proof == nil {
			continue
		}
		f := copied{path: x.Proof.File, sha256: x.Proof.SHA256, size: x.Proof.Size, what: fmt.Sprintf("The proof of exhibit %d", x.Number)}
		if err := b.evidence(ctx, f, x.Proof.blob, nil); err != nil {
			return err
		}
	}
	for _, x := range b.Exhibits {
		for _, d := range x.Derivatives {
			if err := b.derivative(ctx, x, d); err != nil {
				return err
			}
		}
	}
	if err := b.documents(); err != nil {
		return err
	}
	if err := b.seal(); err != nil {
		return err
	}
	return b.zip.close()
}

func (b *builder) original(ctx context.Context, x Exhibit) error {
	f := copied{path: x.File, sha256: x.SHA256, size: x.Size, what: fmt.Sprintf("Exhibit %d", x.Number)}
	return b.evidence(ctx, f, x.blob, func(n int) {
		b.done += int64(n)
		if b.progress != nil {
			b.progress(b.done)
		}
	})
}

// evidence copies sealed bytes into the archive.
func (b *builder) evidence(ctx context.Context, f copied, blob triage.Blob, report func(int)) error {
	r, err := b.Objects.OpenEvidence(ctx, blob)
	if errors.Is(err, triage.ErrAltered) {
		return f.changed(err)
	}
	if err != nil {
		return fmt.Errorf("opening what was sealed for %s: %w", f.what, err)
	}
	defer r.Close()
	return b.copy(ctx, f, r, report)
}

func (b *builder) derivative(ctx context.Context, x Exhibit, d Derivative) error {
	r, err := b.Objects.OpenDerivative(ctx, d.object)
	if err != nil {
		return fmt.Errorf("opening the %s of exhibit %s: %w", d.Kind, x.ID, err)
	}
	defer r.Close()
	return b.copy(ctx, copied{path: d.File, sha256: d.SHA256, size: d.Size, what: fmt.Sprintf("The %s of exhibit %d", d.Kind, x.Number)}, r, nil)
}

// copied is a file that is copied from the buckets, with what it has to be.
type copied struct {
	path, sha256 string
	size         int64
	what         string
}

// changed is the error of a file that is not, byte for byte, what was recorded; cause is for the log, or nil.
func (f copied) changed(cause error) error {
	e := triage.Errorf(triage.Conflict, "%s is no longer what was recorded of it (SHA-256 %s, %d bytes), so the package was not built. "+
		"Have an administrator look into the evidence store at once.", f.what, f.sha256, f.size)
	e.Err = cause
	return e
}

// copy streams a file into the archive; it must be, byte for byte, what was recorded.
func (b *builder) copy(ctx context.Context, f copied, r io.Reader, progress func(int)) error {
	body, end, err := b.zip.stream(b.name(f.path))
	if err != nil {
		return err
	}
	sums := newHashes(packageRules.hashes)
	g := newGate(strings.HasSuffix(f.path, ".json"))
	// One byte more than recorded is enough to see that there is too much.
	err = b.pump.run(ctx, io.LimitReader(r, f.size+1), progress, sums[0], sums[1], g, body)
	if err == nil {
		err = g.close()
	}
	var found *keyFound
	if errors.As(err, &found) {
		return found.refusal(f.path)
	}
	if errors.Is(err, triage.ErrAltered) {
		return f.changed(err)
	}
	if err != nil {
		return fmt.Errorf("copying %s: %w", f.path, err)
	}
	sum256, sum512 := fmt.Sprintf("%x", sums[0].Sum(nil)), fmt.Sprintf("%x", sums[1].Sum(nil))
	if size := b.zip.files[len(b.zip.files)-1].size + body.(*zipBody).size; size != f.size || sum256 != f.sha256 {
		return f.changed(nil)
	}
	b.enter(&b.payload, f.path, sum256, sum512)
	b.octets += f.size
	return end()
}

func (b *builder) enter(to *[2][]manifestLine, path, sum256, sum512 string) {
	to[0] = append(to[0], manifestLine{sum256, path})
	to[1] = append(to[1], manifestLine{sum512, path})
	b.sum512[path] = sum512
}

func (b *builder) name(path string) string { return string(b.Request.Package) + "/" + path }

// document puts one of the package's own documents into the payload.
func (b *builder) document(path string, data []byte) error {
	b.octets += int64(len(data))
	return b.put(&b.payload, path, data)
}

// tag puts a tag file into the bag.
func (b *builder) tag(path string, data []byte) error { return b.put(&b.tags, path, data) }

func (b *builder) put(to *[2][]manifestLine, path string, data []byte) error {
	if err := gateText(path, data); err != nil {
		return err
	}
	sums := newHashes(packageRules.hashes)
	for _, h := range sums {
		h.Write(data)
	}
	b.enter(to, path, fmt.Sprintf("%x", sums[0].Sum(nil)), fmt.Sprintf("%x", sums[1].Sum(nil)))
	return b.zip.add(b.name(path), data)
}

// newHashes makes the two hashes of a package, SHA-256 first.
func newHashes(by map[string]func() hash.Hash) [2]hash.Hash {
	return [2]hash.Hash{by["sha256"](), by["sha512"]()}
}

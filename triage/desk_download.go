package triage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/proffer/proffer/triage/custody"
)

// DownloadPackage opens a finished package. Not one byte comes out of it that was not built: the whole is compared with the
// record first, and then every chunk as it is read. Each download is in the custody log before its first byte.
func (d *Desk) DownloadPackage(ctx context.Context, a Actor, id PackageID) (Playback, error) {
	var p Package
	may := func(tx Tx) (err error) {
		if p, err = loadPackage(ctx, tx, a, PackageDownload, id); err != nil {
			return err
		}
		if p.State != PackageReady {
			return Errorf(Conflict, "The package is not built yet: it is %s.", p.State)
		}
		return mayLeave(ctx, tx, p)
	}
	if err := d.Store.View(ctx, may); err != nil {
		return Playback{}, err
	}
	r, err := d.openBuilt(ctx, p)
	if err != nil {
		return Playback{}, err
	}
	err = d.Store.Update(ctx, func(tx Tx) error {
		if err := may(tx); err != nil {
			return err
		}
		return d.record(ctx, tx, a.Account, entry{custody.PackageDownloaded, p.Case, "package/" + string(id), custody.Detail{
			"sha256": p.SHA256.String()}})
	})
	if err != nil {
		return Playback{}, errors.Join(err, r.Close())
	}
	return Playback{r, p.Size, "application/zip", fmt.Sprintf("proffer-%s.zip", p.ID), p.Built}, nil
}

// openBuilt opens a package's bytes, each chunk compared before anything of it is handed out.
func (d *Desk) openBuilt(ctx context.Context, p Package) (io.ReadSeekCloser, error) {
	r, err := d.Objects.OpenDerivative(ctx, p.Key)
	if errors.Is(err, ErrNotFound) {
		return nil, d.otherPackage(p, err)
	} else if err != nil {
		return nil, err
	}
	chunks, err := built.of(p, r)
	if errors.Is(err, ErrAltered) {
		err = d.otherPackage(p, err)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return &checked{ReadSeekCloser: r, size: p.Size, chunks: chunks, other: func(number int64) error {
		return d.otherPackage(p, fmt.Errorf("chunk %d is another one", number))
	}}, nil
}

// otherPackage is the error of a package whose bytes are not those that were built. What is wrong is for the log only.
func (d *Desk) otherPackage(p Package, cause error) error {
	d.Log.Error("a package is not what was built", "package", p.ID, "key", p.Key, "err", cause)
	e := Errorf(Altered, "What is stored of this package is not what was built: its bytes were changed in the object store, or are gone "+
		"from it. It is not handed out. Tell an administrator, and request the package anew.")
	e.Err = cause
	return e
}

// built is the process's own, not a desk's: what it holds follows from the digests alone.
var built builtChunks

// builtChunks remembers the chunks of packages that were once compared as a whole, so that neither a range of one nor the
// next download reads all of it again: 32 bytes for each mebibyte of every package that was downloaded.
type builtChunks struct {
	mu   sync.Mutex
	list map[SHA256]Chunks // by the digest of the whole; guarded by mu
}

// of returns the chunks of a package that r yields from its beginning, to which it goes back.
func (b *builtChunks) of(p Package, r io.ReadSeeker) (Chunks, error) {
	b.mu.Lock()
	chunks, known := b.list[p.SHA256]
	b.mu.Unlock()
	if known && chunks.Fit(p.Size) {
		return chunks, nil
	}
	chunks, err := Measure(r, Blob{SHA256: p.SHA256, Size: p.Size})
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.list == nil {
		b.list = map[SHA256]Chunks{}
	}
	b.list[p.SHA256] = chunks
	_, err = r.Seek(0, io.SeekStart)
	return chunks, err
}

// checked reads chunk by chunk, and hands out nothing of a chunk before its digest was compared. It is for one goroutine at
// a time.
type checked struct {
	io.ReadSeekCloser
	size   int64
	chunks Chunks // fit size
	other  func(number int64) error

	pos   int64
	buf   []byte // of one chunk; nil before the first read
	chunk []byte // in buf, compared; nil where there is none
	at    int64  // its number
}

// Read fills p from the current position, within one chunk.
func (c *checked) Read(p []byte) (int, error) {
	if c.pos >= c.size {
		return 0, io.EOF
	}
	if number := c.pos / ChunkSize; c.chunk == nil || number != c.at {
		if err := c.load(number); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.chunk[c.pos-c.at*ChunkSize:])
	c.pos += int64(n)
	return n, nil
}

func (c *checked) load(number int64) error {
	from := number * ChunkSize
	if c.chunk = nil; c.buf == nil {
		c.buf = make([]byte, min(ChunkSize, c.size))
	}
	chunk := c.buf[:min(ChunkSize, c.size-from)]
	if _, err := c.ReadSeekCloser.Seek(from, io.SeekStart); err != nil {
		return err
	}
	if _, err := io.ReadFull(c.ReadSeekCloser, chunk); err != nil {
		return fmt.Errorf("reading chunk %d: %w", number, err)
	}
	if Chunks(nil).Append(chunk).At(0) != c.chunks.At(number) {
		return c.other(number)
	}
	c.chunk, c.at = chunk, number
	return nil
}

// Seek moves the position as io.Seeker says; nothing is read for it.
func (c *checked) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.pos
	case io.SeekEnd:
		offset += c.size
	}
	if offset < 0 || whence < io.SeekStart || whence > io.SeekEnd {
		return c.pos, fmt.Errorf("seeking in a package: there is no position %d", offset)
	}
	c.pos = offset
	return c.pos, nil
}

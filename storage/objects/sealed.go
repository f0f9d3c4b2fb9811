package objects

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/proffer/proffer/triage"
)

// sealed reads an original chunk by chunk, and hands out nothing of a chunk before its digest was compared. It holds one
// chunk, however large the original is. It is for one goroutine at a time.
type sealed struct {
	from *reader
	blob triage.Blob // with its chunks, which fit its size
	next func() (*reader, error)

	pos   int64
	buf   *[]byte // from chunkBuffers; nil before the first read and after Close
	chunk []byte  // in buf, compared; nil where there is none
	at    int64   // its number
}

var chunkBuffers = sync.Pool{New: func() any { b := make([]byte, triage.ChunkSize); return &b }}

// OpenEvidence opens a blob for reading and seeking, each chunk compared with the blob's before anything of it is handed
// out. It fails with NotFound when the blob is not there, with Unavailable when S3 does not answer and with Altered when
// what is there is something else; reading may fail with the last two as well. Close it.
func (s *Store) OpenEvidence(ctx context.Context, b triage.Blob) (io.ReadSeekCloser, error) {
	if b.Chunks == nil {
		var err error
		if b.Chunks, err = s.Measure(ctx, b); err != nil {
			return nil, err
		}
	}
	h, err := s.head(ctx, b.Key(), b.Size)
	if err != nil {
		return nil, err
	}
	if h.size != b.Size || !b.Chunks.Fit(b.Size) {
		return nil, triage.AlteredOriginal(b, "it has %d bytes and not %d, and %d bytes of chunks", h.size, b.Size, len(b.Chunks))
	}
	return &sealed{from: s.reader(ctx, s.evidence, b.Key(), h), blob: b, next: func() (*reader, error) { return s.original(ctx, b, h) }}, nil
}

// original opens the first version of a blob, if another one, of the given state, hides it.
func (s *Store) original(ctx context.Context, b triage.Blob, hiding held) (*reader, error) {
	version, err := s.oldest(ctx, b.Key())
	if err != nil || version == "" || version == hiding.version {
		return nil, err
	}
	h, err := s.stat(ctx, s.evidence, b.Key(), version)
	if err != nil || h.size != b.Size {
		return nil, fault(ctx, "looking for version "+version+" of "+b.Key(), err)
	}
	return s.reader(ctx, s.evidence, b.Key(), h), nil
}

// Measure reads a whole blob and lists its chunks. It fails as OpenEvidence does; with Altered where the whole is not what
// was sealed.
func (s *Store) Measure(ctx context.Context, b triage.Blob) (triage.Chunks, error) {
	h, err := s.head(ctx, b.Key(), b.Size)
	if err != nil {
		return nil, err
	}
	list, err := triage.Measure(s.reader(ctx, s.evidence, b.Key(), h), b)
	if errors.Is(err, triage.ErrAltered) {
		if first, openErr := s.original(ctx, b, h); openErr != nil {
			return nil, openErr
		} else if first != nil {
			return triage.Measure(first, b)
		}
	}
	return list, err
}

// Read fills p from the current position, within one chunk.
func (s *sealed) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if s.pos >= s.blob.Size {
		return 0, io.EOF
	}
	if number := s.pos / triage.ChunkSize; s.chunk == nil || number != s.at {
		if err := s.load(number); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.chunk[s.pos-s.at*triage.ChunkSize:])
	s.pos += int64(n)
	return n, nil
}

// load brings a chunk into the buffer. One that is not what was sealed is looked for once more in the first version.
func (s *sealed) load(number int64) error {
	if s.buf == nil {
		s.buf = chunkBuffers.Get().(*[]byte)
	}
	s.chunk = nil
	from := number * triage.ChunkSize
	chunk := (*s.buf)[:min(triage.ChunkSize, s.blob.Size-from)]
	for {
		if _, err := s.from.Seek(from, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.ReadFull(s.from, chunk); err != nil {
			return fmt.Errorf("reading chunk %d of %s: %w", number, s.blob.Key(), err)
		}
		if triage.SHA256(sha256.Sum256(chunk)) == s.blob.Chunks.At(number) {
			s.chunk, s.at = chunk, number
			return nil
		}
		if err := s.fallBack(number); err != nil {
			return err
		}
	}
}

// fallBack goes on with the first version of the original, or fails with Altered where there is no other.
func (s *sealed) fallBack(number int64) error {
	altered := triage.AlteredOriginal(s.blob, "chunk %d is another one", number)
	if s.next == nil {
		return altered
	}
	first, err := s.next()
	s.next = nil
	if err != nil {
		return err
	}
	if first == nil {
		return altered
	}
	s.from.Close()
	s.from = first
	return nil
}

// Seek moves the position as io.Seeker says; nothing is read for it.
func (s *sealed) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.pos
	case io.SeekEnd:
		offset += s.blob.Size
	}
	if offset < 0 || whence < io.SeekStart || whence > io.SeekEnd {
		return s.pos, fmt.Errorf("seeking in %s: there is no position %d", s.blob.Key(), offset)
	}
	s.pos = offset
	return s.pos, nil
}

// Close ends reading.
func (s *sealed) Close() error {
	if s.buf != nil {
		chunkBuffers.Put(s.buf)
	}
	s.buf, s.chunk, s.pos = nil, nil, s.blob.Size
	return s.from.Close()
}

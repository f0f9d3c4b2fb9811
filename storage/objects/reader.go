package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/minio/minio-go/v7"
)

// reader reads one object by ranges: a body is opened at the first Read after a Seek, and opened again where it broke
// off, so that a short absence of S3 does not spoil a long read. It is for one goroutine at a time.
type reader struct {
	ctx    context.Context
	core   minio.Core
	bucket string
	key    string
	held   // every range is of these same bytes

	pos    int64
	body   io.ReadCloser // nil when none is open; it stands at pos
	cancel context.CancelFunc
}

func (s *Store) reader(ctx context.Context, bucket, key string, h held) *reader {
	return &reader{ctx: ctx, core: s.core(), bucket: bucket, key: key, held: h}
}

// Read fills p from the current position. It fails with Unavailable when S3 stays away for three attempts.
func (r *reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	var err error
	for range attempts {
		if r.pos >= r.size {
			return 0, io.EOF
		}
		var n int
		n, err = r.attempt(p)
		if n > 0 {
			return n, nil
		}
		r.drop()
		if r.ctx.Err() != nil || missing(err) {
			break
		}
	}
	return 0, fault(r.ctx, fmt.Sprintf("reading %s at %d", r.key, r.pos), err)
}

// attempt reads once and gives up on a body that stands still.
func (r *reader) attempt(p []byte) (int, error) {
	var ctx context.Context
	if r.body == nil {
		ctx, r.cancel = context.WithCancel(r.ctx)
	}
	stalled := time.AfterFunc(stallTimeout, r.cancel)
	defer stalled.Stop()
	if r.body == nil {
		body, _, _, err := r.core.GetObject(ctx, r.bucket, r.key, r.rest())
		if err != nil {
			return 0, err
		}
		r.body = body
	}
	n, err := r.body.Read(p)
	r.pos += int64(n)
	if errors.Is(err, io.EOF) && r.pos < r.size {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Seek moves the position as io.Seeker says; it does not talk to S3.
func (r *reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.pos
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 || whence < io.SeekStart || whence > io.SeekEnd {
		return r.pos, fmt.Errorf("seeking in %s: there is no position %d", r.key, offset)
	}
	if offset != r.pos {
		r.drop()
		r.pos = offset
	}
	return r.pos, nil
}

// Close ends reading.
func (r *reader) Close() error {
	r.drop()
	r.size = 0
	return nil
}

// rest asks for everything from the position on.
func (r *reader) rest() minio.GetObjectOptions {
	o := minio.GetObjectOptions{VersionID: r.version}
	if r.pos > 0 {
		o.Set("Range", fmt.Sprintf("bytes=%d-", r.pos))
	}
	o.Set("If-Match", `"`+r.etag+`"`)
	return o
}

func (r *reader) drop() {
	if r.cancel != nil {
		r.cancel()
		r.cancel = nil
	}
	if r.body != nil {
		r.body.Close()
		r.body = nil
	}
}

package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

const (
	chunkBytes = 512 << 10
	chunkCount = 8
)

// pump reads a stream once and hands it to several writers at a time, so that reading, hashing and writing overlap. Its
// memory is chunkCount chunks, however long the stream. One pump serves one stream after another.
type pump struct {
	free   chan *chunk
	made   int
	little []byte // for runSmall
}

// chunk is a piece of the stream that is in use until every writer is done with it.
type chunk struct {
	buf  []byte
	data []byte
	left atomic.Int32
}

func newPump() *pump { return &pump{free: make(chan *chunk, chunkCount)} }

func (p *pump) chunk() *chunk {
	if p.made < chunkCount {
		select {
		case c := <-p.free:
			return c
		default:
			p.made++
			return &chunk{buf: make([]byte, chunkBytes)}
		}
	}
	return <-p.free
}

// errRead marks an error of the stream itself, as against one of a writer.
var errRead = errors.New("reading failed")

// small is the size up to which a stream is not worth the goroutines, in bytes.
const small = 64 << 10

// runSmall is run for a stream of which at most small bytes are known to come.
func (p *pump) runSmall(r io.Reader, to ...io.Writer) error {
	if p.little == nil {
		p.little = make([]byte, small+1)
	}
	n, err := fill(r, p.little)
	if err != nil && err != io.EOF {
		return fmt.Errorf("%w: %w", errRead, err)
	}
	for _, w := range to {
		if _, err := w.Write(p.little[:n]); err != nil {
			return err
		}
	}
	return nil
}

// run copies r to all writers until it ends, one of them fails, or ctx is done. It returns only when no writer is in use
// any more, with the first error.
func (p *pump) run(ctx context.Context, r io.Reader, progress func(n int), to ...io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	feeds := make([]chan *chunk, len(to))
	var wg sync.WaitGroup
	for i, w := range to {
		feeds[i] = make(chan *chunk, chunkCount)
		wg.Go(func() {
			for c := range feeds[i] {
				if ctx.Err() == nil {
					if _, err := w.Write(c.data); err != nil {
						cancel(err)
					}
				}
				if c.left.Add(-1) == 0 {
					p.free <- c // never blocks: there are no more chunks than places
				}
			}
		})
	}
	p.read(ctx, cancel, r, progress, feeds)
	for _, feed := range feeds {
		close(feed)
	}
	wg.Wait()
	return context.Cause(ctx)
}

func (p *pump) read(ctx context.Context, cancel context.CancelCauseFunc, r io.Reader, progress func(int), feeds []chan *chunk) {
	for ctx.Err() == nil {
		c := p.chunk()
		n, err := fill(r, c.buf)
		if n == 0 {
			p.free <- c
		} else {
			c.data = c.buf[:n]
			c.left.Store(int32(len(feeds)))
			for _, feed := range feeds {
				feed <- c
			}
			if progress != nil {
				progress(n)
			}
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			cancel(fmt.Errorf("%w: %w", errRead, err))
			return
		}
	}
}

// fill reads until the buffer is full or the stream ends. Unlike io.ReadFull it keeps the reader's own
// io.ErrUnexpectedEOF, which is a lost connection, apart from the stream's end.
func fill(r io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var m int
		m, err = r.Read(b[n:])
		n += m
	}
	return n, err
}

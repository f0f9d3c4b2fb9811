package meeting

import (
	"context"
	"errors"
	"io"
	"sync"
)

// What a client may be behind before it is cut off.
const (
	maxQueued      = 2048
	maxQueuedBytes = 16 << 20
)

// What is read from the board at once for one client that fetches.
const (
	chunk      = 64
	chunkBytes = 1 << 20
)

// ErrSlow is why a session ends whose client does not read what it is sent.
var ErrSlow = errors.New("meeting: the client does not keep up")

// queue is what is on its way to one client. Whoever puts something in never waits: a client that does not read is cut off. Safe for
// concurrent use, but for next, which one goroutine calls.
type queue struct {
	mu    sync.Mutex
	items []item
	bytes int           // of the items
	end   error         // nil while more may come: io.EOF after the last word, or why the client was cut off
	wake  chan struct{} // holds one when there is something to see

	read [][]byte // of a range, by next alone
}

// outlet is the way to one client: a queue, or another node.
type outlet interface {
	push(data []byte)
	pushEntry(e Entry, wire []byte) // an entry of the board, and as it is sent
	pushRange(from, to uint64)      // entries of the board
	finish()                        // nothing more comes
}

// item is a message, or a range of the board that is read when it is its turn.
type item struct {
	data     []byte
	from, to uint64
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

func (q *queue) push(data []byte) { q.add(item{data: data}) }

func (q *queue) pushEntry(_ Entry, wire []byte) { q.push(wire) }

// cut cuts the client off.
func (q *queue) cut() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items, q.end = nil, ErrSlow
	q.signal()
}

// pushRange answers a fetch. One that is still to be read covers a later one.
func (q *queue) pushRange(from, to uint64) {
	q.mu.Lock()
	waits := false
	for _, it := range q.items {
		waits = waits || it.data == nil && it.from <= from && to <= it.to
	}
	q.mu.Unlock()
	if !waits && from <= to {
		q.add(item{from: from, to: to})
	}
}

func (q *queue) add(it item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.end != nil {
		return
	}
	q.items, q.bytes = append(q.items, it), q.bytes+len(it.data)
	if len(q.items) > maxQueued || q.bytes > maxQueuedBytes {
		q.items, q.end = nil, ErrSlow
	}
	q.signal()
}

// finish lets what is queued go out, and nothing after it.
func (q *queue) finish() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.end == nil {
		q.end = io.EOF
	}
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// next waits for the next message. It fails with io.EOF after the last one.
func (q *queue) next(ctx context.Context, load func(ctx context.Context, from, to uint64) ([]Entry, error)) ([]byte, error) {
	for {
		if len(q.read) > 0 {
			data := q.read[0]
			q.read = q.read[1:]
			return data, nil
		}
		it, err := q.take()
		switch {
		case err != nil:
			return nil, err
		case it == nil:
			select {
			case <-q.wake:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		case it.data != nil:
			return it.data, nil
		default:
			if err := q.expand(ctx, *it, load); err != nil {
				return nil, err
			}
		}
	}
}

// take gives the first item; nil where there is none yet.
func (q *queue) take() (*item, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return nil, q.end
	}
	it := q.items[0]
	q.items, q.bytes = q.items[1:], q.bytes-len(it.data)
	return &it, nil
}

// expand reads the beginning of a range, and puts the rest of it back.
func (q *queue) expand(ctx context.Context, it item, load func(ctx context.Context, from, to uint64) ([]Entry, error)) error {
	es, err := load(ctx, it.from, it.to)
	if err != nil || len(es) == 0 {
		return err
	}
	for _, e := range es {
		q.read = append(q.read, e.wire())
	}
	if at := es[len(es)-1].Number + 1; at <= it.to {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.items = append([]item{{from: at, to: it.to}}, q.items...)
	}
	return nil
}

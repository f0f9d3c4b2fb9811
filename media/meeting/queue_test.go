package meeting

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"testing"
	"time"
)

// boardOf reads a board of n entries in chunks.
func boardOf(n, chunk uint64) func(context.Context, uint64, uint64) ([]Entry, error) {
	return func(_ context.Context, from, to uint64) (es []Entry, err error) {
		for i := from; i <= min(to, n, from+chunk-1); i++ {
			es = append(es, Entry{Number: i, Message: []byte{byte(i)}})
		}
		return es, nil
	}
}

func drain(t *testing.T, q *queue, n int, load func(context.Context, uint64, uint64) ([]Entry, error)) (got []string) {
	t.Helper()
	for range n {
		data, err := q.next(t.Context(), load)
		if err != nil {
			t.Fatal(err)
		}
		e := new(EntryMessage)
		if unmarshal(data, e) == nil {
			got = append(got, strconv.FormatUint(e.Number, 10))
		} else {
			got = append(got, string(data))
		}
	}
	return got
}

// TestQueueOrder holds that what comes after a fetch stays behind its answer.
func TestQueueOrder(t *testing.T) {
	q := newQueue()
	q.push([]byte("a"))
	q.pushRange(1, 5)
	q.push([]byte("b"))
	q.pushRange(2, 4) // covered by the one that waits
	q.pushRange(6, 6)
	q.push([]byte("c"))
	q.finish()
	q.push([]byte("too late"))
	load := boardOf(6, 2)
	if got, want := drain(t, q, 9, load), []string{"a", "1", "2", "3", "4", "5", "b", "6", "c"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, err := q.next(t.Context(), load); !errors.Is(err, io.EOF) {
		t.Errorf("after the last word: %v", err)
	}
}

// TestQueueCuts holds that a client that does not read is cut off, by count and by size, and keeps nobody waiting.
func TestQueueCuts(t *testing.T) {
	for name, size := range map[string]int{"count": 1, "size": 1 << 20} {
		q, data := newQueue(), make([]byte, size)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 10 * maxQueued {
				q.push(data)
			}
		}()
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Fatalf("%s: pushing waits", name)
		}
		if _, err := q.next(t.Context(), nil); !errors.Is(err, ErrSlow) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestQueueWaits(t *testing.T) {
	q := newQueue()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := q.next(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	go q.push([]byte("a"))
	if got := drain(t, q, 1, nil); got[0] != "a" {
		t.Errorf("got %v", got)
	}
	q.pushRange(1, 3)
	failed := errors.New("the store is away")
	if _, err := q.next(t.Context(), func(context.Context, uint64, uint64) ([]Entry, error) { return nil, failed }); !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
}

func TestBucket(t *testing.T) {
	b := newBucket(2, 3)
	at := epoch0
	for i, want := range []bool{true, true, true, false} {
		if b.take(1, at) != want {
			t.Errorf("take %d", i)
		}
	}
	at = at.Add(500 * time.Millisecond)
	if !b.take(1, at) || b.take(1, at) {
		t.Error("half a second gives back one")
	}
	if b.take(1, at.Add(-time.Hour)) {
		t.Error("a clock that goes back gives something")
	}
}

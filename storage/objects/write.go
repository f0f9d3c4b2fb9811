package objects

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/proffer/proffer/triage"
)

// inFlight is how many part buffers one upload may hold: one is read into while the others are sent.
const inFlight = 3

// writer appends the bytes of one request to an upload. Reading, hashing and sending overlap; the upload's record is
// saved in the order of the parts, so that it always describes a prefix of the file that S3 has acknowledged.
type writer struct {
	in  *Intake
	key string
	u   *triage.Upload // as saved; the committer's until it is done

	hash hash.Hash // over every byte read
	buf  *[]byte   // the part that is being read
	n    int       // bytes in buf
	pos  int64     // offset in the file after buf[:n]

	free    chan *[]byte // buffers that have been sent
	held    int          // buffers this writer holds
	pending chan *part   // in the order of the file
	failed  error        // the committer's first error; read after it is done
}

// part is one part on its way.
type part struct {
	number int
	data   []byte
	end    int64  // offset in the file after it
	state  []byte // of the running hash there
	ack    chan struct{}
	saved  triage.UploadPart // valid after ack, when err is nil
	err    error
}

// write appends src to the upload and moves u forward as far as bytes are safe, also when it fails. It stops at the
// end of src or of the file.
func (in *Intake) write(ctx context.Context, u *triage.Upload, src io.Reader) error {
	leave, err := in.admit(string(u.Owner))
	if err != nil {
		return err
	}
	defer leave()
	w := &writer{
		in: in, key: triage.Blob{SHA256: u.SHA256}.Key(), u: u, pos: u.Offset,
		buf: in.buffers.Get().(*[]byte), held: 1,
		free: make(chan *[]byte, inFlight), pending: make(chan *part, inFlight),
	}
	defer w.release()
	if w.hash, err = restore(u.Hash); err != nil {
		return err
	}
	if w.n = int(u.Tail); w.n > 0 {
		if err := in.objects.readStaging(ctx, stagingKey(*u), (*w.buf)[:w.n], u.TailSum); err != nil {
			return in.partsLost(ctx, u, err)
		}
	}
	return in.partsLost(ctx, u, w.run(ctx, src))
}

func (w *writer) run(ctx context.Context, src io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	if err := w.begin(ctx); err != nil {
		return err
	}
	u := *w.u // while the committer works, w.u is its own
	go func() {
		defer close(done)
		w.commit(ctx, cancel)
	}()
	readErr := w.read(ctx, src, u)
	close(w.pending)
	<-done
	if w.failed != nil {
		return w.failed
	}
	if w.buf != nil && w.pos > w.u.Offset {
		return errors.Join(w.stage(ctx), readErr)
	}
	return readErr
}

// read cuts src into parts and sends them off. What does not fill a part stays in w.buf.
func (w *writer) read(ctx context.Context, src io.Reader, u triage.Upload) error {
	for number := len(u.Parts) + 1; w.pos < u.Size; number++ {
		want := int(min(w.in.objects.partSize, int64(w.n)+u.Size-w.pos))
		if err := w.fill(ctx, src, want); err != nil || w.n < want {
			return err
		}
		state, err := midstate(w.hash)
		if err != nil {
			return err
		}
		p := &part{number: number, data: (*w.buf)[:w.n], end: w.pos, state: state, ack: make(chan struct{})}
		go w.send(ctx, p, u.Multipart, w.buf)
		w.buf, w.n = nil, 0
		select {
		case w.pending <- p:
		case <-ctx.Done():
			return ctx.Err()
		}
		if w.pos < u.Size {
			if err := w.next(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// fill reads until the buffer holds want bytes or src ends, and hashes what it reads.
func (w *writer) fill(ctx context.Context, src io.Reader, want int) error {
	for w.n < want {
		if ctx.Err() != nil {
			return ctx.Err() // a part failed, so what follows it is of no use
		}
		m, err := src.Read((*w.buf)[w.n:want])
		w.hash.Write((*w.buf)[w.n : w.n+m])
		w.n += m
		w.pos += int64(m)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the upload: %w", err)
		}
	}
	return nil
}

func (w *writer) send(ctx context.Context, p *part, multipart string, buf *[]byte) {
	p.saved, p.err = w.in.objects.putPart(ctx, w.key, multipart, p.number, p.data)
	p.saved.Chunks = triage.Chunks(nil).Append(p.data)
	close(p.ack)
	w.free <- buf
}

// next takes a buffer that has been sent, a spare one if there is any, or waits.
func (w *writer) next(ctx context.Context) error {
	select {
	case w.buf = <-w.free:
		return nil
	default:
	}
	if w.held < inFlight {
		select {
		case w.in.spare <- struct{}{}:
			w.held++
			w.buf = w.in.buffers.Get().(*[]byte)
			return nil
		default:
		}
	}
	select {
	case w.buf = <-w.free:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// commit saves the upload's record after each acknowledged part, in order. After a failure nothing more is saved, and
// whatever is on its way is broken off.
func (w *writer) commit(ctx context.Context, cancel context.CancelFunc) {
	for p := range w.pending {
		<-p.ack
		if w.failed != nil {
			continue
		}
		if w.failed = p.err; w.failed == nil {
			w.failed = w.advance(ctx, p)
		}
		if w.failed != nil {
			cancel()
		}
	}
}

func (w *writer) advance(ctx context.Context, p *part) error {
	u := *w.u
	u.Parts = append(u.Parts[:len(u.Parts):len(u.Parts)], p.saved)
	u.Offset, u.Hash, u.Tail, u.TailSum = p.end, p.state, 0, triage.SHA256{}
	return w.store(ctx, u)
}

// stage keeps what does not fill a part in the staging object.
func (w *writer) stage(ctx context.Context) error {
	state, err := midstate(w.hash)
	if err != nil {
		return err
	}
	tail := (*w.buf)[:w.n]
	u := *w.u
	u.Offset, u.Hash, u.Tail, u.TailSum = w.pos, state, int64(w.n), sha256.Sum256(tail)
	if err := w.in.objects.putStaging(ctx, stagingKey(u), tail); err != nil {
		return err
	}
	return w.store(ctx, u)
}

// store saves the record, and removes a staging object that it no longer names. One that stays is found at the end.
func (w *writer) store(ctx context.Context, u triage.Upload) error {
	stale := stagingKey(*w.u)
	if err := w.in.save(ctx, &u); err != nil {
		return err
	}
	*w.u = u
	if stale != "" {
		if err := w.in.objects.removeStaging(ctx, stale); err != nil {
			w.in.Log.WarnContext(ctx, "a staging object is left for the end of its upload", "upload", u.ID, "error", err)
		}
	}
	return nil
}

// begin opens the multipart upload, at the first request that brings bytes.
func (w *writer) begin(ctx context.Context) error {
	if w.u.Multipart != "" {
		return nil
	}
	now := w.in.now()
	// The upload may take its time; sealing makes sure of the full lock in any case.
	id, err := w.in.objects.begin(ctx, w.key, now.Add(w.in.UploadLock+time.Hour))
	if err != nil {
		return err
	}
	u := *w.u
	u.Multipart = id
	if err := w.in.save(ctx, &u); err != nil {
		if errors.Is(err, triage.ErrConflict) { // another node was quicker, so nobody knows of this one
			err = errors.Join(err, w.in.objects.abort(context.WithoutCancel(ctx), w.key, id))
		}
		return err
	}
	*w.u = u
	return nil
}

// release gives the buffers back once nobody sends from them any more.
func (w *writer) release() {
	for w.held > 0 {
		b := w.buf
		if w.buf = nil; b == nil {
			b = <-w.free
		}
		w.in.buffers.Put(b)
		if w.held--; w.held > 0 {
			<-w.in.spare
		}
	}
}

// partsLost ends an upload whose parts S3 has lost; every other error it passes on. Before the first part there is
// nothing to lose: the next request begins anew.
func (in *Intake) partsLost(ctx context.Context, u *triage.Upload, err error) error {
	if !errors.Is(err, errPartsLost) {
		return err
	}
	if len(u.Parts) == 0 && u.Tail == 0 {
		again := *u
		again.Multipart = ""
		if err := in.save(ctx, &again); err != nil {
			return err
		}
		*u = again
		return unavailable(err)
	}
	in.Log.ErrorContext(ctx, "the object store lost parts of an upload", "upload", u.ID, "error", err)
	return in.refuse(ctx, *u, "The store lost a part of this file before it was complete. Please send the file again.")
}

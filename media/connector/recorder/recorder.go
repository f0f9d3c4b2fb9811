package recorder

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/proffer/proffer/media/connector"
	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/rtpframe"
)

// File is one file of a recording.
type File struct {
	Meeting   string
	Recording time.Time // when the recording began
	Join      [32]byte  // whose it is
	Person    string    // as the roster called them when it began
	Screen    bool      // of a screen that was shared; else of camera and microphone
	Part      int       // from 1: another begins when something joins that the file before has no track for
	Began     time.Time
	Type      string // MIME
}

// Name is the file's name, which no other of the recording has.
func (f File) Name() string {
	of, suffix := "person", "webm"
	if f.Screen {
		of = "screen"
	}
	if f.Type == "audio/matroska" {
		suffix = "mka"
	}
	return fmt.Sprintf("%s-%s-%d.%s", hex.EncodeToString(f.Join[:8]), of, f.Part, suffix)
}

// Sink keeps files.
type Sink interface {
	// Create begins a file. What was written before an abrupt end must be kept, if it can be.
	Create(File) (io.WriteCloser, error)
}

// maxReels is how many people, and screens, one recording has at most.
const maxReels = 2000

// Recorder is a recording that runs.
type Recorder struct {
	who   *connector.Participant
	seat  connector.Seat
	sink  Sink
	log   *slog.Logger
	began time.Time
	done  chan struct{}
	work  sync.WaitGroup

	mu    sync.Mutex // over all that follows
	reels map[origin]*reel
	over  bool
	err   error // of the storage, the first
}

type origin struct {
	join   [32]byte
	screen bool
}

// Start records from now on, until Stop or the loss of the seat.
func Start(ctx context.Context, seat connector.Seat, sink Sink, log *slog.Logger) (*Recorder, error) {
	r := &Recorder{seat: seat, sink: sink, log: log, began: time.Now(), done: make(chan struct{}), reels: map[origin]*reel{}}
	var err error
	if r.who, err = connector.Join(ctx, seat, connector.Options{Video: true, Frame: r.frame, Log: log}); err != nil {
		return nil, fmt.Errorf("recorder: joining the meeting: %w", err)
	}
	r.who.Listen(true)
	go r.end()
	return r, nil
}

// end finishes every file once the seat is lost.
func (r *Recorder) end() {
	<-r.who.Ended()
	r.mu.Lock()
	r.over = true
	for _, reel := range r.reels {
		close(reel.queue)
	}
	r.mu.Unlock()
	r.work.Wait()
	close(r.done)
}

// Stop ends the recording. Done says when all is written.
func (r *Recorder) Stop() { r.who.Leave() }

// Done is closed when the recording is over and its files are closed.
func (r *Recorder) Done() <-chan struct{} { return r.done }

// Err tells, once Done is closed, whether everything could be kept.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// frame takes what was opened.
func (r *Recorder) frame(f rtpframe.Frame) {
	o := origin{f.Join, f.Source == franking.Screen || f.Source == franking.ScreenSound}
	r.mu.Lock()
	defer r.mu.Unlock() // also over put, so that no queue is closed meanwhile
	if r.over {
		return
	}
	to := r.reels[o]
	if to == nil {
		if len(r.reels) >= maxReels {
			return
		}
		to = r.begin(o)
	}
	to.put(f)
}

// begin makes a reel. It is called with mu held.
func (r *Recorder) begin(o origin) *reel {
	to := &reel{create: r.sink.Create, fail: r.fail, queue: make(chan rtpframe.Frame, maxQueued),
		file: File{Meeting: r.seat.Meeting(), Recording: r.began, Join: o.join, Person: r.who.Name(o.join), Screen: o.screen},
		gone: func() bool { return r.who.Name(o.join) == "" }}
	r.reels[o] = to
	r.work.Go(to.run)
	return to
}

// fail ends a recording that cannot be kept: nobody should believe that it goes on.
func (r *Recorder) fail(err error) {
	r.mu.Lock()
	if r.err == nil {
		r.err = err
		r.log.Error("a recording could not be kept and ends", "meeting", r.seat.Meeting(), "err", err)
	}
	r.mu.Unlock()
	r.who.Leave()
}

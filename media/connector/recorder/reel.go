package recorder

import (
	"bytes"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/rtpframe"
)

const (
	maxQueued = 2048     // frames that wait to be written, of one reel
	maxBytes  = 16 << 20 // and bytes
	maxParts  = 200
	gather    = 2 * time.Second  // at the beginning of a file, to see what it will have
	settle    = 5 * time.Second  // without a frame: what is held is written
	forgotten = 30 * time.Second // without a frame: who left is gone
)

// reel writes one person's files: of camera and microphone, or of a shared screen and its sound.
type reel struct {
	file   File
	create func(File) (io.WriteCloser, error)
	gone   func() bool // the person is not in the meeting any more
	fail   func(error)
	queue  chan rtpframe.Frame
	bytes  atomic.Int64  // of the queue
	lost   atomic.Uint64 // frames that found no room in it

	// Of run alone:
	first  []rtpframe.Frame // of a file that has not been begun
	since  time.Time        // the first of them came
	out    *writer
	closer io.Closer
	broken map[franking.Source]bool // pictures of which frames are missing, until a key frame
}

// put queues a frame. It never waits.
func (r *reel) put(f rtpframe.Frame) {
	if r.bytes.Add(int64(len(f.Data))) <= maxBytes {
		f.Data = bytes.Clone(f.Data)
		select {
		case r.queue <- f:
			return
		default:
		}
	}
	r.bytes.Add(-int64(len(f.Data)))
	r.lost.Add(1)
}

// run writes until the queue is closed.
func (r *reel) run() {
	r.broken = map[franking.Source]bool{}
	ticker := time.NewTicker(gather / 4)
	defer ticker.Stop()
	defer r.finish()
	var last time.Time
	for {
		select {
		case f, ok := <-r.queue:
			if !ok {
				return
			}
			r.bytes.Add(-int64(len(f.Data)))
			if last = time.Now(); r.out == nil && len(r.first) == 0 {
				r.since = last
			}
			r.take(f)
		case now := <-ticker.C:
			switch {
			case r.out == nil && len(r.first) > 0 && now.Sub(r.since) >= gather:
				r.begin()
			case r.out != nil && now.Sub(last) >= forgotten && r.gone():
				r.finish()
			case r.out != nil && now.Sub(last) >= settle:
				r.out.flush(1 << 62)
			}
		}
		if r.out != nil && r.out.failed != nil {
			r.fail(r.out.failed)
			return
		}
	}
}

// take takes a frame that a player could go on with. What a file has not is the beginning of the next one.
func (r *reel) take(f rtpframe.Frame) {
	if lost := r.lost.Swap(0); lost > 0 { // of whatever track
		r.broken[franking.Camera], r.broken[franking.Screen] = true, true
	}
	if picture(f) {
		if r.broken[f.Source] = !f.Key && (r.broken[f.Source] || !f.Whole); r.broken[f.Source] {
			return
		}
	}
	if r.out != nil && r.index(f) < 0 {
		if !begins(f) || r.file.Part >= maxParts {
			return
		}
		r.finish()
		r.since = time.Now()
	}
	if r.out == nil {
		r.first = append(r.first, f)
		if len(r.first) == maxQueued {
			r.begin()
		}
		return
	}
	r.add(f)
}

func (r *reel) add(f rtpframe.Frame) {
	if i := r.index(f); i >= 0 {
		r.out.add(block{track: i, time: f.Time, key: f.Key, data: f.Data})
	}
}

// index is a frame's track in the file that is written; -1 where it has none.
func (r *reel) index(f rtpframe.Frame) int {
	return slices.IndexFunc(r.out.tracks, func(t track) bool { return t.source == f.Source && t.codec == f.Codec })
}

// begin begins a file with what has come so far.
func (r *reel) begin() {
	var tracks []track
	start := r.first[0].Time
	for _, f := range r.first {
		start = min(start, f.Time)
		if slices.ContainsFunc(tracks, func(t track) bool { return t.source == f.Source }) {
			continue
		}
		if !begins(f) {
			continue
		}
		t := track{source: f.Source, codec: f.Codec}
		if picture(f) {
			t.width, t.height, _ = size(f.Codec, f.Data)
		}
		tracks = append(tracks, t)
	}
	first := r.first
	r.first = nil
	if len(tracks) == 0 {
		return
	}
	slices.SortFunc(tracks, func(a, b track) int { return int(a.source) - int(b.source) })
	r.file.Part++
	r.file.Began, r.file.Type = r.since, kindOf(tracks)
	to, err := r.create(r.file)
	if err != nil {
		r.fail(err)
		to = discard{}
	}
	r.out, r.closer = newWriter(to, tracks, start), to
	for _, f := range first {
		r.add(f)
	}
}

// finish ends the file that is written, if there is one.
func (r *reel) finish() {
	if r.out == nil && len(r.first) > 0 {
		r.begin()
	}
	if r.out == nil {
		return
	}
	if err := r.out.finish(); err != nil {
		r.fail(err)
	}
	if err := r.closer.Close(); err != nil {
		r.fail(err)
	}
	r.out, r.closer = nil, nil
}

// begins tells whether a track can begin with a frame.
func begins(f rtpframe.Frame) bool {
	if !picture(f) {
		return true
	}
	_, _, err := size(f.Codec, f.Data)
	return f.Key && err == nil
}

func picture(f rtpframe.Frame) bool {
	return f.Source == franking.Camera || f.Source == franking.Screen
}

// kindOf is the MIME type of a file.
func kindOf(tracks []track) string {
	switch {
	case slices.ContainsFunc(tracks, func(t track) bool { return t.codec == franking.PCMU }):
		return "audio/matroska"
	case tracks[0].width > 0:
		return "video/webm"
	}
	return "audio/webm"
}

// discard takes what could not be kept.
type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) Close() error                { return nil }

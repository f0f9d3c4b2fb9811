package recorder

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/pion/rtp/codecs/vp9"
	"github.com/zaf/g711"

	"github.com/proffer/proffer/media/franking"
)

// Times in milliseconds of the sender.
const (
	cluster = 2000 // of sound and picture that is written at once
	hold    = 1000 // how long the tracks of a file wait for each other
)

const maxHeld = 16 << 20 // bytes that are held for that

// track is one track of a file.
type track struct {
	source        franking.Source
	codec         franking.Codec
	width, height int // of a picture, at the beginning
}

// block is one frame of a file.
type block struct {
	track int // from 0
	time  uint64
	key   bool
	data  []byte
}

// writer writes one file. A file that holds telephones' sound is Matroska, since WebM has no G.711; it is kept there as PCM.
type writer struct {
	to      io.Writer
	tracks  []track
	start   uint64  // the sender's time of the file's beginning
	written uint64  // what is earlier cannot be written any more
	blocks  []block // by time
	bytes   int     // of blocks
	late    int     // frames that came too late
	failed  error
}

// newWriter begins a file. start is the sender's time of its first frame.
func newWriter(to io.Writer, tracks []track, start uint64) *writer {
	w := &writer{to: to, tracks: tracks, start: start, written: start}
	w.write(head(tracks, start))
	return w
}

func (w *writer) write(b []byte) {
	if w.failed == nil {
		_, w.failed = w.to.Write(b)
	}
}

// add takes a frame.
func (w *writer) add(b block) {
	if b.time < w.written {
		w.late++
		return
	}
	at, _ := slices.BinarySearchFunc(w.blocks, b.time+1, func(x block, t uint64) int { return int(x.time) - int(t) })
	w.blocks = slices.Insert(w.blocks, at, b)
	w.bytes += len(b.data)
	for len(w.blocks) > 0 && w.blocks[len(w.blocks)-1].time-w.blocks[0].time >= cluster+hold {
		w.flush(w.blocks[0].time + cluster)
	}
	if w.bytes > maxHeld {
		w.flush(1 << 62)
	}
}

// flush writes what is earlier than a time.
func (w *writer) flush(before uint64) {
	n, _ := slices.BinarySearchFunc(w.blocks, before, func(x block, t uint64) int { return int(x.time) - int(t) })
	for todo := w.blocks[:n]; len(todo) > 0; {
		first := todo[0].time
		k, _ := slices.BinarySearchFunc(todo, first+cluster, func(x block, t uint64) int { return int(x.time) - int(t) })
		w.write(w.cluster(first, todo[:k]))
		w.written = todo[k-1].time
		todo = todo[k:]
	}
	w.blocks = append(w.blocks[:0], w.blocks[n:]...)
	w.bytes = 0
	for _, b := range w.blocks {
		w.bytes += len(b.data)
	}
}

// finish writes all that there is.
func (w *writer) finish() error {
	w.flush(1 << 62)
	return w.failed
}

// cluster is some blocks, which are at most 32 s from the first (RFC 9559, section 10.2).
func (w *writer) cluster(first uint64, blocks []block) []byte {
	parts := [][]byte{number(idTimestamp, first-w.start)}
	for _, b := range blocks {
		head := appendSize(nil, uint64(b.track+1))
		head = binary.BigEndian.AppendUint16(head, uint16(b.time-first))
		flags := byte(0)
		if b.key || w.tracks[b.track].codec == franking.Opus || w.tracks[b.track].codec == franking.PCMU {
			flags = 0x80
		}
		parts = append(parts, element(idSimpleBlock, append(head, flags), w.encoded(b)))
	}
	return element(idCluster, parts...)
}

func (w *writer) encoded(b block) []byte {
	if w.tracks[b.track].codec == franking.PCMU {
		return g711.DecodeUlaw(b.data)
	}
	return b.data
}

// epoch is where DateUTC counts from (RFC 9559, section 5.1.2.11), in milliseconds.
var epoch = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

// head is all that stands before the first cluster.
func head(tracks []track, start uint64) []byte {
	kind := "webm"
	if slices.ContainsFunc(tracks, func(t track) bool { return t.codec == franking.PCMU }) {
		kind = "matroska"
	}
	b := element(idEBML, number(idEBMLVersion, 1), number(idEBMLRead, 1), number(idEBMLMaxID, 4), number(idEBMLMaxSize, 8),
		text(idDocType, kind), number(idDocTypeVersion, 4), number(idDocTypeRead, 2))
	b = append(appendID(b, idSegment), unknownSize...)
	date := binary.BigEndian.AppendUint64(nil, uint64((int64(start)-epoch)*1_000_000))
	b = append(b, element(idInfo, number(idTimestampScale, 1_000_000), text(idMuxingApp, "Proffer"), text(idWritingApp, "Proffer"), element(idDateUTC, date))...)
	var entries [][]byte
	for i, t := range tracks {
		entries = append(entries, t.entry(i+1))
	}
	return append(b, element(idTracks, entries...)...)
}

// entry describes a track.
func (t track) entry(n int) []byte {
	common := slices.Concat(number(idTrackNumber, uint64(n)), number(idTrackUID, uint64(n)), number(idFlagLacing, 0))
	switch t.codec {
	case franking.Opus:
		head := []byte("OpusHead\x01\x02\x00\x00\x80\xbb\x00\x00\x00\x00\x00") // version 1, 2 channels, 48 kHz (RFC 7845, section 5.1)
		return element(idTrackEntry, common, number(idTrackType, 2), text(idCodecID, "A_OPUS"), element(idCodecPrivate, head), number(idSeekPreRoll, 80_000_000),
			element(idAudio, float(idSampling, 48000), number(idChannels, 2)))
	case franking.PCMU:
		return element(idTrackEntry, common, number(idTrackType, 2), text(idCodecID, "A_PCM/INT/LIT"),
			element(idAudio, float(idSampling, 8000), number(idChannels, 1), number(idBitDepth, 16)))
	}
	name := "V_VP8"
	if t.codec == franking.VP9 {
		name = "V_VP9"
	}
	return element(idTrackEntry, common, number(idTrackType, 1), text(idCodecID, name),
		element(idVideo, number(idPixelWidth, uint64(t.width)), number(idPixelHeight, uint64(t.height))))
}

// size is how large the picture of a key frame is.
func size(c franking.Codec, frame []byte) (width, height int, err error) {
	switch {
	case c == franking.VP8 && len(frame) >= 10 && [3]byte(frame[3:6]) == [3]byte{0x9d, 0x01, 0x2a}: // RFC 6386, section 9.1
		width, height = int(binary.LittleEndian.Uint16(frame[6:])&0x3fff), int(binary.LittleEndian.Uint16(frame[8:])&0x3fff)
	case c == franking.VP9:
		var h vp9.Header
		if err := h.Unmarshal(frame); err != nil {
			return 0, 0, fmt.Errorf("recorder: reading the header of a picture: %w", err)
		}
		width, height = int(h.Width()), int(h.Height())
	}
	if width == 0 || height == 0 {
		return 0, 0, fmt.Errorf("recorder: this is no key frame")
	}
	return width, height, nil
}

package clip

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/proffer/proffer/media/franking"
)

// clusterTime is from which time past its own, in milliseconds, a Cluster takes no more frames.
const clusterTime = 5000

// tail is what a clip is longer than its last time, in milliseconds.
const tail = 20

// Place is where a frame stands in a clip.
type Place struct{ Track, Frame int }

// Layout is the form of a clip: every byte of it but those of the frames.
type Layout struct {
	head, cues []byte
	clusters   []cluster
	tracks     []Track
	first      uint64 // the time that is 0 in the clip
	size       uint64
}

// cluster is a run of frames that a player can begin with.
type cluster struct {
	time    uint64 // from the clip's first
	content uint64 // bytes
	places  []Place
}

// NewLayout computes the form of a clip (PROTOCOL.md section 17). It fails where the tracks cannot be in one clip.
func NewLayout(tracks []Track) (*Layout, error) {
	if err := check(tracks); err != nil {
		return nil, err
	}
	l := &Layout{tracks: tracks}
	first, last := span(tracks)
	l.first = first
	for _, p := range order(tracks) {
		l.place(p)
	}
	l.measure(float64(last - first + tail))
	return l, nil
}

// Size is how many bytes the clip has.
func (l *Layout) Size() int64 { return int64(l.size) }

// order merges the tracks by time, at equal times the first track first.
func order(tracks []Track) []Place {
	var all []Place
	next := make([]int, len(tracks))
	for {
		best := -1
		for i := range tracks {
			if next[i] < len(tracks[i].Frames) && (best < 0 || tracks[i].Frames[next[i]].Time < tracks[best].Frames[next[best]].Time) {
				best = i
			}
		}
		if best < 0 {
			return all
		}
		all = append(all, Place{best, next[best]})
		next[best]++
	}
}

func (l *Layout) at(p Place) Frame { return l.tracks[p.Track].Frames[p.Frame] }

// place puts a frame into the last cluster or begins another.
func (l *Layout) place(p Place) {
	f := l.at(p)
	time := f.Time - l.first
	if n := len(l.clusters); n == 0 || f.Key || time-l.clusters[n-1].time >= clusterTime {
		l.clusters = append(l.clusters, cluster{time: time, content: uint64(len(elementUint(nil, idTimestamp, time)))})
	}
	c := &l.clusters[len(l.clusters)-1]
	c.places = append(c.places, p)
	block := uint64(blockHead + f.Length)
	c.content += 1 + uint64(sizeLength(block)) + block
}

// blockHead is how many bytes a SimpleBlock has before its frame: track, time, flags.
const blockHead = 4

func (c *cluster) size() uint64 { return 4 + uint64(sizeLength(c.content)) + c.content }

// measure makes what stands around the clusters, which have to be known.
func (l *Layout) measure(duration float64) {
	info := elementUint(nil, idTimestampScale, 1_000_000)
	info = elementText(info, idMuxingApp, "Proffer")
	info = elementText(info, idWritingApp, "Proffer")
	info = elementFloat(info, idDuration, duration)
	var entries []byte
	for i := range l.tracks {
		entries = element(entries, idTrackEntry, l.tracks[i].entry())
	}
	after := element(element(nil, idInfo, info), idTracks, entries)
	seek := func(position uint64) []byte {
		s := element(nil, idSeekID, appendID(nil, idCues))
		return element(nil, idSeekHead, element(nil, idSeek, elementUint8(s, idSeekPosition, position)))
	}
	position := uint64(len(seek(0)) + len(after))
	var points []byte
	for i := range l.clusters {
		points = l.cue(points, &l.clusters[i], position)
		position += l.clusters[i].size()
	}
	l.cues = element(nil, idCues, points)
	l.head = appendID(l.ebml(), idSegment)
	l.head = appendSizeIn(l.head, position+uint64(len(l.cues)), 8)
	l.size = uint64(len(l.head)) + position + uint64(len(l.cues))
	l.head = append(append(l.head, seek(position)...), after...)
}

func (l *Layout) cue(dst []byte, c *cluster, position uint64) []byte {
	where := elementUint(nil, idCueTrack, l.tracks[c.places[0].Track].number())
	where = elementUint8(where, idCuePosition, position)
	return element(dst, idCuePoint, elementUint(nil, idCueTime, c.time), element(nil, idCuePositions, where))
}

func (l *Layout) ebml() []byte {
	kind := "webm"
	for i := range l.tracks {
		if l.tracks[i].Codec == franking.PCMU {
			kind = "matroska" // WebM has no such codec
		}
	}
	b := elementUint(nil, idEBMLVersion, 1)
	b = elementUint(b, idEBMLReadVersion, 1)
	b = elementUint(b, idEBMLMaxID, 4)
	b = elementUint(b, idEBMLMaxSize, 8)
	b = elementText(b, idDocType, kind)
	b = elementUint(b, idDocTypeVersion, 4)
	return element(nil, idEBML, elementUint(b, idDocTypeRead, 2))
}

// number is the track's in the clip.
func (t *Track) number() uint64 {
	if t.Video() {
		return 1
	}
	return 2
}

// What stands in CodecPrivate: of Opus its head (RFC 7845 section 5.1) for two channels, into which decoders put one too, without
// pre-skip and gain; of PCMU a WAVEFORMATEX.
var (
	opusHead = []byte("OpusHead\x01\x02\x00\x00\x80\xbb\x00\x00\x00\x00\x00")
	pcmuHead = []byte("\x07\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00\x00\x00")
)

func (t *Track) entry() []byte {
	kind := uint64(2)
	if t.Video() {
		kind = 1
	}
	b := elementUint(nil, idTrackNumber, t.number())
	b = elementUint(b, idTrackUID, t.number())
	b = elementUint(b, idTrackType, kind)
	b = elementUint(b, idFlagLacing, 0)
	switch t.Codec {
	case franking.VP8, franking.VP9:
		b = elementText(b, idCodecID, fmt.Sprintf("V_VP%d", 7+t.Codec))
		return element(b, idVideo, elementUint(nil, idPixelWidth, uint64(t.Width)), elementUint(nil, idPixelHeight, uint64(t.Height)))
	case franking.PCMU:
		b = elementText(b, idCodecID, "A_MS/ACM")
		b = element(b, idCodecPrivate, pcmuHead)
		return element(b, idAudio, elementFloat(nil, idSamplingRate, 8000), elementUint(nil, idChannels, 1))
	default:
		b = elementText(b, idCodecID, "A_OPUS")
		b = element(b, idCodecPrivate, opusHead)
		b = elementUint(b, idSeekPreRoll, 80_000_000)
		return element(b, idAudio, elementFloat(nil, idSamplingRate, 48000), elementUint(nil, idChannels, 2))
	}
}

// walk goes through the clip in its order: bytes that are given, then a frame, and so on, and bytes at the end. The bytes are valid until
// the next call.
func (l *Layout) walk(given func([]byte) error, frame func(Place) error) error {
	if err := given(l.head); err != nil {
		return err
	}
	var b []byte
	for i := range l.clusters {
		c := &l.clusters[i]
		b = appendSize(appendID(b[:0], idCluster), c.content)
		b = elementUint(b, idTimestamp, c.time)
		for _, p := range c.places {
			b = l.block(b, c, p)
			if err := given(b); err != nil {
				return err
			}
			if err := frame(p); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	return given(l.cues)
}

// block appends a SimpleBlock up to its frame.
func (l *Layout) block(dst []byte, c *cluster, p Place) []byte {
	f := l.at(p)
	dst = appendSize(append(dst, idSimpleBlock), uint64(blockHead+f.Length))
	dst = append(dst, 0x80|byte(l.tracks[p.Track].number()))
	dst = binary.BigEndian.AppendUint16(dst, uint16(f.Time-l.first-c.time))
	if f.Key || !l.tracks[p.Track].Video() {
		return append(dst, 0x80)
	}
	return append(dst, 0)
}

// Write writes the clip. data gives the bytes of a frame.
func (l *Layout) Write(w io.Writer, data func(Place) []byte) error {
	return l.walk(func(b []byte) error {
		_, err := w.Write(b)
		return err
	}, func(p Place) error {
		b := data(p)
		if len(b) != l.at(p).Length {
			return errors.New("clip: a frame is not as long as its layout says")
		}
		_, err := w.Write(b)
		return err
	})
}

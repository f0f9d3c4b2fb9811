package clip

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"slices"

	"github.com/proffer/proffer/media/franking"
)

// Choice is what of a frozen ring is reported: the camera with the microphone, or the screen with its sound, of one sender.
type Choice struct {
	Sender   [32]byte        // J
	Picture  franking.Source // Camera or Screen
	From, To uint64          // the sender's times, in milliseconds
}

// Parties are who the proof is between.
type Parties struct {
	Meeting  string
	Reporter []byte   // the message of the reporter's join
	Sender   []byte   // that of the sender's; of a connector its J
	Device   [32]byte // the reporter's Ed25519 public key
	Sign     func([]byte) [64]byte
	Now      uint64 // milliseconds
}

// ErrNothing is for a choice of which the ring has nothing.
var ErrNothing = errors.New("clip: there is nothing of this person in that time")

// Make makes the clip of a choice, and its proof.
func (f *Frozen) Make(c Choice, p Parties) (clip, proof []byte, err error) {
	var picked [][]*Received
	pictures := f.pick(trackKey{c.Sender, c.Picture}, c.From, c.To)
	from := c.From
	if len(pictures) > 0 {
		picked = append(picked, pictures)
		from = pictures[0].Time
	}
	if sound := f.pick(trackKey{c.Sender, c.Picture + 1}, from, c.To); len(sound) > 0 {
		picked = append(picked, sound)
	}
	if len(picked) == 0 {
		return nil, nil, ErrNothing
	}
	b := &Proof{Meeting: p.Meeting, Reporter: p.Reporter, Sender: p.Sender, Made: p.Now}
	for _, fs := range picked {
		b.Tracks = append(b.Tracks, f.track(c.Sender, fs))
	}
	layout, err := b.layout()
	if err != nil {
		return nil, nil, err
	}
	var file bytes.Buffer
	file.Grow(int(layout.Size()))
	if err := layout.Write(&file, func(at Place) []byte { return picked[at.Track][at.Frame].Data }); err != nil {
		return nil, nil, err
	}
	b.Clip, b.Size = sha256.Sum256(file.Bytes()), uint64(file.Len())
	return file.Bytes(), b.Sign(p.Device, p.Sign), nil
}

// track is what the proof says of one track.
func (f *Frozen) track(join [32]byte, fs []*Received) ProofTrack {
	what := fs[0].What
	t := ProofTrack{Source: what.Source(), Codec: what.Codec(), Runs: f.covering(join, fs)}
	if w, h, ok := Picture(what.Codec(), fs[0].Data); ok {
		t.Width, t.Height = uint64(w), uint64(h)
	}
	for _, x := range fs {
		t.Frames = append(t.Frames, ProofFrame{Stream: x.Stream, Counter: x.Counter, Time: x.Time, Key: x.What.Key(), Term: x.Term, Epoch: x.Epoch,
			Length: uint64(len(x.Data)), Opening: x.Opening})
	}
	return t
}

// covering gives the runs in which the frames are.
func (f *Frozen) covering(join [32]byte, fs []*Received) (runs []StampedRun) {
	counters := map[uint16]map[uint64]bool{}
	for _, x := range fs {
		if counters[x.Stream] == nil {
			counters[x.Stream] = map[uint64]bool{}
		}
		counters[x.Stream][x.Counter] = true
	}
	for stream, wanted := range counters {
		for _, run := range f.runs[streamKey{join, stream}] {
			if covers(&run, wanted) {
				runs = append(runs, run)
			}
		}
	}
	sortRuns(runs)
	return runs
}

// covers tells whether a run is about one of the frames.
func covers(run *StampedRun, counters map[uint64]bool) bool {
	for i := range len(run.Commitments) / 32 {
		if counters[run.First+uint64(i)] {
			return true
		}
	}
	return false
}

func sortRuns(runs []StampedRun) {
	slices.SortFunc(runs, func(a, b StampedRun) int {
		return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Sequence, b.Sequence))
	})
}

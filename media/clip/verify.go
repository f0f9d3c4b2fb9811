package clip

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/proffer/proffer/media/franking"
)

// drift is how far a frame's time may be from its stamp's, in milliseconds (PROTOCOL.md section 16).
const drift = 2000

// Platform is what only the platform knows of a meeting, and what verification asks it. Each part may be nil: then what it would
// tell is not checked, and the caller has to say so.
type Platform struct {
	// Identity is the key under which certificates are issued; zeros: not checked.
	Identity [32]byte
	// Notary gives the keys of stamps. Without it nothing is verified.
	Notary func(key uint64) (franking.NotaryKey, bool)
	// Stampless takes runs without a look at their stamps, for who has no key: frames are held against commitments that anybody could have made.
	// Such a verdict shows contradictions and proves nothing; whoever asks for it must not show it as one that does.
	Stampless bool
	// Present says why somebody was not in the meeting over a time (milliseconds); "" where they were.
	Present func(m Member, from, to uint64) (why string, err error)
}

// Verify holds a clip against its proof (PROTOCOL.md section 18). It reads the clip once, in the order of its bytes, and keeps one frame of it.
// An error is that of the reader or of the platform: nothing was found out.
func Verify(clip io.Reader, proof []byte, p Platform) (Verdict, error) {
	v := &verifier{Platform: p, commitments: franking.NewVerifier(), keys: map[uint64]franking.NotaryKey{}, hash: sha256.New()}
	if err := v.open(proof); err != nil {
		v.contradict("The proof cannot be used: %s.", reason(err))
		return v.verdict(), nil
	}
	if err := v.members(); err != nil {
		return Verdict{}, err
	}
	v.stamps()
	if err := v.compare(clip); err != nil {
		return Verdict{}, err
	}
	return v.verdict(), nil
}

// verifier is one verification.
type verifier struct {
	Platform
	proof  *Proof
	layout *Layout
	signer [32]byte
	out    Verdict
	tracks []trackCheck

	commitments *franking.Verifier
	keys        map[uint64]franking.NotaryKey // of the notary, as they are asked for

	in   io.Reader
	hash hash.Hash
	read uint64
	buf  []byte
}

// trackCheck is what is known of one track.
type trackCheck struct {
	streams map[uint16]*stream
	states  []State // of each frame
}

// stream is what the notary stamped of one stream.
type stream struct {
	frames    map[uint64]stamped
	sequences map[uint64][32]byte // roots
}

type stamped struct {
	commitment [32]byte
	at         uint64
}

func (v *verifier) contradict(format string, args ...any) {
	v.note(Finding{AgainstClip, fmt.Sprintf(format, args...)})
}

// maxFindings bounds what one hostile proof can have written down.
const maxFindings = 20

func (v *verifier) note(f Finding) {
	if len(v.out.Findings) < maxFindings {
		v.out.Findings = append(v.out.Findings, f)
	}
}

func (v *verifier) open(proof []byte) (err error) {
	if v.proof, v.signer, err = openProof(proof); err != nil {
		v.proof = nil
		return err
	}
	if v.layout, err = v.proof.layout(); err != nil {
		v.proof = nil
		return err
	}
	v.out.Meeting = v.proof.Meeting
	v.out.From, v.out.Length = v.layout.first, v.layout.Length()
	v.tracks = make([]trackCheck, len(v.proof.Tracks))
	for i := range v.tracks {
		v.tracks[i] = trackCheck{map[uint16]*stream{}, make([]State, len(v.proof.Tracks[i].Frames))}
	}
	return nil
}

// members looks at who reports whom (step 1).
func (v *verifier) members() (err error) {
	v.out.Reporter = v.reporter(v.proof.Reporter, v.proof.Meeting)
	if v.out.Sender, err = openSender(v.proof.Sender, v.proof.Meeting, v.Identity); err != nil {
		v.contradict("The proof does not say who is reported: %s.", reason(err))
	}
	if v.Present == nil || len(v.out.Findings) > 0 {
		return nil
	}
	for _, m := range []Member{v.out.Reporter, v.out.Sender} {
		if err := v.present(m, v.out.From, v.out.From+v.out.Length); err != nil {
			return err
		}
	}
	return nil
}

// reporter looks at who reports, and whether it is who signed.
func (v *verifier) reporter(message []byte, meeting string) Member {
	m, err := openMember(message, meeting, v.Identity)
	if err != nil {
		v.contradict("The proof does not say who reports: %s.", reason(err))
	} else if m.Device != v.signer {
		v.contradict("The proof was signed by another device than the reporter’s.")
	}
	return m
}

// present asks the platform whether somebody was there.
func (v *verifier) present(m Member, from, to uint64) error {
	why, err := v.Present(m, from, to)
	if err == nil && why != "" {
		v.contradict("%s", why)
	}
	return err
}

// stamps takes the runs whose stamps hold (step 3).
func (v *verifier) stamps() {
	sender := franking.Sender{Meeting: v.proof.Meeting, Account: v.out.Sender.Account, Device: v.out.Sender.Device, Join: v.out.Sender.Join}
	for i := range v.proof.Tracks {
		v.takeRuns(&v.tracks[i], &sender, v.proof.Tracks[i].Runs)
	}
}

func (v *verifier) takeRuns(t *trackCheck, sender *franking.Sender, runs []StampedRun) {
	bad, lost := 0, 0
	for i := range runs {
		switch holds, known := v.stampHolds(sender, &runs[i]); {
		case !known:
			lost++
		case !holds:
			bad++
		default:
			v.take(t, &runs[i])
		}
	}
	if lost > 0 {
		v.note(Finding{AgainstNobody, fmt.Sprintf("The platform no longer has the key that vouched for %d stamps, so nothing is known of their frames.", lost)})
	}
	if bad > 0 && v.Notary != nil {
		v.contradict("%d stamps in the proof were not made by this platform’s notary for this sender in this meeting.", bad)
	}
}

// stampHolds looks at one stamp; known is false where the platform does not have its key (any more).
func (v *verifier) stampHolds(sender *franking.Sender, r *StampedRun) (holds, known bool) {
	if v.Stampless || v.Notary == nil {
		return v.Stampless, true
	}
	key, ok := v.keys[r.Key]
	if !ok {
		if key, ok = v.Notary(r.Key); !ok {
			return false, false
		}
		v.keys[r.Key] = key
	}
	run, stamp := r.Run(), r.Stamp()
	return key.Holds(sender, &run, &stamp), true
}

// take keeps the commitments of a run. What contradicts an earlier one is the sender's contradiction; the earlier stamp counts.
func (v *verifier) take(t *trackCheck, r *StampedRun) {
	s := t.streams[r.Stream]
	if s == nil {
		s = &stream{map[uint64]stamped{}, map[uint64][32]byte{}}
		t.streams[r.Stream] = s
	}
	run := r.Run()
	if was, ok := s.sequences[r.Sequence]; ok && was != run.Root() {
		v.note(Finding{AgainstSender, fmt.Sprintf("The sender sent two different batches under one number (stream %d, number %d).", r.Stream, r.Sequence)})
	}
	s.sequences[r.Sequence] = run.Root()
	for i := range run.Count() {
		counter := r.First + uint64(i)
		c, _ := run.Of(counter)
		was, ok := s.frames[counter]
		if ok && was.commitment != c {
			v.note(Finding{AgainstSender, fmt.Sprintf("The sender committed to two different frames under one number (stream %d, frame %d).", r.Stream, counter)})
		}
		if !ok || r.At < was.at {
			s.frames[counter] = stamped{c, r.At}
		}
	}
}

// errDiffers ends the walk over a clip that is not what its proof says.
var errDiffers = errors.New("the clip differs")

// compare reads the clip against its form, and each frame against its commitment (steps 2 and 4).
func (v *verifier) compare(clip io.Reader) error {
	v.in = io.TeeReader(clip, v.hash)
	err := v.layout.walk(v.given, v.frame)
	if errors.Is(err, errDiffers) {
		_, err = io.Copy(io.Discard, v.in)
		return err
	}
	if err != nil {
		return err
	}
	rest, err := io.Copy(io.Discard, v.in)
	switch sum := [32]byte(v.hash.Sum(nil)); {
	case err != nil:
		return err
	case rest > 0:
		v.contradict("%d bytes follow the end of the clip.", rest)
	case sum != v.proof.Clip || v.proof.Size != v.read:
		v.contradict("The proof names another file: its SHA-256 is %x.", v.proof.Clip)
	}
	return nil
}

// next reads n bytes of the clip.
func (v *verifier) next(n int) ([]byte, error) {
	if cap(v.buf) < n {
		v.buf = make([]byte, n)
	}
	v.buf = v.buf[:n]
	got, err := io.ReadFull(v.in, v.buf)
	v.read += uint64(got)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		v.contradict("The clip ends after %d bytes; its proof describes %d.", v.read, v.layout.Size())
		return nil, errDiffers
	}
	return v.buf, err
}

func (v *verifier) given(want []byte) error {
	at := v.read
	b, err := v.next(len(want))
	if err != nil {
		return err
	}
	if !bytes.Equal(b, want) {
		i := 0
		for b[i] == want[i] {
			i++
		}
		v.contradict("The container is not what the proof describes: byte %d is %#02x and should be %#02x.", at+uint64(i), b[i], want[i])
		return errDiffers
	}
	return nil
}

func (v *verifier) frame(p Place) error {
	t, f := &v.proof.Tracks[p.Track], &v.proof.Tracks[p.Track].Frames[p.Frame]
	data, err := v.next(int(f.Length))
	if err != nil {
		return err
	}
	if first := p.Frame == 0 && t.Width > 0; first {
		if w, h, ok := Picture(t.Codec, data); !ok || uint64(w) != t.Width || uint64(h) != t.Height {
			v.contradict("The first picture’s own size is not the one that the clip says.")
		}
	}
	v.tracks[p.Track].states[p.Frame] = v.judge(t, f, data, &v.tracks[p.Track])
	return nil
}

// judge holds a frame against its commitment.
func (v *verifier) judge(t *ProofTrack, f *ProofFrame, data []byte, c *trackCheck) State {
	what := franking.Describe(t.Codec, f.Key, t.Source)
	h := franking.Header{Origin: franking.Origin{Meeting: v.proof.Meeting, Term: f.Term, Epoch: f.Epoch, Device: v.out.Sender.Device,
		Join: v.out.Sender.Join, Stream: f.Stream}, Counter: f.Counter, Time: f.Time, What: what}
	return v.state(c.streams[f.Stream], &h, &f.Opening, data)
}

// state is that of a frame which claims a header, by the stamps of its stream.
func (v *verifier) state(s *stream, h *franking.Header, opening *[32]byte, frame []byte) State {
	if s == nil {
		return StateUnstamped
	}
	stamp, ok := s.frames[h.Counter]
	switch {
	case !ok:
		return StateUnstamped
	case !v.commitments.Verify(h, opening, &stamp.commitment, frame):
		return StateContradicted
	case h.Time > stamp.at+drift || stamp.at > h.Time+drift:
		return StateLate
	}
	return StateVerified
}

package clip

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"github.com/proffer/proffer/media/franking"
)

// contextProof is that of the signature over a proof (PROTOCOL.md section 12).
const contextProof = "proffer proof v1"

// Proof says what a clip is made of, and opens the commitments of its frames.
//
//	body = [ "proof", meeting, reporter: bstr, sender: bstr, clip: bstr .size 32, size: uint, tracks: [ 1*2 track ], made: time ]
type Proof struct {
	_        struct{} `cbor:",toarray"`
	Kind     string
	Meeting  string
	Reporter []byte // the message of the reporter's join
	Sender   []byte // that of the sender's; of a connector its J
	Clip     [32]byte
	Size     uint64
	Tracks   []ProofTrack
	Made     uint64 // milliseconds
}

const kindProof = "proof"

// ProofTrack is one track of the clip.
//
//	track = [ source: uint, codec: uint, width: uint, height: uint, frames: [ 1* frame ], runs: [ * stamp ] ]
type ProofTrack struct {
	_             struct{} `cbor:",toarray"`
	Source        franking.Source
	Codec         franking.Codec
	Width, Height uint64
	Frames        []ProofFrame
	Runs          []StampedRun
}

// ProofFrame is one frame of a track.
//
//	frame = [ stream: uint, counter: uint, time, key: bool, term: uint, epoch: uint, length: uint, opening: bstr .size 32 ]
type ProofFrame struct {
	_       struct{} `cbor:",toarray"`
	Stream  uint16
	Counter uint64
	Time    uint64
	Key     bool
	Term    uint16
	Epoch   uint32
	Length  uint64 // of the whole encoded frame
	Opening [32]byte
}

// StampedRun is a run with the notary's stamp.
//
//	stamp = [ key: uint, at: time, stream: uint, sequence: uint, first: uint, commitments: bstr, mac: bstr .size 32 ]
type StampedRun struct {
	_           struct{} `cbor:",toarray"`
	Key         uint64
	At          uint64
	Stream      uint16
	Sequence    uint64
	First       uint64
	Commitments []byte
	MAC         [32]byte
}

// Run is the run without its stamp.
func (s *StampedRun) Run() franking.Run {
	return franking.Run{Stream: s.Stream, Sequence: s.Sequence, First: s.First, Commitments: s.Commitments}
}

// Stamp is the stamp without its run.
func (s *StampedRun) Stamp() franking.Stamp { return franking.Stamp{Key: s.Key, At: s.At, MAC: s.MAC} }

// signed = [ body: bstr, signer: bstr .size 32, signature: bstr .size 64 ] (PROTOCOL.md section 1)
type signed struct {
	_         struct{} `cbor:",toarray"`
	Body      []byte
	Signer    [32]byte
	Signature [64]byte
}

var (
	encoding = encodingMode()
	decoding = decodingMode()
)

func encodingMode() cbor.EncMode {
	o := cbor.CoreDetEncOptions()
	o.NilContainers = cbor.NilContainerAsEmpty
	m, err := o.EncMode()
	if err != nil {
		panic(err)
	}
	return m
}

func decodingMode() cbor.DecMode {
	m, err := cbor.DecOptions{IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden, MaxNestedLevels: 6,
		MaxArrayElements: 2*MaxFrames + 1}.DecMode()
	if err != nil {
		panic(err)
	}
	return m
}

// encode gives the one encoding of a value of this package.
func encode(v any) []byte {
	b, err := encoding.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("clip: %T does not encode: %v", v, err))
	}
	return b
}

// decode reads what encode writes and refuses every other input.
func decode(data []byte, v any) error {
	if err := decoding.Unmarshal(data, v); err != nil {
		return fmt.Errorf("clip: not of the protocol: %w", err)
	}
	if !bytes.Equal(encode(v), data) {
		return errors.New("clip: not in the one deterministic encoding")
	}
	return nil
}

// toSign is what Ed25519 signs: SHA-256(context) || SHA-256(x).
func toSign(context string, x []byte) []byte {
	c, h := sha256.Sum256([]byte(context)), sha256.Sum256(x)
	return append(c[:], h[:]...)
}

// Sign encodes the proof and signs it with the device of the reporter's join, by sign(toSign).
func (p *Proof) Sign(device [32]byte, sign func([]byte) [64]byte) []byte {
	p.Kind = kindProof
	return seal(encode(p), device, sign)
}

func seal(body []byte, device [32]byte, sign func([]byte) [64]byte) []byte {
	return encode(signed{Body: body, Signer: device, Signature: sign(toSign(contextProof, body))})
}

// openProof reads a proof, checks its limits and gives the device that signed it.
func openProof(data []byte) (p *Proof, device [32]byte, err error) {
	body, device, err := openSigned(data)
	if err != nil {
		return nil, device, err
	}
	if p, err = decodeProof(body); err != nil {
		return nil, device, err
	}
	return p, device, p.check()
}

func openSigned(data []byte) (body []byte, device [32]byte, err error) {
	if len(data) > MaxProof {
		return nil, device, errors.New("clip: a proof has at most 16 MiB")
	}
	var signature [64]byte
	r := &reader{b: data}
	r.array(3)
	body = r.bytes()
	r.fixed(device[:])
	r.fixed(signature[:])
	if err := r.end(); err != nil {
		return nil, device, err
	}
	if !ed25519.Verify(device[:], toSign(contextProof, body), signature[:]) {
		return nil, device, errors.New("clip: the signature of the proof does not hold")
	}
	return body, device, nil
}

func decodeProof(body []byte) (*Proof, error) {
	r, p := &reader{b: body}, new(Proof)
	r.array(8)
	p.Kind, p.Meeting = r.text(), r.text()
	p.Reporter, p.Sender = r.bytes(), r.bytes()
	r.fixed(p.Clip[:])
	p.Size = r.uint(maxTime)
	p.Tracks = make([]ProofTrack, r.items(2))
	for i := range p.Tracks {
		r.track(&p.Tracks[i])
	}
	p.Made = r.uint(maxTime)
	return p, r.end()
}

func (r *reader) track(t *ProofTrack) {
	r.array(6)
	t.Source, t.Codec = franking.Source(r.uint(7)), franking.Codec(r.uint(15))
	t.Width, t.Height = r.uint(1<<14-1), r.uint(1<<14-1)
	t.Frames = make([]ProofFrame, r.items(MaxFrames))
	for i := range t.Frames {
		r.frame(&t.Frames[i])
	}
	t.Runs = r.runs()
}

func (r *reader) frame(f *ProofFrame) {
	r.array(8)
	f.Stream, f.Counter, f.Time, f.Key = uint16(r.uint(1<<16-1)), r.uint(1<<48-1), r.uint(maxTime), r.bool()
	f.Term, f.Epoch, f.Length = uint16(r.uint(1<<12-1)), uint32(r.uint(1<<24-1)), r.uint(maxFrame)
	r.fixed(f.Opening[:])
}

func (r *reader) runs() []StampedRun {
	runs := make([]StampedRun, r.items(MaxFrames))
	for i := range runs {
		run := &runs[i]
		r.array(7)
		run.Key, run.At, run.Stream = r.uint(maxTime), r.uint(maxTime), uint16(r.uint(1<<16-1))
		run.Sequence, run.First, run.Commitments = r.uint(maxTime), r.uint(1<<48-1), r.bytes()
		r.fixed(run.MAC[:])
	}
	return runs
}

func (p *Proof) check() error {
	if p.Kind != kindProof || len(p.Meeting) < 1 || len(p.Meeting) > 64 {
		return errors.New("clip: this is no proof of a clip")
	}
	for i := range p.Tracks {
		if err := checkRuns(p.Tracks[i].Runs); err != nil {
			return err
		}
	}
	return nil
}

func checkRuns(runs []StampedRun) error {
	for i := range runs {
		if r := runs[i].Run(); !r.Valid() {
			return errors.New("clip: a run has 1 to 256 commitments")
		}
	}
	return nil
}

// layout is the form of the clip that the proof describes.
func (p *Proof) layout() (*Layout, error) {
	tracks := make([]Track, len(p.Tracks))
	for i := range p.Tracks {
		t := &p.Tracks[i]
		tracks[i] = Track{Source: t.Source, Codec: t.Codec, Width: int(t.Width), Height: int(t.Height), Frames: make([]Frame, len(t.Frames))}
		for j, f := range t.Frames {
			tracks[i].Frames[j] = Frame{Time: f.Time, Key: f.Key, Length: int(f.Length)}
		}
	}
	return NewLayout(tracks)
}

package triage

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/proffer/proffer/triage/account"
)

// SHA256 is a digest of stored bytes.
type SHA256 [32]byte

// String is the digest in lower-case hex, as receipts and manifests write it.
func (s SHA256) String() string { return hex.EncodeToString(s[:]) }

// ParseSHA256 reads 64 lower-case hex digits.
func ParseSHA256(s string) (SHA256, error) {
	var d SHA256
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(d) || hex.EncodeToString(b) != s {
		return d, Errorf(Invalid, "A SHA-256 is written as 64 lower-case hex digits.")
	}
	copy(d[:], b)
	return d, nil
}

// Blob is one sequence of bytes in the evidence bucket, stored once however many exhibits share it. Its key there is
// "sha256/" and the digest.
type Blob struct {
	SHA256      SHA256
	Size        int64
	Sealed      time.Time
	RetainUntil time.Time // end of the object lock; only ever moved later
	Chunks      Chunks    // nil where it was sealed before chunks were kept, until it is first opened; never changed then
}

// Key is the blob's object key in the evidence bucket.
func (b Blob) Key() string { return "sha256/" + b.SHA256.String() }

// Processing is how far the preparation of an exhibit has come.
type Processing string

// The stages of processing.
const (
	ProcessingWaiting Processing = "waiting"
	ProcessingRunning Processing = "running"
	ProcessingDone    Processing = "done"
	ProcessingFailed  Processing = "failed"  // Why says it in words; it can be retried
	ProcessingAltered Processing = "altered" // the original is not what was sealed; a retry looks at the whole again
)

// Ended reports whether nothing more will happen to the exhibit by itself.
func (p Processing) Ended() bool { return p == ProcessingDone || p.Retriable() }

// Retriable reports whether preparing it can be asked for again.
func (p Processing) Retriable() bool { return p == ProcessingFailed || p == ProcessingAltered }

// Exhibit is one clip of one report.
type Exhibit struct {
	ID         ExhibitID
	Report     ReportID
	Case       CaseID
	Number     int    // 1, 2, … within the case: "Exhibit 1"
	Name       string // file name as the reporter's device gave it, cleaned
	SHA256     SHA256
	Size       int64
	Container  string // one of Containers, or "" while unknown
	Received   time.Time
	Processing Processing
	Why        string // why processing failed or was limited, in words, or ""
	Probe      Probe
	Trust      Trust
	Proof      SHA256 // of the proof that came with the clip (media/PROTOCOL.md section 18); zero where none did
	ProofSize  int64
	Verdict    []byte // JSON of clip.Found, as it was written; nil until the proof was looked at
	Version    int
}

// HasProof reports whether a proof came with the clip.
func (x Exhibit) HasProof() bool { return x.Proof != SHA256{} }

// Retriable reports whether preparing the exhibit, or its preview, can be asked for again.
func (x Exhibit) Retriable() bool {
	return x.Processing.Retriable() || x.Processing == ProcessingDone && x.Probe.NoProxy != ""
}

// Containers are the forms of file that a clip may have.
var Containers = []string{"webm", "matroska", "mp4", "mov", ContainerLines}

// ContainerLines is a file of lines of chat, which is its own proof (media/PROTOCOL.md section 18). It has no pictures and is never decoded.
const ContainerLines = "lines"

// Trust says how far a clip can be believed (DESIGN I9).
type Trust string

// The grades. Without a proof file every clip is unverified.
const (
	TrustUnverified   Trust = "unverified"
	TrustVerified     Trust = "verified"
	TrustPartly       Trust = "partly verified"
	TrustContradicted Trust = "contradicted"
)

// Probe is what decoding found out about a clip. The zero Probe is a clip that could not be read.
type Probe struct {
	Container  string        `json:"container,omitempty"`
	Duration   time.Duration `json:"duration,omitempty"` // nanoseconds
	Tracks     []Track       `json:"tracks,omitempty"`
	NeedsProxy bool          `json:"needs_proxy,omitempty"` // browsers would not play the original; a preview is made
	NoProxy    string        `json:"no_proxy,omitempty"`    // why the preview could not be made, in words, or ""
}

// Track is one track of a clip.
type Track struct {
	Kind       string  `json:"kind"` // "video" or "audio"
	Codec      string  `json:"codec"`
	Width      int     `json:"width,omitempty"`
	Height     int     `json:"height,omitempty"`
	FrameRate  float64 `json:"frame_rate,omitempty"`
	SampleRate int     `json:"sample_rate,omitempty"`
	Channels   int     `json:"channels,omitempty"`
}

// Video is the first video track, if there is one.
func (p Probe) Video() (Track, bool) { return p.first("video") }

// Audio is the first audio track, if there is one.
func (p Probe) Audio() (Track, bool) { return p.first("audio") }

func (p Probe) first(kind string) (Track, bool) {
	for _, t := range p.Tracks {
		if t.Kind == kind {
			return t, true
		}
	}
	return Track{}, false
}

// DerivativeKind names what was made from an original.
type DerivativeKind string

// The derivatives.
const (
	DerivedPoster   DerivativeKind = "poster"   // JPEG, one still
	DerivedContact  DerivativeKind = "contact"  // JPEG, a grid of stills; Meta holds its geometry and times
	DerivedWaveform DerivativeKind = "waveform" // JSON, peaks
	DerivedPreview  DerivativeKind = "preview"  // WebM that browsers play

	DerivedFrames DerivativeKind = "frames" // no file: the hashes of its pictures, see Print
)

// Derivative is something made from an exhibit's original; the original itself is never changed.
type Derivative struct {
	Exhibit     ExhibitID
	Kind        DerivativeKind
	Key         string // object key in the derivative bucket
	ContentType string
	SHA256      SHA256
	Size        int64
	Command     string // the command that made it, as the package prints it
	Meta        []byte // JSON, by kind
	Made        time.Time
}

// Watch is one interval of a clip that a person really had before their eyes.
type Watch struct {
	Exhibit ExhibitID
	Account account.ID
	Session string        // one opening of the case page
	From    time.Duration // position in the clip
	To      time.Duration
	Clear   bool // not blurred
	Sound   bool // not muted
	At      time.Time
}

func sumHex(b []byte) string { return SHA256(sha256.Sum256(b)).String() }

package franking

// What is the byte that says what a frame is (PROTOCOL.md section 6): codec << 4 | key << 3 | source. 0 is a line of chat.
type What byte

// Codec is how a frame is encoded.
type Codec byte

// The codecs.
const (
	VP8  Codec = 1
	VP9  Codec = 2
	Opus Codec = 3
	PCMU Codec = 4 // G.711 µ-law at 8 kHz, of telephones
)

// Source is what a frame was captured from.
type Source byte

// The sources.
const (
	Camera Source = iota
	Microphone
	Screen
	ScreenSound
)

const keyBit = 1 << 3

// Describe gives the byte of a frame. key marks a key frame, of video.
func Describe(c Codec, key bool, s Source) What {
	w := What(c)<<4 | What(s)
	if key {
		w |= keyBit
	}
	return w
}

// Codec is how the frame is encoded.
func (w What) Codec() Codec { return Codec(w >> 4) }

// Key tells whether the frame is a key frame.
func (w What) Key() bool { return w&keyBit != 0 }

// Source is what the frame was captured from.
func (w What) Source() Source { return Source(w & (keyBit - 1)) }

// Valid tells whether the byte describes a frame of audio or video: a known codec, a source that goes with it, and no other bit.
func (w What) Valid() bool {
	switch w.Source() {
	case Camera, Screen:
		return w.Codec() == VP8 || w.Codec() == VP9
	case Microphone:
		return (w.Codec() == Opus || w.Codec() == PCMU) && !w.Key()
	case ScreenSound:
		return w.Codec() == Opus && !w.Key()
	}
	return false
}

var sources = [...]string{Camera: "camera", Microphone: "microphone", Screen: "screen", ScreenSound: "sound of the screen"}

// String is the source in words.
func (s Source) String() string {
	if int(s) < len(sources) {
		return sources[s]
	}
	return "unknown source"
}

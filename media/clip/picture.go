package clip

import "github.com/proffer/proffer/media/franking"

// Picture reads width and height, in pixels, from the header of a key frame: RFC 6386 section 9.1 for VP8, section 6.2 of the VP9 bitstream
// specification for VP9. false: it is no key frame of that codec.
func Picture(c franking.Codec, frame []byte) (width, height int, ok bool) {
	switch c {
	case franking.VP8:
		return pictureVP8(frame)
	case franking.VP9:
		return pictureVP9(frame)
	}
	return 0, 0, false
}

func pictureVP8(b []byte) (width, height int, ok bool) {
	if len(b) < 10 || b[0]&1 != 0 || b[3] != 0x9d || b[4] != 0x01 || b[5] != 0x2a {
		return 0, 0, false
	}
	width = (int(b[6]) | int(b[7])<<8) & 0x3fff
	height = (int(b[8]) | int(b[9])<<8) & 0x3fff
	return width, height, width > 0 && height > 0
}

// bits reads a byte string bit by bit; past its end there are zeros, and short is set.
type bits struct {
	b     []byte
	at    int
	short bool
}

func (r *bits) read(n int) (v int) {
	for range n {
		v <<= 1
		if i := r.at / 8; i < len(r.b) {
			v |= int(r.b[i]>>(7-r.at%8)) & 1
		} else {
			r.short = true
		}
		r.at++
	}
	return v
}

func pictureVP9(b []byte) (width, height int, ok bool) {
	r := &bits{b: b}
	marker := r.read(2)
	profile := r.read(1) | r.read(1)<<1
	if profile == 3 && r.read(1) != 0 {
		return 0, 0, false
	}
	showExisting, delta := r.read(1), r.read(1)
	r.read(2) // show_frame, error_resilient_mode
	if marker != 2 || showExisting != 0 || delta != 0 || r.read(24) != 0x498342 {
		return 0, 0, false
	}
	colorVP9(r, profile)
	width, height = r.read(16)+1, r.read(16)+1
	return width, height, !r.short && width < 1<<14 && height < 1<<14
}

// colorVP9 reads color_config.
func colorVP9(r *bits, profile int) {
	const sRGB = 7
	if profile >= 2 {
		r.read(1) // ten_or_twelve_bit
	}
	switch odd := profile&1 == 1; {
	case r.read(3) != sRGB:
		r.read(1) // color_range
		if odd {
			r.read(3) // subsampling_x, subsampling_y, reserved
		}
	case odd:
		r.read(1) // reserved
	}
}

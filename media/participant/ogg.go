package participant

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"time"
)

// An Ogg page (RFC 3533, section 6), integers little-endian:
//
//	"OggS" || version (1) = 0 || type (1) || granule position (8) || serial (4) || sequence (4) || checksum (4) || segments (1)
//	segment table: a size each; a packet ends with the first segment below 255
//	data
const oggHeader = 27

var errOgg = errors.New("participant: this is no Ogg file of Opus; make one with ffmpeg -i FILE -c:a libopus -vn out.ogg")

// ReadOgg reads the Opus packets of an Ogg file with that one stream (RFC 7845).
func ReadOgg(r io.Reader) ([]Sample, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	packets, err := oggPackets(data)
	if err != nil {
		return nil, err
	}
	if len(packets) < 3 || !bytes.HasPrefix(packets[0], []byte("OpusHead")) || !bytes.HasPrefix(packets[1], []byte("OpusTags")) {
		return nil, errOgg
	}
	var samples []Sample
	for _, p := range packets[2:] {
		d, err := opusDuration(p)
		if err != nil {
			return nil, err
		}
		samples = append(samples, Sample{Data: p, Duration: d})
	}
	return samples, nil
}

// oggPackets takes the pages apart. A packet may go over several.
func oggPackets(data []byte) (packets [][]byte, err error) {
	var packet []byte
	serial := data[min(14, len(data)):min(18, len(data))]
	for len(data) > 0 {
		if len(data) < oggHeader || string(data[:5]) != "OggS\x00" || !bytes.Equal(data[14:18], serial) || len(data) < oggHeader+int(data[26]) {
			return nil, errOgg
		}
		if !oggSum(data) {
			return nil, errors.New("participant: the Ogg file is damaged")
		}
		sizes := data[oggHeader:][:data[26]]
		data = data[oggHeader+len(sizes):]
		for _, n := range sizes {
			packet, data = append(packet, data[:n]...), data[n:]
			if n < 255 {
				packets, packet = append(packets, packet), nil
			}
		}
	}
	if len(packet) > 0 {
		return nil, errOgg
	}
	return packets, nil
}

// oggSum checks the checksum of the page that data begins with, and that it is all there.
func oggSum(data []byte) bool {
	n := oggHeader + int(data[26])
	for _, size := range data[oggHeader:n] {
		n += int(size)
	}
	if len(data) < n {
		return false
	}
	var sum uint32
	for i, b := range data[:n] {
		if i >= 22 && i < 26 { // the checksum itself counts as zeros
			b = 0
		}
		sum = sum<<8 ^ oggTable[byte(sum>>24)^b]
	}
	return sum == binary.LittleEndian.Uint32(data[22:])
}

// oggTable is of the CRC-32 with polynomial 0x04c11db7, neither reflected nor inverted.
var oggTable = func() (table [256]uint32) {
	for i := range table {
		r := uint32(i) << 24
		for range 8 {
			if r&(1<<31) != 0 {
				r = r<<1 ^ 0x04c11db7
			} else {
				r <<= 1
			}
		}
		table[i] = r
	}
	return table
}()

// opusDuration is how long an Opus packet lasts, by its first byte and the number of its frames (RFC 6716, section 3).
func opusDuration(p []byte) (time.Duration, error) {
	if len(p) == 0 {
		return 0, errOgg
	}
	frames := 1
	switch p[0] & 3 {
	case 1, 2:
		frames = 2
	case 3:
		if len(p) < 2 {
			return 0, errOgg
		}
		frames = int(p[1] & 0x3f)
	}
	d := time.Duration(frames) * opusFrame(p[0]>>3)
	if d <= 0 || d > 120*time.Millisecond {
		return 0, errOgg
	}
	return d, nil
}

// opusFrame is the length of a frame by the configuration (RFC 6716, table 2).
func opusFrame(config byte) time.Duration {
	switch {
	case config < 12: // SILK
		return [...]time.Duration{10, 20, 40, 60}[config%4] * time.Millisecond
	case config < 16: // hybrid
		return [...]time.Duration{10, 20}[config%2] * time.Millisecond
	}
	return [...]time.Duration{2500, 5000, 10_000, 20_000}[config%4] * time.Microsecond // CELT
}

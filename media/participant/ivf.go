package participant

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// An IVF file:
//
//	"DKIF" || version (2) = 0 || header size (2) = 32 || "VP80" || width (2) || height (2) || rate (4) || scale (4) || frames (4) || 0 (4)
//	frame*  frame = size (4) || time (8), in units of scale/rate seconds || data
//
// All integers are little-endian.
const (
	ivfHeader      = 32
	ivfFrameHeader = 12
	lastDuration   = 40 * time.Millisecond // of the last frame, whose end the file does not tell
)

// ReadIVF reads the VP8 frames of an IVF file. Key frames more than 2 s apart are an error: who joins late would see nothing until then.
func ReadIVF(r io.Reader) ([]Sample, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	rate, scale, err := ivfTimebase(data)
	if err != nil {
		return nil, err
	}
	var samples []Sample
	var times []time.Duration
	for data = data[ivfHeader:]; len(data) > 0; {
		if len(data) < ivfFrameHeader || uint64(binary.LittleEndian.Uint32(data)) > uint64(len(data)-ivfFrameHeader) {
			return nil, errors.New("participant: the IVF file is cut off")
		}
		size, at := int(binary.LittleEndian.Uint32(data)), binary.LittleEndian.Uint64(data[4:])
		frame := data[ivfFrameHeader:][:size:size]
		data = data[ivfFrameHeader+size:]
		seconds := float64(at) * float64(scale) / float64(rate)
		t := time.Duration(seconds * float64(time.Second))
		if size < 3 || seconds > 1e6 || len(times) > 0 && t <= times[len(times)-1] {
			return nil, errors.New("participant: a frame of the IVF file is empty, or its time does not rise")
		}
		samples, times = append(samples, Sample{Data: frame, Key: frame[0]&1 == 0}), append(times, t) // RFC 6386, section 9.1
	}
	return samples, pace(samples, times)
}

func ivfTimebase(data []byte) (rate, scale uint32, err error) {
	if len(data) < ivfHeader || string(data[:8]) != "DKIF\x00\x00\x20\x00" || string(data[8:12]) != "VP80" {
		return 0, 0, errors.New("participant: this is no IVF file of VP8; make one with ffmpeg -i FILE -c:v libvpx -g 25 -an out.ivf")
	}
	rate, scale = binary.LittleEndian.Uint32(data[16:]), binary.LittleEndian.Uint32(data[20:])
	if rate == 0 || scale == 0 || rate > 1e6 || scale > 1e6 {
		return 0, 0, errors.New("participant: the IVF file has no rate")
	}
	return rate, scale, nil
}

// longestDark is how far apart key frames may be.
const longestDark = 2 * time.Second

// pace sets how long each frame lasts.
func pace(samples []Sample, times []time.Duration) error {
	if len(samples) == 0 || !samples[0].Key {
		return errors.New("participant: a video begins with a key frame")
	}
	key := times[0]
	for i := range samples {
		if samples[i].Key {
			key = times[i]
		}
		end := times[i] + lastDuration
		if i+1 < len(times) {
			end = times[i+1]
		}
		if samples[i].Duration = end - times[i]; end-key > longestDark+lastDuration {
			return fmt.Errorf("participant: key frames are more than 2 seconds apart at %v; encode it anew with -g %d", key, 25)
		}
	}
	return nil
}

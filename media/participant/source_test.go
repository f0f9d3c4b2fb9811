package participant

import (
	"bytes"
	"encoding/binary"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestSimulated(t *testing.T) {
	pictures, sounds := readSimulated()
	if len(pictures) != 120 || len(sounds) < 400 {
		t.Fatalf("%d pictures, %d sounds", len(pictures), len(sounds))
	}
	for i, s := range pictures {
		if s.Key != (i%15 == 0) {
			t.Errorf("picture %d: key is %v", i, s.Key)
		}
	}
	for i, s := range sounds {
		if s.Duration != 20*time.Millisecond {
			t.Errorf("sound %d lasts %v", i, s.Duration)
		}
	}
	video, audio := Simulated(3)
	first, err := video.Next()
	if err != nil || !first.Key || bytes.Equal(first.Data, pictures[0].Data) {
		t.Error("the third guest does not begin with a key frame of its own")
	}
	for range 2 * len(sounds) {
		if _, err := audio.Next(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOnceEnds(t *testing.T) {
	s := Once([]Sample{{Key: true}})
	if _, err := s.Next(); err != nil {
		t.Error(err)
	}
	for range 2 {
		if _, err := s.Next(); err != io.EOF {
			t.Error(err)
		}
	}
}

// TestReadersAgainstFFmpeg: the readers find the packets that ffmpeg wrote, and ffprobe counts.
func TestReadersAgainstFFmpeg(t *testing.T) {
	dir := t.TempDir()
	ivf, ogg := dir+"/v.ivf", dir+"/a.ogg"
	run(t, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=30:d=2", "-c:v", "libvpx", "-g", "30", ivf)
	run(t, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=d=3", "-c:a", "libopus", "-frame_duration", "60", ogg)
	for _, c := range []struct {
		path string
		read func(io.Reader) ([]Sample, error)
		each time.Duration
	}{{ivf, ReadIVF, time.Second / 30}, {ogg, ReadOgg, 60 * time.Millisecond}} {
		samples, err := c.read(bytes.NewReader(run(t, "cat", c.path)))
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Fields(string(run(t, "ffprobe", "-v", "error", "-show_entries", "packet=size", "-of", "csv=p=0", c.path)))
		if len(samples) != len(want) {
			t.Fatalf("%s: %d samples, and ffprobe finds %d", c.path, len(samples), len(want))
		}
		for i, s := range samples {
			if len(s.Data) != atoi(want[i]) {
				t.Errorf("%s: packet %d has %d bytes, not %s", c.path, i, len(s.Data), want[i])
			}
			if d := s.Duration - c.each; i < len(samples)-1 && (d > time.Microsecond || d < -time.Microsecond) {
				t.Errorf("%s: packet %d lasts %v", c.path, i, s.Duration)
			}
		}
	}
	if _, err := ReadIVF(bytes.NewReader(run(t, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=5", "-c:v", "libvpx", "-g", "100",
		"-f", "ivf", "-"))); err == nil {
		t.Error("key frames 5 seconds apart are accepted")
	}
}

func atoi(s string) (n int) {
	for _, c := range strings.TrimSuffix(s, ",") {
		n = 10*n + int(c-'0')
	}
	return n
}

func run(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// FuzzReadIVF: what is accepted are frames of the file, whole and in order.
func FuzzReadIVF(f *testing.F) {
	f.Add(simulatedIVF)
	f.Add(simulatedIVF[:200])
	f.Fuzz(func(t *testing.T, data []byte) {
		samples, err := ReadIVF(bytes.NewReader(data))
		if err != nil {
			return
		}
		rest := data[32:]
		for _, s := range samples {
			if n := binary.LittleEndian.Uint32(rest); int(n) != len(s.Data) || !bytes.Equal(rest[12:12+n], s.Data) || s.Duration <= 0 {
				t.Fatalf("a frame of %d bytes and %v is not the file's", len(s.Data), s.Duration)
			}
			rest = rest[12+len(s.Data):]
		}
		if len(rest) > 0 || !samples[0].Key {
			t.Error("something of the file is left out")
		}
	})
}

// FuzzReadOgg: what is accepted lasts.
func FuzzReadOgg(f *testing.F) {
	f.Add(simulatedOgg)
	f.Add(simulatedOgg[:500])
	f.Fuzz(func(t *testing.T, data []byte) {
		samples, err := ReadOgg(bytes.NewReader(data))
		for _, s := range samples {
			if err != nil || len(s.Data) == 0 || s.Duration <= 0 {
				t.Fatalf("%d bytes for %v, %v", len(s.Data), s.Duration, err)
			}
		}
	})
}

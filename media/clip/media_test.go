package clip_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/franking"
)

// pictures reads the frames of an IVF file of VP8.
func pictures(t *testing.T, path string) (frames [][]byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for b = b[32:]; len(b) >= 12; {
		n := int(binary.LittleEndian.Uint32(b))
		frames = append(frames, b[12:12+n])
		b = b[12+n:]
	}
	return frames
}

// TestPlayers has ffmpeg decode a clip of real pictures: every one is there, at its time, and the end is where it should be.
func TestPlayers(t *testing.T) {
	s := newScene(t, 0)
	camera := s.guest.Stream(franking.Camera, franking.VP8)
	frames := pictures(t, "../participant/testdata/simulated.ivf")
	start := s.Start + 10_000
	for i, b := range frames {
		at := start + uint64(i)*67
		s.ring.Add(camera.Send(at, b[0]&1 == 0, b), time.UnixMilli(int64(at)))
		s.ring.Stamped(s.guest.Join, camera.Stamp(at+10))
	}
	s.end = time.UnixMilli(int64(start) + int64(len(frames))*67 + 2000)
	file, raw := s.report(t)
	if v := s.verify(t, file, raw); v.Grade != clip.Verified {
		t.Fatalf("a clip of real pictures is %+v", v)
	}
	path := filepath.Join(t.TempDir(), "clip.webm")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("ffmpeg", "-v", "error", "-xerror", "-i", path, "-f", "null", "-").CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("ffmpeg does not play it: %v, %s", err, out)
	}
	out, err := exec.Command("ffprobe", "-v", "error", "-count_frames", "-show_entries", "format=duration,format_name:stream=nb_read_frames,codec_name",
		"-of", "json", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var probed struct {
		Streams []struct {
			Codec  string `json:"codec_name"`
			Frames int    `json:"nb_read_frames,string"`
		}
		Format struct {
			Duration float64 `json:",string"`
		}
	}
	if err := json.Unmarshal(out, &probed); err != nil {
		t.Fatal(err)
	}
	want := float64(len(frames)-1)*0.067 + 0.02
	if len(probed.Streams) != 1 || probed.Streams[0].Codec != "vp8" || probed.Streams[0].Frames != len(frames) || probed.Format.Duration < want-0.01 || probed.Format.Duration > want+0.1 {
		t.Errorf("ffprobe finds %+v; there are %d pictures in %.2f s", probed, len(frames), want)
	}
}

// FuzzVerify holds that no proof makes verification fail in another way than by a verdict, and none that is not the true one is verified.
func FuzzVerify(f *testing.F) {
	s := newScene(f, 1)
	file, raw := s.report(f)
	f.Add(file, raw)
	f.Add(file[:100], raw)
	f.Add([]byte{}, []byte{0x83})
	f.Fuzz(func(t *testing.T, clipFile, proof []byte) {
		v, err := clip.Verify(bytes.NewReader(clipFile), proof, s.Platform())
		if err != nil {
			t.Fatal(err)
		}
		if v.Grade == clip.Verified && (!bytes.Equal(clipFile, file) || !bytes.Equal(proof, raw)) {
			t.Error("another clip or proof is verified")
		}
	})
}

// FuzzProof holds that what is read has one encoding, which the other encoder agrees with.
func FuzzProof(f *testing.F) {
	s := newScene(f, 1)
	_, raw := s.report(f)
	body := clip.BodyOf(raw)
	f.Add(body)
	f.Add([]byte{0x88, 0x65})
	f.Fuzz(func(t *testing.T, b []byte) {
		if again, err := clip.Recode(b); err == nil && !bytes.Equal(again, b) {
			t.Errorf("%x is read and would be written as %x", b, again)
		}
	})
}

// FuzzPicture reads headers of key frames.
func FuzzPicture(f *testing.F) {
	f.Add([]byte{0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00}, byte(franking.VP8))
	f.Add([]byte{0x82, 0x49, 0x83, 0x42, 0x00, 0x13, 0xf0, 0x0e, 0xf0}, byte(franking.VP9))
	f.Fuzz(func(t *testing.T, b []byte, codec byte) {
		if w, h, ok := clip.Picture(franking.Codec(codec), b); ok && (w < 1 || h < 1 || w >= 1<<14 || h >= 1<<14) {
			t.Errorf("a picture of %d × %d", w, h)
		}
	})
}

package derive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// bomb is a WebM of a few hundred bytes that claims what it likes.
func bomb(seconds float64, width, height, tracks int) []byte {
	number := func(id uint32, n int) []byte { return ebml(id, binary.BigEndian.AppendUint32(nil, uint32(n))) }
	var entries [][]byte
	for i := range tracks {
		entries = append(entries, ebml(0xae, number(0xd7, i+1), number(0x73c5, i+1), number(0x83, 1), ebml(0x86, []byte("V_VP8")),
			ebml(0xe0, number(0xb0, width), number(0xba, height))))
	}
	info := ebml(0x1549a966, number(0x2ad7b1, 1_000_000), ebml(0x4489,
		binary.BigEndian.AppendUint64(nil, math.Float64bits(seconds*1000))))
	// The start of a key frame of VP8 (RFC 6386 §9.1), followed by nothing that could be decoded.
	frame := append([]byte{0x81, 0, 0, 0x80, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, byte(width), byte(width>>8) & 0x3f,
		byte(height), byte(height>>8) & 0x3f}, make([]byte, 16)...)
	cluster := ebml(0x1f43b675, number(0xe7, 0), ebml(0xa3, frame))
	return append(ebmlHead("webm"), ebml(idSegment, info, ebml(0x1654ae6b, entries...), cluster)...)
}

// deriveHostile derives from a hostile file and demands that it ends, in words, without a failure of this machine.
func deriveHostile(t *testing.T, s *Sandbox, b []byte) (Result, *DecodeError) {
	t.Helper()
	c, err := s.Stage(t.Context(), bytes.NewReader(b), int64(len(b)))
	if err == nil {
		t.Cleanup(func() { c.Close() })
		var r Result
		if r, err = c.Derive(t.Context(), Options{Stills: 4}, nil); err == nil {
			return r, nil
		}
	}
	var d *DecodeError
	if !errors.As(err, &d) || d.Cause == CauseSandbox || d.Reason == "" {
		t.Fatalf("got %v (%T), want a *DecodeError about the clip", err, err)
	}
	return Result{}, d
}

func notes(r Result) string { return strings.Join(r.Probe.Notes, "\n") }

func TestBombs(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{})
	for name, tc := range map[string]struct {
		file []byte
		says string // in the notes or the error
	}{
		"ten years":          {bomb(10*365*86400, 64, 48, 1), ""},
		"endless":            {bomb(math.Inf(1), 64, 48, 1), ""},
		"not a number":       {bomb(math.NaN(), 64, 48, 1), ""},
		"giant picture":      {bomb(10, 9000, 9000, 1), "more than is allowed"},
		"impossible picture": {bomb(10, 16383, 16383, 1), "absurd"},
		"absurd picture":     {bomb(10, math.MaxInt32, math.MaxInt32, 1), ""},
		"500 tracks":         {bomb(10, 64, 48, 500), "only the first 64"},
		"thousand tracks":    {bomb(10, 64, 48, 3000), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, d := deriveHostile(t, s, tc.file)
			if d == nil && r.Probe.Duration > 2*time.Hour {
				t.Errorf("duration %v", r.Probe.Duration)
			}
			for _, made := range r.Derivatives {
				if strings.Contains(name, "picture") {
					t.Errorf("%s was made of a picture that cannot be", made.Kind)
				}
			}
			all := notes(r)
			if d != nil {
				all += d.Reason + d.Detail
			}
			if !strings.Contains(all, tc.says) {
				t.Errorf("nothing says %q: %s", tc.says, all)
			}
			t.Logf("%v %q %v", d, r.Probe.Notes, r.Problems)
		})
	}
}

// A true clip whose header claims ten years still gives stills of what it holds.
func TestFalseDurationStillYieldsStills(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{})
	b := read(t, sample(t, s, SampleOptions{Length: 2 * time.Second}))
	at := bytes.Index(b, []byte{0x44, 0x89, 0x88})
	if at < 0 {
		t.Fatal("the sample has no duration element")
	}
	binary.BigEndian.PutUint64(b[at+3:], math.Float64bits(1e12))
	r, d := deriveHostile(t, s, b)
	if d != nil || len(r.Derivatives) != 3 || len(r.Problems) != 0 {
		t.Fatalf("%v, %+v", d, r)
	}
	if got := r.Probe.Duration; got < 1900*time.Millisecond || got > 2100*time.Millisecond {
		t.Errorf("duration %v, want 2 s", got)
	}
	if !strings.Contains(notes(r), "claims to last") {
		t.Errorf("notes %q", r.Probe.Notes)
	}
}

// Browsers' recorders write no duration at all.
func TestNoDuration(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{})
	b := read(t, sample(t, s, SampleOptions{Length: 2 * time.Second}))
	at := bytes.Index(b, []byte{0x44, 0x89, 0x88})
	b[at], b[at+1], b[at+2] = 0xec, 0x40, 0x08 // a Void element of the same length
	r, d := deriveHostile(t, s, b)
	if d != nil || len(r.Derivatives) != 3 || r.Probe.Duration < 1900*time.Millisecond || r.Probe.Duration > 2100*time.Millisecond {
		t.Fatalf("%v, %+v", d, r)
	}
}

func TestTooLongIsCut(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{Duration: time.Second})
	r, d := deriveHostile(t, s, read(t, sample(t, s, SampleOptions{Length: 3 * time.Second, Encoding: EncodeMPEG4})))
	if d != nil || r.Probe.Duration != time.Second || len(r.Derivatives) != 4 || !strings.Contains(notes(r), "only its first 1s") {
		t.Errorf("%v %+v", d, r)
	}
}

func TestTruncated(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{})
	for _, tc := range []struct {
		encoding Encoding
		usable   bool
	}{{EncodeWebM, true}, {EncodeMP4, true}, {EncodeMPEG4, false}} {
		t.Run(string(tc.encoding), func(t *testing.T) {
			t.Parallel()
			b := read(t, sample(t, s, SampleOptions{Length: 2 * time.Second, Encoding: tc.encoding}))
			r, d := deriveHostile(t, s, b[:len(b)/2])
			if (d == nil) != tc.usable {
				t.Fatalf("%v, %+v", d, r)
			}
			if tc.usable && (len(r.Derivatives) == 0 || !strings.Contains(notes(r), "cut short")) {
				t.Errorf("%+v", r)
			}
			if !tc.usable && (!strings.Contains(d.Reason, "cut short") || d.Retryable) {
				t.Errorf("%+v", d)
			}
			for _, n := range []int{1, 11, 40, 300} {
				if _, d := deriveHostile(t, s, b[:n]); d == nil {
					t.Errorf("%d bytes were taken for a clip", n)
				}
			}
		})
	}
}

// Bytes turned over at random must never reach this machine, whatever the decoder makes of them.
func TestDamaged(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{})
	for _, e := range []Encoding{EncodeWebM, EncodeMP4} {
		b := read(t, sample(t, s, SampleOptions{Length: time.Second, Encoding: e}))
		x := uint32(1)
		for range 3 {
			bad := bytes.Clone(b)
			for range len(bad) / 200 {
				x = x*1664525 + 1013904223
				bad[64+int(x>>4)%(len(bad)-64)] ^= byte(1 << (x & 7))
			}
			deriveHostile(t, s, bad)
		}
	}
}

func TestPolyglotTailIsNamed(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{})
	b := read(t, sample(t, s, SampleOptions{Length: time.Second, Encoding: EncodeMP4}))
	r, d := deriveHostile(t, s, append(b, "PK\x03\x04 and the rest of an archive"...))
	if d != nil || len(r.Derivatives) != 3 || !strings.Contains(notes(r), "another kind of file in disguise") {
		t.Errorf("%v, %+v", d, r)
	}
}

func TestUnknownCodecIsNotOpened(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{})
	b := ffmpegMakes(t, s, "-f", "lavfi", "-i", "testsrc2=s=64x48:d=1", "-c:v", "ffv1", "-f", "matroska")
	r, d := deriveHostile(t, s, b)
	if d == nil || d.Cause != CauseUndecodable || !strings.Contains(d.Reason, "(ffv1)") {
		t.Errorf("%v, %+v", d, r)
	}
}

// Subtitles and cover pictures are counted, never shown, and no reason to lose a clip.
func TestSubtitlesAreNoObstacle(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{})
	c := open(t, s, sample(t, s, SampleOptions{Length: time.Second, Encoding: EncodeMP4}))
	w, err := s.newWork()
	if err != nil {
		t.Fatal(err)
	}
	defer w.remove()
	out, err := w.create("made", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	args := append(ffmpegArgs(), "-i", inClip, "-f", "srt", "-i", inText, "-map", "0", "-map", "1", "-c", "copy", "-c:s", "mov_text",
		"-f", "mp4", "-y", "/out/made")
	if err := s.run(t.Context(), job{stage: "test", tool: "ffmpeg", args: args, input: c.path, output: out.Name(), outPath: "/out/made",
		text: "1\n00:00:00,000 --> 00:00:01,000\n<b>hello</b>\n", wall: time.Minute, outMax: 1 << 28}); err != nil {
		t.Fatalf("%v: %+v", err, err)
	}
	r, d := deriveHostile(t, s, read(t, out.Name()))
	if d != nil || len(r.Derivatives) != 3 || !strings.Contains(notes(r), "never opened") {
		t.Errorf("%v, %+v", d, r)
	}
}

func TestAttachmentsStayShut(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{})
	b := ffmpegMakes(t, s, "-f", "lavfi", "-i", "testsrc2=s=320x240:d=1", "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "-8",
		"-attach", "/bin/prlimit", "-metadata:s:t", "mimetype=application/x-truetype-font", "-f", "matroska")
	r, d := deriveHostile(t, s, b)
	if d != nil || len(r.Derivatives) != 3 || !strings.Contains(notes(r), "never opened") {
		t.Errorf("%v, %+v", d, r)
	}
}

// listener counts who connects to it.
func listener(t *testing.T) (addr string, connected *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	connected = new(atomic.Int32)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			connected.Add(1)
			c.Close()
		}
	}()
	return l.Addr().String(), connected
}

// Playlists are refused by sniffing; and if sniffing were wrong, the fixed demuxer would refuse them.
func TestPlaylistsReachNothing(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{})
	addr, connected := listener(t)
	for name, text := range map[string]string{
		"hls":    "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://" + addr + "/a.ts\n#EXTINF:1,\nfile:///etc/passwd\n",
		"concat": "ffconcat version 1.0\nfile http://" + addr + "/a\nfile /etc/passwd\n",
		"dash":   `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>http://` + addr + `/</BaseURL></MPD>`,
		"sdp":    "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
	} {
		if _, d := deriveHostile(t, s, []byte(text)); d == nil || d.Cause != CauseWrongType {
			t.Errorf("%s: %v", name, d)
		}
		for _, forced := range []Container{WebM, MP4} {
			work, err := s.newWork()
			if err != nil {
				t.Fatal(err)
			}
			path, err := work.write("clip", strings.NewReader(text), 1<<16)
			if err != nil {
				t.Fatal(err)
			}
			c := &Clip{box: s, work: work, path: path, size: int64(len(text)), container: forced}
			_, err = c.Probe(t.Context())
			decodeError(t, err, CauseUndecodable)
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if n := connected.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

// grow replaces the box at path inside b by what change makes of its body, and mends the sizes of those around it.
func grow(t *testing.T, b []byte, path []string, change func([]byte) []byte) []byte {
	t.Helper()
	var out []byte
	found := false
	for at := 0; at+8 <= len(b); {
		n := int(binary.BigEndian.Uint32(b[at:]))
		if n < 8 || at+n > len(b) {
			t.Fatalf("no box at %d", at)
		}
		name, body := string(b[at+4:at+8]), b[at+8:at+n]
		if name == path[0] && !found {
			found = true
			if len(path) > 1 {
				body = grow(t, body, path[1:], change)
			} else {
				body = change(body)
			}
		}
		out = append(out, box4(name, body)...)
		at += n
	}
	if !found {
		t.Fatalf("no box %s", path[0])
	}
	return out
}

// alias is a QuickTime data reference to another file, as ffmpeg's demuxer reads it.
func alias(path string) []byte {
	body := make([]byte, 4+6+4+28+12+64+16) // flags 0: not this file
	body = append(body, 0, 1, 0, 1)         // levels from and to
	body = append(body, make([]byte, 16)...)
	body = append(body, 0, 2, byte(len(path)>>8), byte(len(path)))
	body = append(body, path...)
	if len(path)%2 == 1 {
		body = append(body, 0)
	}
	return box4("alis", append(append(body, 0xff, 0xff, 0, 0), make([]byte, 16)...))
}

func TestExternalReferencesStayShut(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{})
	addr, connected := listener(t)
	// This encoding has its index at the end, so that the index may grow.
	b := read(t, sample(t, s, SampleOptions{Length: time.Second, Encoding: EncodeMPEG4}))
	for name, entry := range map[string][]byte{
		"url":   box4("url ", []byte{0, 0, 0, 0}, []byte("http://"+addr+"/a\x00")),
		"file":  box4("url ", []byte{0, 0, 0, 0}, []byte("file:///etc/passwd\x00")),
		"alias": alias("/etc/passwd"),
		"http":  alias("http://" + addr + "/a"),
	} {
		t.Run(name, func(t *testing.T) {
			file := grow(t, b, []string{"moov", "trak", "mdia", "minf", "dinf", "dref"}, func([]byte) []byte {
				return append([]byte{0, 0, 0, 0, 0, 0, 0, 1}, entry...)
			})
			r, d := deriveHostile(t, s, file)
			t.Logf("%v, %d derivatives, %v", d, len(r.Derivatives), r.Problems)
		})
	}
	if n := connected.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

func TestSlowClipTimesOut(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{PreviewTime: 150 * time.Millisecond})
	c := open(t, s, sample(t, s, SampleOptions{Length: 20 * time.Second, Encoding: EncodeMPEG4}))
	p, err := c.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Preview(t.Context(), p, "", nil)
	if d := decodeError(t, err, CauseTime); !d.Retryable || d.Stage != "preview" {
		t.Errorf("%+v", d)
	}
}

func TestLargePreviewHitsItsLimit(t *testing.T) {
	t.Parallel()
	s := box(t, Limits{PreviewBytes: 100 << 10})
	// Made with room, then previewed without.
	roomy := box(t, Limits{})
	c := open(t, s, sample(t, roomy, SampleOptions{Length: 30 * time.Second, Encoding: EncodeMPEG4, Pattern: PatternAutomaton}))
	p, err := c.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Preview(t.Context(), p, "", nil)
	decodeError(t, err, CauseLimits)
}

func TestTooLargeAClipIsNotStaged(t *testing.T) {
	t.Parallel()
	s := New(Config{TempDir: t.TempDir()})
	_, err := s.Stage(t.Context(), strings.NewReader(strings.Repeat("x", 100)), 99)
	decodeError(t, err, CauseLimits)
	if n := len(dirNames(t, s.tempDir)); n != 0 {
		t.Errorf("%d folders are left", n)
	}
}

package derive

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// ebml writes one element; a size of its own choosing comes from big.
func ebml(id uint32, body ...[]byte) []byte {
	return ebmlClaiming(id, -1, body...)
}

// ebmlClaiming writes an element that claims a length, whatever it holds.
func ebmlClaiming(id uint32, claim int, body ...[]byte) []byte {
	b := bytes.Join(body, nil)
	if claim < 0 {
		claim = len(b)
	}
	var out []byte
	for shift := 24; shift >= 0; shift -= 8 {
		if c := byte(id >> shift); c != 0 || len(out) > 0 {
			out = append(out, c)
		}
	}
	return append(append(out, 0x10|byte(claim>>24), byte(claim>>16), byte(claim>>8), byte(claim)), b...)
}

func ebmlHead(docType string) []byte {
	return ebml(0x1a45dfa3, ebml(0x4286, []byte{1}), ebml(0x42f7, []byte{1}), ebml(0x42f2, []byte{4}), ebml(0x42f3, []byte{8}),
		ebml(idDocType, []byte(docType)), ebml(0x4287, []byte{4}), ebml(0x4285, []byte{2}))
}

func box4(name string, body ...[]byte) []byte {
	b := bytes.Join(body, nil)
	n := len(b) + 8
	return append([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), name[0], name[1], name[2], name[3]}, b...)
}

func ftyp(major string) []byte {
	return box4("ftyp", []byte(major), []byte{0, 0, 2, 0}, []byte("isommp41"))
}

func TestSniff(t *testing.T) {
	t.Parallel()
	segment := ebml(idSegment)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	for name, tc := range map[string]struct {
		head []byte
		want Container
		says string // part of the reason where it is refused
	}{
		"webm":                   {join(ebmlHead("webm"), segment), WebM, ""},
		"matroska":               {join(ebmlHead("matroska"), segment), Matroska, ""},
		"padded doctype":         {join(ebmlHead("webm\x00\x00"), segment), WebM, ""},
		"mp4":                    {join(ftyp("isom"), box4("moov")), MP4, ""},
		"quicktime":              {join(ftyp("qt  "), box4("wide")), QuickTime, ""},
		"empty":                  {nil, "", "empty"},
		"one byte":               {[]byte{0x1a}, "", "unknown"},
		"png":                    {[]byte("\x89PNG\r\n\x1a\n...."), "", "PNG"},
		"jpeg":                   {[]byte("\xff\xd8\xff\xe0"), "", "JPEG"},
		"text":                   {[]byte("hello, this is a clip"), "", "text file"},
		"elf":                    {[]byte("\x7fELF\x02\x01\x01"), "", "program"},
		"zip":                    {[]byte("PK\x03\x04...."), "", "ZIP"},
		"avi":                    {[]byte("RIFF\x00\x00\x00\x00AVI LIST"), "", "AVI"},
		"playlist":               {[]byte("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/\n"), "", "playlist"},
		"concat":                 {[]byte("ffconcat version 1.0\nfile /etc/passwd\n"), "", "playlist"},
		"html in front":          {join([]byte("<!DOCTYPE html><script>"), ftyp("isom")), "", "web page"},
		"html after bom":         {[]byte("\ufeff <html>"), "", "web page"},
		"zip in front":           {join([]byte("PK\x03\x04"), ftyp("isom")), "", "ZIP"},
		"junk in front":          {join([]byte{0}, ebmlHead("webm"), segment), "", "unknown"},
		"html behind ftyp":       {join(ftyp("isom"), []byte("<html><script>")), "", "something else"},
		"html behind header":     {join(ebmlHead("webm"), []byte("<html><script>")), "", "something else"},
		"heic":                   {join(ftyp("heic"), box4("meta")), "", "still picture"},
		"ftyp too large":         {append([]byte{0, 1, 0, 0}, "ftypisom00000000"...), "", "impossible size"},
		"ftyp too small":         {append([]byte{0, 0, 0, 8}, "ftypisom00000000"...), "", "impossible size"},
		"ftyp cut":               {ftyp("isom")[:18], "", "cut short"},
		"no brand":               {join(ftyp("\x00\x01\x02\x03"), box4("moov")), "", "no brand"},
		"other ebml":             {join(ebmlHead("evil\u202e"), segment), "", "EBML file of type"},
		"header without type":    {ebml(0x1a45dfa3, ebml(0x4286, []byte{1}), ebml(0x42f7, []byte{1})), "", "damaged"},
		"header with two types":  {ebml(0x1a45dfa3, ebml(idDocType, []byte("webm")), ebml(idDocType, []byte("x"))), "", "damaged"},
		"header cut":             {ebmlHead("webm")[:20], "", "cut short"},
		"header of unknown size": {join(ebmlMagic, []byte{0xff}, ebmlHead("webm")), "", "impossible size"},
		"element past header":    {join(ebmlClaiming(0x1a45dfa3, 12, ebmlClaiming(idDocType, 100, []byte("webm12")))), "", "damaged"},
	} {
		got, err := Sniff(tc.head)
		if got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%s: got %q, %v", name, got, err)
		} else if err != nil && !strings.Contains(decodeError(t, err, CauseWrongType).Reason, tc.says) {
			t.Errorf("%s: %q does not say %q", name, err, tc.says)
		}
	}
}

func FuzzSniff(f *testing.F) {
	f.Add(append(ebmlHead("webm"), ebml(idSegment)...))
	f.Add(append(ftyp("isom"), box4("moov")...))
	f.Add([]byte("<html>"))
	f.Add([]byte("RIFF1234AVI "))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Sniff(b)
		if (c == "") == (err == nil) {
			t.Fatalf("container %q with error %v", c, err)
		}
		if err != nil {
			decodeError(t, err, CauseWrongType)
			return
		}
		// An accepted file begins as itself: one byte before it, and it is another.
		if _, err := Sniff(append([]byte("<"), b...)); err == nil {
			t.Fatal("a file with something in front is accepted")
		}
		if _, err := structureNotes(bytes.NewReader(b), int64(len(b)), c); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzParseProbe(f *testing.F) {
	f.Add([]byte(`{"streams":[{"index":0,"codec_type":"video","codec_name":"vp8","width":640,"height":360,` +
		`"sample_aspect_ratio":"1:1","avg_frame_rate":"25/1","side_data_list":[{"rotation":-90}]}],"format":{"duration":"8.0"}}`))
	f.Add([]byte(`{"streams":[{"codec_type":"audio","sample_rate":"48000","channels":-1}],"format":{"duration":"1e999"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		l := Limits{}.withDefaults()
		p, err := parseProbe(b, WebM, l)
		if err != nil {
			decodeError(t, err, CauseUndecodable)
			return
		}
		if len(p.Tracks) == 0 || len(p.Tracks) > l.Tracks || p.Claimed < 0 {
			t.Fatalf("%+v", p)
		}
		for _, tr := range p.Tracks {
			if (tr.Codec != "unknown" && word(tr.Codec) == "") || tr.Width < 0 || tr.Height < 0 || tr.Channels < 0 ||
				tr.SampleRate < 0 || tr.FrameRate < 0 || tr.FrameRate > 1000 || tr.Rotation < 0 || tr.Rotation > 270 {
				t.Fatalf("%+v", tr)
			}
			if w, h := fit(tr, 320, 320); w < 2 || h < 2 || w > 320 || h > 320 {
				t.Fatalf("tile %d × %d of %+v", w, h, tr)
			}
		}
		if _, err := json.Marshal(p); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzReduce(f *testing.F) {
	f.Add([]byte{0, 0, 255, 127, 0, 128}, 16, int64(time.Second))
	f.Fuzz(func(t *testing.T, pcm []byte, n int, length int64) {
		n, length = clamp(n, 1, maxPoints), max(0, min(length, int64(2*time.Hour)))
		whole, split := &peakReader{}, &peakReader{}
		_, _ = whole.Write(pcm)
		for _, c := range pcm {
			_, _ = split.Write([]byte{c})
		}
		whole.flush()
		split.flush()
		a, b := reduce(whole.slices, time.Duration(length), n), reduce(split.slices, time.Duration(length), n)
		if len(a) != 2*n || !bytes.Equal(bytesOf(a), bytesOf(b)) {
			t.Fatal("the peaks depend on how the stream was cut")
		}
	})
}

func bytesOf(peaks []int8) []byte {
	b := make([]byte, len(peaks))
	for i, p := range peaks {
		b[i] = byte(p)
	}
	return b
}

func TestNeedsPreview(t *testing.T) {
	t.Parallel()
	v := func(codec, format string) Track { return Track{Kind: Video, Codec: codec, PixelFormat: format} }
	a := func(codec, profile string) Track { return Track{Kind: Audio, Codec: codec, Profile: profile} }
	for _, tc := range []struct {
		c      Container
		tracks []Track
		want   bool
	}{
		{WebM, []Track{v("vp8", "yuv420p"), a("opus", "")}, false},
		{WebM, []Track{v("av1", "yuv420p10le"), a("vorbis", "")}, false},
		{WebM, []Track{v("h264", "yuv420p")}, true},
		{WebM, []Track{v("vp8", "yuv420p"), a("opus", ""), a("opus", "")}, true},
		{MP4, []Track{v("h264", "yuv420p"), a("aac", "LC")}, false},
		{MP4, []Track{v("h264", "yuv422p10le"), a("aac", "LC")}, true},
		{MP4, []Track{v("hevc", "yuv420p")}, true},
		{MP4, []Track{v("h264", "yuv420p"), a("aac", "Main")}, true},
		{Matroska, []Track{v("vp8", "yuv420p")}, true},
		{QuickTime, []Track{v("h264", "yuv420p")}, true},
	} {
		got, why := NeedsPreview(Probe{Container: tc.c, Tracks: tc.tracks})
		if got != tc.want || (why != "") != tc.want || (tc.want && !strings.HasSuffix(why, ".")) {
			t.Errorf("%s %+v: %v, %q", tc.c, tc.tracks, got, why)
		}
	}
}

func TestFit(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		t    Track
		w, h int
	}{
		{Track{Width: 1920, Height: 1080, Aspect: 1}, 320, 180},
		{Track{Width: 1920, Height: 1080, Aspect: 1, Rotation: 90}, 180, 320},
		{Track{Width: 720, Height: 576, Aspect: 16.0 / 15}, 320, 240},
		{Track{Width: 64, Height: 48, Aspect: 1}, 64, 48},
		{Track{Width: 8192, Height: 2, Aspect: 1}, 320, 16},
		{Track{}, 16, 16},
	} {
		if w, h := fit(tc.t, 320, 320); w != tc.w || h != tc.h {
			t.Errorf("%+v: %d × %d, want %d × %d", tc.t, w, h, tc.w, tc.h)
		}
	}
}

package recorder

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/proffer/proffer/media/connector"
	"github.com/proffer/proffer/media/connector/connectortest"
	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/rtpframe"
)

// folder is a Sink.
type folder struct {
	path string

	mu    sync.Mutex // over all that follows
	files []File
	fail  error
}

func (f *folder) Create(file File) (io.WriteCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return nil, f.fail
	}
	f.files = append(f.files, file)
	return os.Create(filepath.Join(f.path, file.Name()))
}

func (f *folder) of(person string, screen bool) (all []File) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, file := range f.files {
		if file.Person == person && file.Screen == screen {
			all = append(all, file)
		}
	}
	return all
}

func (f *folder) size(file File) int64 {
	s, err := os.Stat(filepath.Join(f.path, file.Name()))
	if err != nil {
		return 0
	}
	return s.Size()
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// probed is what ffprobe finds in a file.
type probed struct {
	Streams []struct {
		Codec  string `json:"codec_name"`
		Width  int    `json:"width"`
		Height int    `json:"height"`
	} `json:"streams"`
	Packets []struct {
		Stream int    `json:"stream_index"`
		Time   string `json:"pts_time"`
		Flags  string `json:"flags"`
		Hash   string `json:"data_hash"`
	} `json:"packets"`
}

func probe(t *testing.T, file string) (p probed) {
	t.Helper()
	var errs bytes.Buffer
	cmd := exec.Command("ffprobe", "-v", "error", "-show_streams", "-show_packets", "-show_data_hash", "sha256", "-of", "json", file)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil || errs.Len() > 0 {
		t.Fatalf("ffprobe %s: %v %s", file, err, errs.String())
	}
	if err := json.Unmarshal(out, &p); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("ffmpeg", "-v", "error", "-i", file, "-f", "null", "-").CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%s does not decode: %v %s", file, err, out)
	}
	return p
}

// check holds a stream against what was sent: every frame as it was, in order, each at its time.
func check(t *testing.T, p probed, stream int, sent []connectortest.Sample, every float64) {
	t.Helper()
	hashes := map[string][]int{}
	for i, s := range sent {
		sum := sha256.Sum256(s.Data)
		h := "SHA256:" + hex.EncodeToString(sum[:])
		hashes[h] = append(hashes[h], i)
	}
	last, count := -1., 0
	for _, k := range p.Packets {
		if k.Stream != stream {
			continue
		}
		count++
		if hashes[k.Hash] == nil {
			t.Fatalf("frame %d of stream %d was not sent so", count, stream)
		}
		at, err := strconv.ParseFloat(k.Time, 64)
		if err != nil {
			t.Fatal(err)
		}
		if last >= 0 {
			if steps := (at - last) / every; steps < 0.9 || steps-float64(int(steps+0.5)) > 0.1 {
				t.Fatalf("frame %d of stream %d comes %v s after the one before; it was sent every %v s", count, stream, at-last, every)
			}
		}
		last = at
	}
	if count < 50 {
		t.Errorf("stream %d has %d frames", stream, count)
	}
}

func codecs(p probed) (all []string) {
	for _, s := range p.Streams {
		all = append(all, s.Codec)
	}
	return all
}

// TestRecording records people, a screen and a telephone over the real media server, and plays it.
func TestRecording(t *testing.T) {
	h := connectortest.NewHall(t)
	sound, picture, nine := connectortest.Tone(t, 440), connectortest.Picture(t, "libvpx"), connectortest.Picture(t, "libvpx-vp9")
	sink := &folder{path: t.TempDir()}
	seat, err := h.Sit(t.Context(), connectortest.Meeting, connector.Recorder, "Recording")
	if err != nil {
		t.Fatal(err)
	}
	r, err := Start(t.Context(), seat, sink, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	anna, ben := h.Sender("Anna"), h.Sender("Ben")
	anna.Send(franking.Opus, franking.Microphone, sound, 20*time.Millisecond)
	anna.Send(franking.VP8, franking.Camera, picture, 40*time.Millisecond)
	anna.Send(franking.VP8, franking.Screen, picture, 40*time.Millisecond)
	ben.Send(franking.Opus, franking.Microphone, sound, 20*time.Millisecond)
	telephone(t, h)

	eventually(t, "Ben is recorded", func() bool { return len(sink.of("Ben", false)) == 1 && sink.size(sink.of("Ben", false)[0]) > 1<<12 })
	ben.Send(franking.VP9, franking.Camera, nine, 40*time.Millisecond) // for which the file has no track
	all := []struct {
		person string
		screen bool
		parts  int
	}{{"Anna", false, 1}, {"Anna", true, 1}, {"Ben", false, 2}, {"Telephone", false, 1}}
	eventually(t, "everybody is recorded", func() bool {
		for _, a := range all {
			files := sink.of(a.person, a.screen)
			if len(files) != a.parts || sink.size(files[a.parts-1]) < 1<<16 {
				return false
			}
		}
		return true
	})

	abrupt := filepath.Join(sink.path, "abrupt.webm") // as if the machine had lost its power now
	whole, err := os.ReadFile(filepath.Join(sink.path, sink.of("Anna", false)[0].Name()))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(abrupt, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	h.Upgrade("it is encrypted now")
	<-r.Done()
	if r.Err() != nil {
		t.Error(r.Err())
	}
	read := func(person string, screen bool, part int) probed {
		return probe(t, filepath.Join(sink.path, sink.of(person, screen)[part].Name()))
	}
	for _, p := range []probed{probe(t, abrupt), read("Anna", false, 0)} {
		if got := codecs(p); !slices.Equal(got, []string{"vp8", "opus"}) || p.Streams[0].Width != 320 || p.Streams[0].Height != 180 {
			t.Fatalf("Anna's file has %+v", p.Streams)
		}
		check(t, p, 0, picture, 0.04)
		check(t, p, 1, sound, 0.02)
	}
	if p := read("Anna", true, 0); !slices.Equal(codecs(p), []string{"vp8"}) {
		t.Errorf("Anna's screen has %v", codecs(p))
	} else {
		check(t, p, 0, picture, 0.04)
	}
	if p := read("Ben", false, 0); !slices.Equal(codecs(p), []string{"opus"}) {
		t.Errorf("Ben's first file has %v", codecs(p))
	}
	if p := read("Ben", false, 1); !slices.Equal(codecs(p), []string{"vp9", "opus"}) || p.Streams[0].Width != 320 {
		t.Errorf("Ben's second file has %v", codecs(p))
	} else {
		check(t, p, 0, nine, 0.04)
		check(t, p, 1, sound, 0.02)
	}
	if p := read("Telephone", false, 0); !slices.Equal(codecs(p), []string{"pcm_s16le"}) {
		t.Errorf("the telephone's file has %v", codecs(p))
	}
	plays(t, sink.path, map[string]int{filepath.Base(abrupt): 320, sink.of("Telephone", false)[0].Name(): 0})
}

// telephone is somebody who speaks G.711.
func telephone(t *testing.T, h *connectortest.Hall) {
	t.Helper()
	seat, err := h.Sit(t.Context(), connectortest.Meeting, connector.Telephone, "Telephone")
	if err != nil {
		t.Fatal(err)
	}
	p, err := connector.Join(t.Context(), seat, connector.Options{Frame: func(rtpframe.Frame) {}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	v, err := p.Speak()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-p.Ended():
				tick.Stop()
				return
			case <-tick.C:
				v.Send(bytes.Repeat([]byte{0x80, 0xff}, 80), 20)
			}
		}
	}()
}

// plays plays files in Chromium to their ends, where their pictures must be that wide.
func plays(t *testing.T, dir string, widths map[string]int) {
	t.Helper()
	front := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer front.Close()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("autoplay-policy", "no-user-gesture-required"))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(front.URL+"/none")); err != nil {
		t.Fatal(err)
	}
	for name, width := range widths {
		got, err := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf(`new Promise(done => {
			const v = document.createElement("video");
			v.muted = true; v.playbackRate = 8; v.src = %q;
			v.onended = () => done(v.videoWidth + " " + (v.currentTime > 1));
			v.onerror = () => done("error " + v.error.message);
			document.body.append(v); v.play().catch(e => done("" + e));
		})`, "/"+name), chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprint(width, " true"); got != want {
			t.Errorf("Chromium plays %s as %q, want %q", name, got, want)
		}
	}
}

// TestStorageFails: a recording that cannot be kept ends, and is seen to.
func TestStorageFails(t *testing.T) {
	h := connectortest.NewHall(t)
	full := errors.New("the disk is full")
	seat, err := h.Sit(t.Context(), connectortest.Meeting, connector.Recorder, "Recording")
	if err != nil {
		t.Fatal(err)
	}
	r, err := Start(t.Context(), seat, &folder{fail: full}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	h.Sender("Anna").Send(franking.Opus, franking.Microphone, connectortest.Tone(t, 440), 20*time.Millisecond)
	<-r.Done()
	if !errors.Is(r.Err(), full) || slices.Contains(h.Names(), "Recording") {
		t.Errorf("%v; in the roster: %v", r.Err(), h.Names())
	}
}

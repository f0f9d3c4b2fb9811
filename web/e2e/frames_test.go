package e2e

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/evanw/esbuild/pkg/api"

	"github.com/proffer/proffer/media/sfu"
)

// studio is a media server and a page that holds a participant, without the rest of Proffer.
type studio struct {
	t   testing.TB
	sfu *sfu.Server
	web *httptest.Server
}

func openStudio(t testing.TB) *studio {
	t.Helper()
	s, err := sfu.Start(t.Context(), sfu.Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	files := bundled(t)
	mux := http.NewServeMux()
	mux.Handle("/livekit/", s.Handler("/livekit"))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self' ws:; media-src blob:")
		h.Set("Content-Type", "text/javascript")
		switch body, ok := files[r.URL.Path]; {
		case r.URL.Path == "/":
			h.Set("Content-Type", "text/html; charset=utf-8")
			http.ServeFile(w, r, "testdata/frames.html")
		case !ok:
			http.NotFound(w, r)
		default:
			if strings.HasSuffix(r.URL.Path, "-worker.js") {
				h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'")
			}
			w.Write(body)
		}
	})
	st := &studio{t: t, sfu: s, web: httptest.NewServer(mux)}
	t.Cleanup(func() {
		st.web.CloseClientConnections()
		st.web.Close()
		if err := s.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Log(err)
		}
	})
	return st
}

// bundled builds the page's script and the workers from their sources, by the names that they are served under.
func bundled(t testing.TB) map[string][]byte {
	t.Helper()
	built := api.Build(api.BuildOptions{
		EntryPoints: []string{"testdata/party.js", "../js/meeting/frame-worker.js"},
		Bundle:      true, Format: api.FormatESModule, Platform: api.PlatformBrowser, Target: api.ES2022, Outdir: "out", EntryNames: "[name]",
	})
	for _, m := range built.Errors {
		t.Fatal(m.Text, m.Location)
	}
	files := map[string][]byte{}
	for _, f := range built.OutputFiles {
		files[f.Path[strings.LastIndex(f.Path, "/"):]] = f.Contents
	}
	return files
}

// studios is the one Chromium with a fake camera and microphone; every participant gets a profile of their own in it.
var studios = sync.OnceValue(func() context.Context {
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 720),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("allow-loopback-in-peer-connection", true), chromedp.Flag("auto-accept-this-tab-capture", true),
		chromedp.Flag("auto-select-desktop-capture-source", "Entire screen"))
	ctx, _ := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, _ = chromedp.NewContext(ctx)
	if err := chromedp.Do(ctx); err != nil {
		panic(err)
	}
	return ctx
})

// seat is a participant as the list has them.
type seat struct {
	Index  int    `json:"index"`
	Join   string `json:"join"`
	Device string `json:"device"`
}

// number is a recognisable value of 32 bytes, in hexadecimal.
func number(kind, n byte) string {
	return hex.EncodeToString(append([]byte{kind, n}, make([]byte, 30)...))
}

// epoch is an epoch as the core installs it, for these members.
func epoch(term, n int, members ...*party) map[string]any {
	seats := make([]seat, len(members))
	for i, m := range members {
		seats[i] = m.seat
	}
	return map[string]any{"term": term, "epoch": n, "link": number(byte(term+100), byte(n)), "secret": number(byte(term+200), byte(n)), "members": seats}
}

// party is one participant's page.
type party struct {
	*person
	seat seat
	room string
	st   *studio
}

// shownTrack is what a page shows of a track.
type shownTrack struct {
	Name, Join, Kind      string
	Source, Frames, Moved int
	Strange, Width        int
	Gone                  bool
	Longest, Since        float64
}

type partyState struct {
	Missing, Failed, Quality string
	Lost, Speaking, Muted    int
	States                   []string
	Counts                   struct {
		Sealed, Opened  int
		Unsent, Dropped map[string]int
	}
	Shown []shownTrack
}

// party opens a page whose join has a number, in a meeting that its core says is of this mode.
func (s *studio) party(t testing.TB, room string, n byte, mode, options string) *party {
	t.Helper()
	ctx, cancel := chromedp.NewContext(studios(), chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	p := &party{person: &person{t: t, s: &server{t: t, URL: s.web.URL, log: &lockedBuffer{}}, ctx: ctx},
		seat: seat{Index: int(n), Join: number(1, n), Device: number(2, n)}, room: room, st: s}
	p.open("/")
	p.waitEval("window.Party")
	p.do("window.me = new Party(" + options + ")")
	p.tell(map[string]any{"type": "begin", "meeting": room, "join": p.seat.Join, "mode": mode})
	return p
}

// tell says to the frame worker what the core would.
func (p *party) tell(message map[string]any) {
	p.t.Helper()
	b, err := json.Marshal(message)
	if err != nil {
		p.t.Fatal(err)
	}
	p.do("me.tell(" + string(b) + ")")
}

func (p *party) install(epoch map[string]any) {
	p.t.Helper()
	p.tell(map[string]any{"type": "install", "epoch": epoch})
}
func (p *party) dropEpoch(epoch map[string]any) {
	p.t.Helper()
	p.tell(map[string]any{"type": "drop", "epoch": map[string]any{"term": epoch["term"], "epoch": epoch["epoch"], "link": epoch["link"]}})
}
func (p *party) sending(on bool) { p.t.Helper(); p.tell(map[string]any{"type": "sending", "on": on}) }

// connect enters the media server's room.
func (p *party) connect() {
	p.t.Helper()
	token, err := p.st.sfu.Ticket(p.room, p.seat.Join[:32])
	if err != nil {
		p.t.Fatal(err)
	}
	url := "ws" + strings.TrimPrefix(p.st.web.URL, "http") + "/livekit"
	p.await(fmt.Sprintf("me.media.connect(%q, %q)", url, token))
}

// await waits for a promise of the page.
func (p *party) await(js string) { p.t.Helper(); evaluate[bool](p.person, "("+js+").then(() => true)") }

func (p *party) state() partyState { p.t.Helper(); return evaluate[partyState](p.person, "me.state()") }

// until waits for a state of the page.
func (p *party) until(what string, ok func(partyState) bool) partyState {
	p.t.Helper()
	deadline := time.Now().Add(waitTime)
	for {
		s := p.state()
		if ok(s) {
			return s
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("never: %s; the page of %s has %+v", what, p.seat.Join[:4], s)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// track is what is shown of a join's source.
func (s partyState) track(of *party, source int) (shownTrack, bool) {
	for _, t := range s.Shown {
		if t.Join == of.seat.Join && t.Source == source && !t.Gone {
			return t, true
		}
	}
	return shownTrack{}, false
}

// moves tells whether a video is shown and moves, for at least so many frames.
func moves(of *party, source, frames int) func(partyState) bool {
	return func(s partyState) bool {
		t, ok := s.track(of, source)
		return ok && t.Frames >= frames && t.Moved > frames/4
	}
}

const (
	camera = iota
	microphone
	screen
)

func TestFrames(t *testing.T) {
	st := openStudio(t)
	t.Run("shown", st.isShown)
}

// isShown is the whole way: A's camera and microphone reach B, in an end-to-end encrypted meeting.
func (s *studio) isShown(t *testing.T) {
	a, b := s.party(t, "M-shown", 1, "e2ee", ""), s.party(t, "M-shown", 2, "e2ee", "")
	e := epoch(1, 1, a, b)
	for _, p := range []*party{a, b} {
		p.install(e)
		p.sending(true)
		p.connect()
	}
	a.await(`me.media.turn("camera", true)`)
	a.await(`me.media.turn("microphone", true)`)
	b.until("A moves", moves(a, camera, 30))
	got := b.until("A is heard", func(s partyState) bool { _, ok := s.track(a, microphone); return ok && s.Speaking > 0 })
	t.Logf("%+v", got)
}

package e2e

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/evanw/esbuild/pkg/api"

	"github.com/proffer/proffer/media/sfu"
)

// studio is a media server and a page that holds a participant, without the rest of Proffer.
type studio struct {
	t     testing.TB
	sfu   *sfu.Server
	web   *httptest.Server
	conns sync.Map // every net.Conn, WebSockets' too
}

// cut breaks every connection to the server off.
func (s *studio) cut() {
	s.conns.Range(func(c, _ any) bool {
		s.conns.Delete(c)
		c.(net.Conn).Close()
		return true
	})
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
				h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'") // web.Bundle says so too
			}
			w.Write(body)
		}
	})
	st := &studio{t: t, sfu: s, web: httptest.NewUnstartedServer(mux)}
	st.web.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		st.conns.Store(c, true)
		return ctx
	}
	st.web.Start()
	t.Cleanup(func() {
		st.cut()
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
		EntryPoints: []string{"testdata/party.js", "../js/meeting/frame-worker.js", "testdata/pace-page.js",
			"testdata/pace-ours-worker.js", "testdata/pace-sframe-worker.js", "testdata/pace-livekit-worker.js", "testdata/pace-floor-worker.js"},
		Bundle: true, Format: api.FormatESModule, Platform: api.PlatformBrowser, Target: api.ES2022, Outdir: "out", EntryNames: "[name]",
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
	Example               string // pixels of a strange picture
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

// attacks is how many frames were dropped that no honest network brings about: it puts frames in, and loses packets where a layer begins.
func attacks(s partyState) (n int) {
	for why, times := range s.Counts.Dropped {
		if why != "injected" && why != "otherLayer" && why != "afterGap" {
			n += times
		}
	}
	return n
}

// moves tells whether a video is shown and moves, for at least so many frames.
func moves(of *party, source, frames int) func(partyState) bool {
	return func(s partyState) bool {
		t, ok := s.track(of, source)
		return ok && t.Frames >= frames && t.Moved > frames/4
	}
}

// sources, as PROTOCOL.md section 6 numbers them
const (
	camera = iota
	microphone
	screen
)

// gap is how long a video may stand still at most when the key changes, in milliseconds.
const gap = 2000

func TestFrames(t *testing.T) {
	st := openStudio(t)
	for name, test := range map[string]func(*studio, *testing.T){
		"shown": shown, "layers": layers, "rekey": rekey, "wrong key": wrongKey, "dropped": dropped, "sending off": sendingOff,
		"unencrypted": unencrypted, "screen": screenShare, "vp9": vp9, "mute": mute, "upgrade": upgrade, "late": late, "again": again,
		"browser": oldBrowser,
	} {
		t.Run(name, func(t *testing.T) { test(st, t) })
	}
}

// pair is two participants in a room with one epoch, and the first one's camera on.
func (s *studio) pair(t *testing.T, room, mode, options string) (a, b *party, e map[string]any) {
	t.Helper()
	a, b = s.party(t, room, 1, mode, options), s.party(t, room, 2, mode, options)
	term := 1
	if mode == "standard" {
		term = 0
	}
	e = epoch(term, 1, a, b)
	for _, p := range []*party{a, b} {
		p.install(e)
		p.sending(true)
		p.connect()
	}
	a.turn("camera", true)
	b.until("A moves", moves(a, camera, 10))
	return a, b, e
}

func (p *party) turn(what string, on bool) {
	p.t.Helper()
	p.await(fmt.Sprintf("me.media.turn(%q, %t)", what, on))
}

// fresh forgets what was shown, so that what comes is counted from here.
func (p *party) fresh() { p.t.Helper(); p.do("me.shown.forEach((w) => w.restart())") }

// goesOn expects that a video goes on, and that all its pictures are whole.
func (p *party) goesOn(of *party, frames int) shownTrack {
	p.t.Helper()
	s := p.until("it goes on", moves(of, camera, frames))
	track, _ := s.track(of, camera)
	if track.Strange > 0 {
		p.t.Errorf("%d pictures that were never taken: %+v", track.Strange, s)
	}
	return track
}

// stops expects that nothing of a video is shown for a second.
func (p *party) stops(of *party) {
	p.t.Helper()
	p.until("it stops", func(s partyState) bool {
		track, ok := s.track(of, camera)
		return ok && track.Since > 1000
	})
}

// shown is the whole way: A's camera and microphone reach B under A's name, and nothing is dropped.
func shown(s *studio, t *testing.T) {
	a, b, _ := s.pair(t, "M-shown", "e2ee", "")
	a.turn("microphone", true)
	b.until("A is heard", func(s partyState) bool { _, ok := s.track(a, microphone); return ok && s.Speaking > 0 })
	b.goesOn(a, 40)
	if got := b.state(); attacks(got) > 0 || got.Lost > 0 || got.Failed != "" || len(got.Shown) != 2 {
		t.Errorf("B: %+v", got)
	}
	if got := a.state(); len(got.Counts.Unsent) > 0 || got.Counts.Sealed == 0 || len(got.Shown) > 0 {
		t.Errorf("A: %+v", got)
	}
	if encodings := evaluate[string](a.person, `JSON.stringify(connections.flatMap((c) => c.getSenders()).filter((s) => s.track?.kind === "video").flatMap((s) => s.getParameters().encodings.map((e) => e.scalabilityMode)))`); encodings != `["L1T1","L1T1"]` {
		t.Errorf("the layers of simulcast are %s", encodings)
	}
}

// layers changes between the layers of simulcast, each of which is a stream of its own.
func layers(s *studio, t *testing.T) {
	a, b, _ := s.pair(t, "M-layers", "e2ee", "")
	want := func(quality string, width int) {
		b.fresh()
		b.do(`me.shown[0].remote.want("` + quality + `")`)
		b.until(quality, func(s partyState) bool { track, _ := s.track(a, camera); return track.Width == width })
		b.goesOn(a, 20)
	}
	b.until("the highest layer", func(s partyState) bool { track, _ := s.track(a, camera); return track.Width == 640 })
	want("low", 320)
	want("high", 640)
}

// rekey goes on in another epoch while the old one is still held, and when it is dropped; a member that is not in it sees nothing more.
func rekey(s *studio, t *testing.T) {
	a, b, first := s.pair(t, "M-rekey", "e2ee", "")
	b.fresh()
	for n := 2; n < 5; n++ {
		next := epoch(1, n, a, b)
		a.install(next) // its frames come before B can open them
		b.install(next)
		b.goesOn(a, 15)
		for _, p := range []*party{a, b} {
			p.dropEpoch(first)
		}
		if track := b.goesOn(a, 30); track.Longest > gap {
			t.Errorf("it stood still for %.0f ms", track.Longest)
		}
		first = next
		b.fresh()
	}
	a.install(epoch(1, 5, a))
	b.stops(a)
	if got := b.until("what comes is counted", func(s partyState) bool { return s.Counts.Dropped["noEpoch"] > 0 }); got.Lost > 0 {
		t.Errorf("%+v", got)
	}
}

// wrongKey shows nothing to somebody who was told another secret.
func wrongKey(s *studio, t *testing.T) {
	a, b, e := s.pair(t, "M-wrong", "e2ee", "")
	c := s.party(t, "M-wrong", 3, "e2ee", "")
	other := epoch(1, 1, a, b, c)
	other["secret"], other["link"] = number(9, 9), e["link"]
	c.install(other)
	c.connect()
	c.until("nothing opens", func(s partyState) bool { return s.Counts.Dropped["unopened"] > 20 })
	b.goesOn(a, 10)
	if got := c.state(); len(got.Shown) > 0 || got.Counts.Opened > 0 {
		t.Errorf("%+v", got)
	}
}

// dropped shows nothing of an epoch whose key is gone.
func dropped(s *studio, t *testing.T) {
	a, b, e := s.pair(t, "M-dropped", "e2ee", "")
	b.dropEpoch(e)
	b.stops(a)
	before := b.state().Counts
	after := b.until("what comes is counted", func(s partyState) bool { return s.Counts.Dropped["noEpoch"] > before.Dropped["noEpoch"]+10 }).Counts
	if after.Opened != before.Opened {
		t.Errorf("%d frames opened, then %d", before.Opened, after.Opened)
	}
	a.dropEpoch(e)
	a.until("A has no key either", func(s partyState) bool { return s.Counts.Unsent["noKey"] > 10 })
	quiet := b.state().Counts.Dropped["noEpoch"]
	sealed := a.state().Counts.Sealed
	a.until("A drops more", func(s partyState) bool { return s.Counts.Unsent["noKey"] > 30 })
	if got := a.state().Counts.Sealed; got != sealed {
		t.Errorf("A sealed %d frames without a key", got-sealed)
	}
	if got := b.state().Counts.Dropped["noEpoch"]; got > quiet+2 { // what was under way
		t.Errorf("B was sent %d frames after A had no key", got-quiet)
	}
}

// sendingOff stops what is sent, and goes on with a key frame.
func sendingOff(s *studio, t *testing.T) {
	a, b, _ := s.pair(t, "M-off", "e2ee", "")
	a.sending(false)
	b.stops(a)
	before := b.state().Counts
	a.until("A drops what it has", func(s partyState) bool { return s.Counts.Unsent["off"] > 20 })
	if got := b.state(); got.Counts.Opened > before.Opened+2 || attacks(got) > 0 {
		t.Errorf("B has %+v, then %+v", before, got)
	}
	a.sending(true)
	b.fresh()
	b.goesOn(a, 15)
}

// unencrypted ends the connection when a sender without our transform is made, before anything of it is sent.
func unencrypted(s *studio, t *testing.T) {
	a, b, _ := s.pair(t, "M-open", "e2ee", "")
	a.await(`(async () => {
		const [camera] = (await navigator.mediaDevices.getUserMedia({ video: true })).getTracks();
		window.rogue = connections[0];
		rogue.addTransceiver(camera, { direction: "sendonly" });
		rogue.createOffer().then((offer) => rogue.setLocalDescription(offer)); // it never ends: the connection is closed under it
	})()`)
	got := a.until("A says so", func(s partyState) bool { return s.Failed != "" })
	if !strings.Contains(got.Failed, "without encrypting") || !evaluate[bool](a.person, `connections.every((c) => c.signalingState === "closed")`) {
		t.Errorf("%+v", got)
	}
	b.until("A is gone", func(s partyState) bool { _, ok := s.track(a, camera); return !ok })
	if got := b.state(); len(got.Shown) != 1 || attacks(got) > 0 {
		t.Errorf("B was shown or sent something else: %+v", got)
	}
}

// screenShare shows a screen beside the camera, and takes it back.
func screenShare(s *studio, t *testing.T) {
	a, b, _ := s.pair(t, "M-screen", "e2ee", "")
	ctx, cancel := context.WithTimeout(a.ctx, waitTime)
	defer cancel()
	pressed := func(p *runtime.EvaluateParams) { p.UserGesture = new(bool); *p.UserGesture = true }
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`me.media.turn("screen", true, { sound: true }).then(() => true)`, chromedp.EvalAwaitPromise, pressed)); err != nil {
		t.Fatal(err)
	}
	b.until("the screen is shown", func(s partyState) bool {
		track, ok := s.track(a, screen)
		return ok && track.Frames > 5 && track.Width > 0
	})
	b.goesOn(a, 10)
	a.turn("screen", false)
	b.until("the screen is gone", func(s partyState) bool { _, ok := s.track(a, screen); return !ok })
	b.fresh()
	b.goesOn(a, 10)
}

// vp9 is the whole way in the other codec.
func vp9(s *studio, t *testing.T) {
	a, b, _ := s.pair(t, "M-vp9", "e2ee", `{ codec: "vp9" }`)
	b.goesOn(a, 30)
	codec := evaluate[string](b.person, `Promise.all(connections.map((c) => c.getStats())).then((all) => all.flatMap((r) => [...r.values()]).filter((s) => s.type === "codec").map((s) => s.mimeType).join(" "))`)
	if !strings.Contains(codec, "VP9") || attacks(b.state()) > 0 {
		t.Errorf("the codecs are %s; %+v", codec, b.state())
	}
}

// mute drops what the media server puts in when a sender mutes, and goes on afterwards.
func mute(s *studio, t *testing.T) {
	a, b, _ := s.pair(t, "M-mute", "e2ee", "")
	a.turn("microphone", true)
	b.until("A is heard", func(s partyState) bool { return s.Speaking > 0 })
	a.turn("microphone", false)
	a.turn("camera", false)
	b.until("muted", func(s partyState) bool { return s.Muted == 2 })
	b.stops(a)
	a.turn("microphone", true)
	a.turn("camera", true)
	b.fresh()
	b.until("A moves again", moves(a, camera, 15))
	heard := b.state().Speaking
	got := b.until("A is heard again", func(s partyState) bool { return s.Speaking > heard })
	track, _ := got.track(a, camera)
	if track.Strange > 0 || got.Counts.Dropped["injected"] == 0 || attacks(got) > 0 {
		t.Errorf("%+v", got)
	}
}

// upgrade goes from a standard meeting to an end-to-end encrypted one: the server's key opens nothing more, whoever still uses it.
func upgrade(s *studio, t *testing.T) {
	a, b, old := s.pair(t, "M-upgrade", "standard", "")
	left := s.party(t, "M-upgrade", 3, "standard", "")
	all := epoch(0, 1, a, b, left)
	for _, p := range []*party{a, b, left} {
		p.tell(map[string]any{"type": "members", "members": all["members"]})
	}
	left.install(all)
	left.sending(true)
	left.connect()
	left.turn("camera", true)
	b.until("the third is shown", moves(left, camera, 5))

	next := epoch(1, 1, a, b)
	for _, p := range []*party{a, b} {
		p.sending(false)
		p.tell(map[string]any{"type": "mode", "mode": "e2ee"})
		p.install(old) // and never again
	}
	b.until("it is refused", func(s partyState) bool { return s.Counts.Dropped["wrongMode"] > 10 })
	b.fresh()
	for _, p := range []*party{a, b} {
		p.install(next)
		p.sending(true)
	}
	b.goesOn(a, 15)
	b.stops(left)
	if got := left.until("the third sees nothing of it", func(s partyState) bool { return s.Counts.Dropped["wrongMode"] > 5 }); got.Lost > 0 {
		t.Errorf("%+v", got)
	}
}

// late joins a meeting that goes on: in an epoch of its own, it sees the next frames and nothing from before.
func late(s *studio, t *testing.T) {
	a, b, first := s.pair(t, "M-late", "e2ee", "")
	c := s.party(t, "M-late", 3, "e2ee", "")
	c.connect() // the media come before the key
	c.until("there is no key", func(s partyState) bool { return s.Counts.Dropped["noEpoch"] > 5 })
	b.fresh()
	next := epoch(1, 2, a, b, c)
	for _, p := range []*party{a, b, c} {
		p.install(next)
	}
	c.sending(true)
	c.until("A moves", moves(a, camera, 10))
	c.goesOn(a, 20)
	b.goesOn(a, 20)
	for _, p := range []*party{a, b} {
		p.dropEpoch(first)
	}
	c.turn("camera", true)
	a.until("C moves", moves(c, camera, 10))
}

// again takes a track back and publishes it anew, and goes on after the connection to the media server was cut.
func again(s *studio, t *testing.T) {
	a, b, _ := s.pair(t, "M-again", "e2ee", "")
	a.await(`me.media.unpublish("camera")`)
	b.until("A is gone", func(s partyState) bool { _, ok := s.track(a, camera); return !ok })
	a.turn("camera", true)
	b.until("A moves again", moves(a, camera, 15))
	s.cut()
	a.until("A connects again", func(s partyState) bool { return len(s.States) > 2 && s.States[len(s.States)-1] == "connected" })
	b.until("B connects again", func(s partyState) bool { return len(s.States) > 2 && s.States[len(s.States)-1] == "connected" })
	b.fresh()
	b.until("A still moves", moves(a, camera, 15))
	a.await(`me.media.disconnect()`)
	b.until("A is gone", func(s partyState) bool { _, ok := s.track(a, camera); return !ok })
	if got := b.state(); got.Failed != "" || got.Lost > 0 {
		t.Errorf("%+v", got)
	}
}

// oldBrowser refuses where frames cannot be transformed, and tells the core when it knows nothing of its join.
func oldBrowser(s *studio, t *testing.T) {
	a := s.party(t, "M-old", 1, "e2ee", "")
	a.do("window.me = new Party()")
	a.sending(true)
	a.until("the join is lost", func(s partyState) bool { return s.Lost == 1 })
	a.do("delete window.RTCRtpScriptTransform")
	if said := evaluate[string](a.person, `(() => { try { new Party(); return "" } catch (e) { return e.message } })()`); !strings.Contains(said, "Firefox") {
		t.Errorf("it says %q", said)
	}
}

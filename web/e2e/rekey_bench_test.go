package e2e

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/fxamacker/cbor/v2"

	"github.com/proffer/proffer/media/e2ee"
)

// rekeyLimit is within how long a removal must hold (PROTOCOL §4), and blockLimit how long a page's main thread may be kept busy, in ms.
const (
	rekeyLimit = 2000.0
	blockLimit = 50.0
)

// BenchmarkBrowserRekey lets a browser lead a meeting of so many devices: from the moment that a leave, or a join's first sign of life, is sent to it
// until the last device of the list has opened its box. The page is the real one, with its real workers, behind a proxy that plays the control session;
// the others are members in Go. A join is let in at the earliest half a second after it came (§4), and what is due is looked for four times a second.
// What keeps the page's main thread busy in one piece meanwhile is counted until it has shown both changes: the longest of all rounds, and the median of
// the rounds' longest. All of this and a server share one machine, and a thread that is not let run looks like one that is busy.
func BenchmarkBrowserRekey(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := gather(b, n-1) // the last comes and goes
			var leaves, joins, size float64
			c.host.do(watchBlocks)
			var blocks []float64
			for b.Loop() {
				m := c.newcomer()
				c.read(m)
				c.host.do(`blocks.longest = 0`)
				joins += c.until(m, func() { c.enter(m, true) })
				c.waitMembers(n) // the page has shown it: else it would show both changes as none
				leaves += c.until(c.last, func() { c.leave(m) })
				size = float64(c.bytes)
				c.waitMembers(n - 1)
				blocks = append(blocks, evaluate[float64](c.host, `blocks.longest`))
			}
			times := float64(b.N)
			b.ReportMetric(0, "ns/op") // it would hold what is made ready
			b.ReportMetric(leaves/times, "ms")
			b.ReportMetric(leaves/times/rekeyLimit, "x_limit_2_s")
			b.ReportMetric(leaves/times*1000/float64(n), "per_device_us")
			b.ReportMetric(joins/times, "join_ms")
			b.ReportMetric(size, "messages_B")
			slices.Sort(blocks)
			block := blocks[len(blocks)-1]
			b.ReportMetric(block, "main-thread-block_ms")
			b.ReportMetric(blocks[len(blocks)/2], "main-thread-block-median_ms")
			b.ReportMetric(block/blockLimit, "main-thread-block-against-50-ms_ratio")
		})
	}
}

// watchBlocks keeps the longest time between two turns of the page's main thread that lie 5 ms apart where nothing keeps it: at most so much too long.
const watchBlocks = `
window.blocks = { longest: 0 };
{
	let last = performance.now();
	const turn = () => {
		const now = performance.now();
		blocks.longest = Math.max(blocks.longest, now - last);
		last = now;
		setTimeout(turn, 5);
	};
	turn();
}`

// multitude is a meeting that a browser leads, seen from the server: the board, and the other devices.
type multitude struct {
	b        *testing.B
	host     *person
	number   string
	link     *e2ee.Secret
	identity *e2ee.Device
	device   *e2ee.Device // of all the others: let in once, let in always

	mu     sync.Mutex
	conn   *websocket.Conn // to the leader
	board  [][]byte
	joins  map[*e2ee.Member][]byte // made, and not posted yet
	others []*e2ee.Member          // give signs of life
	reads  []*e2ee.Member          // the board
	last   *e2ee.Member
	opened chan opened
	epoch  uint64 // that was opened last
	bytes  int    // of the newest keys and their link
	link0  int    // of the newest link
}

// gather starts a meeting and returns when n devices are in it.
func gather(b *testing.B, n int) *multitude {
	b.Helper()
	c := &multitude{b: b, identity: newDevice(b), device: newDevice(b), joins: map[*e2ee.Member][]byte{}, opened: make(chan opened, 1000)}
	addr := "127.0.0.1:" + freePort(b)
	s := start(b, "PROFFER_ADDR="+addr)
	l, err := net.Listen("tcp", "127.0.0.1:"+s.URL[strings.LastIndex(s.URL, ":")+1:])
	if err != nil {
		b.Fatal(err)
	}
	front := &http.Server{Handler: c.routes(&url.URL{Scheme: "http", Host: addr})}
	b.Cleanup(func() { front.Close() })
	go front.Serve(l)
	c.host = s.signIn("Hanna")
	link := c.host.makeMeeting("Lecture", "e2ee")
	at, fragment, _ := strings.Cut(link, "#")
	secret, err := base64.RawURLEncoding.DecodeString(fragment)
	if err != nil || len(secret) != 32 {
		b.Fatal("no link with a secret:", link)
	}
	c.link, c.number = (*e2ee.Secret)(secret), at[strings.LastIndex(at, "/")+1:]
	c.host.enter(link, "")
	c.host.waitEval(`document.querySelector("[data-badge]").textContent.includes("End-to-end encrypted")`)
	ctx, stop := context.WithCancel(b.Context())
	b.Cleanup(stop)
	go c.breathe(ctx)
	c.enter(c.newcomer(), false)
	c.host.admit("Crowd")
	c.waitMembers(2)
	for range n - 3 {
		c.enter(c.newcomer(), false)
	}
	c.waitMembers(n - 1)
	c.last = c.newcomer()
	c.enter(c.last, true)
	c.await(c.last)
	c.waitMembers(n)
	return c
}

func newDevice(b *testing.B) *e2ee.Device {
	seed := make([]byte, 32)
	rand.Read(seed)
	d, err := e2ee.NewDevice(seed)
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// forgetful is a memory that a device of a bench needs not.
type forgetful struct{}

func (forgetful) Remember(string) error      { return nil }
func (forgetful) Remembered(string) bool     { return false }
func (forgetful) Meet(string, e2ee.Key) bool { return false }

func nowMilli() uint64 { return uint64(time.Now().UnixMilli()) }

// newcomer makes another device's join, which is on no board yet.
func (c *multitude) newcomer() *e2ee.Member {
	now := nowMilli()
	certificate := e2ee.IssueCertificate(c.identity, e2ee.Certificate{Device: c.device.Key, Name: "Crowd", Meeting: c.number, Issued: now, Expires: now + 3_600_000})
	m, acts, err := e2ee.NewMember(e2ee.Config{Meeting: c.number, Device: c.device, Certificate: certificate, Identity: []e2ee.Key{c.identity.Key}, Secret: c.link, Rand: rand.Reader,
		Memory: forgetful{}}, now)
	if err != nil {
		c.b.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.joins[m] = acts[slices.IndexFunc(acts, func(a e2ee.Action) bool { _, ok := a.(e2ee.PostEntry); return ok })].(e2ee.PostEntry).Message
	return m
}

// read lets a device read the board from now on, and what is on it at once.
func (c *multitude) read(m *e2ee.Member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.board {
		c.do(m, m.Step(nowMilli(), c.entry(i)))
	}
	c.reads = append(c.reads, m)
}

// enter posts a device's join and gives its first sign of life. One that does not read the board is told of its own join alone.
func (c *multitude) enter(m *e2ee.Member, reads bool) {
	if reads && !slices.Contains(c.reads, m) {
		c.read(m)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	message := c.joins[m]
	delete(c.joins, m)
	c.others = append(c.others, m)
	c.post(message)
	if !reads {
		c.do(m, m.Step(nowMilli(), &e2ee.Entry{Kind: "entry", Number: 1, At: nowMilli(), Message: message}))
	}
}

func (c *multitude) leave(m *e2ee.Member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.others = slices.DeleteFunc(c.others, func(o *e2ee.Member) bool { return o == m })
	c.reads = slices.DeleteFunc(c.reads, func(o *e2ee.Member) bool { return o == m })
	c.do(m, m.Step(nowMilli(), e2ee.Leaving{}))
}

// opened is a device that took an epoch into use.
type opened struct {
	m     *e2ee.Member
	epoch uint64
}

// until is how many milliseconds pass from an act until a device has opened a newer epoch than the last one.
func (c *multitude) until(m *e2ee.Member, act func()) float64 {
	begun := time.Now()
	act()
	c.await(m)
	return float64(time.Since(begun)) / 1e6
}

func (c *multitude) await(m *e2ee.Member) {
	c.b.Helper()
	for limit := time.After(waitTime); ; {
		select {
		case o := <-c.opened:
			if o.m == m && o.epoch > c.epoch {
				c.epoch = o.epoch
				return
			}
		case <-limit:
			at, _ := m.Ended()
			c.b.Fatalf("no key came to a device that is %s (%q), dropped %v: %s", m.State(), at, m.Dropped, evaluate[string](c.host, `document.querySelector("[data-people-title]").textContent + document.querySelector("[data-banners]").innerText`))
		}
	}
}

// waitMembers waits until the page counts so many.
func (c *multitude) waitMembers(n int) {
	c.b.Helper()
	c.host.panel("people")
	c.host.waitEval(fmt.Sprintf(`document.querySelector("[data-people-title]").textContent.includes("(%d)")`, n))
}

// do carries out what a device does.
func (c *multitude) do(m *e2ee.Member, acts []e2ee.Action) {
	for _, a := range acts {
		switch a := a.(type) {
		case e2ee.PostEntry:
			c.post(a.Message)
		case e2ee.SendLive:
			c.tell(&e2ee.LiveMessage{Kind: "live", Signed: a.Signed})
		case e2ee.Install:
			c.opened <- opened{m, a.Epoch.Name.Epoch}
		}
	}
}

// entry is that of a place on the board, from 0.
func (c *multitude) entry(i int) *e2ee.Entry {
	return &e2ee.Entry{Kind: "entry", Number: uint64(i) + 1, At: nowMilli(), Message: c.board[i]}
}

// post puts a message on the board, and shows it to the leader and to who reads.
func (c *multitude) post(message []byte) {
	c.board = append(c.board, message)
	e := c.entry(len(c.board) - 1)
	c.tell(e)
	if m, err := e2ee.DecodeMessage(message); err == nil && m.Kind == "link" {
		c.link0 = len(message)
	} else if err == nil && m.Kind == "keys" {
		c.bytes = c.link0 + len(message)
	}
	for _, m := range slices.Clone(c.reads) {
		c.do(m, m.Step(nowMilli(), e))
	}
}

// tell sends the leader a message of the control session.
func (c *multitude) tell(m any) {
	if c.conn == nil {
		return
	}
	data, err := cbor.Marshal(m)
	if err != nil {
		c.b.Error(err)
		return
	}
	_ = c.conn.Write(c.b.Context(), websocket.MessageBinary, data) // at the end it has gone
}

// breathe lets time pass for the others, who give signs of life.
func (c *multitude) breathe(ctx context.Context) {
	const parts = 10
	t := time.NewTicker(100 * time.Millisecond)
	defer t.Stop()
	for turn := 0; ; turn++ {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		c.mu.Lock()
		for i := turn % parts; i < len(c.others); i += parts {
			c.do(c.others[i], c.others[i].Step(nowMilli(), e2ee.Tick{}))
		}
		c.mu.Unlock()
	}
}

// routes plays the server where a meeting's own addresses are asked for, and passes everything else on to the real one.
func (c *multitude) routes(to *url.URL) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(to)
		p.Out.Host = p.In.Host
	}})
	mux.HandleFunc("POST /m/{id}/certificate", c.vouch)
	mux.HandleFunc("GET /m/{id}/session", c.session)
	return mux
}

func (c *multitude) vouch(w http.ResponseWriter, r *http.Request) {
	var ask struct{ Device string }
	err := json.NewDecoder(r.Body).Decode(&ask)
	device, bad := base64.RawURLEncoding.DecodeString(ask.Device)
	if err != nil || bad != nil || len(device) != 32 {
		http.Error(w, "no device", http.StatusBadRequest)
		return
	}
	now := nowMilli()
	certificate := e2ee.IssueCertificate(c.identity, e2ee.Certificate{Device: e2ee.Key(device), Name: "Hanna Holm", Meeting: r.PathValue("id"), Issued: now, Expires: now + 3_600_000})
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]string{"certificate": base64.RawURLEncoding.EncodeToString(certificate), "identity": base64.RawURLEncoding.EncodeToString(c.identity.Key[:])})
}

// session is the leader's control session.
func (c *multitude) session(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"proffer.meeting.v1"}})
	if err != nil {
		c.b.Error(err)
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(4 << 20)
	c.mu.Lock()
	c.conn = conn
	c.tell(&e2ee.Welcome{Kind: "welcome", Meeting: r.PathValue("id"), Mode: 1, Identity: c.identity.Key})
	c.mu.Unlock()
	for {
		_, data, err := conn.Read(r.Context())
		if err != nil {
			return
		}
		c.mu.Lock()
		c.hear(data)
		c.mu.Unlock()
	}
}

// hear takes a message of the leader.
func (c *multitude) hear(data []byte) {
	var post e2ee.Post
	var live e2ee.LiveMessage
	var fetch e2ee.Fetch
	switch {
	case cbor.Unmarshal(data, &fetch) == nil && fetch.Kind == "fetch":
		for i := int(fetch.From) - 1; i < len(c.board); i++ {
			c.tell(c.entry(i))
		}
	case cbor.Unmarshal(data, &post) == nil && post.Kind == "post":
		if !slices.ContainsFunc(c.board, func(m []byte) bool { return slices.Equal(m, post.Message) }) {
			c.post(post.Message)
		}
	case cbor.Unmarshal(data, &live) == nil && live.Kind == "live":
		for _, m := range slices.Clone(c.reads) {
			c.do(m, m.Step(nowMilli(), &live))
		}
	}
}

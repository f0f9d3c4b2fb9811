package participanttest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Tap stands in front of a server, as a proxy in production does, and records all that it and its clients say to each other: requests,
// answers, and the messages of WebSockets without their masks. It can also cut everybody off, and keep single messages back.
type Tap struct {
	URL string // where clients reach the server

	target *url.URL
	front  *httptest.Server
	pass   *httputil.ReverseProxy

	mu   sync.Mutex // over all that follows
	said bytes.Buffer
	cut  bool
	drop func(r *http.Request, up bool, message []byte) bool
	ends map[*http.Request]context.CancelFunc // of the WebSockets that are open
}

// NewTap listens on a port of its own. The server's public address has to be URL.
func NewTap(target string) (*Tap, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	t := &Tap{target: u, ends: map[*http.Request]context.CancelFunc{}}
	t.pass = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u); r.Out.Host = r.In.Host }, ModifyResponse: t.answer}
	t.front = httptest.NewServer(t)
	t.URL = strings.Replace(t.front.URL, "127.0.0.1", "localhost", 1)
	return t, nil
}

// Close stops listening.
func (t *Tap) Close() {
	t.Cut(true)
	t.front.Close()
}

// Cut ends what is open and lets nothing through, or lets everything through again.
func (t *Tap) Cut(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cut = on
	for _, end := range t.ends {
		if on {
			end()
		}
	}
}

// End breaks those WebSockets that are open for which it is true, once.
func (t *Tap) End(of func(r *http.Request) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for r, end := range t.ends {
		if of(r) {
			end()
		}
	}
}

// Drop keeps back, from now on, those messages of WebSockets for which it is true: up to the server or down from it, in the WebSocket that r opened.
func (t *Tap) Drop(drop func(r *http.Request, up bool, message []byte) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop = drop
}

func (t *Tap) dropped(r *http.Request, up bool, message []byte) bool {
	t.mu.Lock()
	drop := t.drop
	t.mu.Unlock()
	return drop != nil && drop(r, up, message)
}

// Said is everything that was said so far.
func (t *Tap) Said() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.said.Bytes())
}

func (t *Tap) record(data []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.said.Write(data)
	t.said.WriteByte('\n')
}

func (t *Tap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	cut := t.cut
	t.mu.Unlock()
	if cut {
		panic(http.ErrAbortHandler) // the connection breaks
	}
	if head, err := httputil.DumpRequest(r, false); err == nil {
		t.record(head)
	}
	if r.Header.Get("Upgrade") != "" {
		t.webSocket(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	t.record(body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	t.pass.ServeHTTP(w, r)
}

func (t *Tap) answer(res *http.Response) error {
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	res.Body.Close()
	t.record(body)
	res.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// webSocket joins a client's WebSocket with one to the server.
func (t *Tap) webSocket(w http.ResponseWriter, r *http.Request) {
	ctx, end := context.WithCancel(r.Context())
	defer end()
	t.mu.Lock()
	t.ends[r] = end
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		delete(t.ends, r)
		t.mu.Unlock()
	}()
	to := *t.target
	to.Path, to.RawQuery = r.URL.Path, r.URL.RawQuery
	header := r.Header.Clone()
	for name := range r.Header {
		if strings.HasPrefix(name, "Sec-Websocket") || name == "Connection" || name == "Upgrade" {
			header.Del(name)
		}
	}
	var protocols []string
	if p := r.Header.Get("Sec-Websocket-Protocol"); p != "" {
		protocols = []string{p}
	}
	server, res, err := websocket.Dial(ctx, to.String(), &websocket.DialOptions{HTTPHeader: header, Host: r.Host, Subprotocols: protocols})
	if err != nil {
		refuse(w, res)
		return
	}
	defer server.CloseNow()
	client, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: protocols, InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer client.CloseNow()
	ended := make(chan struct{}, 2)
	for _, way := range [][2]*websocket.Conn{{client, server}, {server, client}} {
		drop := func(message []byte) bool { return t.dropped(r, way[0] == client, message) }
		go func() { t.carry(ctx, way[0], way[1], drop); ended <- struct{}{} }()
	}
	<-ended
}

func refuse(w http.ResponseWriter, res *http.Response) {
	if res == nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	w.WriteHeader(res.StatusCode)
	if res.Body != nil {
		_, _ = io.Copy(w, res.Body)
	}
}

// carry passes messages on, but those that are dropped, until one side has ended.
func (t *Tap) carry(ctx context.Context, from, to *websocket.Conn, drop func(message []byte) bool) {
	from.SetReadLimit(-1)
	for {
		kind, data, err := from.Read(ctx)
		if err != nil {
			if code := websocket.CloseStatus(err); code != -1 {
				to.Close(code, "")
			}
			return
		}
		t.record(data)
		if drop(data) {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		err = to.Write(ctx, kind, data)
		cancel()
		if err != nil {
			return
		}
	}
}

package participant

import (
	"bufio"
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4/pkg/media"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/sframe"
)

// needles are what must not be found: their names by their first eight bytes, in every form in which they could lie somewhere.
type needles struct {
	mu  sync.Mutex // over both below
	all map[[8]byte][]needle
	has map[string]bool
	two [1 << 16]bool // by their first two bytes, so that the search is quick
}

type needle struct {
	name string
	data []byte
}

func newNeedles() *needles { return &needles{all: map[[8]byte][]needle{}, has: map[string]bool{}} }

// add adds a secret: raw, in hexadecimal of both cases, and in base64, wherever it stands in what was encoded.
func (n *needles) add(name string, secret []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.has[string(secret)] {
		return
	}
	n.has[string(secret)] = true
	n.form(name, secret)
	n.form(name+" in hex", []byte(hex.EncodeToString(secret)))
	n.form(name+" in HEX", []byte(strings.ToUpper(hex.EncodeToString(secret))))
	for shift := range 3 {
		for form, enc := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			text := enc.EncodeToString(append(make([]byte, shift), secret...))
			n.form(name+" in "+form, []byte(text[(8*shift+5)/6:len(text)-2])) // without what depends on its neighbours
		}
	}
}

func (n *needles) form(name string, data []byte) {
	key := [8]byte(data)
	n.all[key] = append(n.all[key], needle{name, data})
	n.two[binary.LittleEndian.Uint16(data)] = true
}

// find gives the names of what is in data.
func (n *needles) find(data []byte) (names []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := 0; i+8 <= len(data); i++ {
		if !n.two[binary.LittleEndian.Uint16(data[i:])] {
			continue
		}
		for _, x := range n.all[[8]byte(data[i:])] {
			if bytes.HasPrefix(data[i:], x.data) && !slices.Contains(names, x.name) {
				names = append(names, x.name)
			}
		}
	}
	return names
}

// random gives what is drawn, and adds every secret of it: they have 32 bytes, and nonces, which are no secret, 16.
type random struct{ n *needles }

func (r random) Read(b []byte) (int, error) {
	rand.Read(b)
	if len(b) == 32 {
		r.n.add("a secret that a client drew", bytes.Clone(b))
	}
	return len(b), nil
}

// derived adds the keys of a stream, and those that SFrame makes of them (RFC 9605, section 4.4.2).
func (n *needles) derived(kid sframe.KID, k e2ee.StreamKeys) {
	n.add("the base key of a stream", k.Base[:])
	n.add("the franking key of a stream", k.Franking[:])
	packed, _ := kid.Pack()
	prk, _ := hkdf.Extract(sha512.New, k.Base[:], nil)
	for what, size := range map[string]int{"key": 32, "salt": 12} {
		label := binary.BigEndian.AppendUint64([]byte("SFrame 1.0 Secret "+what+" "), packed)
		out, err := hkdf.Expand(sha512.New, prk, string(binary.BigEndian.AppendUint16(label, 5)), size)
		if err != nil {
			panic(err)
		}
		n.add("the SFrame "+what+" of a stream", out)
	}
}

// captured is what passed through a relay or reached a client.
type captured struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (c *captured) add(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.b.Write(b)
	c.b.WriteByte(0)
}

// Write makes it a log.
func (c *captured) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.b.Write(b)
}

func (c *captured) bytes() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.b.Bytes())
}

// words that are said in the meeting, and nowhere else.
const spoken = "the-quick-brown-fox-says-it-in-confidence"

// spied joins with everything that it draws and derives known, and all packets of media kept as they were before their seal was opened.
func (s *server) spied(name string, cfg Config, n *needles, packets *captured) *attendee {
	s.t.Helper()
	cfg.Folder = s.t.TempDir()
	cfg.random = random{n}
	a := s.join(name, cfg)
	seed, err := os.ReadFile(filepath.Join(cfg.Folder, deviceFile))
	if err != nil {
		s.t.Fatal(err)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(seed)))
	if err != nil {
		s.t.Fatal(err)
	}
	n.add("a device's key", raw)
	a.room.ring.mu.Lock()
	a.room.ring.derived = n.derived
	a.room.ring.mu.Unlock()
	a.room.mu.Lock()
	a.room.heard = packets.add
	a.room.mu.Unlock()
	return a
}

// TestCapture: of an end-to-end encrypted meeting, nothing that the server and LiveKit handled, hold in memory or have stored contains a frame, a
// word or a key: all control sessions and signalling, all packets on the wire and inside SRTP, the process's memory, its
// folder, its database and its log. The same search finds each of them where it has to be.
func TestCapture(t *testing.T) {
	wire := &captured{}
	s := startServerWith(t, wire.add)
	account := s.signIn("Hanna")

	secrets, packets := newNeedles(), &captured{}
	secrets.add("a frame", []byte(patternWord))
	secrets.add("a line of chat", []byte(spoken))
	link := s.meeting(account, "e2ee")
	secrets.add("the link's secret", link.Secret[:])
	host := s.spied("host", Config{Link: link, Host: true, HTTP: account, Ring: true}, secrets, packets)
	a := s.spied("a", Config{Link: link}, secrets, packets)
	b := s.spied("b", Config{Link: link}, secrets, packets)
	for _, x := range []*attendee{host, a, b} {
		x.sends()
	}
	together(host, a, b)
	says(t, host, a)
	if err := host.Remove(b.J()); err != nil { // another epoch
		t.Fatal(err)
	}
	await(b, "it is out", func(Ended) bool { return true })
	together(host, a)
	everywhere := func(n *needles) map[string][]string {
		found := map[string][]string{"what was said over HTTP and WebSockets": n.find(s.tap.Said()), "packets on the wire": n.find(wire.bytes()),
			"packets without SRTP": n.find(packets.bytes()), "the server's memory": s.memory(n), "its folder": s.files(n),
			"its database": n.find(s.dump()), "its log": n.find(s.log.bytes())}
		return found
	}
	for where, what := range everywhere(secrets) {
		if len(what) > 0 {
			t.Errorf("%s: %v", where, what)
		}
	}
	t.Logf("searched for %d secrets in %d bytes of sessions, %d on the wire, %d in packets", len(secrets.has), len(s.tap.Said()), len(wire.bytes()), len(packets.bytes()))
	if len(secrets.has) < 40 || len(packets.bytes()) < 100_000 || len(wire.bytes()) < 100_000 {
		t.Error("hardly anything was looked for, or looked at")
	}

	s.reportsOnly(link, account, host, a, secrets, everywhere)

	// The search can fail: in a standard meeting the server has the key, and somebody sends without a seal.
	link = s.meeting(account, "standard")
	host = s.spied("host", Config{Link: link, Host: true, HTTP: account}, secrets, packets)
	a = s.spied("a", Config{Link: link}, secrets, packets)
	host.sends()
	a.sends()
	together(host, a)
	says(t, host, a)
	grant := s.granted()
	secrets.add("the key of a standard meeting", grant[:])
	host.unsealed(t)
	a.eventually("frames without a seal came, and were refused", func() bool {
		return len(secrets.find(packets.bytes())) > 0 && a.Counts().Refused != (sframe.Counts{})
	})
	holds(t, a.seen.of(host.J(), franking.Camera), size, every)
	found := everywhere(secrets)
	for where, what := range map[string]string{"what was said over HTTP and WebSockets": "the key of a standard meeting", "packets without SRTP": "a frame",
		"the server's memory": "the key of a standard meeting"} {
		if !slices.Contains(found[where], what) {
			t.Errorf("%s is not found in %s, where it has to be: %v", what, where, found[where])
		}
	}
	if !slices.Contains(found["the server's memory"], "a frame") {
		t.Errorf("a frame that was sent without a seal is not found in the server's memory: %v", found)
	}
	var opened []byte
	for _, f := range a.seen.of(host.J(), franking.Microphone) {
		opened = append(opened, f.Data...)
	}
	if !slices.Contains(secrets.find(opened), "a frame") {
		t.Error("what a client opened does not hold the pattern")
	}
}

// reportsOnly has the host report some seconds of one sender, and holds that the server gets the frames of that clip and no other, and no key.
func (s *server) reportsOnly(link Link, account *http.Client, host, a *attendee, secrets *needles, everywhere func(*needles) map[string][]string) {
	s.t.Helper()
	f, err := host.Freeze()
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Release()
	seen := host.seen.of(a.J(), franking.Camera)
	file, proof, err := f.Report(s.t.Context(), a.J(), franking.Camera, seen[len(seen)/3].Time, seen[2*len(seen)/3].Time)
	if err != nil {
		s.t.Fatal(err)
	}
	v, err := clip.Verify(bytes.NewReader(file), proof, s.platform())
	if err != nil || v.Grade != clip.Verified && v.Grade != clip.Partly {
		s.t.Fatalf("the report is %+v, %v", v, err)
	}
	s.sendsIn(s.token(account), link.Meeting, file, proof, v)
	outside := newNeedles()
	for secret := range secrets.has {
		if secret != patternWord {
			outside.add("a key or a line of chat", []byte(secret))
		}
	}
	numbers := 0
	for _, source := range []franking.Source{franking.Camera, franking.Microphone} {
		for _, x := range host.seen.of(a.J(), source) {
			at := bytes.Index(x.Data, []byte(patternWord))
			number := x.Data[at+len(patternWord):][:8]
			if !bytes.Contains(file, append([]byte(patternWord), number...)) {
				outside.add("a frame that was not reported", append(bytes.Clone(number), "/PROFFER-"...))
				numbers++
			}
		}
	}
	if numbers < 20 || !slices.Contains(everywhere(secrets)["its folder"], "a frame") {
		s.t.Errorf("%d frames are outside of the clip, and those in it are not found where they are stored", numbers)
	}
	for where, what := range everywhere(outside) {
		if len(what) > 0 {
			s.t.Errorf("after a report, %s: %v", where, what)
		}
	}
}

// says says something in confidence.
func says(t *testing.T, from, to *attendee) {
	t.Helper()
	if err := from.Say(spoken); err != nil {
		t.Fatal(err)
	}
	await(to, "the line came", func(l Line) bool { return l.Text == spoken })
}

// granted is the last key that the server handed out: [ "grant", meeting, epoch, key: bstr .size 32 ].
func (s *server) granted() (key [32]byte) {
	said := s.tap.Said()
	at := bytes.LastIndex(said, []byte("\x84\x65grant"))
	if at < 0 {
		s.t.Fatal("no grant was handed out")
	}
	if at += bytes.Index(said[at:], []byte("\x58\x20")) + 2; len(said) < at+32 {
		s.t.Fatal("a grant is cut off")
	}
	return [32]byte(said[at:])
}

// unsealed sends the pattern's pictures as they are, as a client would that does not encrypt.
func (a *attendee) unsealed(t *testing.T) {
	t.Helper()
	track, err := lksdk.NewLocalTrack(capabilities[franking.VP8])
	if err != nil {
		t.Fatal(err)
	}
	a.room.mu.Lock()
	live := a.room.live
	a.room.mu.Unlock()
	if _, err := live.LocalParticipant.PublishTrack(track, &lksdk.TrackPublicationOptions{Name: "unsealed"}); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	go func() {
		for p := (&pattern{video: true, size: size, every: 5}); ; {
			select {
			case <-stop:
				return
			case <-time.After(40 * time.Millisecond):
			}
			f, _ := p.Next()
			track.WriteSample(media.Sample{Data: f.Data, Duration: f.Duration}, nil)
		}
	}()
}

// memory looks through everything that the server's process can write to.
func (s *server) memory(n *needles) (found []string) {
	s.t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	defer mem.Close()
	read := 0
	for sc := bufio.NewScanner(bytes.NewReader(maps)); sc.Scan(); {
		var from, to int64
		var mode string
		if _, err := fmt.Sscanf(sc.Text(), "%x-%x %s", &from, &to, &mode); err != nil || !strings.HasPrefix(mode, "rw") {
			continue
		}
		const piece, overlap = 8 << 20, 256
		for at := from; at < to; at += piece {
			b := make([]byte, min(piece+overlap, to-at))
			if got, _ := mem.ReadAt(b, at); got > 0 { // some regions cannot be read, and hold nothing of ours
				read += got
				found = append(found, n.find(b[:got])...)
			}
		}
	}
	if read < 20<<20 {
		s.t.Errorf("only %d bytes of the server's memory could be read", read)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// files looks through the server's folder: PostgreSQL's files and its write-ahead log, objects, keys.
func (s *server) files(n *needles) (found []string) {
	s.t.Helper()
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // it has gone meanwhile, or is a socket
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		found = append(found, n.find(data)...)
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// dump is the whole database as SQL.
func (s *server) dump() []byte {
	s.t.Helper()
	var socket string
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "postmaster.pid" {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			socket = strings.Split(string(text), "\n")[4] // its fifth line
		}
		return nil
	})
	if err != nil || socket == "" {
		s.t.Fatalf("PostgreSQL's socket is not found: %v", err)
	}
	cmd := exec.Command("pg_dump", "-h", socket, "-U", "proffer", "--inserts", "proffer")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	data, err := io.ReadAll(out)
	if err != nil || cmd.Wait() != nil || !bytes.Contains(data, []byte("board_entries")) {
		s.t.Fatalf("the database cannot be dumped: %v, %d bytes", err, len(data))
	}
	return data
}

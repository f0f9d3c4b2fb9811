package e2e

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/media/participant/participanttest"
)

// startTapped starts a server whose control sessions go through a tap and whose media go through a relay.
func startTapped(t *testing.T) (*server, *participanttest.Tap, *participanttest.Relay) {
	t.Helper()
	addr, media := "127.0.0.1:"+freePort(t), freeUDP(t)
	relay, err := participanttest.NewRelay(media, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(relay.Close)
	tap, err := participanttest.NewTap("http://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, Dir: t.TempDir(), URL: tap.URL, Env: []string{"PROFFER_ADDR=" + addr, "PROFFER_MEDIA_IP=" + participanttest.Host,
		"PROFFER_MEDIA_NETWORKS=" + participanttest.Network, fmt.Sprintf("PROFFER_MEDIA_UDP=%d", media)}}
	s.boot()
	t.Cleanup(s.stop)
	t.Cleanup(tap.Close)
	return s, tap, relay
}

// freeUDP is a port that is free at this moment, on every address.
func freeUDP(t *testing.T) int {
	t.Helper()
	c, err := net.ListenPacket("udp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).Port
}

// Messages of control sessions are CBOR arrays that begin with their kind (media/PROTOCOL.md section 15).
func isBatch(message []byte) bool   { return bytes.HasPrefix(message, []byte("\x82\x65batch")) }
func isStamped(message []byte) bool { return bytes.HasPrefix(message, []byte("\x85\x67stamped")) }

// ofNative tells whether a session is that of a client without a browser.
func ofNative(r *http.Request) bool { return strings.HasPrefix(r.UserAgent(), "Go-http-client") }

// watches makes the page note, from now on, which of somebody's pictures are shown and which words are in their place.
func (p *person) watches(name string) {
	p.t.Helper()
	p.do(fmt.Sprintf(`
		clearInterval(window.watching);
		window.watched = { shown: 0, words: [] };
		window.watching = setInterval(() => {
			const tile = [...document.querySelectorAll(".tile")].find((t) => t.querySelector(".name").textContent.startsWith(%q));
			if (!tile) return;
			if (!tile.querySelector("video").hidden) window.watched.shown++;
			const blank = tile.querySelector(".tile-blank");
			if (!blank.hidden && !window.watched.words.includes(blank.textContent)) window.watched.words.push(blank.textContent);
		}, 20)`, name))
}

type watched struct {
	Shown int
	Words []string
}

func (p *person) watchedSoFar() watched { p.t.Helper(); return evaluate[watched](p, `window.watched`) }

// blanked waits until words stand in the place of somebody's picture.
func (p *person) blanked(name, words string) {
	p.t.Helper()
	p.waitEval(fmt.Sprintf(`[...document.querySelectorAll(".tile")].some((t) => t.querySelector(".name").textContent.startsWith(%q) &&
		t.querySelector("video").hidden && !t.querySelector(".tile-blank").hidden && t.querySelector(".tile-blank").textContent.includes(%q))`, name, words))
}

// TestStamps is what people see when the notary's stamps do not come, and that they see nothing of it on a network that loses packets.
func TestStamps(t *testing.T) {
	s, tap, relay := startTapped(t)
	host := s.presenter(t)
	link := host.makeMeeting("Choir rehearsal", "e2ee")
	host.enter(link, "")
	host.meets("End-to-end encrypted")
	t.Run("lossy network", func(t *testing.T) { lossy(t, host, link, relay) })
	t.Run("silent sender", func(t *testing.T) { silent(t, host, link, tap) })
	t.Run("all sessions break", func(t *testing.T) { broken(t, host, link, tap) })
	t.Run("outage", func(t *testing.T) { unvouched(t, host, link, tap) })
}

// lossy: where one packet in twenty is lost, each way, nobody honest is blanked.
func lossy(t *testing.T, host *person, link string, relay *participanttest.Relay) {
	guest := joinNatively(t, link, "Nora Native")
	defer guest.leave()
	host.admit("Nora Native")
	host.seesMoving("Nora Native")
	relay.Lose(0.05)
	defer relay.Lose(0)
	var seen watched
	for range 3 { // a machine that stands still for a second blanks with right; one that loses packets has to pass at once, or never does
		lost := relay.Dropped.Load()
		host.watches("Nora Native")
		time.Sleep(10 * time.Second)
		if seen = host.watchedSoFar(); relay.Dropped.Load() == lost {
			t.Fatal("no packet was lost")
		}
		if len(seen.Words) == 0 && seen.Shown > 0 {
			break
		}
	}
	if len(seen.Words) > 0 || seen.Shown == 0 {
		t.Errorf("at 5 %% packet loss an honest sender was shown %d times and blanked with %q", seen.Shown, seen.Words)
	}
	host.seesMoving("Nora Native")
}

// silent: who says nothing to the notary is never shown, and the words blame the connection, not us.
func silent(t *testing.T, host *person, link string, tap *participanttest.Tap) {
	tap.Drop(func(r *http.Request, up bool, message []byte) bool { return up && ofNative(r) && isBatch(message) })
	defer tap.Drop(nil)
	host.watches("Sven Silent")
	guest := joinNatively(t, link, "Sven Silent")
	defer guest.leave()
	host.admit("Sven Silent")
	host.blanked("Sven Silent", "nothing vouches for what this device sends")
	time.Sleep(2 * time.Second)
	if seen := host.watchedSoFar(); seen.Shown > 0 || len(seen.Words) != 1 {
		t.Errorf("a sender without a stamp was shown %d times, with the words %q", seen.Shown, seen.Words)
	}
	host.both("a sender whom nothing vouches for")
	host.withheld("Sven Silent", "nothing vouches for this line")
}

// withheld makes sure that words stand in the place of what somebody wrote, and that it can be read by who wants to.
func (p *person) withheld(name, words string) {
	p.t.Helper()
	p.panel("chat")
	line := fmt.Sprintf(`[...document.querySelectorAll(".chat-line")].find((l) => l.textContent.includes(%q) && l.querySelector("[data-withheld]"))`, name)
	p.waitEval(fmt.Sprintf(`((l) => l && l.innerText.includes(%q) && !l.innerText.includes("simulated guest"))(%s)`, words, line))
	p.both("a line that nothing vouches for")
	p.shoot("chat-withheld")
	p.do(line + `.querySelector("button").click()`)
	p.waitEval(line + `.innerText.includes("Hello! I am a simulated guest.")`)
}

// broken: when all WebSockets break while packets go on, as behind a proxy that is loaded anew, pictures come back by themselves, the host's own for others, too.
func broken(t *testing.T, host *person, link string, tap *participanttest.Tap) {
	guest := joinNatively(t, link, "Bea Broken")
	defer guest.leave()
	host.admit("Bea Broken")
	host.seesMoving("Bea Broken")
	tap.End(func(*http.Request) bool { return true })
	guest.says("lost the media server")
	host.seesMoving("Bea Broken")
	later := joinNatively(t, link, "Lea Later") // to whom nothing of the host's old connection is left
	defer later.leave()
	host.admit("Lea Later")
	later.says("decrypts the camera of Hanna Holm")
}

// unvouched: when nobody gets stamps, the service is named and no sender, and the picture comes back by itself.
func unvouched(t *testing.T, host *person, link string, tap *participanttest.Tap) {
	guest := joinNatively(t, link, "Olga Outage")
	defer guest.leave()
	host.admit("Olga Outage")
	host.seesMoving("Olga Outage")
	host.reads("Hello! I am a simulated guest.")
	host.watches("Olga Outage")
	tap.Drop(func(_ *http.Request, up bool, message []byte) bool { return !up && isStamped(message) })
	defer tap.Drop(nil)
	host.blanked("Olga Outage", "It is ours to mend")
	host.waitEval(`window.watched.words.length > 0`) // it looks every 20 ms
	if seen := host.watchedSoFar(); len(seen.Words) != 1 {
		t.Errorf("in an outage of the notary the words were %q", seen.Words)
	}
	host.both("an outage of the notary")
	tap.Drop(nil)
	tap.End(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/session") }) // others begin, in which what was in no stamp is said again
	host.seesMoving("Olga Outage")
}

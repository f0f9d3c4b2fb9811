package phone

import (
	"context"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/proffer/proffer/media/connector"
	"github.com/proffer/proffer/media/connector/connectortest"
	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/rtpframe"
)

const thePIN = "4711081523"

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// start starts a telephone that leads to a meeting.
func start(t *testing.T, meetings connector.Meetings, change func(*Config)) *Server {
	t.Helper()
	c := Config{Addr: "127.0.0.1:0", Trunks: loopback, Calls: 10, Meetings: meetings, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Find: func(_ context.Context, pin string) (string, bool) { return connectortest.Meeting, pin == thePIN }}
	if change != nil {
		change(&c)
	}
	s, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return s
}

// listener is somebody in the meeting who hears telephones.
type listener struct {
	mu    sync.Mutex
	sound map[[32]byte][]int16
}

func listens(t *testing.T, h *connectortest.Hall) *listener {
	t.Helper()
	l := &listener{sound: map[[32]byte][]int16{}}
	p, err := connector.Join(t.Context(), h.SeatPerson("Listener"), connector.Options{Log: slog.New(slog.DiscardHandler), Frame: func(f rtpframe.Frame) {
		if f.Codec != franking.PCMU {
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.sound[f.Join] = append(l.sound[f.Join], decode(pcmu, f.Data)...)
	}})
	if err != nil {
		t.Fatal(err)
	}
	p.Listen(true)
	t.Cleanup(func() { p.Leave(); <-p.Ended() })
	return l
}

// hears waits until somebody is heard with a tone.
func (l *listener) hears(t *testing.T, tone float64, not ...float64) {
	t.Helper()
	connectortest.Eventually(t, "somebody in the meeting hears the caller", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, s := range l.sound {
			if connectortest.Clearly(s[max(0, len(s)-rate):], tone, not...) {
				return true
			}
		}
		return false
	}, func() string { return "" })
}

// TestCalls are calls into one meeting with real sound, over the real media server.
func TestCalls(t *testing.T) {
	h := connectortest.NewHall(t)
	s := start(t, h, nil)
	h.Sender("Singer").Send(franking.Opus, franking.Microphone, connectortest.Tone(t, 440), 20*time.Millisecond)
	l := listens(t, h)

	one := connectortest.Dial(t, s.Addr(), connectortest.Script{Keys: thePIN + "#", Hertz: 1000})
	one.Hears(440, 1000) // the meeting, and not itself
	l.hears(t, 1000)
	connectortest.Eventually(t, "what the caller says is stamped, frame after frame", func() bool {
		next := map[uint16]uint64{}
		for _, r := range h.Stamped() {
			if r.First != next[r.Stream] {
				t.Fatalf("after frame %d a run begins at %d", next[r.Stream], r.First)
			}
			next[r.Stream] = r.First + uint64(r.Count())
		}
		return len(next) > 0
	}, func() string { return "" })
	if names := h.Names(); !slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "Telephone …") }) {
		t.Errorf("the roster shows no telephone: %v", names)
	}

	two := connectortest.Dial(t, s.Addr(), connectortest.Script{Keys: "1*" + thePIN, Hertz: 700, Law: pcma, TCP: true})
	two.Hears(440, 700)
	two.Hears(1000, 700)
	one.Hears(700, 1000)
	one.Hears(440, 1000)
	l.hears(t, 700)

	h.Upgrade("This meeting is end-to-end encrypted now, which a telephone cannot be.")
	for _, c := range []*connectortest.Caller{one, two} {
		if trace := c.Ended(); !strings.Contains(trace, `text="This meeting is end-to-end encrypted now, which a telephone cannot be."`) {
			t.Errorf("the caller was not told why:\n%s", trace)
		}
	}
	three := connectortest.Dial(t, s.Addr(), connectortest.Script{Dial: thePIN, NoKeys: true, Refused: 603})
	if trace := three.Ended(); !strings.Contains(trace, "SIP/2.0 603 This meeting is end-to-end encrypted now") {
		t.Errorf("the caller was not told why:\n%s", trace)
	}
}

package e2ee

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write golden files and vectors anew")

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s differs; look at the change, then run the test with -update. Now:\n%s", path, got)
	}
}

// TestLifecycle is the whole table: every state and every cause.
func TestLifecycle(t *testing.T) {
	var b bytes.Buffer
	for _, s := range AllStates {
		for _, c := range AllCauses {
			next, ok := Apply(s, c)
			if !ok {
				next = "-"
			}
			fmt.Fprintf(&b, "%-9s %-13s %s\n", s, c, next)
			if next == Standard && s != New && s != Standard {
				t.Errorf("%s leads back to standard by %q", s, c)
			}
			if s == Out && ok {
				t.Errorf("out is not final: %q", c)
			}
			if next == Out && endings[c] == "" {
				t.Errorf("no words for %q", c)
			}
		}
	}
	golden(t, "testdata/lifecycle.golden", b.Bytes())
}

// stand brings a client into a state. The others fall silent then, so that only the event under test happens.
var stands = []struct {
	name string
	make func(t *testing.T) (*world, *peer)
}{
	{"new", func(t *testing.T) (*world, *peer) { w := newWorld(t, 60); return w, w.join("P", noSecret) }},
	{"standard", func(t *testing.T) (*world, *peer) { w, _, p := standard(t, 61); return w, p[0] }},
	{"standard, host", func(t *testing.T) (*world, *peer) { w, host, _ := standard(t, 61); return w, host }},
	{"waiting", func(t *testing.T) (*world, *peer) {
		w, all := begun(t, 62, "Alice")
		all[0].admits = false
		p := w.join("P")
		w.run(12_000)
		return w, p
	}},
	{"listed", func(t *testing.T) (*world, *peer) {
		w, _ := begun(t, 63, "Alice")
		p := w.join("P")
		p.hold = func(kind string, _ *peer) bool { return kind == "keys" }
		w.run(3000)
		return w, p
	}},
	{"in", func(t *testing.T) (*world, *peer) { w, all := begun(t, 64, "P", "Alice"); return w, all[1] }},
	{"in, leader", func(t *testing.T) (*world, *peer) { w, all := begun(t, 65, "Alice", "Bob"); return w, all[0] }},
	{"rekeying", func(t *testing.T) (*world, *peer) {
		w, all := begun(t, 66, "P", "Alice")
		all[1].hold = func(kind string, _ *peer) bool { return kind == "keys" }
		w.join("Bob")
		w.run(3000)
		return w, all[1]
	}},
	{"out", func(t *testing.T) (*world, *peer) {
		w, all := begun(t, 67, "P", "Alice")
		all[1].step(Leaving{})
		return w, all[1]
	}},
}

// other is somebody else who is there, first the leader or host.
func (w *world) other(p *peer) *peer {
	for _, q := range w.peers {
		if q != p {
			return q
		}
	}
	return p
}

// happenings are the events; each is built for the client that it will happen to.
var happenings = []struct {
	name string
	make func(w *world, p *peer) Event
}{
	{"tick", func(*world, *peer) Event { return Tick{} }},
	{"tick, 40 s later", func(w *world, _ *peer) Event { w.now += 40_000; return Tick{} }},
	{"tick, 70 s later", func(w *world, _ *peer) Event { w.now += 70_000; return Tick{} }},
	{"grant", func(w *world, _ *peer) Event { return &Grant{Meeting: w.meeting, Epoch: 7, Key: Secret{7}} }},
	{"roster", func(w *world, p *peer) Event {
		return &Roster{Meeting: w.meeting, Epoch: 7, Members: []RosterSeat{{J: p.m.J(), Name: "P"}}}
	}},
	{"upgrade by a host", func(w *world, p *peer) Event {
		h := w.other(p)
		return w.entry(p, h.device.message(&Upgrade{Meeting: w.meeting, Host: h.m.J(), Carried: all(h.m.J(), p.m.J()), Time: w.now}))
	}},
	{"link that goes on", func(w *world, p *peer) Event { return w.nextLink(p, func(*LinkBody) {}) }},
	{"link of a new epoch", func(w *world, p *peer) Event {
		return w.nextLink(p, func(b *LinkBody) { b.Epoch++; b.Secret = Hash{1} })
	}},
	{"link without this client", func(w *world, p *peer) Event {
		return w.nextLink(p, func(b *LinkBody) {
			b.Epoch, b.Secret, b.Successors = b.Epoch+1, Hash{1}, nil
			b.Members = slices.DeleteFunc(slices.Clone(b.Members), func(s Seat) bool { return s.J == p.m.J() })
		})
	}},
	{"second link of a version", func(w *world, p *peer) Event {
		return w.nextLink(p, func(b *LinkBody) { b.Version--; b.Locked = !b.Locked })
	}},
	{"keys, held back before", func(w *world, p *peer) Event {
		for _, e := range slices.Backward(w.log) {
			if kindOf(e.message) == "keys" {
				return w.entry(p, e.message)
			}
		}
		return Tick{}
	}},
	{"leave of the leader", func(w *world, p *peer) Event {
		q := w.other(p)
		return w.entry(p, q.device.message(&Leave{Meeting: w.meeting, J: q.m.J(), Time: w.now}))
	}},
	{"deny", func(w *world, p *peer) Event {
		return w.entry(p, w.other(p).device.message(&Deny{Meeting: w.meeting, J: p.m.J(), Time: w.now}))
	}},
	{"end by the leader", func(w *world, p *peer) Event {
		q := w.other(p)
		e := &End{Meeting: w.meeting, Time: w.now}
		if l := q.m.List(); l != nil {
			e.Version, e.Link = l.Version, l.Hash
		}
		return w.entry(p, q.device.message(e))
	}},
	{"claim while the leader leads", func(w *world, p *peer) Event {
		q := w.peers[len(w.peers)-1]
		l := &Leader{Meeting: w.meeting, Term: 2, J: q.m.J(), Time: w.now}
		if q.m.List() != nil {
			l.Last = q.m.List().Hash
		}
		return w.entry(p, q.device.message(l))
	}},
	{"live of the leader with another hash", func(w *world, p *peer) Event {
		q := w.other(p)
		l := &Live{Meeting: w.meeting, J: q.m.J(), Version: 1, Link: Hash{1}, Time: w.now + 1}
		if p.m.List() != nil {
			l.Version = p.m.List().Version
		}
		signed, _ := q.device.sign(l)
		return &LiveMessage{Signed: signed}
	}},
	{"garbage", func(w *world, p *peer) Event { return w.entry(p, []byte{0x83, 1, 2, 3}) }},
	{"human: admit", func(w *world, p *peer) Event { return Admit{J{1}} }},
	{"human: refuse", func(w *world, p *peer) Event { return Refuse{J{1}} }},
	{"human: remove", func(w *world, p *peer) Event { return Remove{w.other(p).m.J()} }},
	{"human: lock", func(*world, *peer) Event { return Lock{true} }},
	{"human: hand over", func(w *world, p *peer) Event { return HandOver{w.other(p).m.J()} }},
	{"human: upgrade", func(w *world, p *peer) Event { return GoE2EE{Carry: all(w.other(p).m.J())} }},
	{"human: end", func(*world, *peer) Event { return EndForAll{} }},
	{"human: leave", func(*world, *peer) Event { return Leaving{} }},
}

func all(js ...J) []J { return js }

// entry is the next entry of a client's board.
func (w *world) entry(p *peer, message []byte) Event {
	return &Entry{Number: max(p.m.board.next, uint64(len(p.board))+1), Message: message}
}

// nextLink is a link after the newest, signed by its leader; without a list it is a first one.
func (w *world) nextLink(p *peer, change func(*LinkBody)) Event {
	leader := w.other(p)
	b := LinkBody{Meeting: w.meeting, Term: 1, Epoch: 1, Leader: leader.m.J(), Next: 2, Members: []Seat{{Index: 0, J: leader.m.J()}, {Index: 1, J: p.m.J()}}}
	if p.m.Leads() {
		leader = p
	}
	if l := p.m.List(); l != nil {
		b = l.LinkBody
		b.Previous = l.Hash
	}
	b.Version, b.Time = b.Version+1, w.now
	change(&b)
	m, _ := signLink(leader.device, &b, w.link)
	return w.entry(p, m.Encode())
}

// TestEveryEventInEveryState shows what each event does in each state: the new state, and what is to be done.
func TestEveryEventInEveryState(t *testing.T) {
	var b bytes.Buffer
	for _, s := range stands {
		for _, h := range happenings {
			w, p := s.make(t)
			w.run(1000) // let what is under way arrive
			was := p.m.State()
			actions := p.m.Step(w.now, h.make(w, p))
			fmt.Fprintf(&b, "%-14s | %-37s | %-9s | %s\n", s.name, h.name, p.m.State(), summary(actions))
			if p.m.State() == Standard && was != New && was != Standard {
				t.Errorf("%s: %s leads to standard", s.name, h.name)
			}
		}
	}
	golden(t, "testdata/events.golden", b.Bytes())
}

func summary(actions []Action) string {
	var all []string
	for _, a := range actions {
		switch a := a.(type) {
		case PostEntry:
			all = append(all, "post "+kindOf(a.Message))
		case Warning:
			all = append(all, "warn “"+string(a.Code)+"”")
		case Sending:
			all = append(all, map[bool]string{true: "send", false: "stop sending"}[a.On])
		case Changed:
			all = append(all, "→ "+string(a.To)+" ("+string(a.Cause)+")")
		default:
			all = append(all, strings.ToLower(reflect.TypeOf(a).Name()))
		}
	}
	return strings.Join(all, ", ")
}

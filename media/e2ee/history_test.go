package e2ee

import (
	"flag"
	"fmt"
	"slices"
	"testing"
)

// Random histories with an honest and with a lying server. The invariants of world_test.go are checked after every step; what must hold at the
// end of a history is checked here.

var histories = flag.Int("histories", 20, "how many random histories of each kind to run")

// human is what people do at random.
func (w *world) human(kinds int) {
	p := w.peers[w.rng.IntN(len(w.peers))]
	if p.gone || p.m.State() == Out || !p.known {
		return
	}
	other := w.peers[w.rng.IntN(len(w.peers))]
	switch w.rng.IntN(kinds) {
	case 0:
		p.step(Leaving{})
	case 1:
		p.gone = true // a crash
	case 2: // a reload, or a second tab
		q := w.join(p.name, append(p.again, withDevice(p.device, p.memory))...)
		q.admits, q.group = true, p.group
		p.gone = w.rng.IntN(2) == 0
	case 3:
		p.step(Remove{other.m.J()})
	case 4:
		p.step(Lock{w.rng.IntN(4) == 0})
	case 5:
		p.step(HandOver{other.m.J()})
	case 6, 7:
		q := w.join(fmt.Sprintf("Guest %d", len(w.peers)))
		q.admits = true
	case 8:
		p.step(Succession{[]J{other.m.J()}})
	default: // a new transform
		if stream, err := p.m.NextStream(); err == nil {
			if _, keys, err := p.m.SendKeys(stream); err == nil {
				w.base(p, stream, keys)
			}
		}
	}
}

// opening starts a meeting: from a link, or standard and upgraded.
func (w *world) opening(upgraded bool) {
	var first []option
	if upgraded {
		first = []option{noSecret}
	}
	all := []*peer{w.join("Hanna", append(first, hosting)...), w.join("Alice", first...), w.join("Bob", first...)}
	for _, p := range all {
		p.admits = true
	}
	w.run(1000)
	if upgraded {
		w.grant(1, all...)
		w.run(500)
		all[0].step(GoE2EE{Carry: []J{all[1].m.J(), all[2].m.J()}})
		w.link = must(all[0].m.Link())
		for _, p := range all { // the page keeps the link that it was given
			p.again = []option{func(c *Config, _ *peer) { c.Secret = &w.link }}
		}
	}
	w.run(3000)
}

func TestHonestHistories(t *testing.T) {
	for seed := range *histories {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, uint64(1000+seed))
			w.opening(seed%2 == 1)
			for range 40 {
				w.human(14)
				w.run(uint64(250 + w.rng.IntN(4000)))
			}
			w.run(75_000) // whoever was gone is taken out, whoever is next leads
			var in []*peer
			for _, p := range w.peers {
				if s := p.m.State(); !p.gone && s != Out && s != Waiting {
					in = append(in, p)
				}
				if p.warned(WarnSplit) || p.warned(WarnApart) || p.warned(WarnDowngrade) || p.warned(WarnBadKeys) {
					t.Errorf("%s was warned of an honest server: %v", p.name, p.warnings)
				}
				if c, _ := p.m.Ended(); c == CauseEquivocation || c == CauseForged || c == CauseNoKeys || (c == CauseGap && !p.gone) {
					t.Errorf("%s is out because of %q with an honest server", p.name, c)
				}
			}
			if len(in) > 0 {
				w.together(in...)
			}
			w.boxes()
		})
	}
}

// lies are what the server does at random.
var lies = map[string]func(w *world, p *peer){
	"split": func(w *world, _ *peer) {
		for _, p := range w.peers {
			p.group = w.rng.IntN(2)
		}
	},
	"heal": func(w *world, _ *peer) {
		for _, p := range w.peers {
			p.group, p.hold, p.delay, p.mute, p.deaf = 0, nil, 0, false, false
		}
	},
	"drop": func(w *world, p *peer) {
		kind := []string{"join", "link", "keys", "live", "leader", "leave", "upgrade"}[w.rng.IntN(7)]
		p.hold = func(k string, _ *peer) bool { return k == kind }
	},
	"lose": func(w *world, p *peer) { // entries with holes
		p.inbox = slices.DeleteFunc(p.inbox, func(delivery) bool { return w.rng.IntN(3) == 0 })
	},
	"delay": func(w *world, p *peer) { p.delay = uint64(w.rng.IntN(20_000)) },
	"reorder": func(w *world, p *peer) {
		w.rng.Shuffle(len(p.inbox), func(a, b int) { p.inbox[a].event, p.inbox[b].event = p.inbox[b].event, p.inbox[a].event })
	},
	"replay": func(w *world, _ *peer) {
		for range 5 {
			w.post(nil, w.log[w.rng.IntN(len(w.log))].message)
		}
	},
	"replay lives": func(w *world, p *peer) {
		for range min(len(w.lives), 20) {
			p.send(&LiveMessage{Signed: w.lives[w.rng.IntN(len(w.lives))].signed})
		}
	},
	"ghost": func(w *world, p *peer) {
		wrong := random(w.rng.Uint64()).secret()
		secret := []*Secret{nil, &wrong}[w.rng.IntN(2)]
		g := w.join("ghost of "+p.name, dishonest, func(c *Config, q *peer) {
			c.Secret, c.Host = secret, true
			c.Certificate = w.certificate(q.device, "account of "+p.name, p.name)
		})
		w.post(g, g.device.message(&Upgrade{Meeting: w.meeting, Host: g.m.J(), Carried: []J{g.m.J(), p.m.J()}, Time: w.now}))
		for _, q := range w.peers {
			q.step(Admit{g.m.J()}) // every human is talked into it
		}
	},
	"swap": func(w *world, p *peer) { // a join with another HPKE key
		for _, e := range w.log {
			m, err := DecodeMessage(e.message)
			if err != nil || m.Kind != "join" {
				continue
			}
			var b JoinBody
			if _, err := open(m.Signed, &b); err == nil {
				key := random(w.rng.Uint64()).secret()
				copy(b.HPKE[1184:], key[:])
				m.Signed = reSign(&b, m.Signed, nil)
				w.post(nil, m.Encode())
			}
		}
	},
	"tamper": func(w *world, p *peer) {
		message := slices.Clone(w.log[w.rng.IntN(len(w.log))].message)
		message[w.rng.IntN(len(message))] ^= byte(1 + w.rng.IntN(255))
		w.post(nil, message)
	},
	"downgrade": func(w *world, p *peer) { w.grant(uint64(2+w.rng.IntN(50)), p) },
	"cut the leader": func(w *world, _ *peer) {
		for _, p := range w.peers {
			p.mute = p.m.Leads()
		}
	},
	"claim": func(w *world, p *peer) { // an accomplice takes every chance
		if l := p.m.List(); l != nil {
			w.post(p, p.device.message(&Leader{Meeting: w.meeting, Term: l.Term + 1, J: p.m.J(), Last: l.Hash, Time: w.now}))
		}
	},
}

func TestLyingHistories(t *testing.T) {
	names := make([]string, 0, len(lies))
	for n := range lies {
		names = append(names, n)
	}
	slices.Sort(names)
	for seed := range *histories {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, uint64(5000+seed))
			w.opening(seed%2 == 1)
			for range 40 {
				if w.rng.IntN(2) == 0 {
					w.human(14)
				}
				lies[names[w.rng.IntN(len(names))]](w, w.peers[w.rng.IntN(len(w.peers))])
				w.run(uint64(250 + w.rng.IntN(6000)))
			}
			w.noticed(t)
			w.boxes()
			for _, p := range w.peers {
				w.outside(p)
			}
		})
	}
}

// outside: a ghost holds no key that an honest client holds, but those of standard meetings.
func (w *world) outside(ghost *peer) {
	for _, p := range w.peers {
		for e := range ghost.ever {
			if !ghost.known && p.known && p.ever[e] && e.Term > 0 {
				w.t.Errorf("%s holds a key of %s", ghost.name, p.name)
			}
		}
	}
}

// noticed: once signs of life cross, two honest clients that are in different epochs do not believe that they are in one meeting.
func (w *world) noticed(t *testing.T) {
	for _, p := range w.peers {
		p.group, p.delay, p.mute, p.deaf = 0, 0, false, false
		p.hold = func(kind string, _ *peer) bool { return kind != "live" }
		p.inbox = nil
	}
	w.run(31_000)
	for _, p := range w.peers {
		for _, q := range w.peers {
			if p.m.State() != In || q.m.State() != In || !p.sending || p.gone || q.gone || !p.m.List().Has(q.m.J()) {
				continue
			}
			if p.m.List().Epoch() != q.m.List().Epoch() && !p.warned(WarnSplit) && !p.warned(WarnApart) {
				t.Errorf("%s sends and believes %s to be in its meeting, which is in another epoch", p.name, q.name)
			}
		}
	}
}

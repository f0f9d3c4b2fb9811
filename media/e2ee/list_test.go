package e2ee

import (
	"slices"
	"strings"
	"testing"
)

// Each rule of §4, broken alone in a link that the leader signs.
func TestAcceptRuleByRule(t *testing.T) {
	w, all := begun(t, 50, "Alice", "Bob")
	host, alice, bob := all[0], all[1], all[2]
	w.run(20_000) // so that there are older links
	outsider := w.join("Outsider")
	ghost := w.join("Ghost", noSecret)
	w.run(300)
	l := alice.m.List()
	facts := alice.m.facts()
	type change func(b *LinkBody, signer **Device, secret *Secret, f *Facts)
	cases := []struct {
		name  string
		rule  int
		cause RefusalCause
		change
	}{
		{"a heartbeat", 0, 0, func(*LinkBody, **Device, *Secret, *Facts) {}},
		{"another meeting", 1, Broken, func(b *LinkBody, _ **Device, _ *Secret, _ *Facts) { b.Meeting = "M-X" }},
		{"another link's mac", 1, Broken, func(_ *LinkBody, _ **Device, s *Secret, _ *Facts) { s[0] ^= 1 }},
		{"another signer", 2, Broken, func(_ *LinkBody, d **Device, _ *Secret, _ *Facts) { *d = bob.device }},
		{"a version too many", 3, Ahead, func(b *LinkBody, _ **Device, _ *Secret, _ *Facts) { b.Version++ }},
		{"another past", 3, Broken, func(b *LinkBody, _ **Device, _ *Secret, _ *Facts) { b.Previous[0] ^= 1 }},
		{"two links in one place", 3, Equivocates, func(b *LinkBody, _ **Device, _ *Secret, _ *Facts) { b.Version = l.Version }},
		{"an old version from before this client", 3, Broken, func(b *LinkBody, _ **Device, _ *Secret, f *Facts) {
			b.Version = 2
			f.Known = func(uint64) (Mark, bool) { return Mark{}, false }
		}},
		{"another leader", 4, Broken, func(b *LinkBody, d **Device, _ *Secret, _ *Facts) {
			*d, b.Leader, b.Successors = bob.device, bob.m.J(), nil
		}},
		{"a new term that nobody claimed", 4, Broken, func(b *LinkBody, d **Device, _ *Secret, _ *Facts) {
			*d, b.Leader, b.Successors, b.Term, b.Epoch = alice.device, alice.m.J(), nil, 2, 1
		}},
		{"the old leader after a claim", 4, Broken, func(_ *LinkBody, _ **Device, _ *Secret, f *Facts) { j := bob.m.J(); f.Leader = &j }},
		{"a term too many", 4, Broken, func(b *LinkBody, d **Device, _ *Secret, f *Facts) {
			j := bob.m.J()
			f.Leader, *d, b.Leader, b.Successors, b.Term, b.Epoch = &j, bob.device, j, nil, 3, 1
		}},
		{"the new leader", 0, 0, func(b *LinkBody, d **Device, _ *Secret, f *Facts) {
			j := bob.m.J()
			f.Leader, *d, b.Leader, b.Successors, b.Term, b.Epoch, b.Secret = &j, bob.device, j, nil, 2, 1, Hash{1}
		}},
		{"a new term in epoch 2", 5, Broken, func(b *LinkBody, d **Device, _ *Secret, f *Facts) {
			j := bob.m.J()
			f.Leader, *d, b.Leader, b.Successors, b.Term, b.Epoch = &j, bob.device, j, nil, 2, 2
		}},
		{"an epoch too many", 5, Broken, func(b *LinkBody, _ **Device, _ *Secret, _ *Facts) { b.Epoch += 2 }},
		{"an epoch back", 5, Broken, func(b *LinkBody, _ **Device, _ *Secret, _ *Facts) { b.Epoch-- }},
		{"another secret in one epoch", 5, Broken, func(b *LinkBody, _ **Device, _ *Secret, _ *Facts) { b.Secret[0] ^= 1 }},
		{"another member in one epoch", 5, Broken, func(b *LinkBody, _ **Device, _ *Secret, _ *Facts) {
			b.Members, b.Next = append(b.Members, Seat{Index: b.Next, J: outsider.m.J()}), b.Next+1
		}},
		{"a new epoch with the old secret", 5, Broken, func(b *LinkBody, _ **Device, _ *Secret, _ *Facts) { b.Epoch++ }},
		{"a new member", 0, 0, func(b *LinkBody, _ **Device, _ *Secret, _ *Facts) {
			b.Members, b.Next, b.Epoch, b.Secret = append(b.Members, Seat{Index: b.Next, J: outsider.m.J()}), b.Next+1, b.Epoch+1, Hash{1}
		}},
		{"a falling next index", 6, Broken, func(b *LinkBody, _ **Device, _ *Secret, f *Facts) {
			b.Members, b.Next, b.Epoch, b.Secret, b.Successors = b.Members[:2], 2, b.Epoch+1, Hash{1}, b.Successors[:1]
		}},
		{"a changed index", 6, Broken, func(b *LinkBody, _ **Device, _ *Secret, _ *Facts) {
			b.Members[2].Index, b.Next, b.Epoch, b.Secret = b.Next, b.Next+1, b.Epoch+1, Hash{1}
		}},
		{"an index given twice", 6, Broken, func(b *LinkBody, _ **Device, _ *Secret, _ *Facts) {
			b.Members[2].J, b.Successors, b.Epoch, b.Secret = outsider.m.J(), b.Successors[:1], b.Epoch+1, Hash{1}
		}},
		{"an earlier time", 7, Broken, func(b *LinkBody, _ **Device, _ *Secret, _ *Facts) { b.Time = l.Time - 1 }},
		{"a join that is not on the board", 8, Broken, func(b *LinkBody, _ **Device, _ *Secret, _ *Facts) {
			b.Members, b.Next, b.Epoch, b.Secret = append(b.Members, Seat{Index: b.Next, J: J{9}}), b.Next+1, b.Epoch+1, Hash{1}
		}},
		{"a join without the link", 8, Broken, func(b *LinkBody, _ **Device, _ *Secret, _ *Facts) {
			b.Members, b.Next, b.Epoch, b.Secret = append(b.Members, Seat{Index: b.Next, J: ghost.m.J()}), b.Next+1, b.Epoch+1, Hash{1}
		}},
		{"a removal of this client", 9, NotListed, func(b *LinkBody, _ **Device, _ *Secret, _ *Facts) {
			b.Members, b.Successors, b.Epoch, b.Secret = append(b.Members[:1:1], b.Members[2]), nil, b.Epoch+1, Hash{1}
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b, d, s, f := l.LinkBody, host.device, w.link, facts
			b.Members, b.Successors = slices.Clone(l.Members), slices.Clone(l.Successors)
			b.Version, b.Previous, b.Time = l.Version+1, l.Hash, w.now
			c.change(&b, &d, &s, &f)
			m, _ := signLink(d, &b, s)
			next, r := Accept(l, m, f)
			switch {
			case c.rule == 0 && (r != nil || next == nil || next.Version != l.Version+1):
				t.Errorf("refused: %v", r)
			case c.rule > 0 && (r == nil || r.Rule != c.rule || r.Cause != c.cause):
				t.Errorf("rule %d, cause %d expected: %+v", c.rule, c.cause, r)
			}
		})
	}
}

// What the form of a list forbids, rule 2.
func TestListForm(t *testing.T) {
	good := func() LinkBody {
		return LinkBody{Meeting: "M", Version: 1, Term: 1, Epoch: 1, Leader: J{1}, Successors: []J{{2}}, Next: 2, Members: []Seat{{Index: 0, J: J{1}}, {Index: 1, J: J{2}}}}
	}
	b := good()
	if err := unmarshal(marshal(&b), new(LinkBody)); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*LinkBody){
		"no members":             func(b *LinkBody) { b.Members = nil },
		"indexes that fall":      func(b *LinkBody) { b.Members[0].Index = 1; b.Members[1].Index = 0 },
		"an index twice":         func(b *LinkBody) { b.Members[1].Index = 0 },
		"an index at next":       func(b *LinkBody) { b.Next = 1 },
		"a join twice":           func(b *LinkBody) { b.Members[1].J = J{1} },
		"a leader from outside":  func(b *LinkBody) { b.Leader = J{3} },
		"a successor outside":    func(b *LinkBody) { b.Successors = []J{{3}} },
		"a successor twice":      func(b *LinkBody) { b.Successors = []J{{2}, {2}} },
		"the leader succeeds":    func(b *LinkBody) { b.Successors = []J{{1}} },
		"a second without first": func(b *LinkBody) { b.Version = 2 },
		"a first after another":  func(b *LinkBody) { b.Previous = Hash{1} },
		"version 0":              func(b *LinkBody) { b.Version = 0 },
		"term 0":                 func(b *LinkBody) { b.Term = 0 },
		"a term beyond the KID":  func(b *LinkBody) { b.Term = 4096 },
		"epoch 0":                func(b *LinkBody) { b.Epoch = 0 },
		"an epoch beyond":        func(b *LinkBody) { b.Epoch = 1 << 24 },
		"an index beyond":        func(b *LinkBody) { b.Next, b.Members[1].Index = 4098, 4097 },
		"a time of 2^53":         func(b *LinkBody) { b.Time = 1 << 53 },
		"a meeting of no letter": func(b *LinkBody) { b.Meeting = "" },
		"a meeting of 65":        func(b *LinkBody) { b.Meeting = strings.Repeat("M", 65) },
	} {
		b := good()
		spoil(&b)
		if err := unmarshal(marshal(&b), new(LinkBody)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSecurityCode(t *testing.T) {
	code := SecurityCode("M-1", Key{1}, J{1})
	if len(code) != 39+12 || len(strings.Fields(code)) != 13 || code == SecurityCode("M-2", Key{1}, J{1}) || code == SecurityCode("M-1", Key{2}, J{1}) ||
		code == SecurityCode("M-1", Key{1}, J{2}) {
		t.Error(code)
	}
}

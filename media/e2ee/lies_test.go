package e2ee

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// What an honest client does against each lie of §13.

func begun(t *testing.T, seed uint64, names ...string) (*world, []*peer) {
	t.Helper()
	w := newWorld(t, seed)
	all := []*peer{w.join("Hanna", hosting)}
	for _, n := range names {
		w.run(1500)
		all = append(all, w.join(n))
	}
	w.run(3000)
	w.together(all...)
	return w, all
}

// A server that mints accounts, certificates and devices at will, without the link's secret.
func TestGhostDevice(t *testing.T) {
	w, all := begun(t, 20, "Alice", "Bob")
	wrong := random(99).secret()
	for _, secret := range []*Secret{nil, &wrong} {
		ghost := w.join("Hanna (laptop)", dishonest, func(c *Config, p *peer) {
			c.Secret = secret
			c.Certificate = w.certificate(p.device, "account of Hanna", "Hanna")
		})
		w.run(3000)
		// It may even claim that it was carried over, from a standard meeting that never was.
		w.post(ghost, ghost.device.message(&Upgrade{Meeting: w.meeting, Host: ghost.m.J(), Carried: []J{ghost.m.J()}, Time: w.now}))
		w.run(12_000)
		if len(ghost.ever) > 0 || slices.Contains(all[0].knocks, ghost.m.J()) {
			t.Error("a ghost got a key, or the human was asked about it")
		}
		all[0].step(Admit{ghost.m.J()}) // and even a human who is talked into it
		w.run(12_000)
		if len(ghost.ever) > 0 || all[1].m.List().Has(ghost.m.J()) {
			t.Error("a ghost was let in")
		}
	}
	// A successor does not either.
	all[0].step(Leaving{})
	w.run(12_000)
	w.together(all[1:]...)
	w.boxes()
}

// A ghost that makes a list of its own, for somebody who joins.
func TestFalseMeeting(t *testing.T) {
	w := newWorld(t, 21)
	wrong := random(98).secret()
	ghost := w.join("Hanna", hosting, dishonest, func(c *Config, _ *peer) { c.Secret = &wrong })
	w.run(2000)
	alice := w.join("Alice")
	w.run(3000)
	seats := []Seat{{Index: 0, J: ghost.m.J()}, {Index: 1, J: alice.m.J()}}
	b := &LinkBody{Meeting: w.meeting, Version: 1, Term: 1, Epoch: 1, Leader: ghost.m.J(), Next: 2, Members: seats, Secret: Hash{1}, Time: w.now}
	m, _ := signLink(ghost.device, b, wrong)
	w.post(ghost, m.Encode())
	w.run(70_000)
	if alice.m.State() != Waiting || alice.m.Dropped["link: the link's mac does not hold: its leader does not know the meeting's link"] == 0 {
		t.Errorf("Alice is %s in a false meeting", alice.m.State())
	}
}

func TestSwappedKeyAndForgedCertificate(t *testing.T) {
	w, all := begun(t, 22, "Alice")
	_, message, err := newJoin(device(5), w.meeting, w.certificate(device(5), "a", "A"), &w.link, random(6), w.now)
	if err != nil {
		t.Fatal(err)
	}
	forgeries := map[string]func(*JoinBody, *Message){
		"another HPKE key":      func(b *JoinBody, m *Message) { b.HPKE[7] ^= 1; m.Signed = reSign(b, m.Signed, nil) },
		"another device's name": func(b *JoinBody, m *Message) { b.Device = all[1].device.Key; m.Signed = reSign(b, m.Signed, device(5)) },
		"another device's name and certificate": func(b *JoinBody, m *Message) {
			alice := all[1].m.Join(all[1].m.J())
			b.Device, b.Certificate = alice.Device, w.certificate(all[1].device, "account of Alice", "Alice")
			m.Signed = reSign(b, m.Signed, device(5))
		},
		"a certificate by another": func(b *JoinBody, m *Message) {
			b.Certificate = IssueCertificate(device(7), certificateOf(b))
			m.Signed = reSign(b, m.Signed, device(5))
		},
		"an expired certificate": func(b *JoinBody, m *Message) {
			c := certificateOf(b)
			c.Expires = b.Time
			b.Certificate = IssueCertificate(w.identity, c)
			m.Signed = reSign(b, m.Signed, device(5))
		},
		"another meeting": func(b *JoinBody, m *Message) { b.Meeting = "M-X"; m.Signed = reSign(b, m.Signed, device(5)) },
	}
	for name, forge := range forgeries {
		m, err := DecodeMessage(message)
		if err != nil {
			t.Fatal(err)
		}
		var b JoinBody
		if _, err := open(m.Signed, &b); err != nil {
			t.Fatal(err)
		}
		forge(&b, &m)
		before := all[0].m.Dropped["join"]
		w.post(nil, m.Encode())
		w.run(500)
		if all[0].m.Dropped["join"] != before+1 {
			t.Errorf("%s: the join was not dropped", name)
		}
	}
	w.together(all...)
}

func certificateOf(b *JoinBody) Certificate {
	s, _ := DecodeSigned(b.Certificate)
	var c Certificate
	if err := unmarshal(s.Body, &c); err != nil {
		panic(err)
	}
	return c
}

// reSign puts a body under a signature: the old one, or that of a device.
func reSign(b body, old []byte, d *Device) []byte {
	if d != nil {
		signed, _ := d.sign(b)
		return signed
	}
	s, err := DecodeSigned(old)
	if err != nil {
		panic(err)
	}
	s.Body = marshal(b)
	return encode(s)
}

// Somebody who knows the link and whose HPKE key takes no box must not keep the others from theirs.
func TestKeyThatTakesNoBox(t *testing.T) {
	w, all := begun(t, 23, "Alice")
	for name, spoil := range map[string]func(*JoinBody){
		"not reduced": func(b *JoinBody) { copy(b.HPKE[:], bytes.Repeat([]byte{0xff}, 1184)) },
		"low order":   func(b *JoinBody) { copy(b.HPKE[1184:], make([]byte, 32)) },
	} {
		d := device(uint64(len(name)))
		_, message, err := newJoin(d, w.meeting, w.certificate(d, "m", "Mallory"), &w.link, random(6), w.now)
		if err != nil {
			t.Fatal(err)
		}
		m, _ := DecodeMessage(message)
		var b JoinBody
		if _, err := open(m.Signed, &b); err != nil {
			t.Fatal(err)
		}
		spoil(&b)
		signed, raw := d.sign(&b)
		w.post(nil, Message{Kind: "join", Signed: signed, MAC: mac(w.link, contextJoinMAC, raw)}.Encode())
		signed, _ = d.sign(&Live{Meeting: w.meeting, J: J(hash(contextJoin, raw)), Time: w.now})
		w.run(500)
		all[0].send(&LiveMessage{Signed: signed})
		bob := w.join(name)
		w.run(3000)
		w.together(append(all, bob)...)
		all = append(all, bob)
		if all[0].m.List().Has(J(hash(contextJoin, raw))) {
			t.Errorf("%s: let in", name)
		}
	}
}

func TestDowngrade(t *testing.T) {
	w, host, peers := standard(t, 24)
	host.step(GoE2EE{Carry: []J{peers[0].m.J(), peers[1].m.J()}})
	w.run(3000)
	all := append([]*peer{host}, peers...)
	w.together(all...)
	w.link = must(host.m.Link())
	lie := func() {
		t.Helper()
		w.grant(9, all...)
		for _, p := range all {
			for _, e := range w.log { // an old board, restored
				p.send(&Entry{Number: uint64(len(p.board)) + 1, Message: e.message})
			}
		}
		w.run(2000)
	}
	lie()
	w.together(all...)
	for _, p := range all {
		if !p.warned(WarnDowngrade) {
			t.Errorf("%s was not told", p.name)
		}
	}
	// After a leader change, too.
	host.step(Leaving{})
	w.run(4000)
	all = peers
	lie()
	w.together(all...)
	// After a reload, and in another tab, with and without the fragment.
	for _, o := range [][]option{nil, {noSecret}} {
		again := w.join("Alice", append(o, withDevice(peers[0].device, peers[0].memory))...)
		w.grant(10, again)
		w.run(3000)
		if again.m.State() == Standard || len(again.ever) > 0 && !again.m.e2ee() {
			t.Error("a reload went back to standard")
		}
	}
	// A tab that was opened before the note was written reads it at the next grant.
	fresh := w.join("Bob", noSecret, func(c *Config, p *peer) { p.deaf = true })
	fresh.memory.meetings[w.meeting] = true
	fresh.step(&Grant{Meeting: w.meeting, Epoch: 11, Key: Secret{1}})
	if fresh.m.State() != Waiting || !fresh.warned(WarnDowngrade) {
		t.Errorf("a second tab is %s", fresh.m.State())
	}
	// Out is final.
	peers[1].step(Leaving{})
	peers[1].step(&Grant{Meeting: w.meeting, Epoch: 12, Key: Secret{1}})
	peers[1].out(t, CauseLeft)
}

func TestNoteCannotBeWritten(t *testing.T) {
	w, host, peers := standard(t, 25)
	peers[0].memory.fail = true
	host.step(GoE2EE{Carry: []J{peers[0].m.J(), peers[1].m.J()}})
	w.run(3000)
	w.together(host, peers[0], peers[1])
	if !peers[0].warned(WarnNotNoted) {
		t.Error("nobody was told that the note is missing")
	}
}

func TestUpgradeByAStranger(t *testing.T) {
	w, host, peers := standard(t, 26)
	p := peers[0]
	w.post(p, p.device.message(&Upgrade{Meeting: w.meeting, Host: p.m.J(), Carried: []J{p.m.J(), host.m.J()}, Time: w.now}))
	w.post(p, p.device.message(&Upgrade{Meeting: w.meeting, Host: host.m.J(), Carried: []J{host.m.J(), p.m.J()}, Time: w.now}))
	w.run(2000)
	if host.m.State() != Standard || peers[1].m.State() != Standard {
		t.Error("somebody who is no host upgraded the meeting")
	}
	host.step(GoE2EE{Carry: []J{p.m.J()}}) // and leaves Bob out
	w.run(3000)
	w.together(host, p)
	peers[1].out(t, CauseNotCarried)
}

// However many upgrades others sign, that of a host is obeyed.
func TestUpgradeAmongMany(t *testing.T) {
	w, host, peers := standard(t, 46)
	p := peers[0]
	for i := range uint64(2 * maxUpgrades) {
		w.post(p, p.device.message(&Upgrade{Meeting: w.meeting, Host: p.m.J(), Carried: []J{p.m.J()}, Time: w.now + i}))
	}
	w.run(1000)
	host.step(GoE2EE{Carry: []J{peers[1].m.J()}})
	w.run(3000)
	w.together(host, peers[1])
	p.out(t, CauseNotCarried)
}

// What a host of an upgrade cannot do to those it carries over, who do not know the link's secret yet; nor can another in its place.
func TestFirstLinkOfAnUpgrade(t *testing.T) {
	one, two, epoch := random(1).secret(), random(2).secret(), random(3).secret()
	for name, c := range map[string]struct {
		state  State
		cause  Cause
		secret Secret // in the box; the link's mac is under one
		change func(w *world, b *LinkBody, signer **Device, other *peer)
	}{
		"as it should be":       {In, "", one, func(*world, *LinkBody, **Device, *peer) {}},
		"another link's secret": {Out, CauseForged, two, func(*world, *LinkBody, **Device, *peer) {}},
		"a ghost on the list": {Out, CauseForged, one, func(w *world, b *LinkBody, _ **Device, _ *peer) {
			ghost := w.join("Ghost", noSecret, dishonest)
			w.run(500)
			b.Members, b.Next = append(b.Members, Seat{Index: b.Next, J: ghost.m.J()}), b.Next+1
		}},
		"a list by another": {Waiting, "", one, func(_ *world, b *LinkBody, d **Device, other *peer) {
			b.Leader, b.Members[0].J, *d = other.m.J(), other.m.J(), other.device
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w, host, peers := standard(t, 27)
			alice, bob := peers[0], peers[1]
			host.gone, bob.gone = true, true
			carried := []J{host.m.J(), alice.m.J(), bob.m.J()}
			w.post(host, host.device.message(&Upgrade{Meeting: w.meeting, Host: host.m.J(), Carried: carried, Time: w.now}))
			w.run(2000)
			b := &LinkBody{Meeting: w.meeting, Version: 1, Term: 1, Epoch: 1, Leader: host.m.J(), Next: 2,
				Members: []Seat{{J: host.m.J()}, {Index: 1, J: alice.m.J()}}, Secret: commitment(w.meeting, 1, 1, epoch), Time: w.now}
			signer := host.device
			c.change(w, b, &signer, bob)
			m, h := signLink(signer, b, one)
			box, err := sealBox(alice.m.Join(alice.m.J()).hpke, infoOf(b, h, alice.m.J()), alice.m.J(), alice.m.nonces[0].value, epoch, c.secret)
			if err != nil {
				t.Fatal(err)
			}
			w.post(nil, m.Encode())
			w.post(nil, signer.message(&Keys{Meeting: w.meeting, Term: 1, Epoch: 1, Link: h, Boxes: []Box{box}}))
			w.run(1000)
			if got, _ := alice.m.Ended(); alice.m.State() != c.state || got != c.cause {
				t.Errorf("Alice is %s, %q; dropped %v", alice.m.State(), got, alice.m.Dropped)
			}
		})
	}
}

func TestSplitMeeting(t *testing.T) {
	for name, crossing := range map[string]bool{"nothing crosses": false, "signs of life cross": true} {
		t.Run(name, func(t *testing.T) {
			w, all := begun(t, 28, "Alice", "Bob", "Carl")
			for _, p := range all[2:] {
				p.group = 1
			}
			if crossing {
				w.run(36_000) // both halves go on by now
				half := map[*peer]int{all[0]: 0, all[1]: 0, all[2]: 1, all[3]: 1}
				for _, p := range all {
					p.group = 0
					p.hold = func(kind string, from *peer) bool { return kind != "live" && half[from] != half[p] }
				}
				w.run(30_000)
			} else {
				w.run(38_000)
			}
			for i, p := range all {
				other := all[(i+2)%4]
				noticed := p.m.State() == Out || !p.m.List().Has(other.m.J())
				if !noticed {
					t.Errorf("%s does not notice the split: %v", p.name, p.warnings)
				}
				if crossing && !p.warned(WarnApart) && !p.warned(WarnSplit) {
					t.Errorf("%s was not told: %v", p.name, p.warnings)
				}
			}
			if len(w.secrets) < 2 {
				t.Error("the halves did not part")
			}
			w.boxes()
		})
	}
}

// A leader and the server together show two lists.
func TestLeaderEquivocates(t *testing.T) {
	w, all := begun(t, 29, "Alice", "Bob")
	host, alice, bob := all[0], all[1], all[2]
	l := host.m.List()
	next := l.LinkBody
	next.Version, next.Previous, next.Time = l.Version+1, l.Hash, w.now
	host.gone = true
	one, _ := signLink(host.device, &next, w.link)
	next.Locked = true
	two, _ := signLink(host.device, &next, w.link)
	w.show(alice, nil, one.Encode())
	w.show(bob, nil, two.Encode())
	w.run(1000)
	if alice.m.List().Hash == bob.m.List().Hash {
		t.Fatal("no split")
	}
	t.Run("signs of life", func(t *testing.T) {
		w.run(9000) // each hears the other's next sign of life
		if !alice.warned(WarnSplit) || !bob.warned(WarnSplit) {
			t.Errorf("no warning within a heartbeat: %v %v", alice.warnings, bob.warnings)
		}
		w.run(11_000)
		alice.out(t, CauseEquivocation)
		bob.out(t, CauseEquivocation)
	})
	t.Run("proof", func(t *testing.T) {
		w, all := begun(t, 30, "Alice", "Bob")
		next := all[0].m.List().LinkBody
		next.Version, next.Previous = next.Version+1, all[0].m.List().Hash
		one, _ := signLink(all[0].device, &next, w.link)
		next.Locked = true
		two, _ := signLink(all[0].device, &next, w.link)
		w.post(nil, one.Encode())
		w.post(nil, two.Encode())
		w.run(500)
		all[1].out(t, CauseEquivocation)
		all[2].out(t, CauseEquivocation)
	})
}

// A member that lies about its list only takes itself out.
func TestMemberLies(t *testing.T) {
	w, all := begun(t, 31, "Alice", "Bob", "Mallory")
	mallory := all[3]
	mallory.gone = true
	lie := func(version uint64) {
		signed, _ := mallory.device.sign(&Live{Meeting: w.meeting, J: mallory.m.J(), Version: version, Link: Hash{1}, Time: w.now})
		w.relay(mallory, signed)
		w.run(1500)
	}
	lie(1 << 40)
	lie(all[0].m.List().Version)
	w.run(3000)
	w.together(all[:3]...)
	if all[0].m.List().Has(mallory.m.J()) || !all[1].warned(WarnSplit) {
		t.Error("a liar stays on the list, or nobody was told")
	}
	// Nor can it end the meeting by links, ends or claims.
	l := all[0].m.List()
	forged := l.LinkBody
	forged.Version, forged.Leader, forged.Successors = l.Version, mallory.m.J(), nil
	forged.Members = append(slices.Clone(l.Members), Seat{Index: l.Next, J: mallory.m.J()})
	forged.Next++
	for _, v := range []uint64{l.Version, l.Version + 1, l.Version + 7} {
		forged.Version = v
		m, _ := signLink(mallory.device, &forged, w.link)
		w.post(mallory, m.Encode())
	}
	w.post(mallory, mallory.device.message(&End{Meeting: w.meeting, Version: l.Version, Link: l.Hash, Time: w.now}))
	w.post(mallory, mallory.device.message(&Leader{Meeting: w.meeting, Term: l.Term + 1, J: mallory.m.J(), Last: l.Hash, Time: w.now}))
	w.post(mallory, mallory.device.message(&Leave{Meeting: w.meeting, J: all[1].m.J(), Time: w.now}))
	w.run(45_000)
	w.together(all[:3]...)
}

// An accomplice first in the succession claims the lead too early, and again when the server cuts the leader off.
func TestAccompliceLeads(t *testing.T) {
	w, all := begun(t, 32, "Accomplice", "Bob")
	acc, bob := all[1], all[2]
	l := bob.m.List()
	if l.Successors[0] != acc.m.J() {
		t.Fatal("the accomplice is not first")
	}
	w.post(acc, acc.device.message(&Leader{Meeting: w.meeting, Term: 2, J: acc.m.J(), Last: l.Hash, Time: w.now}))
	w.run(2000)
	if bob.m.List().Term != 1 || bob.m.Dropped["leader"] == 0 {
		t.Error("a claim was believed while the leader leads")
	}
	code := bob.m.Code()
	all[0].mute = true
	w.run(25_000)
	for name, b := range map[string]Leader{"another past": {Term: 2, J: acc.m.J(), Last: Hash{1}}, "a term too many": {Term: 3, J: acc.m.J(), Last: bob.m.List().Hash},
		"not the next": {Term: 2, J: bob.m.J(), Last: bob.m.List().Hash}, "no successor": {Term: 2, J: J{1}, Last: bob.m.List().Hash}} {
		if bob.m.believes(&b) {
			t.Errorf("a claim with %s was believed", name)
		}
	}
	if !bob.m.believes(&Leader{Term: 2, J: acc.m.J(), Last: bob.m.List().Hash}) {
		t.Error("a claim that holds was not believed")
	}
	w.run(11_000)
	if bob.m.List().Leader != acc.m.J() || bob.m.Code() == code || !bob.warned(WarnLeader) {
		t.Error("the change of the leader was not shown")
	}
	if all[0].m.State() == In {
		t.Error("the old leader does not notice")
	}
}

// A meeting of yesterday, replayed to somebody who joins today.
func TestOldMeetingReplayed(t *testing.T) {
	w, all := begun(t, 33, "Alice", "Bob")
	w.run(20_000)
	for _, p := range all {
		p.gone = true
	}
	w.run(3_600_000)
	again := w.join("Alice", withDevice(all[1].device, all[1].memory))
	for _, l := range w.lives {
		again.send(&LiveMessage{Signed: l.signed})
	}
	w.run(120_000)
	if again.m.State() != Waiting || len(again.ever) > 0 {
		t.Errorf("Alice is %s in a meeting of yesterday", again.m.State())
	}
}

// The server keeps keys, links or entries back.
func TestWithholding(t *testing.T) {
	t.Run("keys", func(t *testing.T) {
		w, all := begun(t, 34, "Alice", "Bob")
		all[1].hold = func(kind string, _ *peer) bool { return kind == "keys" }
		w.join("Carl")
		w.run(12_500)
		if all[1].m.State() != Rekeying || all[1].sending || !all[1].warned(WarnNoKeys) {
			t.Errorf("Alice is %s and sends: %v", all[1].m.State(), all[1].sending)
		}
		all[1].hold = nil
		w.join("Dora")
		w.run(3000)
		w.together(all...)
	})
	t.Run("keys of the first link", func(t *testing.T) {
		w, _ := begun(t, 35, "Alice")
		bob := w.join("Bob")
		bob.hold = func(kind string, _ *peer) bool { return kind == "keys" }
		w.run(15_000)
		bob.out(t, CauseNoKeys)
	})
	t.Run("links", func(t *testing.T) {
		w, all := begun(t, 36, "Alice", "Bob")
		all[1].hold = func(kind string, _ *peer) bool { return kind == "link" }
		w.run(50_000)
		all[1].out(t, CauseGap) // the leader's own signs of life say so
		w.together(all[0], all[2])
		if slices.ContainsFunc(w.log, func(p posted) bool { return kindOf(p.message) == "leader" }) {
			t.Error("the one who is kept from the list claimed to lead")
		}
	})
	t.Run("links and the leader's signs of life", func(t *testing.T) {
		w, all := begun(t, 37, "Alice", "Bob")
		all[2].hold = func(kind string, from *peer) bool { return kind == "link" || kind == "leader" || from == all[0] }
		w.run(37_000)
		if all[2].sending {
			t.Error("Bob still sends after 35 s without a list")
		}
		w.run(30_000)
		all[2].out(t, CauseNoLeader)
	})
	t.Run("an entry", func(t *testing.T) {
		w, all := begun(t, 38, "Alice")
		all[1].board = append(all[1].board, []byte("kept back"))
		w.run(12_000)
		w.together(all...)
		if all[1].m.Dropped["form"] != 1 {
			t.Error("the entry that was kept back was not asked for")
		}
	})
	t.Run("a hole for good", func(t *testing.T) {
		w, all := begun(t, 39, "Alice")
		n := uint64(len(all[1].board))
		all[1].deaf = true
		all[1].send(&Entry{Number: n + 5, Message: []byte{1}})
		w.run(31_000)
		all[1].out(t, CauseGap)
	})
}

// Links and keys of before, again and in any order, change nothing.
func TestReplayedBoard(t *testing.T) {
	w, all := begun(t, 40, "Alice", "Bob")
	w.run(15_000)
	log := slices.Clone(w.log)
	w.rng.Shuffle(len(log), func(a, b int) { log[a], log[b] = log[b], log[a] })
	for _, e := range log {
		w.post(nil, e.message)
	}
	for _, l := range w.lives {
		w.relay(nil, l.signed)
	}
	w.run(3000)
	w.together(all...)
	if d := all[1].m.Dropped["live seen before"]; d == 0 {
		t.Error("old signs of life were taken for new ones")
	}
}

// A leader that names epoch after epoch and gives no keys does not keep senders in an old one.
func TestEpochsWithoutKeys(t *testing.T) {
	w, all := begun(t, 44, "Alice")
	host, alice := all[0], all[1]
	host.gone = true
	for range 3 {
		b := alice.m.List().LinkBody
		b.Version, b.Epoch, b.Previous, b.Time, b.Secret = b.Version+1, b.Epoch+1, alice.m.List().Hash, w.now, Hash{byte(b.Epoch)}
		m, _ := signLink(host.device, &b, w.link)
		w.post(host, m.Encode())
		w.run(5000)
	}
	if alice.sending {
		t.Error("Alice still sends in an epoch that the list left 15 s ago")
	}
}

// Only the leader of a list whose mac holds can turn somebody away who waits, or tell that the meeting is over.
func TestDeniedByAStranger(t *testing.T) {
	w := newWorld(t, 42)
	alice, ghost := w.join("Alice"), w.join("Hanna", noSecret, dishonest)
	w.run(1000)
	lie := func() {
		w.post(ghost, ghost.device.message(&Deny{Meeting: w.meeting, J: alice.m.J(), Time: w.now}))
		w.post(ghost, ghost.device.message(&End{Meeting: w.meeting, Time: w.now}))
		w.run(1000)
	}
	lie()
	host := w.join("Hanna", hosting)
	host.admits = false
	w.run(2000)
	lie()
	if alice.m.State() != Waiting {
		t.Errorf("Alice is %s by a stranger's word", alice.m.State())
	}
	host.step(Admit{alice.m.J()})
	w.run(2000)
	lie()
	w.together(alice, host)
}

// A server cannot make a client keep what it likes.
func TestBounds(t *testing.T) {
	_, all := begun(t, 43, "Alice")
	alice := all[1]
	for i := range uint64(2 * maxEarly) {
		alice.step(&Entry{Number: 1000 + i, Message: make([]byte, 100_000)})
	}
	if b := alice.m.board; len(b.early) > maxEarly || b.bytes > maxEarlyBytes {
		t.Errorf("%d entries of %d bytes are kept", len(b.early), b.bytes)
	}
	before := len(alice.m.Dropped)
	for i := range 200 {
		signed, _ := all[0].device.sign(&Leave{Meeting: fmt.Sprint(i)})
		alice.step(&Entry{Number: alice.m.board.next, Message: Message{Kind: "link", Signed: signed, MAC: make([]byte, 32)}.Encode()})
	}
	if len(alice.m.Dropped) > before+1 {
		t.Errorf("the sender's words are counted by: %v", alice.m.Dropped)
	}
}

// What is wrong with a box, its keys message or its signer makes it worthless: the client stays without the epoch and stops sending.
func TestKeysThatDoNotHold(t *testing.T) {
	type parts struct {
		b           LinkBody // as the box is bound to it
		link        Hash
		live        [16]byte
		epoch       Secret
		secret      Secret
		signer      *Device
		number      uint64
		to, infoFor J
	}
	for name, spoil := range map[string]func(w *world, all []*peer, p *parts){
		"nothing":                func(*world, []*peer, *parts) {},
		"another epoch's secret": func(_ *world, _ []*peer, p *parts) { p.epoch = random(2).secret() },
		"another link's secret":  func(_ *world, _ []*peer, p *parts) { p.secret = random(2).secret() },
		"a nonce of nobody":      func(_ *world, _ []*peer, p *parts) { p.live[0] ^= 1 },
		"a nonce of another":     func(_ *world, all []*peer, p *parts) { p.live = all[2].m.nonces[0].value },
		"an old nonce": func(_ *world, all []*peer, p *parts) {
			all[1].m.nonces[0].at -= nonceAge + 1
			p.live = all[1].m.nonces[0].value
		},
		"a signature of a member":  func(_ *world, all []*peer, p *parts) { p.signer = all[2].device },
		"another link":             func(_ *world, _ []*peer, p *parts) { p.link[0] ^= 1 },
		"another epoch's number":   func(_ *world, _ []*peer, p *parts) { p.number++ },
		"a box that was another's": func(_ *world, all []*peer, p *parts) { p.infoFor = all[2].m.J() },
		"a box of another leader":  func(_ *world, all []*peer, p *parts) { p.b.Leader = all[2].m.J() },
		"no box":                   func(_ *world, all []*peer, p *parts) { p.to = all[2].m.J() },
	} {
		t.Run(name, func(t *testing.T) {
			w, all := begun(t, 41, "Alice", "Bob")
			host, alice := all[0], all[1]
			host.gone = true
			l := host.m.List()
			epoch := random(1).secret()
			b := l.LinkBody
			b.Version, b.Epoch, b.Previous, b.Secret = l.Version+1, l.LinkBody.Epoch+1, l.Hash, commitment(w.meeting, 1, l.LinkBody.Epoch+1, epoch)
			m, h := signLink(host.device, &b, w.link)
			p := parts{b: b, link: h, live: alice.m.nonces[0].value, epoch: epoch, secret: w.link, signer: host.device, number: b.Epoch, to: alice.m.J(), infoFor: alice.m.J()}
			spoil(w, all, &p)
			box, err := sealBox(alice.m.Join(alice.m.J()).hpke, infoOf(&p.b, p.link, p.infoFor), p.to, p.live, p.epoch, p.secret)
			if err != nil {
				t.Fatal(err)
			}
			w.post(host, m.Encode())
			w.post(host, p.signer.message(&Keys{Meeting: w.meeting, Term: 1, Epoch: p.number, Link: p.link, Boxes: []Box{box}}))
			w.run(12_000)
			if name == "nothing" {
				if alice.m.State() != In {
					t.Errorf("good keys were refused: %v", alice.m.Dropped)
				}
				return
			}
			if alice.m.State() != Rekeying || alice.sending {
				t.Errorf("Alice is %s, sends: %v, %v", alice.m.State(), alice.sending, alice.warnings)
			}
		})
	}
}

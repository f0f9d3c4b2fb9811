package e2ee

import (
	"slices"
	"testing"
)

func TestMeetingFromTheLink(t *testing.T) {
	w := newWorld(t, 1)
	host := w.join("Hanna", hosting)
	w.run(1000)
	w.together(host)
	alice, bob := w.join("Alice"), w.join("Bob")
	w.run(3000)
	w.together(host, alice, bob)
	if v := host.m.List().Epoch(); v.Epoch != 2 {
		t.Errorf("two joins of one moment made %d epochs", v.Epoch-1)
	}
	late := w.join("Late")
	w.run(2000)
	w.together(host, alice, bob, late)
	if len(late.ever) != 1 {
		t.Errorf("a late joiner was given %d epochs", len(late.ever))
	}
	w.run(11_000) // old keys go
	if n := len(alice.m.Epochs()); n != 1 {
		t.Errorf("%d epochs are kept after 11 s", n)
	}
	w.run(300_000)
	w.together(host, alice, bob, late)
	if e := host.m.List().LinkBody.Epoch; e != 4 { // begin, two joins, one join, time
		t.Errorf("epoch %d after five minutes", e)
	}
	w.boxes()
	if len(alice.warnings)+len(host.warnings)+len(late.warnings) > 0 {
		t.Errorf("warnings without reason: %v %v %v", alice.warnings, host.warnings, late.warnings)
	}
}

func TestLeaveAndRemove(t *testing.T) {
	w := newWorld(t, 2)
	host, alice, bob, carl := w.join("Hanna", hosting), w.join("Alice"), w.join("Bob"), w.join("Carl")
	w.run(3000)
	w.together(host, alice, bob, carl)
	before := host.m.List().Epoch()
	alice.step(Leaving{})
	w.run(2000)
	alice.out(t, CauseLeft)
	w.together(host, bob, carl)
	if host.m.List().Epoch() == before {
		t.Error("no rekey within 2 s of a leave")
	}
	kid, _, err := bob.m.SendKeys(0)
	if err != nil {
		t.Fatal(err)
	}
	host.step(Remove{bob.m.J()})
	w.run(2000)
	bob.out(t, CauseRemoved)
	w.together(host, carl)
	if _, _, err := carl.m.FrameKeys(kid); err != ErrKID || len(carl.m.Epochs()) < 2 {
		t.Error("a frame of a removed member, of an epoch that is kept, can be opened")
	}
	// Who was removed waits for the human when it comes back, who left does not.
	host.admits, host.knocks = false, nil
	again := w.join("Bob", withDevice(bob.device, bob.memory))
	back := w.join("Alice", withDevice(alice.device, alice.memory))
	w.run(3000)
	if again.m.State() != Waiting || !slices.Equal(host.knocks, []J{again.m.J()}) {
		t.Errorf("Bob is %s after his removal", again.m.State())
	}
	w.together(host, carl, back)
	carl.gone = true
	w.run(33_000)
	if host.m.List().Has(carl.m.J()) {
		t.Error("a member that gives no sign of life is still listed")
	}
	w.together(host, back)
	w.boxes()
}

func TestLockDenyEnd(t *testing.T) {
	w := newWorld(t, 3)
	host := w.join("Hanna", hosting)
	host.admits = false
	w.run(1000)
	alice := w.join("Alice")
	w.run(11_000)
	if alice.m.State() != Waiting || len(host.m.Lobby()) != 1 {
		t.Fatalf("Alice is %s", alice.m.State())
	}
	host.step(Lock{true})
	host.step(Admit{alice.m.J()})
	w.run(2000)
	if alice.m.State() != Waiting {
		t.Error("somebody was let into a locked meeting")
	}
	host.step(Lock{false})
	w.run(2000)
	w.together(host, alice)
	bob := w.join("Bob")
	w.run(2000)
	host.step(Refuse{bob.m.J()})
	w.run(1000)
	bob.out(t, CauseDenied)
	alice.step(EndForAll{})
	if !alice.warned(WarnNotLeader) {
		t.Error("somebody who does not lead could end the meeting")
	}
	waiting := w.join("Wanda")
	w.run(2000)
	host.step(EndForAll{})
	w.run(1000)
	for _, p := range []*peer{host, alice, waiting} {
		p.out(t, CauseEnded)
	}
}

func TestLeaderChange(t *testing.T) {
	for name, gone := range map[string]func(*peer){
		"leaves": func(p *peer) { p.step(Leaving{}) }, "crashes": func(p *peer) { p.gone = true },
		"is cut off": func(p *peer) { p.mute, p.deaf = true, true }, "is muted": func(p *peer) { p.mute = true },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 4)
			host := w.join("Hanna", hosting)
			w.run(1000)
			alice := w.join("Alice")
			w.run(2000)
			bob, carl := w.join("Bob"), w.join("Carl")
			w.run(2000)
			code := bob.m.Code()
			gone(host)
			w.run(34_000)
			w.together(alice, bob, carl)
			if !alice.m.Leads() || alice.m.List().Term != 2 || bob.m.Code() == code || !bob.warned(WarnLeader) {
				t.Errorf("after the change: Alice leads: %v, term %d, warnings %v", alice.m.Leads(), alice.m.List().Term, bob.warnings)
			}
			if alice.m.List().Has(host.m.J()) {
				t.Error("the old leader is still listed")
			}
			alice.admits = true
			dora := w.join("Dora")
			w.run(3000)
			w.together(alice, bob, carl, dora)
			if !host.gone && host.m.State() != Out {
				t.Errorf("the old leader is %s", host.m.State())
			}
			w.boxes()
		})
	}
}

func TestHandOver(t *testing.T) {
	w := newWorld(t, 5)
	host, alice, bob := w.join("Hanna", hosting), w.join("Alice"), w.join("Bob")
	w.run(3000)
	host.step(HandOver{bob.m.J()})
	w.run(3000)
	host.out(t, CauseLeft)
	w.together(alice, bob)
	if !bob.m.Leads() {
		t.Error("Bob does not lead")
	}
	back := w.join("Hanna", withDevice(host.device, host.memory))
	w.run(3000)
	w.together(alice, bob, back) // a known device
}

// A newcomer who leads at once has heard of nobody: the others tell it their nonces.
func TestHandOverToANewcomer(t *testing.T) {
	w, all := begun(t, 13, "Alice", "Bob")
	w.run(1000)
	carl := w.join("Carl")
	w.run(2000)
	all[0].step(HandOver{carl.m.J()})
	w.run(2500)
	w.together(carl, all[1], all[2])
	if carl.m.List().Leader != carl.m.J() {
		t.Error("Carl does not lead")
	}
}

func TestSuccessorIsGoneToo(t *testing.T) {
	w := newWorld(t, 6)
	host := w.join("Hanna", hosting)
	var all []*peer
	for _, n := range []string{"Alice", "Bob", "Carl"} {
		w.run(2000)
		all = append(all, w.join(n))
	}
	w.run(3000)
	host.gone, all[0].gone = true, true
	w.run(40_000)
	w.together(all[1], all[2])
	all[1].gone = true
	w.run(40_000)
	w.together(all[2])
}

func TestHostComesBackToNobody(t *testing.T) {
	w := newWorld(t, 7)
	host := w.join("Hanna", hosting)
	w.run(5000)
	host.gone = true
	back := w.join("Hanna", hosting, withDevice(host.device, host.memory))
	w.run(30_000)
	if back.m.State() != Waiting {
		t.Errorf("the host began a second list after 30 s: %s", back.m.State())
	}
	alice := w.join("Alice")
	w.run(35_000)
	w.together(back, alice)
	back.step(Leaving{})
	w.run(1000)
	alice.m.lead.order = nil
	w.run(2000)
	w.together(alice)
}

func TestUpgrade(t *testing.T) {
	w, host, peers := standard(t, 8)
	alice, bob := peers[0], peers[1]
	secretOfServer := alice.held[alice.m.Epochs()[0]]
	order := ""
	alice.memory.wrote = func() {
		order += "note;"
		if alice.m.CanSend() || len(alice.m.Epochs()) == 0 {
			order += "too late;"
		}
	}
	host.step(GoE2EE{Carry: []J{alice.m.J(), bob.m.J(), ConnectorJ("phone 1")}})
	if host.m.State() != Waiting || len(host.m.Epochs()) != 0 || host.sending {
		t.Fatal("the host did not stop")
	}
	w.run(200)
	w.run(3000)
	w.together(host, alice, bob)
	if order != "note;" {
		t.Errorf("Alice: %q", order)
	}
	for name, s := range w.secrets {
		if name.Term > 0 && s == secretOfServer {
			t.Error("the server's key lives on")
		}
	}
	if got, ok := alice.m.Link(); !ok || got != must(host.m.Link()) {
		t.Error("Alice does not know the new link")
	}
	// A later joiner needs the new link.
	w.link = must(host.m.Link())
	late, stranger := w.join("Late"), w.join("Stranger", noSecret)
	w.run(3000)
	w.together(host, alice, bob, late)
	if stranger.m.State() == In || len(stranger.ever) > 0 {
		t.Error("somebody without the link is in")
	}
	// A carried member can lead, and admit.
	host.step(Leaving{})
	w.run(3000)
	lead := []*peer{alice, bob, late}[slices.IndexFunc([]*peer{alice, bob, late}, func(p *peer) bool { return p.m.Leads() })]
	lead.admits = true
	later := w.join("Later")
	w.run(3000)
	w.together(alice, bob, late, later)
	w.boxes()
}

func must(s Secret, ok bool) Secret {
	if !ok {
		panic("no secret")
	}
	return s
}

// standard makes a standard meeting of a host, two people and a telephone.
func standard(t *testing.T, seed uint64) (*world, *peer, []*peer) {
	t.Helper()
	w := newWorld(t, seed)
	all := []*peer{w.join("Hanna", noSecret), w.join("Alice", noSecret), w.join("Bob", noSecret)}
	all[0].admits = true
	w.run(1000)
	w.grant(1, all...)
	w.run(500)
	for _, p := range all {
		if p.m.State() != Standard || !p.m.CanSend() {
			t.Fatalf("%s is %s", p.name, p.m.State())
		}
	}
	return w, all[0], all[1:]
}

// grant hands out a standard key to all, the first of whom is the host.
func (w *world) grant(epoch uint64, all ...*peer) {
	r := &Roster{Meeting: w.meeting, Epoch: epoch, Hosts: []J{all[0].m.J()}}
	for i, p := range all {
		r.Members = append(r.Members, RosterSeat{Index: uint64(i), Kind: Person, J: p.m.J(), Name: p.name})
	}
	r.Members = append(r.Members, RosterSeat{Index: uint64(len(all)), Kind: Telephone, J: ConnectorJ("phone 1"), Name: "+1 555 0100"})
	g := &Grant{Meeting: w.meeting, Epoch: epoch, Key: random(epoch + 77).secret()}
	for _, p := range all {
		p.send(r)
		p.send(g)
	}
}

func TestStreamsAreNeverReused(t *testing.T) {
	w := newWorld(t, 9)
	host := w.join("Hanna", hosting)
	w.run(1000)
	for i := uint64(1); i <= maxStream; i++ {
		if n, err := host.m.NextStream(); err != nil || n != i {
			t.Fatal(n, err)
		}
	}
	if _, err := host.m.NextStream(); err != ErrStreams {
		t.Error("a stream number beyond the last")
	}
	if _, _, err := host.m.SendKeys(maxStream + 1); err != ErrStream {
		t.Error("keys for a stream that was not given out")
	}
}

// A full meeting lets nobody more in, and does not make links for nothing.
func TestFullMeeting(t *testing.T) {
	w, all := begun(t, 10, "Alice")
	host := all[0]
	host.m.list.Next = maxIndex + 1 // as after 4,096 admissions
	late := w.join("Late")
	before := len(w.log)
	w.run(8000)
	if late.m.State() != Waiting || !host.warned(WarnFull) || len(w.log) > before+2 {
		t.Errorf("Late is %s, %d messages, %v", late.m.State(), len(w.log)-before, host.warnings)
	}
}

// Whoever kept an epoch's handle cannot derive from it once it is dropped.
func TestDroppedEpochGivesNoKeys(t *testing.T) {
	w, all := begun(t, 11, "Alice")
	alice := all[1]
	handle := alice.m.epochs[0]
	kid, _, err := alice.m.SendKeys(0)
	if err != nil {
		t.Fatal(err)
	}
	w.join("Bob")
	w.run(8000)
	if _, _, err := all[0].m.FrameKeys(kid); err != nil {
		t.Error("frames that were under way can not be opened:", err)
	}
	w.run(5000)
	if _, _, err := all[0].m.FrameKeys(kid); err != ErrKID {
		t.Error("an old epoch's frame can be opened")
	}
	if _, err := handle.Keys(alice.m.J(), 0); err != ErrKID || handle.secret != (Secret{}) {
		t.Error("a dropped epoch still gives keys")
	}
}

// A device that an account did not use before is told of, an account's first is not.
func TestStrangeDevice(t *testing.T) {
	w, all := begun(t, 12, "Alice")
	again := w.join("Alice")
	w.run(3000)
	w.together(all[0], all[1], again)
	if !all[0].warned(WarnNewDevice) || slices.ContainsFunc(all[0].warnings, func(w Warning) bool { return w.About != again.m.J() }) {
		t.Errorf("%v", all[0].warnings)
	}
}

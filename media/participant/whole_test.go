package participant

import (
	"slices"
	"testing"

	"github.com/proffer/proffer/media/e2ee"
)

func TestWhole(t *testing.T) {
	s := startServer(t)
	t.Run("standard", s.with(standardMeeting))
	t.Run("e2ee", s.with(encryptedMeeting))
	t.Run("upgrade", s.with(upgradedMeeting))
	t.Run("connectors", s.with(connectedMeeting))
	t.Run("lost", s.with(lostNetwork))
	t.Run("restart", s.with(restartedServer))
	t.Run("report e2ee", s.with(reported("e2ee")))
	t.Run("report standard", s.with(reported("standard")))
	t.Run("demo", s.with(demonstration))
}

// with runs a part of the test with the server that is there.
func (s *server) with(part func(*testing.T, *server)) func(*testing.T) {
	return func(t *testing.T) {
		outer := s.t
		s.t = t
		defer func() { s.t = outer }()
		part(t, s)
	}
}

// standardMeeting: a host and a guest, media, chat, the lobby, and a removal.
func standardMeeting(t *testing.T, s *server) {
	account := s.signIn("Hanna")
	link := s.meeting(account, "standard")
	host := s.join("host", Config{Link: link, Host: true, HTTP: account})
	guest := s.join("guest", Config{Link: link})
	host.sends()
	guest.sends()
	together(host, guest)
	if v := guest.View(); v.E2EE || v.State != e2ee.Standard {
		t.Errorf("%+v", v)
	}
	people := guest.View().People
	if i := slices.IndexFunc(people, func(p Person) bool { return p.J == host.J() }); people[i].Name != "Hanna Holm" || people[i].Guest || !people[i].Leads {
		t.Errorf("the host is shown as %+v", people[i])
	}
	if i := slices.IndexFunc(people, func(p Person) bool { return p.J == guest.J() }); people[i].Name != "guest" || !people[i].Guest {
		t.Errorf("the guest is shown as %+v", people[i])
	}
	chats(t, host, guest)

	if err := host.Lobby(true); err != nil {
		t.Fatal(err)
	}
	await(host, "the lobby is on", func(l Lobby) bool { return l.On })
	late := s.join("late", Config{Link: link})
	w := await(host, "somebody waits", func(l Lobby) bool { return len(l.Waiting) == 1 })
	if w.Waiting[0].J != late.J() || late.state() != e2ee.New {
		t.Errorf("%v waits, and who waits is %s", w.Waiting, late.state())
	}
	if err := host.Admit(late.J()); err != nil {
		t.Fatal(err)
	}
	late.sends()
	together(host, guest, late)

	if err := host.Remove(guest.J()); err != nil {
		t.Fatal(err)
	}
	if e := await(guest, "it is out", func(Ended) bool { return true }); e.Cause != e2ee.OverRemoved {
		t.Errorf("%+v", e)
	}
	together(host, late)
	if err := host.EndForAll(); err != nil {
		t.Fatal(err)
	}
	for _, a := range []*attendee{host, late} {
		if e := await(a, "the meeting is over", func(Ended) bool { return true }); e.Cause != e2ee.OverEnded {
			t.Errorf("%+v", e)
		}
	}
}

// chats: what one says the other reads, and a whisper is for one.
func chats(t *testing.T, a, b *attendee, others ...*attendee) {
	t.Helper()
	if err := a.Say("Hello to all,\nen français: ça va"); err != nil {
		t.Fatal(err)
	}
	if err := a.Whisper(b.J(), "for you alone"); err != nil {
		t.Fatal(err)
	}
	for _, o := range append(others, b) {
		l := await(o, "the line came", func(l Line) bool { return !l.Mine })
		if l.Text != "Hello to all,\nen français: ça va" || l.From != a.J() {
			t.Errorf("%+v", l)
		}
	}
	if l := await(b, "the whisper came", func(l Line) bool { return l.Mine }); l.Text != "for you alone" {
		t.Errorf("%+v", l)
	}
	for _, o := range others {
		if _, ok := find(o, func(l Line) bool { return l.Mine || l.Text == "for you alone" }); ok {
			t.Error("a whisper is shown to who it is not for")
		}
	}
}

// encryptedMeeting: the link, the leader's word, one code, a removal, and a change of leader when the leader leaves and when it crashes.
func encryptedMeeting(t *testing.T, s *server) {
	account := s.signIn("Hanna")
	link := s.meeting(account, "e2ee")
	host := s.join("host", Config{Link: link, Host: true, HTTP: account})
	a, b, c := s.join("a", Config{Link: link}), s.join("b", Config{Link: link}), s.join("c", Config{Link: link})
	all := []*attendee{host, a, b, c}
	for _, x := range all {
		x.sends()
	}
	together(all...)
	code := host.View().Code
	if code == "" || !host.View().Leads {
		t.Errorf("%+v", host.View())
	}
	chats(t, host, a, b, c)

	if err := host.Remove(c.J()); err != nil {
		t.Fatal(err)
	}
	if e := await(c, "it is out", func(Ended) bool { return true }); e.Cause != string(e2ee.CauseRemoved) {
		t.Errorf("%+v", e)
	}
	together(host, a, b)

	if err := host.HandOver(b.J()); err != nil {
		t.Fatal(err)
	}
	await(host, "it has gone", func(e Ended) bool { return e.Cause == string(e2ee.CauseLeft) })
	together(a, b)
	if v := b.View(); !v.Leads || v.Code == code {
		t.Errorf("b was handed the lead: %+v", v)
	}
	await(a, "it is told of another leader", func(w Warning) bool { return w.Code == e2ee.WarnLeader })

	d := s.join("d", Config{Link: link})
	d.sends()
	k := await(b, "somebody knocks", func(k Knock) bool { return k.J == d.J() })
	if !k.Guest || k.Name != "d" {
		t.Errorf("%+v", k)
	}
	if err := b.Admit(d.J()); err != nil {
		t.Fatal(err)
	}
	together(a, b, d)

	b.abandon()
	together(a, d)
	if v := a.View(); !v.Leads {
		t.Errorf("a does not lead: %+v", v)
	}
	if err := a.EndForAll(); err != nil {
		t.Fatal(err)
	}
	await(d, "the meeting is over", func(e Ended) bool { return e.Cause == string(e2ee.CauseEnded) })
}

// upgradedMeeting: a standard meeting becomes end-to-end encrypted; who is carried over stays, who is not goes, and the new link lets in.
func upgradedMeeting(t *testing.T, s *server) {
	account := s.signIn("Hanna")
	link := s.meeting(account, "standard")
	host := s.join("host", Config{Link: link, Host: true, HTTP: account})
	guest := s.join("guest", Config{Link: link})
	left := s.join("left behind", Config{Link: link})
	for _, x := range []*attendee{host, guest, left} {
		x.sends()
	}
	together(host, guest, left)
	if e := await(host, "terms came", func(Terms) bool { return true }); !e.May || e.Why != "" {
		t.Errorf("%+v", e)
	}
	if err := guest.Upgrade(); err != nil {
		t.Fatal(err)
	}
	await(guest, "it is told that it may not", func(w Warning) bool { return w.Code == e2ee.WarnNotAllowed })
	if err := host.Upgrade(guest.J()); err != nil {
		t.Fatal(err)
	}
	if e := await(left, "it is out", func(Ended) bool { return true }); e.Cause != string(e2ee.CauseNotCarried) {
		t.Errorf("%+v", e)
	}
	together(host, guest)
	for _, x := range []*attendee{host, guest} {
		if v := x.View(); !v.E2EE || v.State != e2ee.In || v.Epoch.Term != 1 || v.Code != host.View().Code || v.Code == "" {
			t.Errorf("%s: %+v", x.name, v)
		}
		if !x.folder.Remembered(link.Meeting) {
			t.Errorf("%s has no lasting note", x.name)
		}
		if x.Link().Secret == nil || *x.Link().Secret != *host.Link().Secret {
			t.Errorf("%s has another link, or none", x.name)
		}
	}
	late := s.join("late", Config{Link: host.Link()})
	late.sends()
	together(host, guest, late)
	if err := host.EndForAll(); err != nil {
		t.Fatal(err)
	}
	await(late, "the meeting is over", func(Ended) bool { return true })
}

// lostNetwork: everybody's sessions and signalling break for a while, with what was decided meanwhile. Nobody goes out who was not put out.
func lostNetwork(t *testing.T, s *server) {
	account := s.signIn("Hanna")
	link := s.meeting(account, "e2ee")
	host := s.join("host", Config{Link: link, Host: true, HTTP: account})
	a := s.join("a", Config{Link: link})
	b := s.join("b", Config{Link: link})
	for _, x := range []*attendee{host, a, b} {
		x.sends()
	}
	together(host, a, b)
	s.tap.Cut(true)
	for _, x := range []*attendee{host, a} {
		await(x, "its session is down", func(e Session) bool { return !e.Up })
	}
	if err := host.Remove(b.J()); err != nil { // whose link cannot be posted now
		t.Fatal(err)
	}
	s.tap.Cut(false)
	together(host, a)
	await(b, "it is out", func(e Ended) bool { return e.Cause == string(e2ee.CauseRemoved) })
	if v := a.View(); v.Epoch.Term != 1 || a.state() != e2ee.In {
		t.Errorf("another leads after a short loss: %s", v)
	}
}

// restartedServer: the server is killed in the middle of a meeting of each kind, and started again. Both meetings go on, with media.
func restartedServer(t *testing.T, s *server) {
	account := s.signIn("Hanna")
	var meetings [][]*attendee
	for _, mode := range []string{"e2ee", "standard"} {
		link := s.meeting(account, mode)
		pair := []*attendee{s.join(mode+" host", Config{Link: link, Host: true, HTTP: account}), s.join(mode+" guest", Config{Link: link})}
		for _, x := range pair {
			x.sends()
		}
		together(pair...)
		meetings = append(meetings, pair)
	}
	s.restart()
	for _, pair := range meetings {
		together(pair...)
		for _, x := range pair {
			if n := x.Counts().Mislabelled; n > 0 {
				t.Errorf("%s: %d frames are not what they say", x.name, n)
			}
		}
	}
}

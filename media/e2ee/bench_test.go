package e2ee

import (
	"crypto/hpke"
	"fmt"
	"testing"
	"time"
)

// BenchmarkRekey makes a link of a new epoch and its keys for a meeting: until the last box is made. The ratio is to as many bare HPKE seals, of the
// same bytes to keys that are ready to use; bytes are those of both messages together.
func BenchmarkRekey(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m := crowd(b, n)
			bare := bareSeals(b, m, n-1)
			var size int
			for b.Loop() {
				m.lead.sent, m.lead.rekeyed = nil, 0
				m.publish()
				size = len(m.lead.sent.link) + len(m.lead.sent.keys)
				m.take()
			}
			each := float64(b.Elapsed()) / float64(b.N)
			b.ReportMetric(each/1e6, "ms")
			b.ReportMetric(each/float64(bare), "x_bare_HPKE")
			b.ReportMetric(each/float64(n)/1e3, "per_device_us")
			b.ReportMetric(float64(size), "messages_B")
		})
	}
}

// BenchmarkOpenKeys is what a member does with a rekey of 1,000: checks link and keys, and opens its box.
func BenchmarkOpenKeys(b *testing.B) {
	m := crowd(b, 1000)
	seat := m.list.Members[999].J
	m.lead.rekeyed = 0
	m.publish()
	s := m.lead.sent
	raw, err := DecodeMessage(s.link)
	if err != nil {
		b.Fatal(err)
	}
	link, err := openLink(raw)
	if err != nil {
		b.Fatal(err)
	}
	key, err := hpke.MLKEM768X25519().NewPrivateKey(seedOf(999))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, r := Accept(m.list, raw, m.facts()); r != nil {
			b.Fatal(r)
		}
		msg, err := DecodeMessage(s.keys)
		if err != nil {
			b.Fatal(err)
		}
		var k Keys
		if _, err := open(msg.Signed, &k); err != nil {
			b.Fatal(err)
		}
		if epoch, _, err := k.Boxes[998].open(key, infoOf(&link.LinkBody, link.hash, seat)); err != nil || epoch != s.secret {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/1e6, "ms")
}

func seedOf(i int) []byte {
	s := random(uint64(i) + 1<<40).secret()
	return s[:]
}

// crowd is the leader of a meeting of n.
func crowd(b *testing.B, n int) *Member {
	f := fixtures()
	m, _, err := NewMember(Config{Meeting: fixedMeeting, Device: f.host, Certificate: IssueCertificate(f.identity, *f.hostCertificate()), Identity: []Key{f.identity.Key},
		Secret: &f.link, Host: true, Rand: random(9), Memory: newNote()}, fixedTime)
	if err != nil {
		b.Fatal(err)
	}
	l := &List{LinkBody: LinkBody{Meeting: fixedMeeting, Version: 1, Term: 1, Epoch: 1, Leader: m.me.J, Next: uint64(n), Time: fixedTime}, Hash: Hash{1}, seats: map[J]uint64{}}
	for i := range n {
		j := J(hash(contextJoin, []byte{byte(i), byte(i >> 8)}))
		k, err := hpke.MLKEM768X25519().NewPrivateKey(seedOf(i))
		if err != nil {
			b.Fatal(err)
		}
		join := &Join{J: j, Device: f.guest.Key, Certificate: *f.guestCertificate(), hpke: k.PublicKey()}
		if i == 0 {
			j, join.J, join.Device = m.me.J, m.me.J, f.host.Key
		}
		m.joins[j], m.lives[j], m.since[j] = join, &sign{at: fixedTime}, fixedTime
		l.Members, l.seats[j] = append(l.Members, Seat{Index: uint64(i), J: j}), uint64(i)
	}
	m.list, m.posted = l, true
	return m
}

// bareSeals is how long as many HPKE seals take, at best of three.
func bareSeals(b *testing.B, m *Member, n int) time.Duration {
	best := time.Hour
	info, plain := make([]byte, 200), make([]byte, 64)
	pk := m.joins[m.list.Members[1].J].hpke
	for range 3 {
		start := time.Now()
		for range n {
			if _, err := hpke.Seal(pk, hpke.HKDFSHA256(), hpke.AES256GCM(), info, plain); err != nil {
				b.Fatal(err)
			}
		}
		best = min(best, time.Since(start))
	}
	return best
}

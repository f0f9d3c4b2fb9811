package sframe

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/proffer/proffer/media/franking"
)

// sealed is a pair of AES key and nonce, of which none may come twice.
type sealed struct {
	key   [keySize]byte
	nonce [nonceSize]byte
}

// history is a random past of a meeting as its devices live it: pages are loaded, loaded again and opened twice, transforms and layers
// come and go, the leader changes keys, hands over, and at times draws a secret that it drew before.
type history struct {
	t      *testing.T
	rng    *rand.Rand
	kid    KID // term and epoch of now
	secret [32]byte
	link   [32]byte
	joins  []*joined
	keys   map[*Key]sealed // AES key, and salt in the place of the nonce
	seals  map[sealed]bool
	twice  int
}

// joined is one appearance of a device.
type joined struct {
	join    [32]byte
	index   uint16
	streams *Streams
	senders []*Sender
	old     map[*Sender][]*Key
}

func (h *history) fill(b *[32]byte) {
	for i := range b {
		b[i] = byte(h.rng.Uint32())
	}
}

// load is a page that opens: at first, again, or in another tab. The ones before it stay, as a page in the back-forward cache does.
func (h *history) load() {
	j := &joined{index: uint16(h.rng.IntN(4)), streams: &Streams{}, old: map[*Sender][]*Key{}} // an index may well come again
	h.fill(&j.join)
	h.joins = append(h.joins, j)
	h.transform(j)
}

// transform is a new transform, worker, layer or restart of one.
func (h *history) transform(j *joined) {
	s, err := j.streams.Sender()
	if err != nil {
		h.t.Fatal(err)
	}
	j.senders = append(j.senders, s)
}

// rekey begins an epoch: the next, or the first of another term. Its link is new, its secret nearly always.
func (h *history) rekey() {
	if h.rng.IntN(4) == 0 {
		h.kid.Term, h.kid.Epoch = h.kid.Term+1, 0
	}
	h.kid.Epoch++
	h.fill(&h.link)
	if h.rng.IntN(4) > 0 {
		h.fill(&h.secret)
	}
}

// use hands the keys of now to a sender, and sometimes those of an earlier epoch, which it must not take.
func (h *history) use(j *joined, s *Sender) {
	for _, k := range j.old[s] {
		if UnpackKID(k.kid).before(s.kid) && s.Use(k, nil) == nil {
			h.t.Fatalf("a sender in %v went back to %v", s.kid, UnpackKID(k.kid))
		}
	}
	kid := KID{Term: h.kid.Term, Epoch: h.kid.Epoch, Index: j.index, Stream: s.Stream()}
	o := franking.Origin{Meeting: "M-3K9QA-77ZPW", Term: kid.Term, Epoch: kid.Epoch, Join: j.join, Stream: kid.Stream}
	base, frank, err := o.DeriveKeys(h.secret[:], h.link)
	if err != nil {
		h.t.Fatal(err)
	}
	packed, err := kid.Pack()
	if err != nil {
		h.t.Fatal(err)
	}
	k := newKey(h.t, base[:], packed)
	key, salt, err := deriveKeySalt(base[:], packed)
	if err != nil {
		h.t.Fatal(err)
	}
	h.keys[k] = sealed{[keySize]byte(key), [nonceSize]byte(salt)}
	if err := s.Use(k, franking.NewKey(o, frank)); err != nil {
		h.t.Fatal(err)
	}
	j.old[s] = append(j.old[s], k)
}

// seal seals a frame and looks whether key and nonce were there before.
func (h *history) seal(s *Sender) {
	b, err := s.Seal(nil, uint64(h.rng.IntN(100)), opusMic, []byte("sound"))
	if err != nil {
		return
	}
	head, err := ParseHeader(b)
	if err != nil {
		h.t.Fatal(err)
	}
	pair := h.keys[s.key]
	last := pair.nonce[nonceSize-8:]
	binary.BigEndian.PutUint64(last, binary.BigEndian.Uint64(last)^head.Counter)
	if h.seals[pair] {
		h.twice++
	}
	h.seals[pair] = true
}

func (h *history) step() {
	j := h.joins[h.rng.IntN(len(h.joins))]
	s := j.senders[h.rng.IntN(len(j.senders))]
	switch n := h.rng.IntN(100); {
	case n < 60:
		h.seal(s)
	case n < 80:
		h.use(j, s)
	case n < 87:
		h.transform(j)
	case n < 92:
		s.Stop()
	case n < 96:
		h.rekey()
	default:
		h.load()
	}
}

// TestNoNonceRepeats lives through random histories. At the end of each it does what must never be done, and must see it.
func TestNoNonceRepeats(t *testing.T) {
	for seed := range uint64(60) {
		h := &history{t: t, rng: rand.New(rand.NewPCG(seed, 9605)), keys: map[*Key]sealed{}, seals: map[sealed]bool{}}
		h.load()
		for range 600 {
			h.step()
		}
		if h.twice > 0 || len(h.seals) < 50 {
			t.Errorf("history %d: %d of %d seals repeat key and nonce", seed, h.twice, len(h.seals))
		}
		j := h.joins[0]
		h.use(j, j.senders[0])
		h.seal(j.senders[0])
		j.senders[0].counter--
		h.seal(j.senders[0])
		if h.twice == 0 {
			t.Errorf("history %d: a counter that was set back went unseen", seed)
		}
	}
}

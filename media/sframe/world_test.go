package sframe

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/proffer/proffer/media/franking"
)

// world is a meeting for tests: every join, epoch and key of it comes from its name, so that it is the same each time. It is a keyring
// that knows the epochs and members it was told of.
type world struct {
	meeting string
	epochs  map[KID][32]byte // by term and epoch alone: the secret
	members map[uint16][32]byte
}

func newWorld() *world {
	return &world{meeting: "M-3K9QA-77ZPW", epochs: map[KID][32]byte{}, members: map[uint16][32]byte{}}
}

// bytes32 are 32 bytes that stand for a name.
func bytes32(format string, args ...any) [32]byte {
	return sha256.Sum256(fmt.Appendf(nil, format, args...))
}

func (w *world) epoch(term uint16, epoch uint32) {
	w.epochs[KID{Term: term, Epoch: epoch}] = bytes32("secret %d %d", term, epoch)
}

func (w *world) member(index uint16) { w.members[index] = bytes32("join %d", index) }

func (w *world) origin(kid KID) franking.Origin {
	return franking.Origin{Meeting: w.meeting, Term: kid.Term, Epoch: kid.Epoch, Device: bytes32("device %d", kid.Index),
		Join: w.members[kid.Index], Stream: kid.Stream}
}

// keys derives what a sender needs, as media/e2ee and media/connector do.
func (w *world) keys(kid KID) (*Key, *franking.Key, error) {
	secret := w.epochs[KID{Term: kid.Term, Epoch: kid.Epoch}]
	o := w.origin(kid)
	base, frank, err := o.DeriveKeys(secret[:], bytes32("link %d %d", kid.Term, kid.Epoch))
	if err != nil {
		return nil, nil, err
	}
	packed, err := kid.Pack()
	if err != nil {
		return nil, nil, err
	}
	key, err := NewKey(base[:], packed)
	return key, franking.NewKey(o, frank), err
}

func (w *world) Find(kid KID) (Source, Fault) {
	if _, ok := w.epochs[KID{Term: kid.Term, Epoch: kid.Epoch}]; !ok {
		return Source{}, NoEpoch
	}
	join, ok := w.members[kid.Index]
	if !ok {
		return Source{}, NoMember
	}
	key, frank, err := w.keys(kid)
	if err != nil {
		return Source{}, NoEpoch
	}
	return Source{Join: join, Key: key, Franking: frank}, 0
}

// sender is a sender of the stream that kid names.
func (w *world) sender(t testing.TB, kid KID) *Sender {
	t.Helper()
	s := &Sender{stream: kid.Stream}
	w.use(t, s, kid)
	return s
}

func (w *world) use(t testing.TB, s *Sender, kid KID) {
	t.Helper()
	key, frank, err := w.keys(kid)
	if err == nil {
		err = s.Use(key, frank)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// forgery is a frame as somebody who holds the keys can make it, whatever the rules say.
type forgery struct {
	kid           KID
	counter, time uint64
	what          byte
	frame         []byte
	commitment    func(*[32]byte) // may spoil it
}

func (w *world) forge(t testing.TB, f forgery) []byte {
	t.Helper()
	key, frank, err := w.keys(f.kid)
	if err != nil {
		t.Fatal(err)
	}
	n, _ := prefixOf(f.what)
	_, c := frank.Commit(f.counter, f.time, f.what, f.frame)
	if f.commitment != nil {
		f.commitment(&c)
	}
	metadata := appendMetadata(nil, f.time, &c, f.what, f.frame[:n])
	b := key.Seal(append([]byte{}, f.frame[:n]...), f.counter, metadata, f.frame)
	return append(b, metadata[:trailerSize]...)
}

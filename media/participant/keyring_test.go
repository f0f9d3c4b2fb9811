package participant

import (
	"testing"

	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/sframe"
)

const aPicture = 1<<4 | 1<<3 // VP8, a key frame, of the camera

// pair are two members' rings in one standard epoch.
func pair() (mine, theirs *keyring, epoch *e2ee.Epoch) {
	a, b := e2ee.J{1}, e2ee.J{2}
	epoch = e2ee.StandardEpoch(e2ee.Grant{Meeting: "M-1", Epoch: 1, Key: e2ee.Secret{9}})
	mine, theirs = newKeyring("M-1", a), newKeyring("M-1", b)
	for _, r := range []*keyring{mine, theirs} {
		r.seats(map[uint16]seat{0: {join: a, device: e2ee.Key{1}}, 5: {join: b, device: e2ee.Key{2}}})
		r.install(epoch)
	}
	return mine, theirs, epoch
}

func sealed(t *testing.T, s *sframe.Sender) []byte {
	t.Helper()
	f, err := s.Seal(nil, 1000, aPicture, make([]byte, 100))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestKeyring: what one sends the other opens, and keys are kept of streams alone of which a frame has opened.
func TestKeyring(t *testing.T) {
	mine, theirs, epoch := pair()
	sender, err := new(sframe.Streams).Sender()
	if err != nil {
		t.Fatal(err)
	}
	theirs.add(sender)
	if _, err := sender.Seal(nil, 1000, aPicture, make([]byte, 100)); err != sframe.NoKey {
		t.Errorf("something is sent before it is allowed: %v", err)
	}
	theirs.send(true)
	receiver := sframe.NewReceiver(mine, &sframe.Seen{}, false)
	f, err := receiver.Open(nil, sealed(t, sender))
	if err != nil || e2ee.J(f.Join) != theirs.join || f.Index != 5 {
		t.Fatalf("%+v %v", f, err)
	}
	for stream := range uint16(1000) { // whatever the media server asks for
		mine.Find(sframe.KID{Epoch: 1, Index: 5, Stream: stream})
	}
	if len(mine.found) > 0 {
		t.Errorf("%d keys are kept of streams of which nothing has opened", len(mine.found))
	}
	mine.keep(f.KID)
	if len(mine.found) != 1 {
		t.Errorf("%d keys are kept", len(mine.found))
	}

	mine.seats(map[uint16]seat{0: {join: mine.join}})
	if _, fault := mine.Find(f.KID); fault != sframe.NoMember || len(mine.found) > 0 {
		t.Errorf("who has gone can be opened, or its keys are kept: %v", fault)
	}
	mine.seats(map[uint16]seat{0: {join: mine.join}, 5: {join: e2ee.J{3}}})
	if s, fault := mine.Find(f.KID); fault != 0 || s.Join != [32]byte{3} {
		t.Errorf("an index has another's keys: %v %v", s, fault)
	}
	if _, err := receiver.Open(nil, sealed(t, sender)); err == nil {
		t.Error("a frame opens as another's, who has the index now")
	}

	mine.drop(epoch.Name)
	if _, fault := mine.Find(f.KID); fault != sframe.NoEpoch {
		t.Errorf("a dropped epoch: %v", fault)
	}
	theirs.send(false)
	if _, err := sender.Seal(nil, 1000, aPicture, make([]byte, 100)); err != sframe.NoKey {
		t.Errorf("something is sent after it was forbidden: %v", err)
	}
}

// TestRekeySenders: senders follow the newest epoch, a new index, and are never without the others' notice of an old one.
func TestRekeySenders(t *testing.T) {
	mine, theirs, epoch := pair()
	mine.send(true)
	sender, err := new(sframe.Streams).Sender()
	if err != nil {
		t.Fatal(err)
	}
	mine.add(sender)
	second := e2ee.StandardEpoch(e2ee.Grant{Meeting: "M-1", Epoch: 2, Key: e2ee.Secret{8}})
	receiver := sframe.NewReceiver(theirs, &sframe.Seen{}, false)
	if _, err := receiver.Open(nil, sealed(t, sender)); err != nil {
		t.Fatal(err)
	}
	mine.install(second)
	if _, err := receiver.Open(nil, sealed(t, sender)); err != sframe.NoEpoch {
		t.Errorf("the sender did not go on in the new epoch: %v", err)
	}
	theirs.install(second)
	if f, err := receiver.Open(nil, sealed(t, sender)); err != nil || f.Epoch != 2 {
		t.Errorf("%+v %v", f, err)
	}
	mine.drop(epoch.Name)
	if _, err := receiver.Open(nil, sealed(t, sender)); err != nil {
		t.Errorf("the sender stopped when an old epoch went: %v", err)
	}
	mine.drop(second.Name)
	if _, err := sender.Seal(nil, 9000, aPicture, make([]byte, 100)); err != sframe.NoKey {
		t.Errorf("the sender goes on without an epoch: %v", err)
	}
	mine.remove(sender)
	mine.install(e2ee.StandardEpoch(e2ee.Grant{Meeting: "M-1", Epoch: 3, Key: e2ee.Secret{7}}))
	if _, err := sender.Seal(nil, 9000, aPicture, make([]byte, 100)); err != sframe.NoKey {
		t.Errorf("a sender that was removed goes on: %v", err)
	}
}

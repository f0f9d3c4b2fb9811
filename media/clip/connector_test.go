package clip_test

import (
	"testing"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/franking"
)

// TestTelephone reports a caller, who has neither join nor device: the stamps are of the connector's J.
func TestTelephone(t *testing.T) {
	s := newScene(t, 0)
	caller := s.Connector("phone 7")
	voice := caller.Stream(franking.Microphone, franking.PCMU)
	at := s.Start + 10_000
	for i := range uint64(100) {
		s.ring.Add(voice.Send(at+i*20, false, make([]byte, 160)), time.UnixMilli(int64(at+i*20)))
		s.ring.Stamped(caller.Join, voice.Stamp(at+i*20+5))
	}
	file, proof, err := s.ring.Freeze(time.UnixMilli(int64(at+9000))).Make(clip.Choice{Sender: caller.Join, To: 1 << 52}, s.host.Parties(caller))
	if err != nil {
		t.Fatal(err)
	}
	v := s.verify(t, file, proof)
	if v.Grade != clip.Verified || !v.Sender.Connector || v.Sender.Title() != "a caller by telephone" {
		t.Errorf("what a caller said is %+v", v)
	}
	// A guest has no account either, but a device: nobody can be called a telephone.
	s.guest.Talk(s.ring, 2)
	parties := s.host.Parties(s.guest)
	parties.Sender = s.guest.Join[:]
	file, proof, err = s.ring.Freeze(time.UnixMilli(int64(at+9000))).Make(clip.Choice{Sender: s.guest.Join, To: 1 << 52}, parties)
	if err != nil {
		t.Fatal(err)
	}
	if v := s.verify(t, file, proof); v.Grade != clip.Contradicted {
		t.Errorf("a guest who is called a telephone is %s", v.Grade)
	}
}

package sframe

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write ../testdata/frames.json anew")

// ours are the vectors that Go makes and JavaScript checks (web/js/meeting/frame.test.js), and makes again in its turn: sealing has
// one result. Everything comes from the world of scenarioWorld.
type ours struct {
	Meeting string   `json:"meeting"`
	Epochs  []epoch  `json:"epochs"`
	Members []member `json:"members"`

	Headers     []headerVector     `json:"headers"`
	KIDs        []kidVector        `json:"kids"`
	Keys        []keyVector        `json:"keys"`
	Commitments []commitmentVector `json:"commitments"`
	Frames      []frameVector      `json:"frames"`

	Injected unhex  `json:"injected"`
	Scenario []step `json:"scenario"`
}

type epoch struct {
	Term   uint16 `json:"term"`
	Epoch  uint32 `json:"epoch"`
	Secret unhex  `json:"secret"`
	Link   unhex  `json:"link"`
}

type member struct {
	Index  uint16 `json:"index"`
	Join   unhex  `json:"join"`
	Device unhex  `json:"device"`
}

type headerVector struct {
	KID     unhex `json:"kid"` // eight bytes, as JSON numbers are not enough; the counter likewise
	Counter unhex `json:"counter"`
	Encoded unhex `json:"encoded"`
}

type kidVector struct {
	Term   uint16 `json:"term"`
	Epoch  uint32 `json:"epoch"`
	Index  uint16 `json:"index"`
	Stream uint16 `json:"stream"`
	Packed unhex  `json:"packed,omitempty"`
}

type keyVector struct {
	KID      kidVector `json:"kid"`
	Base     unhex     `json:"base"`
	Franking unhex     `json:"franking"`
	Salt     unhex     `json:"salt"` // SFrame's, and with it the derivation of RFC 9605
}

type commitmentVector struct {
	KID        kidVector `json:"kid"`
	Counter    uint64    `json:"counter"`
	Time       uint64    `json:"time"`
	What       byte      `json:"what"`
	Frame      unhex     `json:"frame"`
	Opening    unhex     `json:"opening"`
	Commitment unhex     `json:"commitment"`
}

type frameVector struct {
	KID     kidVector `json:"kid"`
	Counter uint64    `json:"counter"`
	At      uint64    `json:"at"`
	What    byte      `json:"what"`
	Frame   unhex     `json:"frame"`
	Sealed  unhex     `json:"sealed"`
}

func kidOf(kid KID) kidVector {
	return kidVector{Term: kid.Term, Epoch: kid.Epoch, Index: kid.Index, Stream: kid.Stream}
}

func slice(b [32]byte) unhex { return b[:] }

func eight(v uint64) unhex { return unhex{7: 0}.put(v) }

func (h unhex) put(v uint64) unhex {
	for i := range h {
		h[i] = byte(v >> (8 * (len(h) - 1 - i)))
	}
	return h
}

// TestOurVectors compares what Go makes with ../testdata/frames.json.
func TestOurVectors(t *testing.T) {
	const file = "../testdata/frames.json"
	got, err := json.MarshalIndent(makeOurs(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the frames differ from %s (%v); if that is meant, run with -update, read the difference, and change PROTOCOL.md", file, err)
	}
}

func makeOurs(t *testing.T) ours {
	w := scenarioWorld()
	return ours{
		Meeting: w.meeting, Epochs: w.listEpochs(), Members: w.listMembers(),
		Headers: headerVectors(), KIDs: kidVectors(t), Keys: keyVectors(t, w), Commitments: commitmentVectors(t, w),
		Frames: frameVectors(t, w), Injected: injectedTrailer, Scenario: scenario(t),
	}
}

func (w *world) listEpochs() (all []epoch) {
	for e, secret := range w.epochs {
		all = append(all, epoch{e.Term, e.Epoch, slice(secret), slice(bytes32("link %d %d", e.Term, e.Epoch))})
	}
	slices.SortFunc(all, func(a, b epoch) int { return int(a.Term)*1000 + int(a.Epoch) - int(b.Term)*1000 - int(b.Epoch) })
	return all
}

func (w *world) listMembers() (all []member) {
	for index, join := range w.members {
		all = append(all, member{index, slice(join), slice(bytes32("device %d", index))})
	}
	slices.SortFunc(all, func(a, b member) int { return int(a.Index) - int(b.Index) })
	return all
}

func headerVectors() (all []headerVector) {
	values := []uint64{0, 7, 8, 255, 256, 1<<32 - 1, 1 << 32, 1<<48 - 1, 1<<53 - 1, 1 << 53, 1<<64 - 1}
	for i, kid := range values {
		counter := values[len(values)-1-i]
		all = append(all, headerVector{eight(kid), eight(counter), AppendHeader(nil, kid, counter)})
	}
	return all
}

func kidVectors(t *testing.T) (all []kidVector) {
	for _, kid := range []KID{{}, {Term: 1, Epoch: 1, Stream: 1}, {Term: 0xabc, Epoch: 0xdef012, Index: 0x345, Stream: 0x6789},
		{Term: MaxTerm - 1, Epoch: MaxEpoch - 1, Index: MaxIndex - 1, Stream: 1<<16 - 1}} {
		packed, err := kid.Pack()
		if err != nil {
			t.Fatal(err)
		}
		v := kidOf(kid)
		v.Packed = eight(packed)
		all = append(all, v)
	}
	return all
}

// vectorKIDs are of a standard meeting, of video, of the chat, and of a high stream number.
var vectorKIDs = []KID{{Epoch: 9, Index: 3, Stream: 1}, {Term: 1, Epoch: 7, Index: 3, Stream: 1},
	{Term: 1, Epoch: 8, Index: 4}, {Term: 1, Epoch: 8, Index: 4, Stream: 65535}}

func keyVectors(t *testing.T, w *world) (all []keyVector) {
	for _, kid := range vectorKIDs {
		secret := w.epochs[KID{Term: kid.Term, Epoch: kid.Epoch}]
		base, frank, err := w.origin(kid).DeriveKeys(secret[:], bytes32("link %d %d", kid.Term, kid.Epoch))
		if err != nil {
			t.Fatal(err)
		}
		packed, err := kid.Pack()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, keyVector{kidOf(kid), slice(base), slice(frank), newKey(t, base[:], packed).salt[:]})
	}
	return all
}

// samples are frames around the sizes at which an encoding changes.
var samples = []struct {
	counter, time uint64
	what          byte
	frame         []byte
}{
	{0, 1, opusMic, []byte{}},
	{7, 23, vp8Key, []byte("ten bytes.")},
	{8, 24, vp8Delta, []byte("a delta frame of VP8")},
	{255, 255, vp9Key, bytes.Repeat([]byte("VP9 "), 10)},
	{256, 1 << 32, opusMic, bytes.Repeat([]byte{0xff}, 255)},
	{maxCounter - 1, maxTime - 1, screen, bytes.Repeat([]byte{1, 2, 3}, 100)},
	{9, 25, pcmuMic, bytes.Repeat([]byte{0xff}, 160)},
}

func commitmentVectors(t *testing.T, w *world) (all []commitmentVector) {
	for i, s := range samples {
		kid := vectorKIDs[i%2]
		_, frank, err := w.keys(kid)
		if err != nil {
			t.Fatal(err)
		}
		r, c := frank.Commit(s.counter, s.time, s.what, s.frame)
		all = append(all, commitmentVector{kidOf(kid), s.counter, s.time, s.what, s.frame, slice(r), slice(c)})
	}
	return all
}

func frameVectors(t *testing.T, w *world) (all []frameVector) {
	seal := func(kid KID, counter, at uint64, what byte, frame []byte) {
		s := w.sender(t, kid)
		s.counter = counter
		sealed, err := s.Seal(nil, at, what, frame)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, frameVector{kidOf(kid), counter, at, what, frame, sealed})
	}
	for i, s := range samples {
		seal(vectorKIDs[[]int{0, 1, 3}[i%3]], s.counter, s.time, s.what, s.frame)
	}
	seal(vectorKIDs[2], 5, 1000, line, []byte("a line of chat"))
	return all
}

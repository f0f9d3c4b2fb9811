package rtpframe

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"github.com/proffer/proffer/media/franking"
)

// picture is a frame that no other is equal to.
func picture(n uint32, size int) []byte {
	return bytes.Repeat(binary.BigEndian.AppendUint32(nil, n), size/4)
}

// packets cuts pictures into packets as a sender does, from a sequence number on.
func packets(n int, seq uint16) (all []*rtp.Packet, frames [][]byte) {
	p := rtp.NewPacketizer(1200, 96, 1, &codecs.VP8Payloader{EnablePictureID: true}, rtp.NewFixedSequencer(seq), 90000)
	for i := range n {
		f := picture(uint32(i), 3000)
		frames = append(frames, f)
		all = append(all, p.Packetize(f, 3600)...)
	}
	return all, frames
}

// assembled is what an assembler makes of packets that come 1 ms apart.
func assembled(codec franking.Codec, all []*rtp.Packet) (out [][]byte) {
	a := NewAssembler(codec, func(f []byte) { out = append(out, bytes.Clone(f)) })
	for i, p := range all {
		a.Push(p, time.Unix(0, 0).Add(time.Duration(i)*time.Millisecond))
	}
	return out
}

func TestAssemble(t *testing.T) {
	all, frames := packets(40, 65500) // over the end of the sequence numbers
	same := func(what string, got, want [][]byte) {
		t.Helper()
		if !slices.EqualFunc(got, want, bytes.Equal) {
			t.Errorf("%s: %d frames, expected %d", what, len(got), len(want))
		}
	}
	same("in order", assembled(franking.VP8, all), frames)

	mixed := slices.Clone(all)
	for i := 0; i+4 < len(mixed); i += 4 {
		mixed[i+1], mixed[i+3] = mixed[i+3], mixed[i+1]
	}
	same("out of order", assembled(franking.VP8, mixed), frames)

	var twice []*rtp.Packet
	for _, p := range all {
		twice = append(twice, p, p)
	}
	same("each twice", assembled(franking.VP8, twice), frames)

	again := slices.Insert(slices.Delete(slices.Clone(all), 30, 31), 60, all[30])
	same("one sent again in time", assembled(franking.VP8, again), frames)

	// Without a packet of the second frame, which then never comes: the rest, after a while.
	lost := slices.Delete(slices.Clone(all), 4, 5)
	padded, _ := packets(200, all[len(all)-1].SequenceNumber+1)
	got := assembled(franking.VP8, append(lost, padded...))
	same("one lost", got[:39], slices.Delete(slices.Clone(frames), 1, 2))

	var padding []*rtp.Packet
	for i, p := range all {
		q := *p
		q.SequenceNumber = all[0].SequenceNumber + uint16(2*i)
		padding = append(padding, &q, &rtp.Packet{Header: rtp.Header{SequenceNumber: q.SequenceNumber + 1}})
	}
	same("padding between", assembled(franking.VP8, padding), frames)
}

// TestAssembleAnew: numbers that jump, forwards or back, are followed.
func TestAssembleAnew(t *testing.T) {
	first, a := packets(10, 1000)
	second, b := packets(200, 30000)
	got := assembled(franking.VP8, append(first, second...))
	if len(got) < len(a)+len(b)-1 || !bytes.Equal(got[len(got)-1], b[len(b)-1]) {
		t.Errorf("%d frames after a jump", len(got))
	}
	second, b = packets(400, 10)
	got = assembled(franking.VP8, append(first, second...))
	if !bytes.Equal(got[len(got)-1], b[len(b)-1]) {
		t.Error("numbers that begin anew are taken for late ones for ever")
	}
}

// FuzzAssemble: whatever packets come, in whatever order, each frame that is emitted is one that was sent, and they rise.
func FuzzAssemble(f *testing.F) {
	f.Add(uint64(1), []byte{0, 0, 1, 2, 3, 0, 0})
	f.Add(uint64(2), []byte{})
	f.Fuzz(func(t *testing.T, seed uint64, acts []byte) {
		all, frames := packets(30, uint16(seed))
		rng := rand.New(rand.NewPCG(seed, 1))
		for i, act := range acts {
			j := (i + int(act)) % len(all)
			switch act % 4 {
			case 1:
				all = slices.Delete(all, j, j+1)
			case 2:
				all = slices.Insert(all, rng.IntN(len(all)), all[j])
			case 3:
				k := rng.IntN(len(all))
				all[j], all[k] = all[k], all[j]
			}
			if len(all) == 0 {
				return
			}
		}
		last := -1
		for _, got := range assembled(franking.VP8, all) {
			n := slices.IndexFunc(frames, func(f []byte) bool { return bytes.Equal(f, got) })
			if n <= last {
				t.Fatalf("frame %d after frame %d", n, last)
			}
			last = n
		}
	})
}

// FuzzAssembleHostile: packets that nobody sane sends do no harm.
func FuzzAssembleHostile(f *testing.F) {
	f.Add(byte(1), []byte("\x90\x80\x00abc"))
	f.Fuzz(func(t *testing.T, codec byte, data []byte) {
		a := NewAssembler(franking.Codec(codec%4+1), func(f []byte) {
			if len(f) > maxFrame {
				t.Fatal("a frame is too long")
			}
		})
		for i := 0; i+3 < len(data); i += 3 {
			p := &rtp.Packet{Header: rtp.Header{SequenceNumber: uint16(data[i])<<8 | uint16(data[i+1]), Marker: data[i+2]&1 == 1, Timestamp: uint32(data[i+2] >> 4)},
				Payload: data[i+2 : min(len(data), i+2+int(data[i+2]%32))]}
			a.Push(p, time.Unix(int64(i), 0))
		}
	})
}

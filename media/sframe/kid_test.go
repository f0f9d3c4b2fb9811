package sframe

import "testing"

func TestKIDPacks(t *testing.T) {
	for _, c := range []struct {
		kid  KID
		want uint64
	}{
		{KID{}, 0},
		{KID{Stream: 1}, 1},
		{KID{Index: 1}, 1 << 16},
		{KID{Epoch: 1}, 1 << 28},
		{KID{Term: 1}, 1 << 52},
		{KID{Term: 0xabc, Epoch: 0xdef012, Index: 0x345, Stream: 0x6789}, 0xabcdef0123456789},
		{KID{Term: MaxTerm - 1, Epoch: MaxEpoch - 1, Index: MaxIndex - 1, Stream: 1<<16 - 1}, 1<<64 - 1},
	} {
		got, err := c.kid.Pack()
		if err != nil || got != c.want || UnpackKID(got) != c.kid {
			t.Errorf("%v packs to %#x, %v, and back to %v; want %#x", c.kid, got, err, UnpackKID(got), c.want)
		}
	}
	for _, kid := range []KID{{Term: MaxTerm}, {Epoch: MaxEpoch}, {Index: MaxIndex}} {
		if got, err := kid.Pack(); err == nil {
			t.Errorf("%v packs to %#x", kid, got)
		}
	}
}

package meeting

import (
	"bytes"
	"reflect"
	"testing"
)

func someBatch() batch {
	return batch{Run: 3, Number: 9, Notes: []note{
		{What: noteOpen, Sessions: []uint64{1}, Meeting: "M-1", Data: []byte{}},
		{What: notePush, Sessions: []uint64{1, 2, 3}, Data: []byte("a key of a standard meeting")},
		{What: noteRange, Sessions: []uint64{2}, From: 7, To: 8, Data: []byte{}}}}
}

// TestCourier holds that what goes between nodes can be read and made by nobody who lacks the master key, and cannot be turned round.
func TestCourier(t *testing.T) {
	key := random32()
	c := NewMaster(key).courier
	sealed := c.seal("1", "2", someBatch())
	if bytes.Contains(sealed, []byte("standard meeting")) {
		t.Error("it is not sealed")
	}
	if got, err := NewMaster(key).courier.open("1", "2", sealed); err != nil || !reflect.DeepEqual(got, someBatch()) {
		t.Errorf("%+v, %v", got, err)
	}
	for name, open := range map[string]func() (batch, error){
		"another master key": func() (batch, error) { return NewMaster(random32()).courier.open("1", "2", sealed) },
		"the way back":       func() (batch, error) { return c.open("2", "1", sealed) },
		"another node":       func() (batch, error) { return c.open("1", "3", sealed) },
		"a wrapped key":      func() (batch, error) { return c.open("1", "2", NewMaster(key).wrap("M-1", 1, key)) },
		"a changed byte":     func() (batch, error) { x := bytes.Clone(sealed); x[40] ^= 1; return c.open("1", "2", x) },
		"nothing":            func() (batch, error) { return c.open("1", "2", nil) },
	} {
		if _, err := open(); err == nil {
			t.Errorf("it opens for %s", name)
		}
	}
}

func FuzzBatch(f *testing.F) {
	f.Add(encode(someBatch()))
	f.Add(encode(batch{}))
	f.Add(encode(batch{Run: 1, Number: 1, Notes: []note{{What: lastNote + 1}}}))
	f.Fuzz(func(t *testing.T, in []byte) {
		b, err := decodeBatch(in)
		if err == nil && !bytes.Equal(encode(b), in) {
			t.Errorf("%x became %x", in, encode(b))
		}
	})
}

package triage_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"
	"testing/iotest"

	"github.com/proffer/proffer/triage"
)

func TestChunks(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("proffer "), triage.ChunkSize/4) // two chunks
	data = append(data, "and a bit"...)
	list := triage.Chunks(nil).Append(data)
	if !list.Fit(int64(len(data))) || list.Fit(2*triage.ChunkSize) || list.Fit(3*triage.ChunkSize+1) || list.At(2) != sha256.Sum256([]byte("and a bit")) || list.At(0) != list.At(1) {
		t.Errorf("the list is %x", list)
	}
	if again := triage.Chunks(nil).Append(data[:triage.ChunkSize]).Append(data[triage.ChunkSize:]); !bytes.Equal(again, list) {
		t.Error("a list that was made in two steps is another one")
	}
	// Computed by another program from what the comment of Sum says.
	if got := triage.Chunks(nil).Append([]byte("bytes")).Sum(5).String(); got != "54c89c297b5f5b557c2aff914dffc0bb7564cfd06229159829d7984d9ff1cffe" {
		t.Errorf("the sum is %s", got)
	}
	if list.Sum(int64(len(data))) == list.Sum(int64(len(data))-1) {
		t.Error("the sum says nothing of the size")
	}
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, triage.ChunkSize - 1, triage.ChunkSize, 2*triage.ChunkSize + 5} {
		data := bytes.Repeat([]byte{7}, size)
		b := triage.Blob{SHA256: sha256.Sum256(data), Size: int64(size)}
		list, err := triage.Measure(iotest.HalfReader(bytes.NewReader(data)), b)
		if err != nil || !bytes.Equal(list, triage.Chunks(nil).Append(data)) {
			t.Errorf("%d bytes: %v", size, err)
		}
		data[size/2]++
		for name, wrong := range map[string][]byte{"changed": data, "shorter": data[1:], "longer": append(data[:size:size], 0), "nothing": nil} {
			if _, err := triage.Measure(bytes.NewReader(wrong), b); !errors.Is(err, triage.ErrAltered) {
				t.Errorf("%d bytes, %s: %v", size, name, err)
			}
		}
		broken := errors.New("broken")
		if _, err := triage.Measure(iotest.ErrReader(broken), b); !errors.Is(err, broken) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

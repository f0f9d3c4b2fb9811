package triage

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// ChunkSize is how many bytes of an original one digest vouches for; the last chunk is what is left. A range costs the
// chunks it touches, and a stream holds one: BenchmarkChunkSize in storage/objects shows that larger ones gain nothing.
const ChunkSize = 1 << 20

// Chunks are the SHA-256 digests of an original's chunks, in order, 32 bytes each. With them a range of an original can be
// checked without reading the whole.
type Chunks []byte

// ChunksContext begins what Chunks.Sum hashes; no context string of triage/custody is equal to it or a prefix of it.
const ChunksContext = "proffer chunks v1"

// Append adds the digests of data, which begins with a chunk and ends with one or with the original.
func (c Chunks) Append(data []byte) Chunks {
	for chunk := range slices.Chunk(data, ChunkSize) {
		sum := sha256.Sum256(chunk)
		c = append(c, sum[:]...)
	}
	return c
}

// Fit reports whether the list is as long as an original of that size wants it.
func (c Chunks) Fit(size int64) bool {
	return int64(len(c)) == (size+ChunkSize-1)/ChunkSize*sha256.Size
}

// At is the digest of the chunk of that number, from 0.
func (c Chunks) At(number int64) SHA256 {
	return SHA256(c[number*sha256.Size:][:sha256.Size])
}

// Sum is the digest by which the custody log holds the list of an original of that size. It is the SHA-256 of
//
//	ChunksContext || "\n"
//	size of the original, ChunkSize       8 bytes each, big endian
//	the digests                           32 bytes each
func (c Chunks) Sum(size int64) SHA256 {
	b := append([]byte(ChunksContext), '\n')
	b = binary.BigEndian.AppendUint64(b, uint64(size))
	b = binary.BigEndian.AppendUint64(b, ChunkSize)
	return sha256.Sum256(append(b, c...))
}

// Measure reads an original to its end and lists its chunks; Altered where the whole is not the one that was sealed.
func Measure(r io.Reader, b Blob) (Chunks, error) {
	var list Chunks
	whole, chunk := sha256.New(), make([]byte, min(ChunkSize, b.Size+1))
	for read := int64(0); ; {
		n, err := io.ReadFull(r, chunk)
		whole.Write(chunk[:n])
		list = list.Append(chunk[:n])
		if read += int64(n); read > b.Size {
			return nil, AlteredOriginal(b, "there are more than %d bytes", b.Size)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if sum := SHA256(whole.Sum(nil)); sum != b.SHA256 {
		return nil, AlteredOriginal(b, "what is there has the SHA-256 %s", sum)
	}
	return list, nil
}

// WhyAltered is what people are told of an original whose bytes are not those that were sealed.
const WhyAltered = "The original of this clip is not what was sealed: its bytes were changed in the evidence store, or are gone from it. " +
	"It is not shown. Do not rely on this clip; tell an administrator."

// AlteredOriginal is the error that says so. What is wrong is for the log only.
func AlteredOriginal(b Blob, wrong string, args ...any) error {
	e := Errorf(Altered, WhyAltered)
	e.Err = fmt.Errorf("original %s: "+wrong, append([]any{b.SHA256}, args...)...)
	return e
}

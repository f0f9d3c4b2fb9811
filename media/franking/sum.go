package franking

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// sum makes commitments of one origin. Its buffers are kept, so that a frame costs no allocation.
type sum struct {
	hash  hash.Hash
	first [sha256.BlockSize]byte
	buf   []byte
	out   [sha256.Size]byte
}

func newSum() sum { return sum{hash: sha256.New()} }

// of sets the first block: the context, padded with zeros, and the hash of the origin.
func (s *sum) of(o *Origin) {
	s.first = [sha256.BlockSize]byte{}
	copy(s.first[:], contextCommitment)
	origin := sha256.Sum256(o.appendTo(nil))
	copy(s.first[32:], origin[:])
}

func (s *sum) commit(opening *[32]byte, counter, time uint64, what byte, frame []byte) [sha256.Size]byte {
	s.buf = append(s.buf[:0], opening[:]...)
	s.buf = binary.BigEndian.AppendUint64(s.buf, counter)
	s.buf = binary.BigEndian.AppendUint64(s.buf, time)
	s.buf = append(s.buf, what)
	s.hash.Reset()
	s.hash.Write(s.first[:])
	s.hash.Write(s.buf)
	s.hash.Write(frame)
	s.hash.Sum(s.out[:0])
	return s.out
}

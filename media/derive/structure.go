package derive

import (
	"encoding/binary"
	"fmt"
	"io"
)

// maxParts bounds the walk over a file's top level; a fragmented MP4 of two hours has about 15,000 boxes.
const maxParts = 200_000

// structureNotes walks the top level of a clip and says, in words, where it is cut short and what hangs on behind it.
// Neither is a reason to refuse evidence; both are worth knowing: a file with a tail may be something else to other
// programs.
func structureNotes(r io.ReaderAt, size int64, c Container) ([]string, error) {
	step := ebmlStep
	if c == MP4 || c == QuickTime {
		step = boxStep
	}
	for at, parts := int64(0), 0; at < size; parts++ {
		if parts == maxParts {
			return []string{"The file has more parts than are looked at; what comes after them was not checked."}, nil
		}
		var head [16]byte
		n, err := r.ReadAt(head[:min(16, size-at)], at)
		if err != nil && (err != io.EOF || n == 0) {
			return nil, fmt.Errorf("reading the staged clip: %w", err)
		}
		length, known := step(head[:n], size-at)
		switch {
		case !known:
			return []string{fmt.Sprintf("From byte %d on, the file holds %d bytes that do not belong to the clip: it may be "+
				"another kind of file in disguise.", at, size-at)}, nil
		case length > uint64(size-at):
			return []string{fmt.Sprintf("The file is cut short: its last part is %d bytes longer than what is there.",
				length-uint64(size-at))}, nil
		}
		at += int64(length)
	}
	return nil, nil
}

// boxStep is the length of the MP4 box that begins with head (ISO/IEC 14496-12 §4.2); rest is what is left of the file.
func boxStep(head []byte, rest int64) (length uint64, known bool) {
	if len(head) < 8 || !topLevelBox[string(head[4:8])] {
		return 0, false
	}
	length, least := uint64(binary.BigEndian.Uint32(head)), uint64(8)
	switch {
	case length == 0:
		return uint64(rest), true
	case length == 1 && len(head) == 16:
		length, least = binary.BigEndian.Uint64(head[8:]), 16
	}
	return length, length >= least
}

// ebmlStep is the length of the EBML element that begins with head, one that may stand at the top of a Matroska file.
func ebmlStep(head []byte, rest int64) (length uint64, known bool) {
	id, n := ebmlID(head)
	if n == 0 || (id != 0x1a45dfa3 && id != idSegment && id != idVoid && id != idCRC32) {
		return 0, false
	}
	size, m := ebmlSize(head[n:])
	if m == 0 {
		return 0, false
	}
	if size == ebmlUnknown {
		return uint64(rest), true
	}
	return size + uint64(n+m), true // at most 2^56 + 12
}

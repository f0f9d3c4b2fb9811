package export

import (
	"bytes"
	"encoding/binary"
)

var ebmlMagic = []byte{0x1a, 0x45, 0xdf, 0xa3}

// looksLikeBoxes reports whether a file begins as MP4 and its relatives do: a size and a type.
func looksLikeBoxes(head []byte) bool {
	if len(head) < 8 {
		return false
	}
	switch string(head[4:8]) {
	case "ftyp", "styp", "moov", "moof", "mdat", "free", "skip", "wide", "pnot", "sidx", "uuid", "pssh":
		return true
	}
	return false
}

// boxScan walks the top level of an MP4 (ISO/IEC 14496-12 section 4.2) and looks for protection boxes in everything but
// the media data, by their whole fixed shape, so that sample tables and the like cannot look like one by chance. Where
// the structure breaks off, everything that follows is looked at.
type boxScan struct {
	head  []byte // of the box that begins
	left  uint64 // bytes of the present box still to come
	media bool   // the present box is media data
	toEnd bool   // the present box lasts to the end of the file, or the structure broke off
	tail  []byte // last bytes looked at
}

func (s *boxScan) write(p []byte) *keyFound {
	for len(p) > 0 {
		if s.left == 0 && !s.toEnd {
			s.head, p = append(s.head, p[0]), p[1:]
			if s.begin() {
				if found := s.look(s.head); found != nil {
					return found
				}
				s.head = nil
			}
			continue
		}
		n := len(p)
		if !s.toEnd && uint64(n) > s.left {
			n = int(s.left)
		}
		if !s.media {
			if found := s.look(p[:n]); found != nil {
				return found
			}
		}
		if !s.toEnd {
			s.left -= uint64(n)
		}
		p = p[n:]
	}
	return nil
}

// begin reports whether the header of a box is whole, and then what lies ahead.
func (s *boxScan) begin() bool {
	if len(s.head) < 8 {
		return false
	}
	size, header := uint64(binary.BigEndian.Uint32(s.head)), uint64(8)
	kind := s.head[4:8]
	if size == 1 {
		if len(s.head) < 16 {
			return false
		}
		size, header = binary.BigEndian.Uint64(s.head[8:]), 16
	}
	s.media = string(kind) == "mdat"
	switch {
	case size == 0:
		s.toEnd = true
	case size < header || !printable(kind):
		s.toEnd, s.media = true, false
	default:
		s.left = size - header
	}
	return true
}

func printable(b []byte) bool {
	for _, c := range b {
		if (c < 0x20 || c > 0x7e) && c != 0xa9 {
			return false
		}
	}
	return true
}

// boxReach is how many bytes a protection box's shape takes: size, type, and the 16 bytes of a UUID.
const boxReach = 24

func (s *boxScan) look(p []byte) *keyFound {
	b := append(s.tail, p[:min(len(p), boxReach)]...)
	for _, part := range [][]byte{b, p} {
		if found := protection(part); found != nil {
			return found
		}
	}
	if len(p) > boxReach {
		b = p
	}
	s.tail = bytes.Clone(b[max(0, len(b)-boxReach+1):])
	return nil
}

// The UUIDs of PIFF's forms of pssh and tenc.
var (
	piffPSSH = []byte("\xd0\x8a\x4f\x18\x10\xf3\x4a\x82\xb6\xc8\x32\xd8\xab\xa1\x83\xd3")
	piffTENC = []byte("\x89\x74\xdb\xce\x7b\xe7\x4c\x51\x84\xf9\x71\x48\xf9\x88\x25\x54")
)

func protection(b []byte) *keyFound {
	if at, ok := boxAt(b, "pssh", func(size uint32, rest []byte) bool { return size >= 32 && size < 1<<24 && fullBox(rest) }); ok {
		return at
	}
	if at, ok := boxAt(b, "tenc", func(size uint32, rest []byte) bool { return size >= 32 && size <= 49 && fullBox(rest) }); ok {
		return at
	}
	at, _ := boxAt(b, "uuid", func(_ uint32, rest []byte) bool {
		return bytes.HasPrefix(rest, piffPSSH) || bytes.HasPrefix(rest, piffTENC)
	})
	return at
}

// fullBox reports whether a version of 0 or 1 and no flags follow.
func fullBox(rest []byte) bool {
	return len(rest) >= 4 && rest[0] <= 1 && rest[1] == 0 && rest[2] == 0 && rest[3] == 0
}

func boxAt(b []byte, kind string, shape func(size uint32, rest []byte) bool) (*keyFound, bool) {
	for from := 4; from < len(b); {
		i := bytes.Index(b[from:], []byte(kind))
		if i < 0 {
			break
		}
		if at := from + i; shape(binary.BigEndian.Uint32(b[at-4:]), b[at+4:]) {
			return &keyFound{"the MP4 box “" + kind + "” of encrypted media"}, true
		}
		from += i + 1
	}
	return nil, false
}

// EBML IDs on the way to ContentEncryption (RFC 9559 section 5.1.4).
const (
	idTracks            = 0x1654AE6B
	idTrackEntry        = 0xAE
	idContentEncodings  = 0x6D80
	idContentEncoding   = 0x6240
	idContentEncryption = 0x5035
	idVoid              = 0xEC
	idCRC32             = 0xBF
)

// maxProbes bounds how many Tracks elements may be open at once; a real file has one.
const maxProbes = 64

// trackScan looks for ContentEncryption in a Matroska file. It does not rely on the file's outer structure, which may be
// broken or misleading: each place that holds the four bytes of the ID Tracks is read on from as a Tracks element, until
// that makes no sense.
type trackScan struct {
	last   uint32
	probes []*probe
}

func (s *trackScan) write(p []byte) *keyFound {
	from := 0
	for from < len(p) {
		to, hit := s.next(p, from)
		live := s.probes[:0]
		for _, pr := range s.probes {
			alive, found := pr.write(p[from:to])
			if found {
				return &keyFound{"the element ContentEncryption of an encrypted WebM or Matroska track"}
			}
			if alive {
				live = append(live, pr)
			}
		}
		s.probes = live
		if hit {
			if len(s.probes) == maxProbes {
				return &keyFound{"so many Tracks elements that they cannot be looked through"}
			}
			s.probes = append(s.probes, &probe{sizing: true, id: idTracks})
		}
		from = to
	}
	return nil
}

// next finds the end of the next ID of Tracks after from; hit is false where p ends first.
func (s *trackScan) next(p []byte, from int) (to int, hit bool) {
	for to = from; to < len(p) && to < from+3; to++ { // an ID that began in the bytes before
		s.last = s.last<<8 | uint32(p[to])
		if s.last == idTracks {
			s.last = 0
			return to + 1, true
		}
	}
	i := bytes.Index(p[from:], []byte{0x16, 0x54, 0xAE, 0x6B})
	if i >= 0 {
		s.last = 0
		return from + i + 4, true
	}
	if len(p)-from > 3 { // else the loop above has seen them all
		s.last = binary.BigEndian.Uint32(p[len(p)-4:])
	}
	return len(p), false
}

// probe reads what follows the ID of a Tracks element, flat: masters on the way are entered, everything else is skipped.
type probe struct {
	id     uint32
	sizing bool   // the ID is read, its size comes next
	num    uint64 // the number being read
	more   int    // bytes of it still to come
	skip   uint64
	inside uint32 // the innermost master entered
}

func (p *probe) write(b []byte) (alive, found bool) {
	for len(b) > 0 {
		if p.skip > 0 {
			n := min(p.skip, uint64(len(b)))
			p.skip -= n
			b = b[n:]
			continue
		}
		c := b[0]
		b = b[1:]
		if p.more == 0 {
			length := vintLength(c)
			if length == 0 || !p.sizing && length > 4 {
				return false, false
			}
			p.num, p.more = uint64(c), length-1
			if p.sizing {
				p.num &^= 0x80 >> (length - 1)
			}
		} else {
			p.num = p.num<<8 | uint64(c)
			p.more--
		}
		if p.more > 0 {
			continue
		}
		if !p.sizing {
			p.id, p.sizing = uint32(p.num), true
			if p.inside == idContentEncoding && p.id == idContentEncryption {
				return false, true
			}
			continue
		}
		p.sizing = false
		if !p.enter() {
			return false, false
		}
	}
	return true, false
}

// enter decides what to do with an element whose ID and size are read; false ends the probe.
func (p *probe) enter() bool {
	switch {
	case p.id == idTracks && p.inside == 0,
		p.id == idTrackEntry,
		p.id == idContentEncodings && p.inside != idTracks,
		p.id == idContentEncoding && p.inside != idTracks && p.inside != idTrackEntry:
		p.inside = p.id
		return true
	case p.inside == idTracks && p.id != idVoid && p.id != idCRC32, p.id >= 1<<24:
		return false // only track entries stand in Tracks; IDs of four bytes are of the level above
	}
	p.skip = p.num
	return true
}

// vintLength is how many bytes a number takes that starts with c (RFC 8794 section 4.1), or 0.
func vintLength(c byte) int {
	for i := range 8 {
		if c&(0x80>>i) != 0 {
			return i + 1
		}
	}
	return 0
}

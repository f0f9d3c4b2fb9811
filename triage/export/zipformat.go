package export

import (
	"encoding/binary"
	"strings"
	"time"
)

// The archive, byte by byte (APPNOTE.TXT 6.3.10; little-endian). Every file is stored, never compressed; there is no
// extra field but the one for places beyond 4 GiB, no comment, no gap, one time for all files.
//
//	per file:     local header (4.3.7), 30 bytes and the name; the data; for streamed files a data descriptor (4.3.9)
//	then:         central headers (4.3.12), 46 bytes and the name each, + 12 where the file starts beyond 4 GiB
//	then:         if the central headers start beyond 4 GiB: zip64 end record (4.3.14), 56 bytes, and locator (4.3.15), 20
//	then:         end record (4.3.16), 22 bytes
//
// A file is streamed if its checksum is not known before its data is written: clips and what was made of them. Its local
// header then holds zeros in place of checksum and sizes, and flag 3 says so.
const (
	sigLocal      = 0x04034b50
	sigDescriptor = 0x08074b50
	sigCentral    = 0x02014b50
	sigEnd64      = 0x06064b50
	sigLocator64  = 0x07064b50
	sigEnd        = 0x06054b50

	flagStreamed   = 1 << 3
	versionPlain   = 20
	version64      = 45
	madeOnUnix     = 3 << 8
	unixFile       = 0o100644 << 16
	beyond32       = 0xffffffff
	descriptorSize = 16
	localSize      = 30
	centralSize    = 46
	extra64Size    = 12
	end64Size      = 56
	locator64Size  = 20
	endSize        = 22

	maxFiles     = 4096           // files of one package
	maxPath      = 200            // bytes of a name
	maxFileBytes = beyond32 - 1   // bytes of one file: a clip is 512 MiB at most
	maxArchive   = int64(1) << 50 // bytes; keeps sums far from overflow
)

// zipFile is one file of the archive.
type zipFile struct {
	name   string // with the bag's folder
	crc    uint32 // CRC-32 (IEEE)
	size   int64
	offset int64 // of the local header
}

// isMedia tells files that came from outside, or were made of such, from the package's own documents.
func isMedia(path string) bool {
	return strings.HasPrefix(path, "data/original/") || strings.HasPrefix(path, "data/proof/") || strings.HasPrefix(path, "data/derivative/")
}

// streamed says for a name, and so for writer and reader alike, whether a descriptor follows the data.
func (f zipFile) streamed() bool {
	_, path, _ := strings.Cut(f.name, "/")
	return isMedia(path)
}

func (f zipFile) dataOffset() int64 { return f.offset + localSize + int64(len(f.name)) }

// next is where the following local header starts.
func (f zipFile) next() int64 {
	n := f.dataOffset() + f.size
	if f.streamed() {
		n += descriptorSize
	}
	return n
}

func (f zipFile) flags() uint16 {
	if f.streamed() {
		return flagStreamed
	}
	return 0
}

func (f zipFile) local(date uint32) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(make([]byte, 0, localSize+len(f.name)), sigLocal)
	b = le.AppendUint16(b, versionPlain)
	b = le.AppendUint16(b, f.flags())
	b = le.AppendUint16(b, 0) // stored
	b = le.AppendUint32(b, date)
	crc, size := f.crc, uint32(f.size)
	if f.streamed() {
		crc, size = 0, 0
	}
	b = le.AppendUint32(b, crc)
	b = le.AppendUint32(b, size)
	b = le.AppendUint32(b, size)
	b = le.AppendUint16(b, uint16(len(f.name)))
	b = le.AppendUint16(b, 0)
	return append(b, f.name...)
}

func (f zipFile) descriptor() []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, sigDescriptor)
	b = le.AppendUint32(b, f.crc)
	b = le.AppendUint32(b, uint32(f.size))
	return le.AppendUint32(b, uint32(f.size))
}

func (f zipFile) central(date uint32) []byte {
	le := binary.LittleEndian
	version, offset, extra := uint16(versionPlain), uint32(beyond32), []byte(nil)
	if f.offset < beyond32 {
		offset = uint32(f.offset)
	} else {
		version = version64
		extra = le.AppendUint64([]byte{1, 0, 8, 0}, uint64(f.offset)) // 4.5.3
	}
	b := le.AppendUint32(make([]byte, 0, centralSize+len(f.name)+len(extra)), sigCentral)
	b = le.AppendUint16(b, madeOnUnix|version)
	b = le.AppendUint16(b, version)
	b = le.AppendUint16(b, f.flags())
	b = le.AppendUint16(b, 0)
	b = le.AppendUint32(b, date)
	b = le.AppendUint32(b, f.crc)
	b = le.AppendUint32(b, uint32(f.size))
	b = le.AppendUint32(b, uint32(f.size))
	b = le.AppendUint16(b, uint16(len(f.name)))
	b = le.AppendUint16(b, uint16(len(extra)))
	b = append(b, 0, 0, 0, 0, 0, 0) // comment, disk, internal attributes
	b = le.AppendUint32(b, unixFile)
	b = le.AppendUint32(b, offset)
	return append(append(b, f.name...), extra...)
}

// zipEnd writes what follows the central headers, which start at from and take size bytes.
func zipEnd(files int, from, size int64) []byte {
	le := binary.LittleEndian
	var b []byte
	at := uint32(beyond32)
	if from < beyond32 {
		at = uint32(from)
	} else {
		b = le.AppendUint32(b, sigEnd64)
		b = le.AppendUint64(b, end64Size-12)
		b = le.AppendUint16(b, madeOnUnix|version64)
		b = le.AppendUint16(b, version64)
		b = le.AppendUint64(b, 0) // disks
		b = le.AppendUint64(b, uint64(files))
		b = le.AppendUint64(b, uint64(files))
		b = le.AppendUint64(b, uint64(size))
		b = le.AppendUint64(b, uint64(from))
		b = le.AppendUint32(b, sigLocator64)
		b = le.AppendUint32(b, 0)
		b = le.AppendUint64(b, uint64(from+size))
		b = le.AppendUint32(b, 1)
	}
	b = le.AppendUint32(b, sigEnd)
	b = le.AppendUint32(b, 0) // disks
	b = le.AppendUint16(b, uint16(files))
	b = le.AppendUint16(b, uint16(files))
	b = le.AppendUint32(b, uint32(size))
	b = le.AppendUint32(b, at)
	return le.AppendUint16(b, 0)
}

// dosDate is a time as archives write it (4.4.6): date in the high half, steps of two seconds, UTC by our convention.
func dosDate(t time.Time) uint32 {
	t = t.UTC()
	y, m, d := t.Date()
	date := uint32(y-1980)<<9 | uint32(m)<<5 | uint32(d)
	return date<<16 | uint32(t.Hour())<<11 | uint32(t.Minute())<<5 | uint32(t.Second())/2
}

// validDate reports whether archives can write the time at all.
func validDate(t time.Time) bool { return t.UTC().Year() >= 1980 && t.UTC().Year() <= 2107 }

// validName accepts plain paths: letters, digits, dots, dashes and underscores, in parts that start with a letter or a
// digit. So nothing leads out of the folder, and nothing is spelled in two ways.
func validName(s string) bool {
	if len(s) > maxPath {
		return false
	}
	for part := range strings.SplitSeq(s, "/") {
		if part == "" || !alnum(part[0]) {
			return false
		}
		for i := range len(part) {
			if c := part[i]; !alnum(c) && c != '.' && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}

func alnum(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

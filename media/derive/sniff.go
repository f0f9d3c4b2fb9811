package derive

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// Container is the file format of a clip.
type Container string

// The containers that are read. Everything else is refused by name where it is known.
const (
	WebM      Container = "webm"
	Matroska  Container = "matroska"
	MP4       Container = "mp4"
	QuickTime Container = "mov"
)

// SniffSize is how many first bytes Sniff wants to see; fewer only when the file is shorter.
const SniffSize = 4096

// Sniff tells the container from a file's first bytes. It looks at nothing but bytes: names and declared types prove
// nothing. The clip must begin at byte 0, so that a file which is something else to another program is refused. The
// error is a *DecodeError of CauseWrongType that says what the file is instead, where that can be told.
func Sniff(head []byte) (Container, error) {
	switch {
	case len(head) == 0:
		return "", wrongType("the file is empty")
	case bytes.HasPrefix(head, ebmlMagic):
		return sniffEBML(head)
	case len(head) >= 8 && string(head[4:8]) == "ftyp":
		return sniffMP4(head)
	}
	return "", wrongType("this is " + nameOf(head) + ", not a WebM or MP4 clip")
}

func wrongType(reason string) *DecodeError {
	return &DecodeError{Stage: "open", Cause: CauseWrongType, Reason: reason}
}

// magics names well-known files by their first bytes.
var magics = []struct{ magic, name string }{
	{"\x89PNG\r\n", "a PNG picture"}, {"\xff\xd8\xff", "a JPEG picture"}, {"GIF8", "a GIF picture"},
	{"PK\x03\x04", "a ZIP archive"}, {"%PDF", "a PDF document"}, {"\x7fELF", "a program"}, {"MZ", "a program"},
	{"#!", "a script"}, {"#EXTM3U", "a playlist"}, {"ffconcat", "a playlist"}, {"OggS", "an Ogg file"},
	{"fLaC", "a FLAC sound file"}, {"ID3", "an MP3 sound file"}, {"FLV", "a Flash video"}, {"\x1f\x8b", "a gzip archive"},
	{"\x00\x00\x01\xba", "an MPEG programme stream"}, {"\x00\x00\x01\xb3", "an MPEG video stream"},
	{"\x30\x26\xb2\x75", "a Windows Media file"}, {"Rar!", "a RAR archive"}, {"7z\xbc\xaf", "a 7z archive"},
}

func nameOf(head []byte) string {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return m.name
		}
	}
	if len(head) >= 12 && string(head[:4]) == "RIFF" {
		return riffName(string(head[8:12]))
	}
	text := bytes.ToLower(bytes.TrimLeft(head, "\ufeff \t\r\n"))
	switch {
	case bytes.HasPrefix(text, []byte("<!doctype html")) || bytes.HasPrefix(text, []byte("<html")) ||
		bytes.HasPrefix(text, []byte("<script")):
		return "a web page"
	case bytes.HasPrefix(text, []byte("<")):
		return "an XML or HTML file"
	case isText(head):
		return "a text file"
	}
	return "a file of unknown type"
}

func riffName(kind string) string {
	switch kind {
	case "AVI ":
		return "an AVI video"
	case "WAVE":
		return "a WAV sound file"
	case "WEBP":
		return "a WebP picture"
	}
	return "a RIFF file"
}

// isText says whether head is UTF-8 without control characters, apart from a last rune that was cut.
func isText(head []byte) bool {
	for len(head) > 0 {
		r, n := utf8.DecodeRune(head)
		if r == utf8.RuneError && n == 1 {
			return len(head) < utf8.UTFMax
		}
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
		head = head[n:]
	}
	return true
}

// sniffMP4 checks the ftyp box (ISO/IEC 14496-12 §4.3): size u32, "ftyp", major brand, minor version u32, brands.
func sniffMP4(head []byte) (Container, error) {
	size := int(binary.BigEndian.Uint32(head))
	if size < 16 || size > 1024 || size%4 != 0 {
		return "", wrongType("it begins like an MP4 file, but its first box has an impossible size")
	}
	if len(head) < size {
		return "", wrongType("it begins like an MP4 file and is cut short at once")
	}
	major := string(head[8:12])
	for _, c := range []byte(major) {
		if c < ' ' || c > '~' {
			return "", wrongType("it begins like an MP4 file, but names no brand")
		}
	}
	if picture[major] {
		return "", wrongType("this is a still picture (" + major + "), not a clip")
	}
	if next := head[size:]; len(next) >= 8 && !topLevelBox[string(next[4:8])] {
		return "", wrongType("it begins like an MP4 file, but goes on as something else")
	}
	if major == "qt  " {
		return QuickTime, nil
	}
	return MP4, nil
}

// picture holds the brands of still pictures in the same box format.
var picture = map[string]bool{"heic": true, "heix": true, "mif1": true, "msf1": true, "avif": true, "avis": true, "crx ": true}

// topLevelBox holds the boxes that may stand at the top of an MP4 or QuickTime file.
var topLevelBox = map[string]bool{"ftyp": true, "styp": true, "moov": true, "moof": true, "mdat": true, "free": true,
	"skip": true, "wide": true, "uuid": true, "sidx": true, "ssix": true, "pdin": true, "meta": true, "mfra": true,
	"emsg": true, "prft": true, "pnot": true}

var ebmlMagic = []byte{0x1a, 0x45, 0xdf, 0xa3}

// EBML element ids (RFC 8794 §11.2, RFC 9559 §5.1).
const (
	idEBMLMaxIDLength   = 0x42f2
	idEBMLMaxSizeLength = 0x42f3
	idDocType           = 0x4282
	idVoid              = 0xec
	idCRC32             = 0xbf
	idSegment           = 0x18538067
)

// sniffEBML checks the EBML header (RFC 8794 §11.2) and that a Segment follows it.
func sniffEBML(head []byte) (Container, error) {
	size, n := ebmlSize(head[4:])
	if n == 0 || size < 8 || size > 1024 {
		return "", wrongType("it begins like a WebM file, but its header has an impossible size")
	}
	body := head[4+n:]
	if uint64(len(body)) < size {
		return "", wrongType("it begins like a WebM file and is cut short at once")
	}
	docType, err := headerDocType(body[:size])
	if err != nil {
		return "", err
	}
	if rest := body[size:]; len(rest) >= 4 {
		if id, _ := ebmlID(rest); id != idSegment && id != idVoid && id != idCRC32 {
			return "", wrongType("it begins like a WebM file, but goes on as something else")
		}
	}
	switch docType {
	case "webm":
		return WebM, nil
	case "matroska":
		return Matroska, nil
	}
	return "", wrongType(fmt.Sprintf("it is an EBML file of type %q, not a WebM clip", printable(docType, 32)))
}

// headerDocType walks the elements of an EBML header.
func headerDocType(b []byte) (string, error) {
	damaged := wrongType("it begins like a WebM file, but its header is damaged")
	docType := ""
	for len(b) > 0 {
		id, n := ebmlID(b)
		if n == 0 {
			return "", damaged
		}
		size, m := ebmlSize(b[n:])
		if m == 0 || size > uint64(len(b)-n-m) {
			return "", damaged
		}
		value := b[n+m : n+m+int(size)]
		switch id {
		case idDocType:
			if docType != "" {
				return "", damaged
			}
			docType = string(bytes.TrimRight(value, "\x00"))
		case idEBMLMaxIDLength, idEBMLMaxSizeLength:
			if len(value) == 0 || len(value) > 8 || value[len(value)-1] > 8 {
				return "", damaged
			}
		}
		b = b[n+m+int(size):]
	}
	if docType == "" {
		return "", damaged
	}
	return docType, nil
}

// ebmlID reads an element id of 1 to 4 bytes, marker bits kept (RFC 8794 §5); n is 0 when there is none.
func ebmlID(b []byte) (id uint32, n int) {
	if len(b) == 0 {
		return 0, 0
	}
	for n = 1; n <= 4; n++ {
		if b[0]&(0x80>>(n-1)) != 0 {
			break
		}
	}
	if n > 4 || len(b) < n {
		return 0, 0
	}
	for _, c := range b[:n] {
		id = id<<8 | uint32(c)
	}
	return id, n
}

// ebmlUnknown is the size of an element that ends where its parent does (RFC 8794 §6.2).
const ebmlUnknown = 1<<64 - 1

// ebmlSize reads an element data size of 1 to 8 bytes (RFC 8794 §6); n is 0 when there is none.
func ebmlSize(b []byte) (size uint64, n int) {
	if len(b) == 0 || b[0] == 0 {
		return 0, 0
	}
	for n = 1; b[0]&(0x80>>(n-1)) == 0; n++ {
	}
	if len(b) < n {
		return 0, 0
	}
	size = uint64(b[0]) & (0xff >> n)
	ones := size == 0xff>>n
	for _, c := range b[1:n] {
		size = size<<8 | uint64(c)
		ones = ones && c == 0xff
	}
	if ones {
		return ebmlUnknown, n
	}
	return size, n
}

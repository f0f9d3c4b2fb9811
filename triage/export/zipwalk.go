package export

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// errArchive is wrapped by every error that says an archive is not in its canonical form.
var errArchive = errors.New("the archive is not in its one canonical form")

// walkZip reads the structure of an archive and accepts nothing but the bytes that zipWriter writes: what it
// understands is encoded again and compared, so every byte outside of the files' data is accounted for. It reads a few
// hundred bytes a file, whatever the file claims. date is the one time of all files.
func walkZip(r io.ReaderAt, size int64) (files []zipFile, date uint32, err error) {
	from, count, err := readEnd(r, size)
	if err != nil {
		return nil, 0, err
	}
	files, date, length, err := readCentral(r, from, size, count)
	if err != nil {
		return nil, 0, err
	}
	if err := compareAt(r, from+length, size, zipEnd(count, from, length), "its end"); err != nil {
		return nil, 0, err
	}
	at := int64(0)
	seen := map[string]bool{}
	for _, f := range files {
		if key := strings.ToLower(f.name); seen[key] {
			return nil, 0, fmt.Errorf("%w: two files are called %s", errArchive, f.name)
		} else {
			seen[key] = true
		}
		if f.offset != at || f.next() > from {
			return nil, 0, fmt.Errorf("%w: %s does not start where the file before it ends", errArchive, f.name)
		}
		if err := compare(r, at, f.local(date), "the header of "+f.name); err != nil {
			return nil, 0, err
		}
		if f.streamed() {
			if err := compare(r, f.dataOffset()+f.size, f.descriptor(), "what follows "+f.name); err != nil {
				return nil, 0, err
			}
		}
		at = f.next()
	}
	if at != from {
		return nil, 0, fmt.Errorf("%w: %d bytes belong to no file", errArchive, from-at)
	}
	return files, date, nil
}

// readEnd finds the central headers. It trusts nothing of what it reads beyond where to look: walkZip compares all of it.
func readEnd(r io.ReaderAt, size int64) (from int64, count int, err error) {
	if size < endSize || size > maxArchive {
		return 0, 0, fmt.Errorf("%w: it is too short or too long", errArchive)
	}
	end, err := readAt(r, size-endSize, endSize)
	if err != nil {
		return 0, 0, err
	}
	le := binary.LittleEndian
	if le.Uint32(end) != sigEnd {
		return 0, 0, fmt.Errorf("%w: it does not end as an archive does; it may be cut short or have something behind it", errArchive)
	}
	count, from = int(le.Uint16(end[10:])), int64(le.Uint32(end[16:]))
	if from == beyond32 {
		if size < endSize+locator64Size+end64Size {
			return 0, 0, fmt.Errorf("%w: its end is cut short", errArchive)
		}
		end64, err := readAt(r, size-endSize-locator64Size-end64Size, end64Size)
		if err != nil {
			return 0, 0, err
		}
		from = int64(le.Uint64(end64[48:]))
	}
	if count > maxFiles || from < 0 || from > size-endSize {
		return 0, 0, fmt.Errorf("%w: it claims too many files, or a list of files outside of itself", errArchive)
	}
	return from, count, nil
}

// readCentral reads count central headers and compares each with what zipWriter would have written.
func readCentral(r io.ReaderAt, from, size int64, count int) (files []zipFile, date uint32, length int64, err error) {
	most := int64(count) * (centralSize + maxPath + extra64Size)
	list, err := readAt(r, from, min(most, size-endSize-from))
	if err != nil {
		return nil, 0, 0, err
	}
	bad := func(i int) error { return fmt.Errorf("%w: entry %d of its list of files", errArchive, i+1) }
	for i := range count {
		b := list[length:]
		if len(b) < centralSize {
			return nil, 0, 0, bad(i)
		}
		le := binary.LittleEndian
		n := int(le.Uint16(b[28:]))
		f := zipFile{crc: le.Uint32(b[16:]), size: int64(le.Uint32(b[20:])), offset: int64(le.Uint32(b[42:]))}
		if n > maxPath || len(b) < centralSize+n {
			return nil, 0, 0, bad(i)
		}
		f.name = string(b[centralSize : centralSize+n])
		if rest := b[centralSize+n:]; f.offset == beyond32 && len(rest) >= extra64Size {
			f.offset = int64(le.Uint64(rest[4:]))
		}
		if i == 0 {
			date = le.Uint32(b[12:])
		}
		if !validName(f.name) || f.size > maxFileBytes || f.offset < 0 || f.offset > size {
			return nil, 0, 0, bad(i)
		}
		want := f.central(date)
		if len(b) < len(want) || !bytes.Equal(b[:len(want)], want) {
			return nil, 0, 0, bad(i)
		}
		length += int64(len(want))
		files = append(files, f)
	}
	return files, date, length, nil
}

// compareAt requires that what lies between at and the end of the archive is want.
func compareAt(r io.ReaderAt, at, size int64, want []byte, what string) error {
	if size-at != int64(len(want)) {
		return fmt.Errorf("%w: %d bytes where %s takes %d", errArchive, size-at, what, len(want))
	}
	return compare(r, at, want, what)
}

func compare(r io.ReaderAt, at int64, want []byte, what string) error {
	have, err := readAt(r, at, int64(len(want)))
	if err != nil {
		return err
	}
	if !bytes.Equal(have, want) {
		return fmt.Errorf("%w: %s was changed", errArchive, what)
	}
	return nil
}

func readAt(r io.ReaderAt, at, n int64) ([]byte, error) {
	b := make([]byte, n)
	got, err := r.ReadAt(b, at)
	if int64(got) == n {
		return b, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: it is cut short", errArchive)
	}
	return nil, fmt.Errorf("reading the archive: %w", err)
}

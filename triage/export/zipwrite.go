package export

import (
	"fmt"
	"hash/crc32"
	"io"
)

// zipWriter writes an archive in its one canonical form, in one pass.
type zipWriter struct {
	w     io.Writer
	at    int64
	date  uint32
	files []zipFile
}

func (z *zipWriter) write(b []byte) error {
	n, err := z.w.Write(b)
	z.at += int64(n)
	return err
}

// add writes a file whose bytes are at hand.
func (z *zipWriter) add(name string, data []byte) error {
	f := zipFile{name: name, crc: crc32.ChecksumIEEE(data), size: int64(len(data)), offset: z.at}
	if f.streamed() {
		return fmt.Errorf("%s has to be streamed", name)
	}
	if err := z.begin(f); err != nil {
		return err
	}
	return z.write(data)
}

func (z *zipWriter) begin(f zipFile) error {
	if !validName(f.name) || len(z.files) == maxFiles || f.size > maxFileBytes {
		return fmt.Errorf("%s cannot go into the archive: its name, its size or the number of files is out of bounds", f.name)
	}
	z.files = append(z.files, f)
	return z.write(f.local(z.date))
}

// stream begins a file whose bytes are written to the returned writer; end ends it.
func (z *zipWriter) stream(name string) (w io.Writer, end func() error, err error) {
	f := zipFile{name: name, offset: z.at}
	if err := z.begin(f); err != nil {
		return nil, nil, err
	}
	body := &zipBody{z: z}
	return body, func() error {
		f.crc, f.size = body.crc, body.size
		z.files[len(z.files)-1] = f
		if f.size > maxFileBytes {
			return fmt.Errorf("%s is too long for the archive", name)
		}
		return z.write(f.descriptor())
	}, nil
}

type zipBody struct {
	z    *zipWriter
	crc  uint32
	size int64
}

func (b *zipBody) Write(p []byte) (int, error) {
	b.crc = crc32.Update(b.crc, crc32.IEEETable, p)
	b.size += int64(len(p))
	return len(p), b.z.write(p)
}

// close writes the central headers and the end.
func (z *zipWriter) close() error {
	from := z.at
	for _, f := range z.files {
		if err := z.write(f.central(z.date)); err != nil {
			return err
		}
	}
	return z.write(zipEnd(len(z.files), from, z.at-from))
}

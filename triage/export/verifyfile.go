package export

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/proffer/proffer/triage/custody"
)

// VerifyReceipt checks a capture receipt. With nil keys nothing is known of its signer. clips are files at hand that are
// to be the ones it names; there may be none.
func VerifyReceipt(data []byte, keys custody.PublicKeys, clips ...custody.Clip) *Verdict {
	v := &Verdict{What: "receipt", Holds: true, SignerKnown: keys != nil}
	var r custody.Receipt
	var signer string
	var err error
	if keys == nil {
		r, signer, err = custody.ReadReceipt(data)
	} else {
		r, signer, err = custody.OpenReceipt(data, keys.Verifiers(custody.RoleReceipt))
	}
	if err != nil {
		v.SignerKnown = false
		v.fails("%s", sentence(err.Error()))
		return v
	}
	if keys == nil {
		v.unknown("It says that %s signed it; without a key that cannot be checked.", signer)
	} else {
		v.holds("It is signed by %s, a key from your key file, and unchanged.", signer)
	}
	v.remark("It says that report %s was received on %s with %s.", r.Report, printTime(r.Time), plural(len(r.Clips), "1 clip", "clips"))
	for i, c := range r.Clips {
		v.remark("Clip %d: %s bytes, SHA-256 %x.", i+1, thousands(c.Size), c.SHA256)
	}
	for _, have := range clips {
		v.clip(r, have)
	}
	return v
}

func (v *Verdict) clip(r custody.Receipt, have custody.Clip) {
	for i, c := range r.Clips {
		if c == have {
			v.holds("The file is clip %d of the receipt, byte for byte.", i+1)
			return
		}
	}
	v.fails("The file is none of the receipt's clips: it has %s bytes and SHA-256 %x.", thousands(have.Size), have.SHA256)
}

// FileOptions are what `proffer verify` is told besides the file.
type FileOptions struct {
	Key  string // path of PLATFORM.pub, or ""
	Clip string // path of a clip that is held against a receipt, or ""

	Proofs ProofKeys // with which stamps in a package's proofs are checked, or nil
}

// VerifyFile is `proffer verify [--key PLATFORM.pub] [--clip CLIP] FILE`: it finds out whether the file is a package, the
// folder of an unpacked package, or a receipt, and checks it. An error means that a file could not be read, or that the
// key file is none; its text is for people.
func VerifyFile(ctx context.Context, path string, o FileOptions) (*Verdict, error) {
	var keys custody.PublicKeys
	if o.Key != "" {
		b, err := readOrdinary(o.Key)
		if err != nil {
			return nil, fmt.Errorf("reading the key file: %w", err)
		}
		if keys, err = custody.ParsePublicKeys(b); err != nil {
			return nil, fmt.Errorf("%s: %w", o.Key, err)
		}
	}
	f, info, err := openOrdinary(path)
	if err != nil {
		return nil, fmt.Errorf("opening the file: %w", err)
	}
	defer f.Close()
	head := make([]byte, len(custody.ReceiptContext)+1)
	if !info.IsDir() {
		if n, err := f.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("reading the file: %w", err)
		} else {
			head = head[:n]
		}
	}
	isReceipt := string(head) == custody.ReceiptContext+"\n"
	switch {
	case o.Proofs != nil && isReceipt:
		return nil, errors.New("the keys of proofs are for a package, for a clip with its proof, or for a file of lines; the file is a receipt")
	case o.Clip != "" && !isReceipt:
		return nil, errors.New("a clip can be held against a receipt only; the file is none")
	case info.IsDir():
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, fmt.Errorf("finding the folder's name: %w", err)
		}
		return VerifyFolder(ctx, os.DirFS(path), filepath.Base(abs), keys, o.Proofs)
	case isReceipt:
		return receiptFile(ctx, f, keys, o.Clip)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return Verify(ctx, f, info.Size(), keys, o.Proofs)
	}
	v := &Verdict{What: "file"}
	v.fails("It is neither a law-enforcement package of Proffer nor a receipt, or its beginning was changed.")
	return v, nil
}

// openOrdinary opens a file or a folder. Anything else is refused before it is opened: a pipe would keep whoever opens it
// until somebody writes, and a device may never end.
func openOrdinary(path string) (*os.File, os.FileInfo, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		err = fmt.Errorf("%s is not an ordinary file; save it as one first", path)
	}
	if err != nil {
		return nil, nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	if info, err = f.Stat(); err != nil { // of what was opened
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}

// Limits of what is read into memory, in bytes.
const (
	maxReceipt = 1 << 20
	maxKeyFile = 1 << 20
)

func readOrdinary(path string) ([]byte, error) {
	f, _, err := openOrdinary(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxKeyFile))
}

func receiptFile(ctx context.Context, f io.Reader, keys custody.PublicKeys, clip string) (*Verdict, error) {
	data, err := io.ReadAll(io.LimitReader(f, maxReceipt+1))
	if err != nil {
		return nil, fmt.Errorf("reading the receipt: %w", err)
	}
	if clip == "" {
		return VerifyReceipt(data, keys), nil
	}
	c, _, err := openOrdinary(clip)
	if err != nil {
		return nil, fmt.Errorf("opening the clip: %w", err)
	}
	defer c.Close()
	h, size := sha256.New(), int64(0)
	if err := newPump().run(ctx, c, func(n int) { size += int64(n) }, h); err != nil {
		return nil, fmt.Errorf("reading the clip: %w", err)
	}
	return VerifyReceipt(data, keys, custody.Clip{SHA256: [sha256.Size]byte(h.Sum(nil)), Size: size}), nil
}

package triage

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/proffer/proffer/media/clip"
)

// IsLines reports whether an exhibit is a file of lines, by its content: its name is the reporter's.
func (d *Desk) IsLines(ctx context.Context, x Exhibit) (bool, error) {
	original, err := d.OpenSealed(ctx, x)
	if err != nil {
		return false, err
	}
	defer original.Close()
	head := make([]byte, clip.HeadOfLines)
	n, err := io.ReadFull(original, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, fmt.Errorf("reading the beginning of %s: %w", x.ID, err)
	}
	return clip.AreLines(head[:n]), nil
}

// verifyLines verifies a file of lines, once the whole of it turned out to be what was sealed.
func (d *Desk) verifyLines(ctx context.Context, x Exhibit, platform clip.Platform) (*clip.LinesVerdict, error) {
	original, err := d.OpenSealed(ctx, x)
	if err != nil {
		return nil, err
	}
	defer original.Close()
	sum := sha256.New()
	whole := io.TeeReader(original, sum)
	data, err := io.ReadAll(io.LimitReader(whole, clip.MaxProof+1)) // what is longer is refused by its length
	if err == nil {
		_, err = io.Copy(io.Discard, whole)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", x.ID, err)
	}
	if [32]byte(sum.Sum(nil)) != x.SHA256 {
		return nil, AlteredOriginal(Blob{SHA256: x.SHA256}, "its chunks agree, and the whole does not")
	}
	v, err := clip.VerifyLines(data, platform)
	if err != nil {
		return nil, fmt.Errorf("verifying %s: %w", x.ID, err)
	}
	return &v, nil
}

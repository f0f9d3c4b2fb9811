package postgres

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/proffer/proffer/media/meeting"
)

// optTime keeps a time whose zero value stands for "not yet" or "never" as NULL.
type optTime struct{ p *time.Time }

// ScanTimestamptz implements pgtype.TimestamptzScanner.
func (o optTime) ScanTimestamptz(v pgtype.Timestamptz) error {
	*o.p = time.Time{}
	if v.Valid {
		*o.p = v.Time.UTC()
	}
	return nil
}

// TimestamptzValue implements pgtype.TimestamptzValuer.
func (o optTime) TimestamptzValue() (pgtype.Timestamptz, error) {
	return pgtype.Timestamptz{Time: *o.p, Valid: !o.p.IsZero()}, nil
}

// optText keeps a text whose "" stands for "none" as NULL, so that it can be a foreign key.
type optText[T ~string] struct{ p *T }

func opt[T ~string](p *T) optText[T] { return optText[T]{p} }

// ScanText implements pgtype.TextScanner.
func (o optText[T]) ScanText(v pgtype.Text) error {
	*o.p = T(v.String)
	return nil
}

// TextValue implements pgtype.TextValuer.
func (o optText[T]) TextValue() (pgtype.Text, error) {
	return pgtype.Text{String: string(*o.p), Valid: *o.p != ""}, nil
}

// digest keeps 32 bytes; all zeros stand for "none" and are NULL.
type digest[T ~[32]byte] struct{ p *T }

func hash[T ~[32]byte](p *T) digest[T] { return digest[T]{p} }

// ScanBytes implements pgtype.BytesScanner.
func (d digest[T]) ScanBytes(b []byte) error {
	*d.p = T{}
	if b != nil && len(b) != 32 {
		return fmt.Errorf("a digest of %d bytes in the database; it should have 32", len(b))
	}
	if b != nil {
		*d.p = T(b)
	}
	return nil
}

// BytesValue implements pgtype.BytesValuer.
func (d digest[T]) BytesValue() ([]byte, error) {
	if *d.p == (T{}) {
		return nil, nil
	}
	b := [32]byte(*d.p)
	return b[:], nil
}

// key keeps an Ed25519 public key.
type key struct{ p *meeting.Key }

// ScanBytes implements pgtype.BytesScanner.
func (k key) ScanBytes(b []byte) error {
	if len(b) != 32 {
		return fmt.Errorf("a public key of %d bytes in the database; it should have 32", len(b))
	}
	*k.p = meeting.Key(b)
	return nil
}

// BytesValue implements pgtype.BytesValuer.
func (k key) BytesValue() ([]byte, error) { return k.p[:], nil }

// nanos keeps a duration as a whole number of nanoseconds.
type nanos struct{ p *time.Duration }

// ScanInt64 implements pgtype.Int64Scanner.
func (n nanos) ScanInt64(v pgtype.Int8) error {
	*n.p = time.Duration(v.Int64)
	return nil
}

// Int64Value implements pgtype.Int64Valuer.
func (n nanos) Int64Value() (pgtype.Int8, error) {
	return pgtype.Int8{Int64: int64(*n.p), Valid: true}, nil
}

// textBytes keeps bytes that are text (JSON) in a text column; nil is NULL.
type textBytes struct{ p *[]byte }

// ScanText implements pgtype.TextScanner.
func (b textBytes) ScanText(v pgtype.Text) error {
	*b.p = nil
	if v.Valid {
		*b.p = []byte(v.String)
	}
	return nil
}

// TextValue implements pgtype.TextValuer.
func (b textBytes) TextValue() (pgtype.Text, error) {
	return pgtype.Text{String: string(*b.p), Valid: *b.p != nil}, nil
}

// texts keeps a list of identifiers as text[]; an empty list is {}, never NULL.
type texts[S ~[]T, T ~string] struct{ p *S }

func ids[S ~[]T, T ~string](p *S) texts[S, T] { return texts[S, T]{p} }

// Dimensions implements pgtype.ArrayGetter.
func (l texts[S, T]) Dimensions() []pgtype.ArrayDimension {
	if len(*l.p) == 0 {
		return []pgtype.ArrayDimension{}
	}
	return []pgtype.ArrayDimension{{Length: int32(len(*l.p)), LowerBound: 1}}
}

// Index implements pgtype.ArrayGetter.
func (l texts[S, T]) Index(i int) any { return string((*l.p)[i]) }

// IndexType implements pgtype.ArrayGetter.
func (l texts[S, T]) IndexType() any { return "" }

// SetDimensions implements pgtype.ArraySetter.
func (l texts[S, T]) SetDimensions(d []pgtype.ArrayDimension) error {
	*l.p = nil
	if len(d) > 0 {
		*l.p = make(S, d[0].Length)
	}
	return nil
}

// ScanIndex implements pgtype.ArraySetter.
func (l texts[S, T]) ScanIndex(i int) any { return &(*l.p)[i] }

// ScanIndexType implements pgtype.ArraySetter.
func (l texts[S, T]) ScanIndexType() any { return new(T) }

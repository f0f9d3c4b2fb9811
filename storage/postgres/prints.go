package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/proffer/proffer/media/pdq"
	"github.com/proffer/proffer/triage"
)

func (t *tx) PutPrint(ctx context.Context, x triage.ExhibitID, p triage.Print) error {
	if _, err := t.exec(ctx, "INSERT INTO prints (exhibit, md5) VALUES ($1, $2) ON CONFLICT (exhibit) DO UPDATE SET md5 = excluded.md5", x, md5Value{&p.MD5}); err != nil {
		return err
	}
	if _, err := t.exec(ctx, "DELETE FROM frame_hashes WHERE exhibit = $1", x); err != nil {
		return err
	}
	_, err := t.q.CopyFrom(ctx, pgx.Identifier{"frame_hashes"}, []string{"exhibit", "at_ms", "hash", "quality", "bands"}, pgx.CopyFromSlice(len(p.Frames), func(i int) ([]any, error) {
		f := p.Frames[i]
		return []any{string(x), int(f.At.Milliseconds()), bits(f.Hash), f.Quality, f.Hash.Bands()}, nil
	}))
	return mapError(err)
}

func (t *tx) Print(ctx context.Context, x triage.ExhibitID) (triage.Print, error) {
	p, err := one(ctx, t, func(p *triage.Print) []column { return []column{{"md5", md5Value{&p.MD5}}} }, "FROM prints WHERE exhibit = $1", x)
	if err != nil {
		return p, err
	}
	p.Frames, err = list(ctx, t, func(f *triage.Frame) []column {
		return []column{{"at_ms", millis{&f.At}}, {"hash", pdqValue{&f.Hash}}, {"quality", &f.Quality}}
	}, "FROM frame_hashes WHERE exhibit = $1 ORDER BY at_ms", x)
	return p, err
}

// FramesNear asks the inverted index for frames that share a band, or all but one bit of one, and compares those.
func (t *tx) FramesNear(ctx context.Context, h pdq.Hash, limit int) ([]triage.FrameNear, error) {
	return list(ctx, t, func(f *triage.FrameNear) []column {
		return []column{{"f.exhibit", &f.Exhibit}, {"f.at_ms", millis{&f.At}}, {"f.distance", &f.Distance}}
	}, `FROM (SELECT DISTINCT ON (exhibit) * FROM frames_near($1::bit(256), $2) ORDER BY exhibit, distance, at_ms) f
		JOIN exhibits x ON x.id = f.exhibit ORDER BY x.received DESC, x.id LIMIT $3`, bits(h), h.NearBands(), limit)
}

func (t *tx) PutNear(ctx context.Context, a, b triage.ExhibitID, share int) error {
	_, err := t.exec(ctx, `INSERT INTO near_clips (exhibit, other, share) VALUES ($1, $2, $3), ($2, $1, $3)
		ON CONFLICT (exhibit, other) DO UPDATE SET share = excluded.share`, a, b, share)
	return err
}

func (t *tx) ExhibitsNear(ctx context.Context, x triage.Exhibit, q triage.KnownQuery) ([]triage.NearExhibit, error) {
	return list(ctx, t, func(n *triage.NearExhibit) []column {
		return append(of("x", exhibitColumns(&n.Exhibit)), column{"n.share", &n.Share})
	}, `FROM near_clips n JOIN exhibits x ON x.id = n.other WHERE n.exhibit = $1 AND x.case_id <> $2 AND `+decidedFor("x.case_id", "$3", "$4")+`
		ORDER BY x.received DESC, x.id LIMIT $5`, x.ID, x.Case, ids(&q.Lanes), string(q.Without), q.Limit)
}

// bits is a hash as PostgreSQL's bit(256), bit 255 first.
func bits(h pdq.Hash) pgtype.Bits {
	return pgtype.Bits{Bytes: h.Bytes(), Len: 256, Valid: true}
}

// pdqValue reads a hash from a bit(256).
type pdqValue struct{ p *pdq.Hash }

// ScanBits implements pgtype.BitsScanner.
func (v pdqValue) ScanBits(b pgtype.Bits) error {
	if b.Len != 256 {
		return fmt.Errorf("a perceptual hash of %d bits in the database; it should have 256", b.Len)
	}
	*v.p = pdq.FromBytes([32]byte(b.Bytes))
	return nil
}

// md5Value keeps 16 bytes; all zeros stand for "none" and are NULL.
type md5Value struct{ p *triage.MD5 }

// ScanBytes implements pgtype.BytesScanner.
func (v md5Value) ScanBytes(b []byte) error {
	*v.p = triage.MD5{}
	if b != nil && len(b) != len(v.p) {
		return fmt.Errorf("an MD5 of %d bytes in the database; it should have 16", len(b))
	}
	copy(v.p[:], b)
	return nil
}

// BytesValue implements pgtype.BytesValuer.
func (v md5Value) BytesValue() ([]byte, error) {
	if *v.p == (triage.MD5{}) {
		return nil, nil
	}
	return v.p[:], nil
}

// millis keeps a time within a clip as whole milliseconds.
type millis struct{ p *time.Duration }

// ScanInt64 implements pgtype.Int64Scanner.
func (m millis) ScanInt64(v pgtype.Int8) error {
	*m.p = time.Duration(v.Int64) * time.Millisecond
	return nil
}

package objects

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/proffer/proffer/triage"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (s *Store) core() minio.Core { return minio.Core{Client: s.client} }

// begin opens a multipart upload whose object will be locked in compliance mode until the given time.
func (s *Store) begin(ctx context.Context, key string, until time.Time) (string, error) {
	tctx, cancel := context.WithTimeout(ctx, shortTimeout)
	defer cancel()
	id, err := s.core().NewMultipartUpload(tctx, s.evidence, key, minio.PutObjectOptions{
		ContentType:     "application/octet-stream",
		Mode:            minio.Compliance,
		RetainUntilDate: until.UTC(),
		UserMetadata:    map[string]string{"X-Amz-Checksum-Algorithm": "CRC32C"},
	})
	return id, fault(ctx, "beginning to store "+key, err)
}

// putPart sends one part with its CRC-32C, which S3 checks; it works over TLS and without.
func (s *Store) putPart(ctx context.Context, key, id string, number int, data []byte) (triage.UploadPart, error) {
	tctx, cancel := context.WithTimeout(ctx, partTimeout)
	defer cancel()
	sum := binary.BigEndian.AppendUint32(nil, crc32.Checksum(data, castagnoli))
	part, err := s.core().PutObjectPart(tctx, s.evidence, key, id, number, bytes.NewReader(data), int64(len(data)),
		minio.PutObjectPartOptions{CustomHeader: http.Header{"X-Amz-Checksum-Crc32c": {base64.StdEncoding.EncodeToString(sum)}}})
	if err != nil && (code(err) == "NoSuchUpload" || s.gone(tctx, key, id)) {
		return triage.UploadPart{}, fmt.Errorf("storing part %d of %s: %w", number, key, errors.Join(errPartsLost, err))
	}
	return triage.UploadPart{Number: number, ETag: part.ETag, Size: int64(len(data))}, fault(ctx, fmt.Sprintf("storing part %d of %s", number, key), err)
}

// gone tells whether S3 has no such multipart upload any more. A server that says so may close the connection while the part is still being
// sent, and then its answer is lost.
func (s *Store) gone(ctx context.Context, key, id string) bool {
	_, err := s.core().ListObjectParts(ctx, s.evidence, key, id, 0, 1)
	return code(err) == "NoSuchUpload"
}

// complete makes the object of the given parts, or fails with errPartsLost when S3 does not have exactly those.
func (s *Store) complete(ctx context.Context, key, id string, parts []triage.UploadPart) error {
	tctx, cancel := context.WithTimeout(ctx, completeTimeout)
	defer cancel()
	// S3 wants the parts' checksums back, which it alone keeps.
	list, err := s.core().ListObjectParts(tctx, s.evidence, key, id, 0, 1000)
	if err != nil {
		return s.lost(ctx, key, err)
	}
	sums := map[int]minio.ObjectPart{}
	for _, p := range list.ObjectParts {
		sums[p.PartNumber] = p
	}
	all := make([]minio.CompletePart, len(parts))
	for i, p := range parts {
		have := sums[p.Number]
		if have.Size != p.Size || trimETag(have.ETag) != p.ETag {
			return fmt.Errorf("part %d of %s: %w", p.Number, key, errPartsLost)
		}
		all[i] = minio.CompletePart{PartNumber: p.Number, ETag: p.ETag, ChecksumCRC32C: have.ChecksumCRC32C}
	}
	_, err = s.core().CompleteMultipartUpload(tctx, s.evidence, key, id, all, minio.PutObjectOptions{})
	return s.lost(ctx, key, err)
}

func (s *Store) lost(ctx context.Context, key string, err error) error {
	switch code(err) {
	case "NoSuchUpload", "InvalidPart", "InvalidPartOrder", "EntityTooSmall":
		return fmt.Errorf("putting %s together: %w", key, errors.Join(errPartsLost, err))
	}
	return fault(ctx, "putting "+key+" together", err)
}

// abort throws the parts of a multipart upload away; one that is gone already is no error.
func (s *Store) abort(ctx context.Context, key, id string) error {
	if id == "" {
		return nil
	}
	tctx, cancel := context.WithTimeout(ctx, shortTimeout)
	defer cancel()
	err := s.core().AbortMultipartUpload(tctx, s.evidence, key, id)
	if code(err) == "NoSuchUpload" {
		return nil
	}
	return fault(ctx, "aborting the upload of "+key, err)
}

func trimETag(s string) string {
	return string(bytes.Trim([]byte(s), `"`))
}

// stagingKey names the staging object of an upload, or is "" where it has none. Two requests that race write the same key
// only if they write the same bytes.
func stagingKey(u triage.Upload) string {
	if u.Tail == 0 {
		return ""
	}
	return fmt.Sprintf("%s%s/%d-%s", stagingPrefix, u.ID, u.Offset, u.TailSum)
}

func (s *Store) putStaging(ctx context.Context, key string, data []byte) error {
	tctx, cancel := context.WithTimeout(ctx, partTimeout)
	defer cancel()
	_, err := s.client.PutObject(tctx, s.derivative, key, bytes.NewReader(data), int64(len(data)),
		minio.PutObjectOptions{ContentType: "application/octet-stream", DisableMultipart: true})
	return fault(ctx, "keeping the unfinished part "+key, err)
}

// readStaging fills buf with a staging object of exactly that size and digest; errPartsLost when it is not there: what waits
// in the derivative bucket is under no lock, and it is to become a part of an original.
func (s *Store) readStaging(ctx context.Context, key string, buf []byte, sum triage.SHA256) error {
	tctx, cancel := context.WithTimeout(ctx, partTimeout)
	defer cancel()
	body, info, _, err := s.core().GetObject(tctx, s.derivative, key, minio.GetObjectOptions{})
	if missing(err) {
		return fmt.Errorf("fetching %s: %w", key, errors.Join(errPartsLost, err))
	}
	if err != nil {
		return fault(ctx, "fetching the unfinished part "+key, err)
	}
	defer body.Close()
	if info.Size != int64(len(buf)) {
		return fmt.Errorf("fetching %s, which has %d bytes instead of %d: %w", key, info.Size, len(buf), errPartsLost)
	}
	if _, err = io.ReadFull(body, buf); err != nil {
		return fault(ctx, "fetching the unfinished part "+key, err)
	}
	if sha256.Sum256(buf) != sum {
		return fmt.Errorf("fetching %s, which was changed: %w", key, errPartsLost)
	}
	return nil
}

func (s *Store) removeStaging(ctx context.Context, key string) error {
	tctx, cancel := context.WithTimeout(ctx, shortTimeout)
	defer cancel()
	return fault(ctx, "removing the unfinished part "+key, s.client.RemoveObject(tctx, s.derivative, key, minio.RemoveObjectOptions{}))
}

// clearStaging removes every staging object of an upload.
func (s *Store) clearStaging(ctx context.Context, id triage.UploadID) error {
	tctx, cancel := context.WithTimeout(ctx, 2*shortTimeout)
	defer cancel()
	var errs []error
	for o := range s.client.ListObjects(tctx, s.derivative, minio.ListObjectsOptions{Prefix: stagingPrefix + string(id) + "/", Recursive: true}) {
		if o.Err != nil {
			return fault(ctx, "listing the unfinished parts of "+string(id), o.Err)
		}
		errs = append(errs, s.removeStaging(ctx, o.Key))
	}
	return errors.Join(errs...)
}

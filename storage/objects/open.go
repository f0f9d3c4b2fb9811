package objects

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/proffer/proffer/triage"
)

// Config says where the object store is and how to use it.
type Config struct {
	Endpoint  string // host or host:port, without a scheme
	Region    string // such as "eu-central-1"; "" for us-east-1
	AccessKey string
	SecretKey string
	TLS       bool        // speak HTTPS
	TLSConfig *tls.Config // whom to trust; nil for the system's certificate authorities
	PathStyle bool        // endpoint/bucket rather than bucket.endpoint

	EvidenceBucket   string // created with object lock if it does not exist
	DerivativeBucket string // created if it does not exist

	PartSize int64        // bytes of one part; 0 for 8 MiB; at least 5 MiB (an S3 limit), and whole chunks
	Sync     func() error // returns when everything written is on disk; nil where S3 itself promises that
}

// Bounds of what one call to S3 may take, so that a dead server is told of in seconds.
const (
	shortTimeout    = 5 * time.Second  // questions without a body
	partTimeout     = 30 * time.Second // one part
	completeTimeout = 60 * time.Second // putting the parts together
	stallTimeout    = 10 * time.Second // no byte of an open body
	attempts        = 3                // of one call, with growing pauses of at most a second
)

const (
	defaultPartSize = 8 << 20
	minPartSize     = 5 << 20
)

// Store keeps bytes in two buckets; it is triage.Objects. Its methods may be called from many goroutines.
type Store struct {
	client     *minio.Client
	evidence   string
	derivative string
	partSize   int64
	sync       func() error
}

// Open connects, creates the buckets that do not exist yet, and makes sure that the evidence bucket has object lock.
func Open(ctx context.Context, c Config) (*Store, error) {
	if c.PartSize == 0 {
		c.PartSize = defaultPartSize
	}
	if c.PartSize < minPartSize || c.PartSize%triage.ChunkSize != 0 {
		return nil, fmt.Errorf("a part has at least %d bytes and whole chunks of %d, not %d", minPartSize, triage.ChunkSize, c.PartSize)
	}
	if c.EvidenceBucket == "" || c.DerivativeBucket == "" || c.EvidenceBucket == c.DerivativeBucket {
		return nil, errors.New("evidence and derivatives need two different buckets: set both names")
	}
	client, err := connect(c)
	if err != nil {
		return nil, fmt.Errorf("setting up the client of the object store at %s: %w", c.Endpoint, err)
	}
	s := &Store{client: client, evidence: c.EvidenceBucket, derivative: c.DerivativeBucket, partSize: c.PartSize, sync: c.Sync}
	if err := s.prepare(ctx, c.Region); err != nil {
		return nil, err
	}
	return s, nil
}

func connect(c Config) (*minio.Client, error) {
	transport, err := minio.DefaultTransport(c.TLS)
	if err != nil {
		return nil, err
	}
	transport.DialContext = (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	transport.TLSHandshakeTimeout = 5 * time.Second
	transport.ResponseHeaderTimeout = completeTimeout
	transport.WriteBufferSize = 64 << 10
	transport.ReadBufferSize = 64 << 10
	if c.TLS && c.TLSConfig != nil {
		transport.TLSClientConfig = c.TLSConfig.Clone()
	}
	lookup := minio.BucketLookupAuto
	if c.PathStyle {
		lookup = minio.BucketLookupPath
	}
	return minio.New(c.Endpoint, &minio.Options{
		Creds:        credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""),
		Secure:       c.TLS,
		Region:       orDefault(c.Region, "us-east-1"),
		Transport:    http.RoundTripper(transport),
		BucketLookup: lookup,
		MaxRetries:   attempts,
		// Servers of the embedded kind take trailing checksums over TLS only (DESIGN §3).
		TrailingHeaders: c.TLS,
	})
}

func (s *Store) prepare(ctx context.Context, region string) error {
	region = orDefault(region, "us-east-1")
	if err := s.ensureBucket(ctx, s.evidence, minio.MakeBucketOptions{Region: region, ObjectLocking: true}); err != nil {
		return err
	}
	if err := s.ensureBucket(ctx, s.derivative, minio.MakeBucketOptions{Region: region}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, shortTimeout)
	defer cancel()
	lock, _, _, _, err := s.client.GetObjectLockConfig(ctx, s.evidence)
	if code(err) == "ObjectLockConfigurationNotFoundError" || (err == nil && lock != "Enabled") {
		return fmt.Errorf("the bucket %q has no object lock, so evidence in it could be deleted; object lock can only be "+
			"switched on when a bucket is created: name a bucket that does not exist yet, or create one with object lock", s.evidence)
	}
	if err != nil {
		return fmt.Errorf("asking whether the bucket %q has object lock: %w", s.evidence, err)
	}
	return nil
}

func (s *Store) ensureBucket(ctx context.Context, name string, o minio.MakeBucketOptions) error {
	ctx, cancel := context.WithTimeout(ctx, 3*shortTimeout)
	defer cancel()
	exists, err := s.client.BucketExists(ctx, name)
	if err != nil {
		return fmt.Errorf("asking the object store for the bucket %q: %w", name, err)
	}
	if exists {
		return nil
	}
	err = s.client.MakeBucket(ctx, name, o)
	if c := code(err); err != nil && c != "BucketAlreadyOwnedByYou" { // another node was quicker
		return fmt.Errorf("creating the bucket %q: %w", name, err)
	}
	return nil
}

// Ping reports whether the object store answers and both buckets are there.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, shortTimeout)
	defer cancel()
	for _, b := range []string{s.evidence, s.derivative} {
		exists, err := s.client.BucketExists(ctx, b)
		if err != nil {
			return fault(ctx, "asking for the bucket "+b, err)
		}
		if !exists {
			return fault(ctx, "asking for the bucket "+b, errors.New("the bucket is gone"))
		}
	}
	return nil
}

func orDefault(s, d string) string {
	if s == "" {
		return d
	}
	return s
}

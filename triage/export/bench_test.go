package export

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"golang.org/x/mod/sumdb/note"

	"github.com/proffer/proffer/storage/embedded/embeddedtest"
	"github.com/proffer/proffer/storage/objects"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/triagetest"
	"github.com/proffer/proffer/triage/work"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// benchMiB is how many MiB of exhibits the benchmark packs: PROFFER_BENCH_MIB, or 1024.
func benchMiB(b *testing.B) int {
	n, err := strconv.Atoi(os.Getenv("PROFFER_BENCH_MIB"))
	if err != nil {
		return 1024
	}
	if n < 4 {
		b.Fatal("PROFFER_BENCH_MIB has to be at least 4")
	}
	return n
}

// bucket is the bytes of exhibits in S3, where packages go too, and everything else in files.
type bucket struct {
	files
	*objects.Store
	minio *minio.Client // a client of its own, as it comes
	names embeddedtest.S3Info
}

func (b bucket) OpenEvidence(ctx context.Context, x triage.Blob) (io.ReadSeekCloser, error) {
	return b.Store.OpenEvidence(ctx, x)
}
func (b bucket) Measure(ctx context.Context, x triage.Blob) (triage.Chunks, error) {
	return b.Store.Measure(ctx, x)
}
func (b bucket) Retain(context.Context, triage.Blob, time.Time) error { return nil }
func (b bucket) Sync(context.Context) error                           { return nil }
func (b bucket) OpenDerivative(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	return b.files.OpenDerivative(ctx, key)
}
func (b bucket) DeleteDerivative(context.Context, string) error { panic("not called") }
func (b bucket) PutDerivative(ctx context.Context, key, contentType string, r io.Reader, size int64) error {
	return b.Store.PutDerivative(ctx, key, contentType, r, size)
}

func openBucket(b *testing.B, f files) bucket {
	s3 := embeddedtest.S3(b)
	store := must(objects.Open(b.Context(), objects.Config{Endpoint: s3.Endpoint, AccessKey: s3.AccessKey, SecretKey: s3.SecretKey, TLS: true,
		TLSConfig: s3.TLS, PathStyle: true, EvidenceBucket: s3.Evidence, DerivativeBucket: s3.Derivative}))
	transport := must(minio.DefaultTransport(true))
	transport.TLSClientConfig = s3.TLS.Clone()
	bare := must(minio.New(s3.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(s3.AccessKey, s3.SecretKey, ""), Secure: true,
		Transport: transport, Region: "us-east-1", BucketLookup: minio.BucketLookupPath, TrailingHeaders: true}))
	return bucket{f, store, bare, s3}
}

// seal takes clips in as the intake does, under the digests that the world files them by.
func (b bucket) seal(w *world, clips []film) {
	intake := must(objects.NewIntake(triagetest.NewStore(nil), b.Store, objects.IntakeConfig{}))
	for _, c := range clips {
		must(intake.Put(w.ctx, w.host, c.name, bytes.NewReader(c.data), int64(len(c.data)), sha256.Sum256(c.data)))
	}
}

// BenchmarkPackage builds packages by the worker's own way, from S3 to S3, and in turn reads, hashes with SHA-256 and
// SHA-512 and puts the same bytes bare, from the same server to the same server. The ratio of the two is what counts; the
// limit is 1.4.
func BenchmarkPackage(b *testing.B) {
	w := newWorld(b, "desk.example.org")
	s3 := openBucket(b, w.files)
	rng := rand.NewChaCha8([32]byte{7})
	var clips []film
	for i := range 4 {
		data := make([]byte, benchMiB(b)<<20/4)
		rng.Read(data)
		copy(data, "\x1a\x45\xdf\xa3")
		clips = append(clips, film{strconv.Itoa(i) + ".webm", "webm", data})
	}
	s3.seal(w, clips)
	w.file(clips)
	clips = nil
	runtime.GC()
	w.desk.Objects = s3
	for _, x := range w.exhibits {
		must(0, must(w.desk.OpenSealed(w.ctx, x)).Close()) // which keeps the chunks, as an intake over this store had done
	}
	builder := &Builder{w.store, s3, func() note.Signer { return w.ring.Signer(custody.RolePackage) }, w.ring.PublicKeys, "Proffer bench", func() time.Time { return w.now }}
	worker := work.Worker{Desk: w.desk.Desk, Builder: builder, Log: slog.New(slog.DiscardHandler)}
	var built, bare time.Duration
	for i := 0; b.Loop(); i++ {
		w.request(4)
		first, second := func() { built += s3.packed(w, worker) }, func() { bare += s3.bareCopy(w) }
		if i%2 == 1 { // who comes second writes to a disk that is still busy
			first, second = second, first
		}
		first()
		second()
	}
	b.SetBytes(w.pkg.Total)
	b.ReportMetric(built.Seconds()/float64(b.N), "s")
	b.ReportMetric(built.Seconds()/bare.Seconds(), "x_read_hash_put")
	b.ReportMetric(bare.Seconds()/float64(b.N), "bare_s")
	b.ReportMetric(0, "ns/op") // it would be of both together
}

// packed is how long the worker takes for the package that was requested last.
func (b bucket) packed(w *world, worker work.Worker) time.Duration {
	start := time.Now()
	w.ok(worker.Build(w.ctx, triage.BuildPackage{Package: w.pkg.ID}))
	took := time.Since(start)
	v := must(w.desk.OpenPackage(w.ctx, w.liaison, w.pkg.ID))
	if v.Package.State != triage.PackageReady {
		w.Fatal("the package is ", v.Package.State, ": ", v.Package.Why)
	}
	w.ok(b.minio.RemoveObject(w.ctx, b.names.Derivative, fmt.Sprintf("package/%s.zip", w.pkg.ID), minio.RemoveObjectOptions{}))
	return took
}

// bareCopy is how long it takes to read the same bytes, hash them twice and put them as one object.
func (b bucket) bareCopy(w *world) time.Duration {
	start := time.Now()
	var all []io.Reader
	var size int64
	for _, x := range w.exhibits {
		o := must(b.minio.GetObject(w.ctx, b.names.Evidence, triage.Blob{SHA256: x.SHA256}.Key(), minio.GetObjectOptions{}))
		defer o.Close()
		all = append(all, struct{ io.Reader }{o})
		size += x.Size
	}
	hashed := io.TeeReader(io.MultiReader(all...), io.MultiWriter(sha256.New(), sha512.New()))
	must(b.minio.PutObject(w.ctx, b.names.Derivative, "bare", hashed, size, minio.PutObjectOptions{}))
	took := time.Since(start)
	w.ok(b.minio.RemoveObject(w.ctx, b.names.Derivative, "bare", minio.RemoveObjectOptions{}))
	return took
}

func BenchmarkVerify(b *testing.B) {
	w := newWorld(b, "desk.example.org")
	w.file(smallClips)
	w.request(2)
	pkg := w.build(writeCover)
	b.SetBytes(int64(len(pkg)))
	for b.Loop() {
		if v := verify(b, bytes.Clone(pkg), w.ring.Keys()); v.ExitCode() != 0 {
			b.Fatal(v)
		}
	}
}

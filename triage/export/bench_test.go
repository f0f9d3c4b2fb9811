package export

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// benchMiB is how many MiB of exhibits the benchmark packs: PROFFER_BENCH_MIB, or 256.
func benchMiB(b *testing.B) int {
	n, err := strconv.Atoi(os.Getenv("PROFFER_BENCH_MIB"))
	if err != nil {
		return 256
	}
	if n < 4 {
		b.Fatal("PROFFER_BENCH_MIB has to be at least 4")
	}
	return n
}

// BenchmarkBuild packs exhibits, and in turn reads, hashes with SHA-256 and SHA-512 and writes the same bytes. The ratio
// of the two is what counts; the limit is 1.4.
func BenchmarkBuild(b *testing.B) {
	w := newWorld(b, "desk.example.org")
	rng := rand.NewChaCha8([32]byte{7})
	var clips []clip
	for i := range 4 {
		data := make([]byte, benchMiB(b)<<20/4)
		rng.Read(data)
		copy(data, "\x1a\x45\xdf\xa3")
		clips = append(clips, clip{strconv.Itoa(i) + ".webm", "webm", data})
	}
	w.file(clips)
	clips = nil
	w.request(4)
	c := must(Gather(w.ctx, w.store, w.pkg.ID))
	out := filepath.Join(b.TempDir(), "package.zip")
	var built, bare time.Duration
	for b.Loop() {
		start := time.Now()
		f := must(os.Create(out))
		must(Build(w.ctx, c, w.options(), f, nil))
		must(0, f.Close())
		built += time.Since(start)
		start = time.Now()
		bareCopy(w, c, out)
		bare += time.Since(start)
	}
	b.SetBytes(w.pkg.Total)
	b.ReportMetric(built.Seconds()/float64(b.N), "s")
	b.ReportMetric(built.Seconds()/bare.Seconds(), "x_read_hash_write")
	b.ReportMetric(float64(w.pkg.Total)/float64(1<<20)/(built.Seconds()/float64(b.N)), "MiB/s-built")
}

func bareCopy(w *world, c *Contents, out string) {
	f := must(os.Create(out))
	for _, x := range c.Exhibits {
		r := must(w.files.OpenEvidence(w.ctx, x.blob))
		must(io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(sha256.New(), sha512.New(), f)}, struct{ io.Reader }{r}, make([]byte, chunkBytes)))
		must(0, r.Close())
	}
	must(0, f.Close())
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

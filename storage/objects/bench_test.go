package objects

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"golang.org/x/sys/unix"

	"github.com/proffer/proffer/triage"
)

const benchSize = 256 << 20

// BenchmarkIntake256MiB sends a clip through the tus handler and puts the same bytes bare with a minio client of
// its own as it comes, in turns, against the same server. The median ratio must stay at or under 1.5, and the heap may grow
// by at most 64 MiB while a clip comes in (the client's copy of it, in this same process, is there before).
//
//	go test -run '^$' -bench Intake256MiB -benchtime 5x ./storage/objects
func BenchmarkIntake256MiB(b *testing.B) {
	c := sharedConfig(b)
	c.PartSize = 0
	c.Sync = syncDisk(b) // an intake ends on the disk; a bare PutObject does not
	s, err := Open(b.Context(), c)
	must(b, err)
	n := newNode(b, s, newDatabase(), IntakeConfig{MaxBytes: 1 << 50})
	bare := bareClient(b, c)
	data := clip(77, benchSize)
	var intake, put []float64
	var heap uint64
	takeIn := func(i int) {
		binary.BigEndian.PutUint64(data, uint64(i)) // other bytes each time: none may be there already
		path := n.create("A-1", data, benchSize)
		grown := heapGrowth()
		start := time.Now()
		a := n.patch(path, "A-1", 0, data)
		intake = append(intake, time.Since(start).Seconds())
		heap = max(heap, grown())
		if a.status != http.StatusNoContent {
			b.Fatalf("answer %+v", a)
		}
	}
	putBare := func(i int) {
		start := time.Now()
		_, err := bare.PutObject(b.Context(), c.DerivativeBucket, fmt.Sprint("bare-", i), bytes.NewReader(data), benchSize, minio.PutObjectOptions{})
		put = append(put, time.Since(start).Seconds())
		must(b, err)
	}
	for i := 0; b.Loop(); i++ {
		first, second := takeIn, putBare
		if i%2 == 1 { // who comes second writes to a disk that is still busy
			first, second = second, first
		}
		first(i)
		second(i)
	}
	b.ReportMetric(median(intake), "s")
	b.ReportMetric(median(put), "put_s")
	b.ReportMetric(median(intake)/median(put), "x_bare_PutObject")
	b.ReportMetric(float64(heap)/(1<<20), "heap_MiB")
	b.ReportMetric(0, "ns/op") // it would be of both together
}

// syncDisk is what embedded.Folder does, for the disk that the test's server is on.
func syncDisk(b *testing.B) func() error {
	b.Helper()
	dir, err := os.Open(os.TempDir())
	must(b, err)
	b.Cleanup(func() { dir.Close() })
	return func() error { return unix.Syncfs(int(dir.Fd())) }
}

// bareClient is a minio client with its own defaults.
func bareClient(b *testing.B, c Config) *minio.Client {
	b.Helper()
	transport, err := minio.DefaultTransport(true)
	must(b, err)
	transport.TLSClientConfig = c.TLSConfig.Clone()
	client, err := minio.New(c.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""), Secure: true, Transport: transport,
		Region: "us-east-1", BucketLookup: minio.BucketLookupPath, TrailingHeaders: true,
	})
	must(b, err)
	return client
}

// heapGrowth samples the heap until the returned function is called, which tells the largest growth in bytes.
func heapGrowth() func() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before := m.HeapInuse
	var most atomic.Uint64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			if m.HeapInuse > before {
				most.Store(max(most.Load(), m.HeapInuse-before))
			}
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-stopped
		return most.Load()
	}
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// BenchmarkSealedRead reads a clip of 256 MiB as it is served, each chunk compared with its digest, and in turns plain
// from the same server. It also says how long the first byte of a range takes in each way.
//
//	go test -run '^$' -bench SealedRead -benchtime 5x ./storage/objects
func BenchmarkSealedRead(b *testing.B) {
	s := sharedStore(b)
	blob, _ := sealedClip(b, s)
	h, err := s.head(b.Context(), blob.Key(), blob.Size)
	must(b, err)
	plain := func() io.ReadSeekCloser { return s.reader(b.Context(), s.evidence, blob.Key(), h) }
	checked := func() io.ReadSeekCloser {
		r, err := s.OpenEvidence(b.Context(), blob)
		must(b, err)
		return r
	}
	var took [2][]float64
	var first [2][]float64
	for i := 0; b.Loop(); i++ {
		for j := range 2 {
			way := (i + j) % 2
			r := []func() io.ReadSeekCloser{plain, checked}[way]()
			start := time.Now()
			n, err := io.Copy(io.Discard, r)
			took[way] = append(took[way], time.Since(start).Seconds())
			if err != nil || n != blob.Size {
				b.Fatal(n, err)
			}
			for k := range int64(20) {
				_, err := r.Seek(k*12345678%blob.Size, io.SeekStart)
				must(b, err)
				start := time.Now()
				_, err = r.Read(make([]byte, 1))
				must(b, err)
				first[way] = append(first[way], time.Since(start).Seconds())
			}
			must(b, r.Close())
		}
	}
	b.ReportMetric(median(took[1]), "s")
	b.ReportMetric(median(took[1])/median(took[0]), "x_plain_read")
	b.ReportMetric(median(first[1])*1000, "first_byte_ms")
	b.ReportMetric(median(first[0])*1000, "first_byte_plain_ms")
	b.ReportMetric(0, "ns/op") // it would be of both together
}

// sealedClip is a clip of benchSize in the evidence bucket.
func sealedClip(b *testing.B, s *Store) (triage.Blob, []byte) {
	b.Helper()
	in, err := NewIntake(newDatabase(), s, IntakeConfig{})
	must(b, err)
	data := clip(78, benchSize)
	blob := triage.Blob{SHA256: sha256.Sum256(data), Size: benchSize, Chunks: triage.Chunks(nil).Append(data)}
	_, err = in.Put(b.Context(), triage.Actor{Account: "A-1"}, "a.webm", bytes.NewReader(data), benchSize, blob.SHA256)
	must(b, err)
	return blob, data
}

// BenchmarkChunkSize is why triage.ChunkSize is what it is: how long the first byte of a range takes when a chunk of that
// size has to be fetched and compared before it, and how fast a whole clip can be read by such chunks.
func BenchmarkChunkSize(b *testing.B) {
	s := sharedStore(b)
	blob, _ := sealedClip(b, s)
	h, err := s.head(b.Context(), blob.Key(), blob.Size)
	must(b, err)
	for _, size := range []int64{64 << 10, 256 << 10, 1 << 20, 4 << 20} {
		b.Run(fmt.Sprint(size>>10, "KiB"), func(b *testing.B) {
			r := s.reader(b.Context(), s.evidence, blob.Key(), h)
			defer r.Close()
			buf := make([]byte, size)
			read := func() {
				_, err := io.ReadFull(r, buf)
				must(b, err)
				sha256.Sum256(buf)
			}
			var first, whole []float64
			for i := int64(0); b.Loop(); i++ {
				for k := range int64(20) {
					_, err := r.Seek((i+k)*12345678%(blob.Size/size)*size, io.SeekStart)
					must(b, err)
					start := time.Now()
					read()
					first = append(first, time.Since(start).Seconds())
				}
				_, err := r.Seek(0, io.SeekStart)
				must(b, err)
				start := time.Now()
				for range blob.Size / size {
					read()
				}
				whole = append(whole, time.Since(start).Seconds())
			}
			b.ReportMetric(median(whole), "s")
			b.ReportMetric(median(first)*1000, "first_byte_ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}

package objects

import (
	"bytes"
	"encoding/binary"
	"fmt"
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

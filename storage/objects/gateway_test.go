package objects

import (
	"context"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/proffer/proffer/storage/embedded"
	"github.com/proffer/proffer/storage/embedded/embeddedtest"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// sharedConfig is of the gateway of all tests that do not harm it, with fresh buckets.
func sharedConfig(tb testing.TB) Config {
	tb.Helper()
	s := embeddedtest.S3(tb)
	return Config{
		Endpoint: s.Endpoint, AccessKey: s.AccessKey, SecretKey: s.SecretKey, TLS: true, TLSConfig: s.TLS, PathStyle: true,
		EvidenceBucket: s.Evidence, DerivativeBucket: s.Derivative, PartSize: minPartSize,
	}
}

func sharedStore(tb testing.TB) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), sharedConfig(tb))
	must(tb, err)
	return s
}

// gateway is a server that a test may harm.
type gateway struct {
	dir string
	s3  *embedded.S3
}

var ownBuckets atomic.Int64

func ownGateway(tb testing.TB) (*gateway, *Store) {
	tb.Helper()
	g := &gateway{dir: tb.TempDir()}
	g.start(tb)
	tb.Cleanup(g.kill)
	n := ownBuckets.Add(1)
	s, err := Open(tb.Context(), Config{
		Endpoint: g.s3.Endpoint, AccessKey: g.s3.AccessKey, SecretKey: g.s3.SecretKey, TLS: true, TLSConfig: g.s3.TLS, PathStyle: true,
		EvidenceBucket: fmt.Sprintf("evidence-%d", n), DerivativeBucket: fmt.Sprintf("derivative-%d", n), PartSize: minPartSize,
	})
	must(tb, err)
	return g, s
}

// start starts the server again, at the same address.
func (g *gateway) start(tb testing.TB) {
	tb.Helper()
	g.s3 = embeddedtest.StartS3(tb, g.dir)
}

// kill ends the server without warning, and its supervisor.
func (g *gateway) kill() {
	if g.s3 == nil {
		return
	}
	if pid := g.s3.Pid(); pid > 0 {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	g.s3.Stop(context.Background())
	g.s3 = nil
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

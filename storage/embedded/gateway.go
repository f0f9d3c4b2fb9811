package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

// GatewayCommand is the hidden subcommand whose body is RunGateway. The gateway is a process of its own because its
// backend changes the working directory and there can be only one in a process.
const GatewayCommand = "s3gateway"

// gatewayConfig is handed to the child on its standard input, so that no secret is in a command line.
type gatewayConfig struct {
	Dir       string // objects are files below it
	Addr      string // host:port on loopback
	AccessKey string
	SecretKey string
	CertFile  string
	KeyFile   string
}

// RunGateway serves S3 over a folder until it is asked to end; its configuration comes from in.
func RunGateway(ctx context.Context, in io.Reader) error {
	var c gatewayConfig
	if err := json.NewDecoder(in).Decode(&c); err != nil {
		return fmt.Errorf("reading the gateway's configuration: %w (this command is for Proffer's own use)", err)
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	objects, versions := filepath.Join(c.Dir, "objects"), filepath.Join(c.Dir, "versions")
	for _, dir := range []string{objects, versions} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	store, opts, err := gatewayMeta(c.Dir, objects)
	if err != nil {
		return err
	}
	opts.VersioningDir = versions
	backend, err := posix.New(objects, store, opts)
	if err != nil {
		return fmt.Errorf("opening the objects' folder: %w", err)
	}
	return embedgw.RunVersityGW(ctx, backend, &embedgw.Config{
		RootUserAccess: c.AccessKey, RootUserSecret: c.SecretKey,
		Ports: []string{c.Addr}, CertFile: c.CertFile, KeyFile: c.KeyFile,
		MaxConnections: 1024, MaxRequests: 512, MultipartMaxParts: 10_000,
		HealthPath: "/health", KeepAlive: true, DisableACLs: true, Quiet: true,
	})
}

// gatewayMeta keeps objects' metadata in extended attributes where the file system has them, and in files beside it
// where it has not.
func gatewayMeta(dir, objects string) (meta.MetadataStorer, posix.PosixOpts, error) {
	opts := posix.PosixOpts{
		NewDirPerm: 0o700, NewFilePerm: 0o600, Concurrency: 256, CopyObjectThreshold: 5 << 30, ValidateBucketNames: true,
	}
	if err := (meta.XattrMeta{}).Test(objects); err == nil {
		return meta.XattrMeta{}, opts, nil
	}
	opts.SideCarDir = filepath.Join(dir, "metadata")
	if err := os.MkdirAll(opts.SideCarDir, 0o700); err != nil {
		return nil, opts, err
	}
	store, err := meta.NewSideCar(opts.SideCarDir)
	return store, opts, err
}

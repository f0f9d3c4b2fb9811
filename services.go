package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/proffer/proffer/storage/embedded"
	"github.com/proffer/proffer/storage/objects"
	"github.com/proffer/proffer/storage/postgres"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// services is what the commands stand on: keys, records, objects, and the desk over them.
type services struct {
	cfg     Config
	log     *slog.Logger
	ring    *custody.Ring
	store   *postgres.Store
	objects *objects.Store
	desk    *triage.Desk
	mu      sync.Mutex
	free    func() (int64, error) // room on the disk of the embedded object store; nil with an S3 of one's own
	closers []func()              // in the order of opening; guarded by mu
}

func newLogger(cfg Config, w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

// openServices starts what is embedded, connects to what is not, and migrates. Close ends it in the opposite order.
func openServices(ctx context.Context, cfg Config, log *slog.Logger) (_ *services, err error) {
	s := &services{cfg: cfg, log: log}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	folder, err := embedded.OpenFolder(cfg.Data)
	if err != nil {
		return nil, err
	}
	s.onClose(func() { folder.Close() })
	if s.ring, err = openRing(cfg, folder.Path); err != nil {
		return nil, err
	}
	started := make(chan error, 1)
	go func() { started <- s.openObjects(ctx, folder) }() // while PostgreSQL starts
	err = s.openStore(ctx, folder)
	if err = errors.Join(err, <-started); err != nil {
		return nil, err
	}
	s.desk = &triage.Desk{Store: s.store, Objects: s.objects, Signer: signer{s.ring}, Witness: custody.NewWitness(s.ring), Clock: time.Now, Log: log,
		URL: cfg.URL, Demo: cfg.Demo, Lock: cfg.EvidenceLock, RecordingsKeep: cfg.RecordingsKeep, UndoWithin: cfg.Undo,
		Budgets: triage.Budgets{triage.BudgetShift: cfg.BudgetShift, triage.BudgetUrgent: cfg.BudgetUrgent}}
	if s.desk.Platform, err = s.platform(); err != nil {
		return nil, err
	}
	return s, nil
}

func openRing(cfg Config, data string) (*custody.Ring, error) {
	dir := cfg.Keys
	if dir == "" {
		dir = filepath.Join(data, "keys")
	}
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, err
	}
	return custody.OpenRing(dir, strings.ToLower(u.Host))
}

func (s *services) openStore(ctx context.Context, folder *embedded.Folder) error {
	dsn := s.cfg.DatabaseURL
	if dsn == "" {
		p, err := embedded.StartPostgres(ctx, embedded.PostgresOptions{Dir: filepath.Join(folder.Path, "postgres"), Log: s.log})
		if err != nil {
			return err
		}
		s.onClose(func() { s.stop("PostgreSQL", p.Stop) })
		dsn = p.DSN("proffer")
	}
	store, err := postgres.Open(ctx, dsn, postgres.Options{Log: s.log})
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	s.store = store
	s.onClose(store.Close)
	if err := store.Migrate(ctx); err != nil {
		return fmt.Errorf("bringing the database up to date: %w", err)
	}
	return nil
}

func (s *services) openObjects(ctx context.Context, folder *embedded.Folder) error {
	c := objects.Config{Region: s.cfg.S3.Region, AccessKey: s.cfg.S3.AccessKey, SecretKey: s.cfg.S3.SecretKey,
		PathStyle: s.cfg.S3.PathStyle, EvidenceBucket: s.cfg.S3.EvidenceBucket, DerivativeBucket: s.cfg.S3.DerivativeBucket}
	if s.cfg.S3.Endpoint == "" {
		gw, err := embedded.StartS3(ctx, embedded.S3Options{Dir: filepath.Join(folder.Path, "s3"), Log: s.log})
		if err != nil {
			return err
		}
		s.onClose(func() { s.stop("the S3 gateway", gw.Stop) })
		c.Endpoint, c.AccessKey, c.SecretKey, c.TLS, c.TLSConfig = gw.Endpoint, gw.AccessKey, gw.SecretKey, true, gw.TLS
		c.PathStyle, c.Sync = true, folder.Sync
		s.free = folder.Free
	} else {
		u, err := url.Parse(s.cfg.S3.Endpoint)
		if err != nil {
			return err
		}
		c.Endpoint, c.TLS = u.Host, u.Scheme == "https"
	}
	store, err := objects.Open(ctx, c)
	if err != nil {
		return fmt.Errorf("opening the object store: %w", err)
	}
	s.objects = store
	return nil
}

func (s *services) stop(name string, stop func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	if err := stop(ctx); err != nil {
		s.log.Warn("stopping "+name, "err", err)
	}
}

// Close stops everything that was opened, last first.
func (s *services) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
	s.closers = nil
}

func (s *services) onClose(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closers = append(s.closers, f)
}

// Ready reports what is needed and does not answer.
func (s *services) Ready(ctx context.Context) error {
	return errors.Join(s.store.Ping(ctx), s.objects.Ping(ctx))
}

// signer makes the key ring triage's Signer.
type signer struct{ ring *custody.Ring }

func (s signer) SignReceipt(r custody.Receipt) ([]byte, error) {
	return custody.SignReceipt(r, s.ring.Signer(custody.RoleReceipt))
}

func (s signer) SignCheckpoint(t tlog.Tree, at time.Time) ([]byte, error) {
	return custody.SignCheckpoint(t, at, s.ring.Signer(custody.RoleLog))
}

func (s signer) OpenCheckpoint(signed []byte) (custody.Checkpoint, error) {
	return custody.OpenCheckpoint(signed, s.LogKeys())
}

func (s signer) LogKeys() note.Verifiers { return s.ring.Verifiers(custody.RoleLog) }

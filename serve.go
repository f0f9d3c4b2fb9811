package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/mail"
	"os"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/proffer/proffer/handlers"
	"github.com/proffer/proffer/handlers/oidc"
	"github.com/proffer/proffer/media/derive"
	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/storage/delivery"
	"github.com/proffer/proffer/storage/objects"
	"github.com/proffer/proffer/storage/postgres"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
	"github.com/proffer/proffer/triage/export"
	"github.com/proffer/proffer/triage/work"
	"github.com/proffer/proffer/web"
)

// sequenceEvery is how often new custody events are sequenced and a checkpoint is signed.
const sequenceEvery = 2 * time.Second

// policiesEvery is how often each server of a platform reads the policies that an administrator changed on another.
const policiesEvery = 5 * time.Second

// shutdownTime is how long requests and jobs may finish after the server was asked to stop.
const shutdownTime = 10 * time.Second

func serveCommand(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		return errUsage
	}
	cfg, err := LoadConfig()
	if err != nil {
		return err
	}
	return serve(ctx, cfg, out)
}

// serve runs the server until ctx ends.
func serve(ctx context.Context, cfg Config, out io.Writer) error {
	listener, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return fmt.Errorf("listening on %s: %w; stop what uses it, or set PROFFER_ADDR", cfg.Addr, err)
	}
	defer listener.Close()
	log := newLogger(cfg, os.Stderr)
	media := startMedia(ctx, cfg, log) // while PostgreSQL starts
	defer media.Close()
	s, err := openServices(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer s.Close()
	app, err := s.application(ctx, listener.Addr().String(), media)
	if err != nil {
		return err
	}
	return app.run(ctx, listener, out)
}

// application is the running server: the HTTP edge, the jobs, the sequencer and the live updates.
type application struct {
	*services
	intake  *objects.Intake
	workers *postgres.Workers
	hub     *meeting.Hub
	media   *media
	visible *connectors
	sandbox *derive.Sandbox
	demo    *demo // nil outside demonstration mode
	handler http.Handler
}

// application makes the server that will listen on addr.
func (s *services) application(ctx context.Context, addr string, m *media) (*application, error) {
	if _, err := s.desk.Witness.Kept(); err != nil {
		return nil, err
	}
	if err := s.desk.KnowsLog(ctx); err != nil {
		return nil, fmt.Errorf("the custody log in this database is not of these keys: %w; put the key folder back that belongs to it, or set PROFFER_KEYS; "+
			"if its keys are lost, the README says under “Keys and rotation” how to go on with new ones", err)
	}
	a := &application{services: s, media: m, sandbox: derive.New(derive.Config{Log: s.log})}
	if n, err := a.sandbox.Sweep(); err != nil || n > 0 {
		s.log.Info("clips of an earlier run were removed from the temporary folder", "clips", n, "err", err)
	}
	if err := a.sandbox.Check(ctx); err != nil {
		s.log.Warn("clips cannot be decoded here; cases will say so", "err", err)
	}
	var err error
	if a.intake, err = objects.NewIntake(s.store, s.objects, objects.IntakeConfig{Log: s.log, Free: s.free}); err != nil {
		return nil, err
	}
	if a.workers, err = postgres.NewWorkers(s.store, a.jobs()); err != nil {
		return nil, err
	}
	if err := s.desk.LoadPolicies(ctx); err != nil {
		return nil, err
	}
	if a.hub, err = s.meetings(m); err != nil {
		return nil, err
	}
	if a.visible, err = a.openConnectors(); err != nil {
		return nil, err
	}
	if s.cfg.Demo {
		if a.demo, err = openDemo(ctx, a); err != nil {
			return nil, fmt.Errorf("setting up the demonstration: %w", err)
		}
	} else if err := s.endDemo(ctx); err != nil {
		return nil, fmt.Errorf("ending an earlier demonstration: %w", err)
	}
	a.handler, err = a.edge(addr)
	return a, err
}

func (a *application) jobs() postgres.Handlers {
	builder := &export.Builder{Store: a.store, Objects: a.objects, Signer: func() note.Signer { return a.ring.Signer(custody.RolePackage) },
		Keys: a.ring.PublicKeys, Tool: "Proffer " + version, Clock: time.Now}
	w := &work.Worker{Desk: a.desk, Decoder: decoder{a.sandbox}, Builder: builder, Mailer: a.mailer(), Log: a.log,
		Collect: func(ctx context.Context) error {
			_, err := a.intake.Collect(ctx, time.Now())
			return err
		}}
	return postgres.Handlers{PrepareExhibit: w.Prepare, PreparePreview: w.Preview, VerifyExhibit: a.desk.Reverify, MatchExhibit: a.desk.MatchExhibit, MatchList: a.desk.MatchList, RateCases: a.desk.RateCases, BuildPackage: w.Build, DeliverMessage: w.Deliver, SendLink: a.desk.SendLink,
		Sweep: w.Sweep, ThinBoards: a.thinBoards,
		OnFinalFailure: func(ctx context.Context, j triage.Job, cause error) error {
			switch j := j.(type) {
			case triage.PrepareExhibit:
				return w.GiveUpPreparing(ctx, j, cause)
			case triage.PreparePreview:
				return w.GiveUpPreview(ctx, j, cause)
			case triage.VerifyExhibit:
				return a.desk.GiveUpVerifying(ctx, j)
			case triage.BuildPackage:
				return w.GiveUpBuilding(ctx, j, cause)
			}
			a.log.Error("a job was given up", "job", j.Kind(), "err", cause)
			return nil
		}}
}

// thinBoards erases what is left of meetings that were long ago.
func (a *application) thinBoards(ctx context.Context) error {
	done, err := a.store.ThinBoards(ctx, postgres.Keeping{Board: a.cfg.BoardKeep, Idle: a.cfg.MeetingIdle})
	if done != (postgres.Thinned{}) {
		a.log.Info("boards of meetings that are over were erased", "boards", done.Boards, "entries", done.Rows, "ended for want of people", done.Ended)
	}
	return err
}

func (a *application) mailer() work.Mailer {
	if a.cfg.SMTP.Addr == "" {
		return nil
	}
	from, _ := mail.ParseAddress(a.cfg.SMTP.From) // Config.Validate parsed it before
	return &delivery.SMTP{Addr: a.cfg.SMTP.Addr, From: *from, User: a.cfg.SMTP.User, Password: a.cfg.SMTP.Password,
		Insecure: a.cfg.SMTP.Insecure, Clock: time.Now}
}

// run serves until ctx ends, then lets requests and jobs finish.
func (a *application) run(ctx context.Context, l net.Listener, out io.Writer) error {
	background, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	wg.Go(func() { a.desk.RunSequencer(background, sequenceEvery) })
	wg.Go(func() { a.store.Hub().Run(background) })
	wg.Go(func() { a.desk.RunPolicies(background, policiesEvery) })
	wg.Go(func() { a.hub.Run(background) })
	wg.Go(func() { a.visible.recordings.Run(background) })
	if err := a.workers.Start(background); err != nil {
		return fmt.Errorf("starting the jobs: %w", err)
	}
	server := httpServer(a.handler, background)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	a.greet(ctx, out)
	if a.demo != nil && a.cfg.Samples {
		wg.Go(func() { a.demo.fill(background) })
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	a.log.Info("stopping")
	return errors.Join(err, a.shutDown(server, stop))
}

// maxHeader is how long a request's line and headers may be, in bytes: ten times what browsers send.
const maxHeader = 64 << 10

func httpServer(h http.Handler, background context.Context) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return background }}
}

// shutDown lets requests and jobs finish, for shutdownTime at most.
func (a *application) shutDown(server *http.Server, stop func()) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	closing := make(chan error, 1)
	go func() { closing <- a.visible.Close(ctx) }()
	time.AfterFunc(time.Second, stop) // live streams end with the background context, or the shutdown would wait for them
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	return errors.Join(err, a.workers.Stop(ctx), <-closing)
}

// greet says where the server is and, in demonstration mode, how to come in.
func (a *application) greet(ctx context.Context, out io.Writer) {
	fmt.Fprintf(out, "\nProffer is ready at %s\n", a.cfg.URL)
	if a.demo != nil {
		a.demo.greet(ctx, out)
	}
	fmt.Fprintln(out, "\nPress Ctrl-C to stop. Everything is kept.")
}

// edge builds the HTTP handler.
func (a *application) edge(addr string) (http.Handler, error) {
	assets, err := web.Assets()
	if err != nil {
		return nil, err
	}
	c := handlers.Config{Desk: a.desk, Sessions: a.store.Sessions(), Changes: changes{a.store.Hub()}, Assets: assets,
		Uploads: a.intake.Handler, PublicKeys: a.ring.PublicKeys, Ready: a.Ready, URL: a.cfg.URL, Addr: addr, Log: a.log,
		Meetings: a.hub, Media: a.media.Handler(), MailOff: a.cfg.SMTP.Addr == "", Proxies: a.cfg.Proxies, Limits: a.cfg.Limits,
		StaffPasskeys: a.cfg.StaffPasskeys}
	if a.cfg.OIDC.Issuer != "" {
		if c.OIDC, err = oidc.New(a.cfg.OIDC, a.cfg.URL); err != nil {
			return nil, err
		}
	}
	if a.demo != nil {
		c.Demo, c.People = true, a.demo.people
	}
	return handlers.New(c)
}

// changes makes the store's hub the edge's Changes: neither package knows the other.
type changes struct{ hub *postgres.Hub }

func (c changes) Subscribe(ctx context.Context) <-chan handlers.Change {
	in, out := c.hub.Subscribe(ctx), make(chan handlers.Change)
	go func() {
		defer close(out)
		for ch := range in {
			select {
			case out <- handlers.Change{Kind: handlers.ChangeKind(ch.Kind), ID: ch.ID, Case: ch.Case, Lane: ch.Lane, Reporter: ch.Reporter, Was: ch.Was}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// Guest joins a Proffer meeting as one or more simulated guests, who say hello and stay until it is interrupted:
//
//	guest -link https://meet.example/m/M-3K9QA-77ZPW -name "Simulated guest" -count 2
//
// It is a program of its own so that the server's binary links no code that holds a meeting's keys.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/participant"
)

// maxGuests is how many guests one program joins as.
const maxGuests = 50

// options are the command line's.
type options struct {
	link, name, video, audio, devices string
	count, cameras                    int
	misbehaves                        time.Duration
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "guest:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, in io.Reader, out, usage io.Writer) error {
	o, err := parse(args, usage)
	if err != nil {
		return err
	}
	if o.link == "-" {
		line, err := bufio.NewReader(io.LimitReader(in, 1000)).ReadString('\n')
		if err != nil && err != io.EOF {
			return err
		}
		o.link = line
	}
	link, err := participant.ParseLink(o.link)
	if err != nil {
		return err
	}
	if o.devices == "" { // other devices each time, which nobody has met
		if o.devices, err = os.MkdirTemp("", "proffer-guest-"); err != nil {
			return err
		}
		defer os.RemoveAll(o.devices)
	}
	media, err := o.media()
	if err != nil {
		return err
	}
	return o.everybody(ctx, link, media, &printer{out: out})
}

func parse(args []string, usage io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("guest", flag.ContinueOnError)
	f.SetOutput(usage)
	f.StringVar(&o.link, "link", "", "the meeting's link, with what is after # if it is end-to-end encrypted; - to read it from standard input, where nobody else sees it")
	f.StringVar(&o.name, "name", "Simulated guest", "the name to go by")
	f.IntVar(&o.count, "count", 1, "how many guests")
	f.IntVar(&o.cameras, "cameras", maxGuests, "how many of them send video; the others are only heard")
	f.DurationVar(&o.misbehaves, "misbehaves", 0, "how long after somebody came the last guest begins to show a marked test pattern, for them to report; 0: never")
	f.StringVar(&o.video, "video", "", "an IVF file of VP8 to send, over and over, in place of the built-in picture")
	f.StringVar(&o.audio, "audio", "", "an Ogg file of Opus to send in place of the built-in tone")
	f.StringVar(&o.devices, "devices", "", "folder of the guests' device keys, kept for the next time; without it they are new each time")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case o.link == "" || f.NArg() > 0:
		f.Usage()
		return o, fmt.Errorf("name the meeting with -link, and nothing without a flag")
	case o.count < 1 || o.count > maxGuests:
		return o, fmt.Errorf("-count is from 1 to %d: the server vouches for no more from one address in a minute", maxGuests)
	}
	return o, nil
}

// recordings are what is sent; nil for what is built in.
type recordings struct{ video, audio []participant.Sample }

func (o *options) media() (r recordings, err error) {
	if r.video, err = recording(o.video, participant.ReadIVF); err != nil {
		return r, err
	}
	r.audio, err = recording(o.audio, participant.ReadOgg)
	return r, err
}

func recording(path string, read func(io.Reader) ([]participant.Sample, error)) ([]participant.Sample, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	samples, err := read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return samples, nil
}

// everybody joins, and stays until ctx ends or the meeting does. The first error is the answer, after all have gone.
func (o *options) everybody(ctx context.Context, link participant.Link, media recordings, p *printer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	failed := make(chan error, o.count)
	for n := range o.count {
		all.Go(func() {
			g := guest{name: o.name, all: o.name, n: n, camera: n < o.cameras, print: p, wrong: make(chan struct{})}
			if n == o.count-1 {
				g.after = o.misbehaves
			}
			if o.count > 1 {
				g.name = fmt.Sprintf("%s %d", o.name, n+1)
			}
			err := g.stay(ctx, participant.Config{Link: link, Name: g.name, Folder: filepath.Join(o.devices, strconv.Itoa(n+1)), Sink: &g}, media)
			if err != nil {
				failed <- err
				cancel()
			}
		})
	}
	all.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// printer writes lines of several guests one after another.
type printer struct {
	mu  sync.Mutex
	out io.Writer
}

func (p *printer) line(who, format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, "%s  %s: %s\n", time.Now().Format(time.TimeOnly), who, fmt.Sprintf(format, args...))
}

// stay joins, sends, and tells what happens until the meeting is over for this guest.
func (g *guest) stay(ctx context.Context, cfg participant.Config, media recordings) error {
	p, err := participant.Join(ctx, cfg)
	if err != nil {
		return err
	}
	g.p = p
	video, audio := participant.Simulated(g.n)
	if media.video != nil {
		video = participant.Loop(media.video)
	}
	if media.audio != nil {
		audio = participant.Loop(media.audio)
	}
	pattern, beep := participant.Misbehaves()
	video, audio = participant.Until(video, g.wrong, pattern), participant.Until(audio, g.wrong, beep)
	if err := p.Send(franking.Microphone, audio); err != nil {
		return err
	}
	if g.camera {
		if err := p.Send(franking.Camera, video); err != nil {
			return err
		}
	}
	for e := range p.Events() {
		g.tell(e)
	}
	return nil
}

package main

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/participant"
)

// guest is one simulated guest.
type guest struct {
	name   string
	all    string // how the names of all of them begin
	n      int
	camera bool // sends video
	print  *printer
	p      *participant.Participant
	said   bool          // hello
	after  time.Duration // when it misbehaves, once somebody is here; 0: never
	wrong  chan struct{} // closed then
	view   participant.View

	mu    sync.Mutex // over both below: frames come in other goroutines than events
	shown map[seen]bool
	names map[e2ee.J]string
}

// seen is a source of somebody of whom a frame has opened.
type seen struct {
	j      e2ee.J
	source franking.Source
}

var sources = map[franking.Source]string{franking.Camera: "the camera", franking.Microphone: "the microphone", franking.Screen: "the screen",
	franking.ScreenSound: "the screen's sound"}

// Frame notes the first frame of each source (participant.Sink).
func (g *guest) Frame(f participant.Frame) {
	g.mu.Lock()
	s := seen{f.Join, f.Source}
	first := !g.shown[s]
	if g.shown == nil {
		g.shown = map[seen]bool{}
	}
	g.shown[s] = true
	name := g.names[f.Join]
	g.mu.Unlock()
	if first {
		g.print.line(g.name, "decrypts %s of %s", sources[f.Source], cmp.Or(name, "somebody"))
	}
}

// called is how a person is called here.
func called(p participant.Person) string {
	if p.Guest {
		return p.Name + " (guest)"
	}
	return p.Name
}

var states = map[e2ee.State]string{
	e2ee.Standard: "is in the meeting; the server could decrypt it",
	e2ee.Waiting:  "waits to be let in",
	e2ee.Listed:   "is on the list and waits for the key",
	e2ee.In:       "holds the key",
	e2ee.Rekeying: "waits for the next key",
}

// tell prints an event in plain words.
func (g *guest) tell(event participant.Event) {
	switch e := event.(type) {
	case participant.StateChanged:
		if words := states[e.To]; words != "" {
			g.print.line(g.name, "%s", words)
		}
	case participant.ViewChanged:
		g.people(e.View)
	case participant.Warning:
		g.print.line(g.name, "warning: %s", e.Words)
	case participant.Line:
		if e.Standing != franking.Proven {
			g.print.line(g.name, "withholds a line of %s that nothing vouches for", e.Name)
			break
		}
		g.print.line(g.name, "%s says: %s", e.Name, e.Text)
	case participant.Refused:
		g.print.line(g.name, "the server refuses: %s", e.Why)
	case participant.Lobby:
		if len(e.Waiting) == 0 && e.On {
			g.print.line(g.name, "waits for a host to let it in")
		}
	case participant.Session:
		if !e.Up {
			g.print.line(g.name, "lost the server (%v); tries again", e.Err)
		}
	case participant.Media:
		if !e.Up {
			g.print.line(g.name, "lost the media server (%v); tries again", e.Err)
		}
	case participant.IdentityChanged:
		g.print.line(g.name, "warning: the server’s identity key changed since this folder of devices was made")
	case participant.Ended:
		g.print.line(g.name, "%s", e.Words)
	}
}

// people tells who came and went, and says hello once it can.
func (g *guest) people(v participant.View) {
	names := map[e2ee.J]string{}
	for _, p := range v.People {
		names[p.J] = called(p)
		if !p.Me && !g.view.Has(p.J) {
			g.print.line(g.name, "%s is here", called(p))
		}
	}
	g.mu.Lock()
	g.names = names
	g.mu.Unlock()
	for _, p := range g.view.People {
		if !p.Me && !v.Has(p.J) && v.State != e2ee.Out {
			g.print.line(g.name, "%s has gone", called(p))
		}
	}
	if v.Code != "" && v.Code != g.view.Code {
		g.print.line(g.name, "the security code is %s", v.Code)
	}
	g.view = v
	if !g.said && v.Sending && g.company(v) {
		g.said = true
		time.AfterFunc(helloAfter, func() { g.p.Say("Hello! I am a simulated guest.") }) // a meeting that is over meanwhile needs none
		if g.after > 0 {
			time.AfterFunc(helloAfter+g.after, g.misbehave)
		}
	}
}

// misbehave shows and sounds what somebody is to report, and says so.
func (g *guest) misbehave() {
	close(g.wrong)
	g.p.Say("I misbehave now. It is a simulation: please report me.")
	g.print.line(g.name, "misbehaves: it shows a test pattern that says so, and beeps")
}

// helloAfter is how long somebody is given to arrive whole: what is said before is not heard.
const helloAfter = 2 * time.Second

// company reports whether somebody is here who is not one of these guests.
func (g *guest) company(v participant.View) bool {
	return slices.ContainsFunc(v.People, func(p participant.Person) bool { return !p.Me && !(p.Guest && strings.HasPrefix(p.Name, g.all)) })
}

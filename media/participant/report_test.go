package participant

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/franking"
)

// seed reads a key file of the server.
func (s *server) seed(name string) [32]byte {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, "data", "keys", name+".key"))
	if err != nil {
		s.t.Fatal(err)
	}
	_, text, _ := strings.Cut(strings.TrimSpace(string(b)), "+"+name+"+")
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != 32 {
		s.t.Fatalf("%s.key holds %q", name, b)
	}
	return [32]byte(raw)
}

// platform checks proofs with the server's keys.
func (s *server) platform() clip.Platform {
	seed := s.seed("identity")
	return clip.Platform{Identity: [32]byte(ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey)), Notary: franking.NewNotary(s.seed("notary")).Key}
}

// reported has a host report a guest from a running meeting, and what comes of it verified.
func reported(mode string) func(*testing.T, *server) {
	return func(t *testing.T, s *server) {
		account := s.signIn("Hanna")
		link := s.meeting(account, mode)
		host := s.join("host", Config{Link: link, Host: true, HTTP: account, Ring: true})
		guest := s.join("guest", Config{Link: link})
		host.sends()
		guest.sends()
		together(host, guest)
		proven(host, guest)
		guest.Say(threat)
		if l := await(host, "the line came", func(l Line) bool { return l.Text == threat }); l.Standing != franking.Proven {
			t.Errorf("the line is told of as %v", l.Standing)
		}
		time.Sleep(5 * time.Second) // what the clip is to hold
		guest.Leave()               // does not hurt the report
		f, err := host.Freeze()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Release()
		file, proof, err := f.Report(t.Context(), guest.J(), franking.Camera, 0, 1<<52)
		if err != nil {
			t.Fatal(err)
		}
		v, err := clip.Verify(bytes.NewReader(file), proof, s.platform())
		if err != nil || v.Grade != clip.Verified && v.Grade != clip.Partly || len(v.Tracks) != 2 || v.Length < 5000 {
			t.Fatalf("the report is %+v, %v", v, err)
		}
		if v.Grade == clip.Partly { // a busy machine loses packets, and nothing else makes it partly verified
			for _, track := range v.Tracks {
				for _, span := range track.Spans {
					if span.State != clip.StateVerified && span.State != clip.StateGap {
						t.Errorf("the %s has %+v", track.Source, span)
					}
				}
			}
		}
		if v.Sender.Name != "guest" || v.Reporter.Account == "" || v.Sender.Join != guest.J() {
			t.Errorf("the report is by %+v about %+v", v.Reporter, v.Sender)
		}
		s.sendsIn(s.token(account), link.Meeting, file, proof, v)
		s.lines(f, guest.J())
		file[len(file)/2] ^= 1
		if v, err := clip.Verify(bytes.NewReader(file), proof, s.platform()); err != nil || v.Grade != clip.Contradicted {
			t.Errorf("changed, it is %s, %v", v.Grade, err)
		}
		if host.Window() != clip.DefaultWindow || guest.Window() != clip.DefaultWindow {
			t.Errorf("the host was told a window of %v, the guest one of %v", host.Window(), guest.Window())
		}
		if _, err := guest.Freeze(); err == nil {
			t.Error("a guest keeps a ring")
		}
	}
}

// threat is what the guest writes.
const threat = "You will hear from me."

// lines reports what a guest wrote, and has it verified.
func (s *server) lines(f *Frozen, guest e2ee.J) {
	s.t.Helper()
	written, err := f.Lines(s.t.Context(), []e2ee.J{guest}, 0, 1<<52)
	if err != nil {
		s.t.Fatal(err)
	}
	v, err := clip.VerifyLines(written, s.platform())
	if err != nil || v.Grade != clip.Verified || len(v.Lines) != 1 || v.Lines[0].Text != threat {
		s.t.Errorf("the lines are %+v, %v", v, err)
	}
	if _, err := f.Lines(s.t.Context(), []e2ee.J{f.by.J()}, 0, 1<<52); !errors.Is(err, clip.ErrNothing) {
		s.t.Errorf("the host's own lines: %v", err)
	}
}

// proven waits until what a receives of b has stamps.
func proven(a, b *attendee) {
	a.t.Helper()
	for over := time.Now().Add(ready); ; time.Sleep(50 * time.Millisecond) {
		if a.Standing(b.J(), 1) == franking.Proven || a.Standing(b.J(), 2) == franking.Proven {
			return
		}
		if time.Now().After(over) {
			a.t.Fatalf("no stamp for what %s sends", b.name)
		}
	}
}

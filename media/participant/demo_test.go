package participant

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/franking"
)

// demonstration: proffer demo makes a meeting, and simulated guests come to it whom a host sees, hears and can upgrade the meeting with. When
// it is interrupted, they leave.
func demonstration(t *testing.T, s *server) {
	guest := filepath.Join(dir, "guest") // beside the server's binary
	if out, err := exec.Command("go", "build", "-o", guest, "./guest").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	said := &captured{}
	demo := exec.Command(path, "demo", "--server", s.url)
	demo.Stdout, demo.Stderr = said, said
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- demo.Wait() }()
	defer func() {
		demo.Process.Kill()
		if t.Failed() {
			t.Logf("the demonstration said:\n%s", said.bytes())
		}
	}()

	account := s.signIn("Hanna")
	var link Link
	eventually(t, patient, "a link is printed", func() bool {
		m := regexp.MustCompile(`http\S+/m/\S+`).Find(said.bytes())
		link, err = ParseLink(string(m))
		return m != nil && err == nil
	})
	host := s.join("host", Config{Link: link, Host: true, HTTP: account})
	host.sends()
	var guests []e2ee.J
	host.eventually("two guests came", func() bool {
		guests = nil
		for _, p := range host.View().People {
			if !p.Me && p.Guest && strings.HasPrefix(p.Name, "Simulated guest") {
				guests = append(guests, p.J)
			}
		}
		return len(guests) == 2 && len(host.View().People) == 3
	})
	pictures, sounds := readSimulated()
	wrongPictures, wrongSounds := readMisbehaves()
	pictures, sounds = slices.Concat(pictures, wrongPictures), slices.Concat(sounds, wrongSounds)
	shown := func() {
		t.Helper()
		for _, j := range guests {
			for source, recording := range map[franking.Source][]Sample{franking.Camera: pictures, franking.Microphone: sounds} {
				had := len(host.seen.of(j, source))
				host.eventually("the guests are seen and heard", func() bool { return len(host.seen.of(j, source)) >= had+30 })
				for _, f := range host.seen.of(j, source)[had:] {
					if !slices.ContainsFunc(recording, func(s Sample) bool { return bytes.Equal(s.Data, f.Data) }) {
						t.Fatal("a frame is not the fixture's")
					}
				}
			}
			await(host, "a guest says hello", func(l Line) bool { return l.From == j && l.Text == "Hello! I am a simulated guest." })
		}
	}
	shown()
	if err := host.Upgrade(guests...); err != nil {
		t.Fatal(err)
	}
	host.eventually("all were carried over", func() bool { return host.View().E2EE && host.View().Sending && len(host.View().People) == 3 })
	shown()

	wrong := await(host, "one misbehaves", func(l Line) bool { return strings.HasPrefix(l.Text, "I misbehave now.") }).From
	host.eventually("its pattern is seen", func() bool {
		return slices.ContainsFunc(host.seen.of(wrong, franking.Camera), func(f Frame) bool {
			return slices.ContainsFunc(wrongPictures, func(s Sample) bool { return bytes.Equal(s.Data, f.Data) })
		})
	})

	demo.Process.Signal(os.Interrupt)
	if err := <-ended; err != nil {
		t.Errorf("the demonstration ended with %v\n%s", err, said.bytes())
	}
	host.eventually("the guests have gone", func() bool { return len(host.View().People) == 1 })
	for _, words := range []string{"decrypts the camera of Hanna Holm", "holds the key", "the security code is " + host.View().Code, "You left the meeting."} {
		if !strings.Contains(string(said.bytes()), words) {
			t.Errorf("the guests do not say %q:\n%s", words, said.bytes())
		}
	}
}

// TestDemoWithoutGuests: where their program is not there, the words say what to do.
func TestDemoWithoutGuests(t *testing.T) {
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	alone := filepath.Join(t.TempDir(), "proffer")
	if err := os.Link(path, alone); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(alone, "demo", "http://localhost:1/m/M-1")
	cmd.Env = append(os.Environ(), "PATH=")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), fmt.Sprintf("neither at %s nor in PATH; build it with make build", filepath.Join(filepath.Dir(alone), "guest"))) {
		t.Errorf("%v\n%s", err, out)
	}
}

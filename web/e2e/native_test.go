package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// guestProgram builds the headless participant once.
var guestProgram = sync.OnceValues(func() (string, error) {
	if _, err := binary(); err != nil {
		return "", err
	}
	server, _ := binary()
	path := filepath.Join(filepath.Dir(server), "guest")
	return path, exec.Command("go", "build", "-o", path, "../../media/participant/guest").Run()
})

// native is a participant without a browser: the program of a native client.
type native struct {
	t   *testing.T
	cmd *exec.Cmd
	out *lockedBuffer
}

func joinNatively(t *testing.T, link, name string) *native {
	t.Helper()
	path, err := guestProgram()
	if err != nil {
		t.Fatal(err)
	}
	n := &native{t: t, cmd: exec.Command(path, "-link", link, "-name", name), out: &lockedBuffer{}}
	n.cmd.Stdout, n.cmd.Stderr = n.out, n.out
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.leave)
	return n
}

// says waits until the program has printed some words, and returns all that it printed.
func (n *native) says(words string) string {
	n.t.Helper()
	for deadline := time.Now().Add(waitTime); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if strings.Contains(n.out.String(), words) {
			return n.out.String()
		}
	}
	n.t.Fatalf("the native client does not say %q:\n%s", words, n.out)
	return ""
}

func (n *native) leave() {
	if n.cmd == nil {
		return
	}
	n.cmd.Process.Signal(os.Interrupt)
	n.cmd.Wait()
	n.cmd = nil
}

// natively is a meeting of a browser and a native client: each sees, hears and reads the other, before and after an upgrade or under
// end-to-end encryption from the start; then the host leaves and the native client leads.
func natively(t *testing.T, host *person, mode string) {
	link := host.makeMeeting("Lesson", mode)
	host.enter(link, "")
	badge := map[string]string{"standard": "Standard encryption", "e2ee": "End-to-end encrypted"}[mode]
	host.meets(badge)
	guest := joinNatively(t, link, "Nora Native")
	if mode == "e2ee" {
		host.admit("Nora Native")
	}
	host.seesMoving("Nora Native")
	host.reads("Hello! I am a simulated guest.")
	guest.says("decrypts the camera of Hanna Holm")
	guest.says("decrypts the microphone of Hanna Holm")
	host.write("Good morning")
	guest.says("Good morning")
	if mode == "standard" {
		host.press(`[data-controls] button`, "Encrypt")
		host.press(`#upgrading button`, "End-to-end encrypt")
		host.meets("End-to-end encrypted")
		host.seesMoving("Nora Native")
		host.write("Only us now")
		guest.says("Only us now")
	}
	guest.says("the security code is " + host.code())
	host.do(`document.querySelector('[data-controls] [data-act="screen"]').click()`)
	guest.says("decrypts the screen of Hanna Holm")
	host.press(`[data-controls] button`, "Leave")
	host.press(`#leaving button`, "Leave")
	guest.says("Hanna Holm has gone")
	if codes := strings.Count(guest.out.String(), "Native: the security code is "); codes != 2 {
		t.Errorf("%d codes were told, and not that of the host and that of the one who leads now:\n%s", codes, guest.out)
	}
}

package derive

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
)

// Inside the sandbox, paths are always the same, so that a command line says the same wherever it ran.
const (
	inClip = "/in/clip"
	inText = "/in/text"
)

// libraryDirs are bound read-only where they exist: programs need their shared libraries and nothing else of this machine.
var libraryDirs = []string{"/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/etc/alternatives"}

// emptyDirs are the folders of the room that exist before anything is bound.
var emptyDirs = []string{"/usr", "/usr/local", "/usr/share", "/etc", "/bin", "/in", "/out"}

// bwrapArgs builds the room: an empty, read-only root with libraries, the tools, the clip and at most one output file.
// There is no /proc and no writable folder, not even /tmp.
func (s *Sandbox) bwrapArgs(w *walls, j job) []string {
	args := []string{"--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try",
		"--hostname", "sandbox", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv",
		"--setenv", "PATH", "/bin", "--setenv", "LC_ALL", "C.UTF-8"}
	if w.mode == modeUser {
		args = append(args, "--unshare-user", "--uid", fmt.Sprint(nobody), "--gid", fmt.Sprint(nobody))
	} else {
		args = append(args, "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID") // setpriv gives them up at once
	}
	for _, dir := range emptyDirs { // made by hand, or bubblewrap would close them to all but root
		args = append(args, "--perms", "0755", "--dir", dir)
	}
	for _, dir := range libraryDirs {
		args = append(args, bindDir(dir)...)
	}
	args = append(args, "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache")
	for _, name := range []string{"prlimit", "setpriv", j.tool} {
		if path := w.tools[name]; path != "" {
			args = append(args, "--ro-bind", path, "/bin/"+name)
		}
	}
	if j.fonts {
		args = append(args, "--ro-bind-try", "/usr/share/fonts", "/usr/share/fonts")
	}
	if j.input != "" {
		args = append(args, "--ro-bind", j.input, inClip)
	}
	if j.output != "" {
		args = append(args, "--bind", j.output, j.outPath)
	}
	return append(args, "--dev", "/dev", "--remount-ro", "/dev", "--chdir", "/")
}

// bindDir binds a folder, or repeats the link where the distribution has merged it into /usr.
func bindDir(dir string) []string {
	if target, err := os.Readlink(dir); err == nil {
		return []string{"--symlink", target, dir}
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil
	}
	return []string{"--ro-bind", dir, dir}
}

const (
	maxProcesses = 64 // processes and threads; ffmpeg needs about twelve
	maxFiles     = 64 // open files
)

// innerArgs is the command inside: become nobody where the namespace has not done so, set the limits, be the tool.
func (s *Sandbox) innerArgs(w *walls, j job) []string {
	processes := maxProcesses
	var args []string
	if w.mode == modeRoot {
		// Without a user namespace the kernel counts all of nobody's processes on this machine together.
		processes *= 8
		args = []string{"/bin/setpriv", fmt.Sprintf("--reuid=%d", nobody), fmt.Sprintf("--regid=%d", nobody),
			"--clear-groups", "--no-new-privs", "--inh-caps=-setuid,-setgid"}
	}
	cpu := int64(math.Ceil(2 * j.wall.Seconds())) // two decoder threads
	args = append(args, "/bin/prlimit", "--core=0:0",
		fmt.Sprintf("--as=%[1]d:%[1]d", s.limits.Memory),
		fmt.Sprintf("--cpu=%[1]d:%[1]d", cpu),
		fmt.Sprintf("--fsize=%[1]d:%[1]d", j.outMax),
		fmt.Sprintf("--nproc=%[1]d:%[1]d", processes),
		fmt.Sprintf("--nofile=%[1]d:%[1]d", maxFiles),
		"/bin/"+filepath.Base(j.tool))
	return append(args, j.args...)
}

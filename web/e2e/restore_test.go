package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// keptOf waits until a server keeps a checkpoint outside its database, and returns it.
func keptOf(t *testing.T, s *server) string {
	t.Helper()
	path := filepath.Join(s.Dir, "data/keys/log.checkpoint")
	for deadline := time.Now().Add(waitTime); ; time.Sleep(50 * time.Millisecond) {
		b, err := os.ReadFile(path)
		if err == nil {
			return string(b)
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// settledLog waits until the newest checkpoint of the log is kept and stays the same, and returns it.
func settledLog(t *testing.T, s *server, auditor *client) string {
	t.Helper()
	for deadline := time.Now().Add(waitTime); ; time.Sleep(3 * time.Second) {
		newest, kept := must(auditor.page("/log/checkpoint"))(t), must(auditor.page("/log/kept"))(t)
		if newest == kept && kept == keptOf(t, s) {
			return kept
		} else if time.Now().After(deadline) {
			t.Fatalf("the newest checkpoint is\n%s\nkept is\n%s", newest, kept)
		}
	}
}

// TestBackupPutBack does what the README says of backups: the database comes back older, the key folder stayed. The server
// runs, says plainly that the log went back, and goes on once the operator has said so too.
func TestBackupPutBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.become(t, "Ada Abara")
	old := settledLog(t, s, ada)
	s.stop()
	database, backup := filepath.Join(s.Dir, "data/postgres"), filepath.Join(t.TempDir(), "backup")
	copyFolder(t, database, backup)
	s.boot()
	hanna := s.enter(t, "Hanna", s.Links["Hanna"])
	must(hanna.report("Alva Ask", "clip.mp4", clipBytes(t, "clip.mp4")))(t)
	settledLog(t, s, ada)
	s.stop()
	lost := keptOf(t, s)
	if old == lost {
		t.Fatal("nothing came into the log")
	}
	if err := os.RemoveAll(database); err != nil {
		t.Fatal(err)
	}
	copyFolder(t, backup, database)
	s.boot()
	s.showsSetback(t)
	if keptOf(t, s) != lost {
		t.Error("the kept checkpoint went back too")
	}
	s.stop()
	exit, out := runOnce(t, []string{"staff", "restored", "--why", "The disk failed, last night's backup was put back"},
		"PROFFER_DATA="+filepath.Join(s.Dir, "data"), "PROFFER_URL="+s.URL)
	if exit != 0 || !strings.Contains(out, "set aside as log-") || !strings.Contains(out, "The restore is recorded") {
		t.Fatalf("staff restored: %d\n%s", exit, out)
	}
	s.boot()
	s.goesOnAfterRestore(t, lost)
}

// showsSetback expects that the server works, that nothing is signed, and that those concerned are told.
func (s *server) showsSetback(t *testing.T) {
	t.Helper()
	hanna := s.enter(t, "Hanna", s.Links["Hanna"])
	must(hanna.report("Bo Berg", "clip.mp4", clipBytes(t, "clip.mp4")))(t)
	for deadline := time.Now().Add(waitTime); !strings.Contains(s.log.String(), "NOTHING IS SIGNED"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the server says nothing:\n%s", s.log)
		}
	}
	if r := must(hanna.get("/readyz"))(t); r.status != 200 || !strings.Contains(r.body, "nothing is signed into the custody log") {
		t.Errorf("/readyz: %d %s", r.status, r.body)
	}
	t.Run("pages", func(t *testing.T) {
		p := s.in(t).as("Ada Abara")
		p.open("/log")
		p.waitText("The log went back")
		p.waitText("proffer staff restored")
		p.sound("log-setback", 1280)
		p.press(`main button`, "Verify the whole log")
		p.waitText("The log does not hold")
		p = s.in(t).as("Ari Aalto")
		p.open("/people")
		p.waitText("Nothing is signed into the custody log any more")
		p.sound("people-setback", 1280)
	})
}

// goesOnAfterRestore expects that the log holds again and remembers what it went back from.
func (s *server) goesOnAfterRestore(t *testing.T, lost string) {
	t.Helper()
	p := s.as("Ada Abara")
	p.open("/log")
	if strings.Contains(evaluate[string](p, `document.body.innerText`), "Nothing is signed") {
		t.Error("the log still stands")
	}
	p.press(`main button`, "Verify the whole log")
	p.waitText("The log holds")
	p.waitText("The disk failed, last night's backup was put back")
	p.do(`document.querySelectorAll("main details").forEach(d => { d.open = true })`)
	p.waitText("Set aside after a restore as")
	if shown := evaluate[[]string](p, `[...document.querySelectorAll("main details pre")].map(e => e.textContent)`); !strings.Contains(strings.Join(shown, "\n"), strings.TrimSpace(lost)) {
		t.Errorf("what was set aside is not shown: %q", shown)
	}
	p.sound("log-restored", 1280)
}

// copyFolder copies a folder with owners and times, as a backup does.
func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatal(errors.Join(err, errors.New(string(out))))
	}
}

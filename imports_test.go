package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/proffer/proffer"

// mayImport is the house's import table (ARCHITECTURE.md): what each package may import inside the module. "triage/..."
// stands for triage and everything below it. A package that is not in the table may import nothing.
var mayImport = map[string][]string{
	"triage":                        {"triage/account", "triage/custody", "triage/passkey", "triage/routing", "media/franking", "media/clip", "media/pdq"},
	"triage/export":                 {"triage", "triage/account", "triage/custody", "media/clip"},
	"triage/signals":                {"triage", "triage/account", "triage/custody"},
	"triage/work":                   {"triage", "triage/account", "triage/custody"},
	"triage/triagetest":             {"triage", "triage/account", "triage/custody", "triage/routing", "triage/passkey/passkeytest", "media/pdq"},
	"media/e2ee":                    {"media/sframe", "media/franking"},
	"media/clip":                    {"media/franking"},
	"media/clip/cliptest":           {"media/clip", "media/franking"},
	"media/participant":             {"media/e2ee", "media/rtpframe", "media/sframe", "media/franking", "media/clip"},
	"media/participant/guest":       {"media/participant", "media/e2ee", "media/franking"},
	"media/rtpframe":                {"media/sframe", "media/franking"},
	"media/connector":               {"media/rtpframe", "media/sframe", "media/franking"},
	"media/connector/phone":         {"media/connector", "media/rtpframe", "media/franking"},
	"media/connector/recorder":      {"media/connector", "media/rtpframe", "media/franking"},
	"media/connector/connectortest": {"media/connector", "media/sframe", "media/franking", "media/sfu"},
	"media/meeting":                 {"media/franking", "triage/account"},
	"media/meeting/meetingtest":     {"media/meeting", "media/franking", "triage/account"},
	"storage/postgres":              {"triage/...", "media/meeting", "media/pdq", "migrations"},
	"storage/objects":               {"triage/..."},
	"storage/delivery":              {"triage/..."},
	"storage/embedded":              {"triage/..."},
	"storage/embedded/embeddedtest": {"storage/embedded"},
	"web":                           {"triage/...", "media/meeting", "media/clip", "media/franking"},
	"web/bundle":                    {"web"},
	"handlers":                      {"triage/...", "media/meeting", "web", "handlers/oidc"},
	"handlers/oidc":                 {"triage/account"},
	"":                              {"triage/...", "storage/...", "media/...", "handlers/...", "web", "migrations"},
}

// mainMayNot is what the server's binary must not link, directly or not (DESIGN I1).
var mainMayNot = []string{"media/e2ee", "media/participant"}

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func list(t *testing.T, args ...string) []listed {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,Deps"}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func inside(path string) (string, bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

func allowed(imported string, by []string) bool {
	return slices.ContainsFunc(by, func(rule string) bool {
		if base, ok := strings.CutSuffix(rule, "/..."); ok {
			return imported == base || strings.HasPrefix(imported, base+"/")
		}
		return imported == rule
	})
}

func TestImportTable(t *testing.T) {
	for _, p := range list(t, "./...") {
		from, ok := inside(p.ImportPath)
		if !ok {
			continue
		}
		for _, i := range p.Imports {
			if to, ok := inside(i); ok && !allowed(to, mayImport[from]) {
				t.Errorf("%q imports %q, which the table in ARCHITECTURE.md does not allow", from, to)
			}
		}
	}
}

func TestServerLinksNoClientKeyCode(t *testing.T) {
	for _, p := range list(t, "-deps", ".") {
		if path, ok := inside(p.ImportPath); ok && slices.Contains(mainMayNot, path) {
			t.Errorf("the server's binary links %s", path)
		}
	}
}

func TestTopLevelFolders(t *testing.T) {
	out, err := exec.Command("git", "ls-files").Output()
	if err != nil {
		t.Fatal(err)
	}
	known := []string{"web", "handlers", "triage", "storage", "media", "migrations", ".ci"}
	for _, f := range strings.Fields(string(out)) {
		if dir, _, ok := strings.Cut(f, "/"); ok && !slices.Contains(known, dir) {
			t.Errorf("%s is in a top-level folder that the house does not have", f)
		}
	}
}

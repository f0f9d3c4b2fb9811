// Command bundle builds what the pages load: it bundles the entry modules of web/js and the style sheet with esbuild
// into web/dist, under names that hold a hash of their content, and writes manifest.json, which maps "base.js" to
// "base-HASH.js". It needs the npm packages of web/package.json (npm ci --prefix web). Run it from the module's root or
// from web/.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// entries are the files that pages name, relative to web/.
var entries = []string{
	"js/base.js",
	"js/report.js",
	"js/triage.js",
	"js/report/hash-worker.js",
	"js/meeting.js",
	"js/meetings.js",
	"js/meeting/core-worker.js",
	"js/meeting/frame-worker.js",
	"css/app.css",
	"css/mark.svg",
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bundle:", err)
		os.Exit(1)
	}
}

func run() error {
	root, err := webDir()
	if err != nil {
		return err
	}
	out := filepath.Join(root, "dist")
	if err := clean(out); err != nil {
		return fmt.Errorf("emptying %s: %w", out, err)
	}
	result := api.Build(options(root, out))
	if len(result.Errors) > 0 {
		for _, line := range api.FormatMessages(result.Errors, api.FormatMessagesOptions{}) {
			fmt.Fprint(os.Stderr, line)
		}
		return errors.New("nothing was built; if a package is missing, run `npm ci --prefix web`")
	}
	return writeManifest(root, out, result.Metafile)
}

func options(root, out string) api.BuildOptions {
	points := make([]string, len(entries))
	for i, e := range entries {
		points[i] = filepath.Join(root, e)
	}
	return api.BuildOptions{
		EntryPoints:       points,
		AbsWorkingDir:     root,
		Outdir:            out,
		EntryNames:        "[name]-[hash]",
		ChunkNames:        "chunk-[hash]",
		Bundle:            true,
		Splitting:         true,
		Format:            api.FormatESModule,
		Platform:          api.PlatformBrowser,
		Target:            api.ES2022,
		Loader:            map[string]api.Loader{".svg": api.LoaderCopy},
		NodePaths:         filepath.SplitList(os.Getenv("NODE_PATH")),
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		Sourcemap:         api.SourceMapExternal,
		LegalComments:     api.LegalCommentsEndOfFile,
		Metafile:          true,
		Write:             true,
	}
}

// webDir is the absolute path of web/.
func webDir() (string, error) {
	for _, dir := range []string{"web", "."} {
		if _, err := os.Stat(filepath.Join(dir, "js", "base.js")); err == nil {
			return filepath.Abs(dir)
		}
	}
	return "", errors.New("cannot find web/js/base.js: run it from the module's root")
}

// clean removes what an earlier run left, so that nothing stale is embedded.
func clean(out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	old, err := os.ReadDir(out)
	if err != nil {
		return err
	}
	for _, e := range old {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if err := os.Remove(filepath.Join(out, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// writeManifest maps the base name of each entry to the name of its output.
func writeManifest(root, out, metafile string) error {
	var meta struct {
		Outputs map[string]struct {
			EntryPoint string         `json:"entryPoint"`
			Inputs     map[string]any `json:"inputs"`
		} `json:"outputs"`
	}
	if err := json.Unmarshal([]byte(metafile), &meta); err != nil {
		return fmt.Errorf("reading what esbuild built: %w", err)
	}
	names := map[string]string{}
	for file, o := range meta.Outputs {
		entry := o.EntryPoint
		if entry == "" && strings.HasSuffix(file, ".svg") { // copied files have inputs only
			for in := range o.Inputs {
				entry = in
			}
		}
		if entry != "" {
			names[filepath.Base(entry)] = filepath.Base(file)
		}
	}
	for _, e := range entries {
		if names[filepath.Base(e)] == "" {
			return fmt.Errorf("esbuild built nothing for %s", e)
		}
	}
	b, err := json.MarshalIndent(names, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "manifest.json"), append(b, '\n'), 0o644)
}

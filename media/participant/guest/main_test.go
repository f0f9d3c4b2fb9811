package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	o, err := parse([]string{"-link", "https://meet.example/m/M-1", "-count", "3", "-cameras", "1"}, io.Discard)
	if err != nil || o.count != 3 || o.cameras != 1 || o.name != "Simulated guest" {
		t.Errorf("%+v %v", o, err)
	}
	for _, bad := range [][]string{nil, {"-link", "x", "more"}, {"-link", "x", "-count", "0"}, {"-link", "x", "-count", "51"}, {"-nothing"}} {
		if _, err := parse(bad, io.Discard); err == nil {
			t.Errorf("%v is accepted", bad)
		}
	}
}

// TestWords: what keeps a guest from joining is said in words, and a link from standard input is not printed.
func TestWords(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.ivf")
	if err := os.WriteFile(broken, []byte("no video"), 0o600); err != nil {
		t.Fatal(err)
	}
	const link = "http://localhost:1/m/M-1#AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
	for words, args := range map[string][]string{
		"this is no link to a meeting":   {"-link", "M-1"},
		"this is no IVF file of VP8":     {"-link", link, "-video", broken},
		"no such file":                   {"-link", link, "-audio", broken + ".ogg"},
		"asking for a certificate: Post": {"-link", "-"},
	} {
		err := run(t.Context(), args, strings.NewReader(link+"\n"), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "AAECAwQF") {
			t.Errorf("%v: %v", args, err)
		}
	}
}

package export

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
)

func TestCoverText(t *testing.T) {
	s, err := newSheet("t", "r", "", time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"Müller, Ωμέγα, Класс": "Müller, Ωμέγα, Класс", "王": "[U+738B]", "a\u202eb": "a[U+202E]b", "😀": "[U+1F600]", "a\x00b": "a[U+0000]b",
		"a\tb\nc": "a b\nc", "سلام": "[U+0633][U+0644][U+0627][U+0645]",
	} {
		if got := s.safe("", in); got != want {
			t.Errorf("%q is printed as %q, not %q", in, got, want)
		}
	}
}

// TestCoverOfHardContents prints what breaks layouts: long words, long texts, other scripts, a long log. The banner
// of a simulated case has to stand on each page.
func TestCoverOfHardContents(t *testing.T) {
	w, _ := made(t)
	c := must(Gather(w.ctx, w.store, w.pkg.ID))
	c.Reports[0].Words = strings.Repeat("w", 9_000) + strings.Repeat(" 王😀\u202e", 300) + strings.Repeat("\nline", 200)
	c.Exhibits[0].Name = strings.Repeat("n", 400)
	c.Exhibits[0].Derivatives[0].Command = "ffmpeg " + strings.Repeat("-very-long-option=1 ", 100)
	c.Request.Recipient = strings.Repeat("Agency ", 60)
	for range 6 {
		c.Custody.Entries = append(c.Custody.Entries, c.Custody.Entries...)
	}
	b := &builder{Contents: c, Options: w.options(), key: must(keyOf(w.options().Signer, w.ring.Keys())), sum512: map[string]string{}}
	pdf, printed, err := writeCover(b)
	if err != nil {
		t.Fatal(err)
	}
	pages, banners := bytes.Count(pdf, []byte("/Type /Page\n")), bytes.Count(printed, []byte(simulatedBanner))
	if pages < 20 || banners != pages {
		t.Errorf("%d pages with %d banners", pages, banners)
	}
	for _, want := range []string{c.Reports[0].Words, c.Exhibits[0].Name, triage.LegalBasis("warrant").Title(), "Checked against the warrant.",
		trustWords[triage.TrustUnverified], "proffer verify --key PLATFORM.pub", fmt.Sprint(c.Custody.Entries[0].Index)} {
		if !bytes.Contains(printed, []byte(want)) {
			t.Errorf("the cover lacks %.60q", want)
		}
	}
	c.Request.Simulated = false
	if _, printed, err = writeCover(b); err != nil || bytes.Contains(printed, []byte("SIMULATED")) {
		t.Errorf("a real case is called simulated, or %v", err)
	}
}

package work_test

import (
	"crypto/sha256"
	"io"
	"testing"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/work"
)

// TestLinesAreNotDecoded has a file of lines under the name of a clip: the decoder never sees it.
func TestLinesAreNotDecoded(t *testing.T) {
	body := append([]byte{0x85, 0x65}, "lines, and nothing that could be read"...)
	was := clip
	clip = append([]byte{0x83, 0x58, byte(len(body))}, body...)
	t.Cleanup(func() { clip = was })
	s, r, _ := open(t)
	s.decode = func(io.Reader, work.Keep) (work.Outcome, error) {
		t.Error("lines are decoded")
		return work.Outcome{}, nil
	}
	if x, _ := s.exhibit(r); x.SHA256 != sha256.Sum256(clip) {
		t.Fatal("the clip is another one")
	}
	s.ok(s.Worker.Prepare(t.Context(), triage.PrepareExhibit{Exhibit: r.Exhibits[0]}))
	if x, c := s.exhibit(r); x.Processing != triage.ProcessingDone || x.Container != triage.ContainerLines || x.Trust != triage.TrustUnverified || c.State != triage.StateQueued {
		t.Errorf("%+v, %s", x, c.State)
	}
}

package work_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// TestBuildTwiceAtOnce has two runs of one job overlap, as when an orphan is put back while its process lives: what the
// record and the custody log name is what is handed out, whichever ends last.
func TestBuildTwiceAtOnce(t *testing.T) {
	s, r, staff := open(t)
	id := s.approved(r, staff)
	started, goOn := make(chan bool), make(chan bool)
	runs := make(chan string, 2)
	runs <- "built by the first at 10:01"
	runs <- "built by the second at 10:00"
	s.build = func(w io.Writer) error {
		words := <-runs
		if strings.Contains(words, "first") {
			started <- true
			<-goOn
		}
		_, err := io.WriteString(w, words)
		return err
	}
	done := make(chan error)
	go func() { done <- s.Worker.Build(t.Context(), triage.BuildPackage{Package: id}) }()
	<-started
	s.ok(s.Worker.Build(t.Context(), triage.BuildPackage{Package: id}))
	if s.synced != len(s.kept) {
		t.Error("the package was recorded before it was written to disk")
	}
	close(goOn)
	s.ok(<-done)
	v, err := s.Desk.OpenPackage(t.Context(), staff, id)
	s.ok(err)
	if b := s.download(staff, id); sha256.Sum256(b) != v.Package.SHA256 {
		t.Errorf("recorded %s, handed out %q", v.Package.SHA256, b)
	}
}

func (s *shop) download(a triage.Actor, id triage.PackageID) []byte {
	s.t.Helper()
	pb, err := s.Desk.DownloadPackage(s.t.Context(), a, id)
	s.ok(err)
	defer pb.Close()
	b, err := io.ReadAll(pb)
	s.ok(err)
	return b
}

// TestAlteredPackage changes a built package in the object store: before the first download nothing of it is handed out,
// nor logged; after it, nothing of a chunk that changed, whatever range is asked for.
func TestAlteredPackage(t *testing.T) {
	s, r, staff := open(t)
	id := s.approved(r, staff)
	whole := bytes.Repeat([]byte("0123456789abcdef"), (2*triage.ChunkSize+160)/16)
	s.build = func(w io.Writer) error { _, err := w.Write(whole); return err }
	s.ok(s.Worker.Build(t.Context(), triage.BuildPackage{Package: id}))
	v, err := s.Desk.OpenPackage(t.Context(), staff, id)
	s.ok(err)
	other := bytes.Clone(whole)
	other[len(other)-1]++
	for _, b := range [][]byte{other, whole[:len(whole)-1], append(bytes.Clone(whole), 'x'), nil} {
		if s.kept[v.Package.Key] = b; b == nil {
			delete(s.kept, v.Package.Key)
		}
		if _, err := s.Desk.DownloadPackage(t.Context(), staff, id); !errors.Is(err, triage.ErrAltered) {
			t.Errorf("%d other bytes: %v", len(b), err)
		}
	}
	if n := s.acts(r.Case)[custody.PackageDownloaded]; n != 0 {
		t.Errorf("%d downloads are logged of a package that nobody got", n)
	}
	s.kept[v.Package.Key] = whole
	if !bytes.Equal(s.download(staff, id), whole) {
		t.Error("something else was handed out")
	}
	s.kept[v.Package.Key] = other
	pb, err := s.Desk.DownloadPackage(t.Context(), staff, id)
	s.ok(err)
	defer pb.Close()
	got, err := io.ReadAll(pb)
	if !errors.Is(err, triage.ErrAltered) || !bytes.Equal(got, whole[:2*triage.ChunkSize]) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := pb.Seek(-3, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	if n, err := pb.Read(make([]byte, 3)); n > 0 || !errors.Is(err, triage.ErrAltered) {
		t.Errorf("the end: %d bytes, %v", n, err)
	}
}

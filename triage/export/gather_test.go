package export

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// The contract of work.Builder, which main relies on; this package does not import its user.
var _ interface {
	Build(ctx context.Context, id triage.PackageID, w io.Writer, progress func(done int64)) (triage.SHA256, int64, error)
} = (*Builder)(nil)

// TestGatherWaits shows that nothing is built before the log has sequenced the request and its approval.
func TestGatherWaits(t *testing.T) {
	w := newWorld(t, "desk.example.org")
	w.file(smallClips)
	n := triage.NewPackage{Case: w.report.Case, Exhibits: []triage.ExhibitID{w.exhibits[0].ID}, Recipient: "Agency", Basis: "warrant", Scope: "The first clip."}
	p := must(w.desk.RequestPackage(w.ctx, w.liaison, n))
	if _, err := Gather(w.ctx, w.store, p.ID); triage.KindOf(err) != triage.Conflict {
		t.Errorf("a package that nobody approved: %v", err)
	}
	w.sequence()
	w.ok(w.desk.AnswerPackage(w.ctx, w.lead, p.ID, true, "Fine by me."))
	if _, err := Gather(w.ctx, w.store, p.ID); triage.KindOf(err) != triage.Unavailable {
		t.Errorf("an approval that is not in the log: %v", err)
	}
	w.sequence()
	if _, err := Gather(w.ctx, w.store, p.ID); err != nil {
		t.Error(err)
	}
	if _, err := Gather(w.ctx, w.store, "P-AAAAA-AAAAA"); !errors.Is(err, triage.ErrNotFound) {
		t.Errorf("a package that is none: %v", err)
	}
}

// TestOtherDisclosures shows that one agency does not learn of another's package.
func TestOtherDisclosures(t *testing.T) {
	w := newWorld(t, "desk.example.org")
	w.file(smallClips)
	w.request(1)
	first := w.pkg
	b := Builder{w.store, w.files, func() note.Signer { return w.ring.Signer(custody.RolePackage) }, w.ring.PublicKeys, "Proffer test", func() time.Time { return w.now }}
	_, _, err := w.desk.BeginBuilding(w.ctx, first.ID)
	w.ok(err)
	_, _, err = b.Build(w.ctx, first.ID, io.Discard, nil)
	w.ok(err)
	w.ok(w.desk.FinishBuilding(w.ctx, first.ID, "key", triage.SHA256{}, 1, ""))
	w.request(2)
	pkg := w.build(writeCover)
	expect(t, verify(t, pkg, w.ring.Keys()), 0, "Everything holds")
	if bytes.Contains(pkg, []byte(first.ID)) {
		t.Error("the second package speaks of the first")
	}
}

// lying is a store of bytes whose originals are not what they were.
type lying struct {
	files
	change func(io.ReadSeekCloser) io.ReadSeekCloser
}

func (l lying) OpenEvidence(ctx context.Context, b triage.Blob) (io.ReadSeekCloser, error) {
	r, err := l.files.OpenEvidence(ctx, b)
	if err != nil {
		return nil, err
	}
	return l.change(r), nil
}

type reader struct {
	io.Reader
	io.Seeker
	io.Closer
}

// cut is a connection that is lost.
type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestBuildRefusesChangedOriginals(t *testing.T) {
	w, _ := made(t)
	for name, c := range map[string]struct {
		change func(io.ReadSeekCloser) io.Reader
		kind   triage.Kind
	}{
		"shorter": {func(r io.ReadSeekCloser) io.Reader { return io.LimitReader(r, 5) }, triage.Conflict},
		"longer":  {func(r io.ReadSeekCloser) io.Reader { return io.MultiReader(r, strings.NewReader("x")) }, triage.Conflict},
		"other":   {func(io.ReadSeekCloser) io.Reader { return strings.NewReader("\x1a\x45\xdf\xa3 a small worst clip") }, triage.Conflict},
		"altered": {func(r io.ReadSeekCloser) io.Reader {
			return io.MultiReader(io.LimitReader(r, 5), iotest.ErrReader(triage.AlteredOriginal(triage.Blob{}, "chunk 1 is another one")))
		}, triage.Conflict},
		"lost connection": {func(r io.ReadSeekCloser) io.Reader { return io.MultiReader(io.LimitReader(r, 5), cut{}) }, 0},
	} {
		o := w.options()
		o.Objects = lying{w.files, func(r io.ReadSeekCloser) io.ReadSeekCloser { return reader{c.change(r), r, r} }}
		_, err := Build(w.ctx, must(Gather(w.ctx, w.store, w.pkg.ID)), o, io.Discard, nil)
		if err == nil || triage.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBuildStops shows that a writer that fails, a cancelled context and foreign keys end the building with an error.
func TestBuildStops(t *testing.T) {
	w, pkg := made(t)
	c := must(Gather(w.ctx, w.store, w.pkg.ID))
	for _, after := range []int{0, 100, 5000, len(pkg) - 10} {
		if _, err := Build(w.ctx, c, w.options(), &full{after}, nil); !errors.Is(err, os.ErrClosed) {
			t.Errorf("a writer that is full after %d bytes: %v", after, err)
		}
	}
	ctx, cancel := context.WithCancel(w.ctx)
	cancel()
	if _, err := Build(ctx, c, w.options(), io.Discard, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	o := w.options()
	o.PublicKeys = newWorld(t, "desk.example.org").ring.PublicKeys()
	if _, err := Build(w.ctx, c, o, io.Discard, nil); err == nil {
		t.Error("it was signed with a key that is not among the public ones")
	}
}

type full struct{ left int }

func (f *full) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, os.ErrClosed
	}
	return len(b), nil
}

func TestProgress(t *testing.T) {
	w, _ := made(t)
	var last int64
	_, err := Build(w.ctx, must(Gather(w.ctx, w.store, w.pkg.ID)), w.options(), io.Discard, func(done int64) {
		if done < last {
			t.Errorf("went back from %d to %d", last, done)
		}
		last = done
	})
	w.ok(err)
	if last != w.pkg.Total {
		t.Errorf("%d of %d bytes were told", last, w.pkg.Total)
	}
}

// TestNoPlaceForKeys walks the types of Contents: no field is called after a key, and the only raw bytes are signed texts,
// leaves, and the salts and hashes of the log.
func TestNoPlaceForKeys(t *testing.T) {
	suspicious := regexp.MustCompile(`(?i)key|secret|private|password|token|seed`)
	raw := map[string]bool{"Receipt.Note": true, "Custody.Checkpoint": true, "Entry.Leaf": true}
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(ty reflect.Type) {
		switch ty.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			walk(ty.Elem())
		case reflect.Struct:
			if seen[ty] || ty == reflect.TypeFor[time.Time]() {
				return
			}
			seen[ty] = true
			for i := range ty.NumField() {
				f := ty.Field(i)
				if suspicious.MatchString(f.Name) {
					t.Errorf("%s.%s could hold a key", ty, f.Name)
				}
				if f.Type == reflect.TypeFor[[]byte]() && !raw[ty.Name()+"."+f.Name] {
					t.Errorf("%s.%s could hold anything", ty, f.Name)
				}
				walk(f.Type)
			}
		}
	}
	walk(reflect.TypeFor[Contents]())
	if len(seen) < 10 {
		t.Errorf("only %d types were walked", len(seen))
	}
}

package export

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// TestEveryBit shows that there is no bit of a package, changed alone, that goes unnoticed. Bits are of two kinds.
//
// Those of signature.txt, and all that lie outside of the files' data: headers, descriptors, the list of files, the end.
// Verify is run with each of them flipped.
//
// Those of every other file. A verdict depends on such a file through its checksum and its two digests, which hash takes
// of it, whatever else is read from it: they have to be those in the list of files and in the manifests, the manifests'
// digests those in the tag manifests, and theirs those in the signature. So hash is run over the file with each of its
// bits flipped, and checksum and both digests have to be others than the genuine ones, each time: that is what can depend
// on the place of the bit. That a verdict then fails can depend on the file only. Verify is run with a bit of every
// sixteenth byte flipped, and of the last, of each file; and, so that the archive's checksums do not hide what the
// manifests miss, the same with the package unpacked.
func TestEveryBit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "desk.example.org")
	w.file(smallClips[:1])
	w.request(1)
	pkg, keys := w.build(noCover), w.ring.Keys()
	expect(t, verify(t, pkg, keys), 0, "Everything holds")
	files, _, err := walkZip(bytes.NewReader(pkg), int64(len(pkg)))
	w.ok(err)
	unpacked := fstest.MapFS{}
	inFile := make([]bool, len(pkg))
	verdicts, digests := flips(t, pkg), 0
	for _, f := range files {
		id, path, _ := strings.Cut(f.name, "/")
		body := pkg[f.dataOffset() : f.dataOffset()+f.size]
		unpacked[path] = &fstest.MapFile{Data: body}
		if path == fileSig {
			continue
		}
		for i := range body {
			inFile[f.dataOffset()+int64(i)] = true
		}
		digests += 8 * len(body)
		eachBit(t, path, body, f.crc)
		for i := 0; i < len(body); i += 16 {
			for _, at := range []int{i, len(body) - 1} {
				verdicts(int(f.dataOffset())+at, i/16%8, given(keys, i/16))
			}
			unpacked[path] = &fstest.MapFile{Data: bytes.Clone(body)}
			unpacked[path].Data[i] ^= 1 << (i / 16 % 8)
			if v, err := VerifyFolder(t.Context(), unpacked, id, keys, nil); err != nil || v.ExitCode() != 1 {
				t.Errorf("byte %d of %s was changed in the unpacked package unnoticed: %v\n%v", i, path, err, v)
			}
			unpacked[path].Data = body
		}
	}
	outside := 0
	for i, in := range inFile {
		for bit := range 8 {
			if !in {
				outside++
				verdicts(i, bit, given(keys, bit))
			}
		}
	}
	t.Logf("%d bits: %d in digested files, %d others", 8*len(pkg), digests, outside)
	if digests+outside != 8*len(pkg) {
		t.Error("some were left out")
	}
}

// given alternates between a package that is held against the platform's keys and one that is not.
func given(keys custody.PublicKeys, n int) custody.PublicKeys {
	if n%2 == 1 {
		return nil
	}
	return keys
}

// flips returns what runs Verify with one bit of the package flipped. Every verdict has to fail.
func flips(t *testing.T, pkg []byte) func(at, bit int, keys custody.PublicKeys) {
	mine := bytes.Clone(pkg)
	return func(at, bit int, keys custody.PublicKeys) {
		mine[at] ^= 1 << bit
		v, err := Verify(t.Context(), bytes.NewReader(mine), int64(len(mine)), keys, nil)
		if err != nil || v.ExitCode() != 1 {
			t.Errorf("bit %d of byte %d was flipped unnoticed: %v\n%v", bit, at, err, v)
		}
		mine[at] ^= 1 << bit
	}
}

// eachBit runs the hashing of a verification over one file with each of its bits flipped, many at a time, on all processors.
func eachBit(t *testing.T, path string, body []byte, crc uint32) {
	const batch = 64
	genuine := hashed(path, crc, body)[0]
	if genuine.damaged {
		t.Errorf("%s is damaged", path)
	}
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for n := range workers {
		wg.Go(func() {
			copies := make([][]byte, batch)
			for i := range copies {
				copies[i] = bytes.Clone(body)
			}
			for from := n * batch; from < 8*len(body); from += workers * batch {
				some := copies[:min(batch, 8*len(body)-from)]
				for i := range some {
					some[i][(from+i)/8] ^= 1 << ((from + i) % 8)
				}
				for i, h := range hashed(path, crc, some...) {
					if !h.damaged || h.sha256 == genuine.sha256 || h.sha512 == genuine.sha512 {
						t.Errorf("bit %d of %s makes no difference", from+i, path)
					}
					some[i][(from+i)/8] ^= 1 << ((from + i) % 8)
				}
			}
		})
	}
	wg.Wait()
}

// hashes are what a verification takes of a file. It is damaged if its checksum is not the archive's.
type hashes struct {
	sha256, sha512 string
	damaged        bool
}

// hashed is the hashing of a verification of files that are all to be one, whose checksum is crc.
func hashed(path string, crc uint32, bodies ...[]byte) []hashes {
	c := &check{Verdict: &Verdict{}, archive: true, files: map[string]bagFile{}, open: map[string]func() (io.ReadCloser, error){}}
	var order []string
	for i, b := range bodies {
		name := fmt.Sprintf("%s/%d", path, i)
		order, c.crcs, c.files[name] = append(order, name), append(c.crcs, crc), bagFile{size: int64(len(b))}
		c.open[name] = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
	}
	must(0, c.hash(context.Background(), order))
	out := make([]hashes, len(bodies))
	for i, name := range order {
		sums := c.files[name].sums
		out[i] = hashes{sums["sha256"], sums["sha512"], slices.ContainsFunc(c.Lines, func(l Line) bool { return strings.HasPrefix(l.Text, name+" was changed or damaged") })}
	}
	return out
}

// part is one file of a package that a test takes apart.
type part struct {
	path string
	data []byte
}

func unpack(t testing.TB, pkg []byte) (id string, parts []part, date uint32) {
	t.Helper()
	files, date, err := walkZip(bytes.NewReader(pkg), int64(len(pkg)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		folder, path, _ := strings.Cut(f.name, "/")
		id, parts = folder, append(parts, part{path, bytes.Clone(pkg[f.dataOffset() : f.dataOffset()+f.size])})
	}
	return id, parts, date
}

func pack(t testing.TB, id string, parts []part, date uint32) []byte {
	t.Helper()
	var out bytes.Buffer
	z := &zipWriter{w: &out, date: date}
	for _, p := range parts {
		if !(zipFile{name: id + "/" + p.path}).streamed() {
			must(0, z.add(id+"/"+p.path, p.data))
			continue
		}
		body, end, err := z.stream(id + "/" + p.path)
		must(0, err)
		must(body.Write(p.data))
		must(0, end())
	}
	must(0, z.close())
	return out.Bytes()
}

func place(parts []part, path string) int {
	return slices.IndexFunc(parts, func(p part) bool { return p.path == path })
}

// reseal makes the manifests and the signature of changed parts anew, as a forger with that ring would.
func reseal(t testing.TB, id string, parts []part, date uint32, ring *custody.Ring) []byte {
	t.Helper()
	old, _, err := custody.ReadNote(custody.RolePackage, parts[place(parts, fileSig)].data)
	must(0, err)
	s := must(parseSeal(old))
	var payload, tags [2][]manifestLine
	sums := func(p part) [2]string {
		hs := newHashes(packageRules.hashes)
		for _, h := range hs {
			h.Write(p.data)
		}
		return [2]string{fmt.Sprintf("%x", hs[0].Sum(nil)), fmt.Sprintf("%x", hs[1].Sum(nil))}
	}
	octets, count := 0, 0
	for _, p := range parts {
		if strings.HasPrefix(p.path, payloadDir) {
			for i, sum := range sums(p) {
				payload[i] = append(payload[i], manifestLine{sum, p.path})
			}
			octets, count = octets+len(p.data), count+1
		}
	}
	info := &parts[place(parts, fileBagInfo)]
	lines := strings.Split(string(info.data), "\n")
	for i := range lines {
		if strings.HasPrefix(lines[i], "Payload-Oxum") {
			lines[i] = fmt.Sprintf("Payload-Oxum: %d.%d", octets, count)
		}
	}
	info.data = []byte(strings.Join(lines, "\n"))
	for i, algorithm := range []string{"sha256", "sha512"} {
		parts[place(parts, manifestName+algorithm+".txt")].data = writeManifest(payload[i])
	}
	for _, name := range tagFiles[:5] {
		for i, sum := range sums(parts[place(parts, name)]) {
			tags[i] = append(tags[i], manifestLine{sum, name})
		}
	}
	for i, algorithm := range []string{"sha256", "sha512"} {
		data := writeManifest(tags[i])
		parts[place(parts, tagName+algorithm+".txt")].data = data
		*[]*[sha256.Size]byte{&s.tag256, &s.tag512}[i] = sha256.Sum256(data)
	}
	parts[place(parts, fileSig)].data = must(s.sign(ring.Signer(custody.RolePackage)))
	return pack(t, id, parts, date)
}

// TestTampering changes a package in the ways a forger would, archive made anew each time.
func TestTampering(t *testing.T) {
	w, pkg := made(t)
	other := newWorld(t, "desk.example.org") // another platform that gave itself the same name
	other.file(smallClips[:1])
	other.request(1)
	_, foreign, _ := unpack(t, other.build(noCover))
	first := func(parts []part) int {
		return slices.IndexFunc(parts, func(p part) bool { return strings.HasPrefix(p.path, "data/original/") })
	}
	swap := func(path string) func([]part) []part {
		return func(ps []part) []part { ps[place(ps, path)].data = foreign[place(foreign, path)].data; return ps }
	}
	for _, c := range []struct {
		name   string
		change func([]part) []part
		words  string // of the verdict on the changed archive
		signed string // of the verdict when the platform's own key signed the change; "" where that is genuine
	}{
		{"nothing", func(ps []part) []part { return ps }, "", ""},
		{"missing original", func(ps []part) []part { i := first(ps); return slices.Delete(ps, i, i+1) }, "is missing", "is not in the package"},
		{"missing report", func(ps []part) []part { i := place(ps, fileReport); return slices.Delete(ps, i, i+1) }, "is missing", "is missing"},
		{"missing events", func(ps []part) []part { i := place(ps, fileEvents); return slices.Delete(ps, i, i+1) }, "is missing", "is missing"},
		{"added payload", func(ps []part) []part {
			return slices.Insert(ps, 3, part{"data/original/9-X-AAAAA-AAAAA.webm", []byte("x")})
		},
			"was added", "is not an exhibit"},
		{"added tag file", func(ps []part) []part { return append(ps, part{"extra.txt", []byte("x")}) }, "was added", "was added"},
		{"fetch.txt", func(ps []part) []part { return append(ps, part{"fetch.txt", []byte("http://x - data/y\n")}) }, "was added", "was added"},
		{"renamed", func(ps []part) []part { ps[first(ps)].path += "2"; return ps }, "is missing", "is not in the package"},
		{"changed original", func(ps []part) []part { ps[first(ps)].data[5] ^= 1; return ps }, "was changed", "is not the file that was sealed"},
		{"longer original", func(ps []part) []part { i := first(ps); ps[i].data = append(ps[i].data, 0); return ps }, "was changed", "is not the file that was sealed"},
		{"reordered payload", func(ps []part) []part { i := first(ps); ps[i], ps[i+1] = ps[i+1], ps[i]; return ps }, "order of the manifest", ""},
		{"reordered tags", func(ps []part) []part {
			i, j := place(ps, fileBagInfo), place(ps, fileKeys)
			ps[i], ps[j] = ps[j], ps[i]
			return ps
		}, "order of the manifest", "order of the manifest"},
		{"checkpoint of another log", swap(fileCheckpoint), "was changed", "checkpoint of the custody log does not hold"},
		{"events of another log", swap(fileEvents), "was changed", "does not hold"},
		{"another request", func(ps []part) []part {
			i := place(ps, filePackage)
			ps[i].data = bytes.Replace(ps[i].data, []byte("Insp. Müller"), []byte("Insp. Miller"), 1)
			return ps
		}, "was changed", "“recipient” of the request is not what the log recorded"},
		{"another approver", func(ps []part) []part {
			i := place(ps, filePackage)
			ps[i].data = bytes.Replace(ps[i].data, []byte(`"approver": "`+w.lead.Account), []byte(`"approver": "`+w.host.Account), 1)
			return ps
		}, "was changed", "another person for “Package approved”"},
		{"an event left out", func(ps []part) []part {
			i := place(ps, fileEvents)
			lines := bytes.SplitAfter(ps[i].data, []byte("\n"))
			ps[i].data = bytes.Join(slices.DeleteFunc(lines, func(l []byte) bool { return bytes.Contains(l, []byte("package.approved")) }), nil)
			return ps
		}, "was changed", "no entry “Package approved”"},
		{"an event changed", func(ps []part) []part {
			i := place(ps, fileEvents)
			ps[i].data = bytes.Replace(ps[i].data, []byte("exhibit.sealed"), []byte("exhibit.viewed"), 1)
			return ps
		}, "was changed", "does not show that this entry is in the log"},
		{"a detail changed", func(ps []part) []part {
			i := place(ps, fileEvents)
			ps[i].data = bytes.Replace(ps[i].data, []byte(`"size":"`), []byte(`"size":"1`), 1)
			return ps
		}, "was changed", "does not hold"},
		{"a key inside", func(ps []part) []part {
			i := place(ps, fileReport)
			ps[i].data = append(ps[i].data, "AGE-SECRET-KEY-1QQQ"...)
			return ps
		}, "key material", "key material"},
	} {
		t.Run(c.name, func(t *testing.T) {
			id, parts, date := unpack(t, pkg)
			parts = c.change(parts)
			if c.words == "" {
				expect(t, verify(t, pack(t, id, parts, date), w.ring.Keys()), 0, "")
			} else {
				expect(t, verify(t, pack(t, id, parts, date), w.ring.Keys()), 1, c.words)
				expect(t, verify(t, pack(t, id, parts, date), nil), 1, c.words)
			}
			if place(parts, fileSig) != len(parts)-1 && c.signed == "was added" {
				return // the archive as such is refused
			}
			v := verify(t, reseal(t, id, parts, date, w.ring), w.ring.Keys())
			if c.signed == "" {
				expect(t, v, 0, "")
			} else {
				expect(t, v, 1, c.signed)
			}
		})
	}
}

// TestForgedAnew is a package that a forger built and signed wholly anew, with a platform of their own.
func TestForgedAnew(t *testing.T) {
	w, _ := made(t)
	forger := newWorld(t, "desk.example.org")
	forger.file(smallClips[:1])
	forger.request(1)
	pkg := forger.build(writeCover)
	expect(t, verify(t, pkg, w.ring.Keys()), 1, "not by a key that is known here")
	v := verify(t, pkg, nil)
	expect(t, v, 2, "Consistent, signer unknown")
	if strings.Contains(v.String(), "genuine and unchanged") {
		t.Error("a forged package is called genuine")
	}
}

// TestSealedTime shows that name and time of the archive are signed, too.
func TestSealedTime(t *testing.T) {
	w, pkg := made(t)
	id, parts, date := unpack(t, pkg)
	expect(t, verify(t, pack(t, id, parts, date+1), w.ring.Keys()), 1, "time of the archive")
	expect(t, verify(t, pack(t, "P-AAAAA-AAAAA", parts, date), w.ring.Keys()), 1, "calls itself")
}

func TestOnePerson(t *testing.T) {
	w := newWorld(t, "desk.example.org")
	w.file(smallClips[:1])
	// The desk refuses this; a forger inside, with the log's key, does not ask the desk.
	w.pkg = triage.Package{ID: "P-ALONE-00000", Case: w.report.Case, Exhibits: []triage.ExhibitID{w.exhibits[0].ID}, Recipient: "Agency", Basis: "warrant",
		Scope: "Everything there is", Requester: w.lead.Account, Approver: w.lead.Account, Requested: w.now, Answered: w.now, State: triage.PackageApproved}
	w.ok(w.store.Update(w.ctx, func(tx triage.Tx) error {
		for act, facts := range map[custody.Act]custody.Detail{
			custody.PackageRequested: triage.PackageFacts(w.pkg, w.report.Policy, w.lead.Name), custody.PackageApproved: triage.ApprovedFacts("", w.lead.Name, 0),
		} {
			e := must(custody.NewEvent("E-"+string(act), w.now, act, string(w.lead.Account), string(w.report.Case), "package/"+string(w.pkg.ID), facts))
			w.ok(tx.Log(w.ctx, e))
		}
		return tx.InsertPackage(w.ctx, w.pkg)
	}))
	w.sequence()
	if _, err := Gather(w.ctx, w.store, w.pkg.ID); triage.KindOf(err) != triage.Conflict || !strings.Contains(err.Error(), "One person requested and approved") {
		t.Errorf("gathered: %v", err)
	}
	expect(t, verify(t, w.unbound(), w.ring.Keys()), 1, "One person requested and approved")
}

// TestReceiptComesAlong is a package of everything a report brought.
func TestReceiptComesAlong(t *testing.T) {
	w := newWorld(t, "desk.example.org")
	w.file(smallClips)
	w.request(3)
	pkg := w.build(noCover)
	expect(t, verify(t, pkg, w.ring.Keys()), 0, "receipt that the reporter was given fits")
	id, parts, date := unpack(t, pkg)
	i := place(parts, dirReceipt+string(w.report.ID)+".txt")
	r := must2(custody.ReadReceipt(parts[i].data))
	r.Clips = r.Clips[:1]
	parts[i].data = must(custody.SignReceipt(r, w.ring.Signer(custody.RoleReceipt)))
	expect(t, verify(t, reseal(t, id, parts, date, w.ring), w.ring.Keys()), 1, "not the receipt that the log names")
}

func must2[A, B any](a A, _ B, err error) A { return must(a, err) }

func TestVerifyFile(t *testing.T) {
	w, pkg := made(t)
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		w.ok(os.WriteFile(path, b, 0o600))
		return path
	}
	key := write("PLATFORM.pub", w.ring.PublicKeys())
	for _, c := range []struct {
		name string
		path string
		o    FileOptions
		exit int
		say  string
	}{
		{"package", write("p.zip", pkg), FileOptions{Key: key}, 0, fmt.Sprintf("this law-enforcement package %s, signed by desk.example.org/package, is genuine", w.pkg.ID)},
		{"what is in a package", write("p.zip", pkg), FileOptions{Key: key}, 0, fmt.Sprintf("Exhibit 1 (%s): “clip one.webm”", w.exhibits[0].ID)},
		{"whom it is for", write("p.zip", pkg), FileOptions{Key: key}, 0, "for Cybercrime Unit, Insp. Müller."},
		{"package without a key", write("p.zip", pkg), FileOptions{}, 2, "signer unknown"},
		{"receipt", write("r.txt", w.report.Receipt), FileOptions{Key: key}, 0, string(w.report.ID)},
		{"receipt without a key", write("r.txt", w.report.Receipt), FileOptions{}, 2, "signer unknown"},
		{"receipt and clip", write("r.txt", w.report.Receipt), FileOptions{Key: key, Clip: write("c", smallClips[1].data)}, 0, "clip 2 of the receipt"},
		{"receipt and another clip", write("r.txt", w.report.Receipt), FileOptions{Key: key, Clip: write("d", []byte("x"))}, 1, "none of the receipt's clips"},
		{"changed receipt", write("s.txt", bytes.Replace(w.report.Receipt, []byte("clip "), []byte("clip 0"), 1)), FileOptions{Key: key}, 1, "FAILS"},
		{"something else", write("x", []byte("hello")), FileOptions{Key: key}, 1, "neither"},
		{"nothing", write("n", nil), FileOptions{Key: key}, 1, "neither"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := VerifyFile(t.Context(), c.path, c.o)
			if err != nil {
				t.Fatal(err)
			}
			expect(t, v, c.exit, c.say)
		})
	}
	pipe := filepath.Join(dir, "pipe")
	w.ok(syscall.Mkfifo(pipe, 0o600))
	for name, c := range map[string]struct {
		path string
		o    FileOptions
	}{
		"pipe": {pipe, FileOptions{}}, "device": {"/dev/zero", FileOptions{}}, "pipe for a key": {filepath.Join(dir, "p.zip"), FileOptions{Key: pipe}},
		"pipe for a clip": {filepath.Join(dir, "r.txt"), FileOptions{Clip: pipe}},
	} {
		if v, err := VerifyFile(t.Context(), c.path, c.o); err == nil || !strings.Contains(err.Error(), "not an ordinary file") {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
	endless := write("endless", nil)
	w.ok(os.Truncate(endless, 1<<40)) // a hole that takes an hour to read
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if v, err := VerifyFile(ctx, filepath.Join(dir, "r.txt"), FileOptions{Clip: endless}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v, %v", v, err)
	}
	for name, o := range map[string]FileOptions{
		"no key file": {Key: filepath.Join(dir, "none")}, "not a key file": {Key: write("k", []byte("hello\n"))}, "clip for a package": {Clip: key},
	} {
		if v, err := VerifyFile(t.Context(), filepath.Join(dir, "p.zip"), o); err == nil {
			t.Errorf("%s: no error but %v", name, v)
		}
	}
}

// failing is a medium that breaks in the middle.
type failing struct {
	io.ReaderAt
	at int64
}

func (f failing) ReadAt(b []byte, off int64) (int, error) {
	if off <= f.at && f.at < off+int64(len(b)) {
		return 0, os.ErrDeadlineExceeded
	}
	return f.ReaderAt.ReadAt(b, off)
}

// TestUnreadable shows that a medium that cannot be read is an error, and no verdict on the package.
func TestUnreadable(t *testing.T) {
	_, pkg := made(t)
	for _, at := range []int64{10, int64(len(pkg)) / 2, int64(len(pkg)) - 5} {
		v, err := Verify(t.Context(), failing{bytes.NewReader(pkg), at}, int64(len(pkg)), nil, nil)
		if err == nil {
			t.Errorf("a medium that breaks at %d gave a verdict: %v", at, v)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Verify(ctx, bytes.NewReader(pkg), int64(len(pkg)), nil, nil); err == nil {
		t.Error("a cancelled verification gave a verdict")
	}
}

// TestBeyond4GiB walks an archive whose list of files starts beyond what 32 bits can say, without making one.
func TestBeyond4GiB(t *testing.T) {
	big := &sparse{}
	z := &zipWriter{w: big, date: 1<<21 | 1<<16}
	names := []string{"p/bagit.txt"}
	must(0, z.add(names[0], []byte("x")))
	for i := range 3 {
		name := fmt.Sprintf("p/data/original/%d-X.webm", i)
		names = append(names, name)
		body, end, err := z.stream(name)
		must(0, err)
		must(body.Write([]byte("begin")))
		b := body.(*zipBody)
		b.size += 2 << 30 // as if they had been written
		z.at += 2 << 30
		big.size += 2 << 30
		b.crc = crc32.ChecksumIEEE(nil)
		must(0, end())
	}
	must(0, z.add("p/signature.txt", []byte("x")))
	must(0, z.close())
	files, _, err := walkZip(big, big.size)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 5 || files[4].offset < 6<<30 || files[4].name != "p/signature.txt" || files[2].name != names[2] {
		t.Errorf("walked %v", files)
	}
	last := &big.pieces[len(big.pieces)-1]
	for i := range last.b {
		last.b[i] ^= 1
		if _, _, err := walkZip(big, big.size); err == nil {
			t.Errorf("byte %d of the end was changed unnoticed", i)
		}
		last.b[i] ^= 1
	}
}

// sparse is a file with holes.
type sparse struct {
	size   int64
	pieces []struct {
		at int64
		b  []byte
	}
}

func (s *sparse) Write(b []byte) (int, error) {
	s.pieces = append(s.pieces, struct {
		at int64
		b  []byte
	}{s.size, bytes.Clone(b)})
	s.size += int64(len(b))
	return len(b), nil
}

func (s *sparse) ReadAt(b []byte, off int64) (int, error) {
	clear(b)
	for _, p := range s.pieces {
		if from, to := max(off, p.at), min(off+int64(len(b)), p.at+int64(len(p.b))); from < to {
			copy(b[from-off:to-off], p.b[from-p.at:])
		}
	}
	return len(b), nil
}

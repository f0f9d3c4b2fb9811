package export

import (
	"bytes"
	"hash/crc32"
	"testing"
	"time"

	"github.com/proffer/proffer/triage/custody"
)

// FuzzVerify feeds hostile archives; none may hold without the platform having signed it, crash, or be an error.
func FuzzVerify(f *testing.F) {
	w := newWorld(f, "desk.example.org")
	w.file(smallClips[:1])
	w.request(1)
	pkg, keys := w.build(noCover), w.ring.Keys()
	f.Add(pkg)
	f.Add(pkg[:len(pkg)/2])
	f.Add([]byte("PK\x05\x06" + string(make([]byte, 18))))
	f.Fuzz(func(t *testing.T, data []byte) {
		v := verify(t, data, keys)
		_ = v.String()
		if v.ExitCode() == 0 && !bytes.Equal(data, pkg) {
			t.Errorf("another package than the one that was signed holds:\n%s", v)
		}
		verify(t, data, nil)
	})
}

// FuzzWalkZip writes every archive that the walker accepts again, from what it understood.
func FuzzWalkZip(f *testing.F) {
	f.Add(pack(f, "p", []part{{"a", []byte("x")}, {"data/original/b", []byte("y")}}, 1))
	f.Add(pack(f, "p", nil, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		files, date, err := walkZip(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		var out bytes.Buffer
		z := &zipWriter{w: &out, date: date}
		for _, file := range files {
			body := data[file.dataOffset() : file.dataOffset()+file.size]
			if crc32.ChecksumIEEE(body) != file.crc {
				return // Verify finds that
			}
			if !file.streamed() {
				must(0, z.add(file.name, body))
				continue
			}
			w, end, err := z.stream(file.name)
			must(0, err)
			must(w.Write(body))
			must(0, end())
		}
		must(0, z.close())
		if !bytes.Equal(out.Bytes(), data) {
			t.Error("an accepted archive is written differently")
		}
	})
}

func FuzzEventLine(f *testing.F) {
	_, pkg := made(f)
	_, parts, _ := unpack(f, pkg)
	for line := range bytes.Lines(parts[place(parts, fileEvents)].data) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := parseEventLine(line)
		if err != nil {
			return
		}
		if again := must(e.line()); !bytes.Equal(again, line) {
			t.Errorf("%q is written as %q", line, again)
		}
	})
}

func FuzzPackageDoc(f *testing.F)  { fuzzDoc(f, filePackage, parsePackageDoc) }
func FuzzReportDoc(f *testing.F)   { fuzzDoc(f, fileReport, parseReportDoc) }
func FuzzDecisionDoc(f *testing.F) { fuzzDoc(f, fileDecision, parseDecisionDoc) }

func fuzzDoc[T any](f *testing.F, path string, parse func([]byte) (T, error)) {
	_, pkg := history(f)
	_, parts, _ := unpack(f, pkg)
	f.Add(parts[place(parts, path)].data)
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := parse(data)
		if err != nil {
			return
		}
		if again := must(writeJSON(d)); !bytes.Equal(again, data) {
			t.Error("an accepted document is written differently")
		}
	})
}

// FuzzRecord holds hostile documents against a genuine log: none may hold but the genuine one, nor crash.
func FuzzRecord(f *testing.F) {
	w, pkg := history(f)
	_, parts, _ := unpack(f, pkg)
	var r record
	for _, e := range must(Gather(w.ctx, w.store, w.pkg.ID)).Custody.Entries {
		must(0, r.note(must(custody.ParseLeaf(e.Leaf)), e.Detail))
	}
	doc := must(parsePackageDoc(parts[place(parts, filePackage)].data))
	told, decided := parts[place(parts, fileReport)].data, parts[place(parts, fileDecision)].data
	f.Add(told, decided)
	f.Fuzz(func(t *testing.T, reports, decisions []byte) {
		rs, err := parseReportDoc(reports)
		ds, err2 := parseDecisionDoc(decisions)
		if err != nil || err2 != nil {
			return
		}
		wrong := append(r.reports(rs.Reports, doc.Exhibits, doc.Request.Simulated), r.decisions(ds.Decisions, rs.Reports)...)
		if same := bytes.Equal(reports, told) && bytes.Equal(decisions, decided); same != (len(wrong) == 0) {
			t.Errorf("genuine %v: %q", same, wrong)
		}
	})
}

func FuzzSeal(f *testing.F) {
	f.Add(seal{id: "P-AAAAA-AAAAA", time: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}.text())
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := parseSeal(text); err == nil && s.text() != text {
			t.Errorf("%q is written as %q", text, s.text())
		}
	})
}

// FuzzGate shows that where a stream is cut into pieces makes no difference, except that more pieces never find less.
func FuzzGate(f *testing.F) {
	f.Add(slicesOf(ftyp, box("moov", pssh)), 3)
	f.Add(webm(encodings), 5)
	f.Add([]byte(`{"kty":"OKP","d":"0123456789abcdefXYZ-_"}`), 1)
	f.Add([]byte("x -----BEGIN PRIVATE KEY-----"), 2)
	f.Fuzz(func(t *testing.T, data []byte, piece int) {
		if piece < 1 || len(data) > 1<<16 {
			return
		}
		whole, pieces := scanAll(data, true, len(data)+1), scanAll(data, true, piece)
		if whole != "" && pieces == "" {
			t.Errorf("%q is found in one piece, but not in pieces of %d", whole, piece)
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte("00ff  data/a\n"), "1.0")
	f.Fuzz(func(t *testing.T, data []byte, version string) {
		lines, err := parseManifest(data, version)
		if err != nil {
			return
		}
		for _, l := range lines {
			if l.path == "" || l.sum == "" {
				t.Errorf("an empty line was read from %q", data)
			}
		}
	})
}

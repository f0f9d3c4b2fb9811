package export

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proffer/proffer/triage"
)

// scanAll runs the gate over data in pieces of that many bytes.
func scanAll(data []byte, text bool, piece int) string {
	g := newGate(text)
	var found *keyFound
	for len(data) > 0 && found == nil {
		n := min(piece, len(data))
		_, err := g.Write(data[:n])
		errors.As(err, &found)
		data = data[n:]
	}
	if found == nil {
		errors.As(g.close(), &found)
	}
	if found == nil {
		return ""
	}
	return found.what
}

func box(kind string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), kind...), body...)
}

func element(id []byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	b := append([]byte{}, id...)
	b = append(b, 0x01)
	b = append(b, binary.BigEndian.AppendUint64(nil, uint64(len(body)))[1:]...)
	return append(b, body...)
}

// The elements of a WebM in which a track is encrypted.
var (
	ebmlHead    = element([]byte{0x1a, 0x45, 0xdf, 0xa3}, element([]byte{0x42, 0x82}, []byte("webm")))
	encodings   = element([]byte{0x6d, 0x80}, element([]byte{0x62, 0x40}, element([]byte{0x50, 0x31}, []byte{0}), element([]byte{0x50, 0x35}, element([]byte{0x47, 0xe1}, []byte{5}))))
	compression = element([]byte{0x6d, 0x80}, element([]byte{0x62, 0x40}, element([]byte{0x50, 0x34}, []byte{0})))
)

func webm(trackParts ...[]byte) []byte {
	entry := element([]byte{0xae}, append([][]byte{element([]byte{0xd7}, []byte{1})}, trackParts...)...)
	segment := append([]byte{0x18, 0x53, 0x80, 0x67}, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff) // unknown size
	return bytes.Join([][]byte{ebmlHead, segment, element([]byte{0x16, 0x54, 0xae, 0x6b}, entry),
		element([]byte{0x1f, 0x43, 0xb6, 0x75}, bytes.Repeat([]byte("frame"), 200))}, nil)
}

var (
	ftyp = box("ftyp", []byte("isom\x00\x00\x00\x00isom"))
	pssh = box("pssh", make([]byte, 24))
	tenc = box("tenc", make([]byte, 24))
)

func TestGateRefuses(t *testing.T) {
	large := bytes.Repeat([]byte("words "), 4000)
	in := func(s string) []byte { return bytes.Join([][]byte{large, []byte(s), large}, nil) }
	for name, c := range map[string]struct {
		data []byte
		text bool
	}{
		"PEM, PKCS 8":        {in("-----BEGIN PRIVATE KEY-----\nMIIE"), false},
		"PEM, EC":            {in("-----BEGIN EC PRIVATE KEY-----\n"), false},
		"PEM, encrypted":     {in("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"), false},
		"PEM, OpenSSH":       {in("-----BEGIN OPENSSH PRIVATE KEY-----\n"), false},
		"PEM, PGP":           {in("-----BEGIN PGP PRIVATE KEY BLOCK-----\n"), false},
		"SSH2":               {in("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n"), false},
		"OpenSSH binary":     {in("openssh-key-v1\x00"), false},
		"OpenSSH base64":     {in("b3BlbnNzaC1rZXktdjEAAAAA"), true},
		"PuTTY":              {in("PuTTY-User-Key-File-3: ssh-ed25519"), false},
		"age":                {in("AGE-SECRET-KEY-1QQPZRY9"), false},
		"age, post-quantum":  {in("AGE-SECRET-KEY-PQ-1QQPZRY9"), false},
		"signed notes":       {in("PRIVATE+KEY+desk.example.org/log+1a2b3c4d+AbCd"), false},
		"JWK, d after":       {in(`{"kty":"OKP","crv":"X25519","d":"0123456789abcdefXYZ-_"}`), false},
		"JWK, d before":      {in(`{"d": "0123456789abcdefXYZ-_", "x":"y", "kty" : "EC"}`), false},
		"JWK, symmetric":     {in(`{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}`), false},
		"JWK inside JSON":    {in(`"{\"kty\":\"OKP\",\"d\":\"0123456789abcdefXYZ-_\"}"`), false},
		"CASE key":           {in(`"uco-observable:encryptionKey": "x"`), true},
		"CASE IV":            {in(`"uco-observable:encryptionIV": "x"`), true},
		"pssh at the top":    {slicesOf(ftyp, pssh, box("mdat", large)), false},
		"pssh in moov":       {slicesOf(ftyp, box("moov", box("mvhd", make([]byte, 100)), pssh)), false},
		"pssh in moof":       {slicesOf(ftyp, box("mdat", large), box("moof", pssh)), false},
		"tenc deep":          {slicesOf(ftyp, box("moov", box("trak", box("mdia", box("sinf", box("schi", tenc)))))), false},
		"PIFF":               {slicesOf(ftyp, box("moov", box("uuid", piffPSSH, make([]byte, 24)))), false},
		"pssh after a break": {slicesOf(ftyp, []byte{0, 0, 0, 3, 1, 2, 3, 4}, pssh), false},
		"pssh after 64 bits": {slicesOf(ftyp, []byte("\x00\x00\x00\x01mdat\x00\x00\x00\x00\x00\x00\x00\x18aaaaaaaa"), pssh), false},
		"WebM":               {webm(encodings), false},
		"WebM, late":         {webm(element([]byte{0x63, 0xa2}, make([]byte, 3<<20)), encodings), false},
		"WebM, behind a lie": {slicesOf(ebmlHead, []byte{0x16, 0x54, 0xae, 0x6b, 0x08, 0xff, 0xff}, webm(compression, encodings)), false},
	} {
		for _, piece := range []int{1 << 30, 4096, 7, 1} {
			if piece == 1 && len(c.data) > 1<<20 {
				continue
			}
			if scanAll(c.data, c.text, piece) == "" {
				t.Errorf("%s went through in pieces of %d bytes", name, piece)
			}
		}
	}
}

func slicesOf(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestGateLetsThrough(t *testing.T) {
	random := make([]byte, 4<<20)
	rng := rand.NewChaCha8([32]byte{1})
	rng.Read(random)
	seeded := bytes.Clone(random)
	for i, s := range []string{"pssh", "tenc", "uuid", "\x16\x54\xae\x6b", "\x50\x35", "KEY", "kty", "PRIVATE KEY", `"kty":`} {
		for j := range 50 {
			copy(seeded[(i*50+j)*8000+j:], s)
		}
	}
	for name, c := range map[string]struct {
		data []byte
		text bool
	}{
		"random":                     {random, false},
		"random with the letters":    {seeded, false},
		"MP4 of random media":        {slicesOf(ftyp, box("moov", make([]byte, 500)), box("mdat", seeded)), false},
		"MP4 with a pssh in media":   {slicesOf(ftyp, box("mdat", pssh, tenc), box("moov", make([]byte, 500))), false},
		"WebM of random media":       {slicesOf(webm(), seeded), false},
		"WebM, compressed track":     {webm(compression), false},
		"certificate and public key": {[]byte("-----BEGIN PUBLIC KEY-----\nMCow\n-----BEGIN CERTIFICATE-----\nMIIB"), true},
		"public JWK":                 {[]byte(`{"kty":"OKP","crv":"X25519","x":"0123456789abcdefXYZ-_"}`), true},
		"words about keys":           {[]byte("She lost her private key, the PRIVATE KEY of the house; encryptionKey is a word. PRIVATE+ KEY"), true},
		"public keys of a platform":  {[]byte("desk.example.org/log+1a2b3c4d+AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefg="), true},
		"empty":                      {nil, true},
		"one byte":                   {[]byte("K"), false},
	} {
		for _, piece := range []int{1 << 30, 65521} {
			if what := scanAll(c.data, c.text, piece); what != "" {
				t.Errorf("%s was taken for %s in pieces of %d bytes", name, what, piece)
			}
		}
	}
}

// TestGateOnRealClips lets real files of both containers through, and refuses the same film once it is encrypted.
func TestGateOnRealClips(t *testing.T) {
	dir := t.TempDir()
	for name, args := range map[string][]string{
		"a.webm": {"-c:v", "libvpx", "-c:a", "libopus"}, "b.mp4": {"-c:v", "libx264", "-c:a", "aac"},
		"c.mp4": {"-c:v", "libx264", "-c:a", "aac", "-movflags", "+frag_keyframe+empty_moov"},
		"locked.mp4": {"-c:v", "libx264", "-c:a", "aac", "-encryption_scheme", "cenc-aes-ctr", "-encryption_key", strings.Repeat("76", 16),
			"-encryption_kid", strings.Repeat("a7", 16)},
	} {
		path := filepath.Join(dir, name)
		args = append(append([]string{"-v", "error", "-f", "lavfi", "-i", "testsrc=d=1:s=160x120:r=10", "-f", "lavfi", "-i", "sine=d=1"}, args...), path)
		if out, err := exec.CommandContext(t.Context(), "ffmpeg", args...).CombinedOutput(); err != nil {
			t.Fatalf("ffmpeg: %v\n%s", err, out)
		}
		data := must(os.ReadFile(path))
		if what := scanAll(data, false, 5000); (what != "") != (name == "locked.mp4") {
			t.Errorf("%s: %q", name, what)
		}
	}
}

// TestGateStopsTheBuild hides a key in an exhibit, in the reporter's words and in something derived.
func TestGateStopsTheBuild(t *testing.T) {
	const key = "AGE-SECRET-KEY-1QQPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"
	refused := func(w *world, c *Contents, file string) {
		t.Helper()
		_, err := Build(w.ctx, c, w.options(), new(bytes.Buffer), nil)
		if triage.KindOf(err) != triage.Conflict || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "age identity") {
			t.Errorf("a key in %s: %v", file, err)
		}
	}
	w := newWorld(t, "desk.example.org")
	w.file([]film{{"x.webm", "webm", append(bytes.Repeat([]byte("frames "), 100_000), key...)}})
	w.request(1)
	refused(w, must(Gather(w.ctx, w.store, w.pkg.ID)), "data/original/1-")

	w, _ = made(t)
	c := must(Gather(w.ctx, w.store, w.pkg.ID))
	c.Reports[0].Words += key
	refused(w, c, fileReport)
	c = must(Gather(w.ctx, w.store, w.pkg.ID))
	c.Custody.Entries[0].Detail["words"] = key
	refused(w, c, fileEvents)
	c = must(Gather(w.ctx, w.store, w.pkg.ID))
	_, err := build(w.ctx, c, w.options(), new(bytes.Buffer), nil, func(*builder) (pdf, printed []byte, err error) {
		return []byte("%PDF"), []byte(key), nil
	})
	if triage.KindOf(err) != triage.Conflict || !strings.Contains(err.Error(), fileCover) {
		t.Errorf("a key on the cover: %v", err)
	}
}

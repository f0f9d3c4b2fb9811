package export

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"
	"strings"
)

// bagDeclaration is bagit.txt, byte by byte (RFC 8493 section 2.1.1).
const bagDeclaration = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

// Names of tag files.
const (
	fileBagit    = "bagit.txt"
	fileBagInfo  = "bag-info.txt"
	fileFetch    = "fetch.txt"
	fileKeys     = "claimed-keys.txt"
	fileSig      = "signature.txt"
	payloadDir   = "data/"
	manifestName = "manifest-"
	tagName      = "tagmanifest-"
)

// bagRules are what a bag may be made of. New makes the hash of a manifest's algorithm.
type bagRules struct {
	versions []string
	hashes   map[string]func() hash.Hash
}

// bagFile is a file of a bag as it was found: its size and its digests in hex, by algorithm.
type bagFile struct {
	size int64
	sums map[string]string
}

// manifestLine is one line of a manifest: digest in hex, two spaces, path.
type manifestLine struct{ sum, path string }

func writeManifest(lines []manifestLine) []byte {
	var b bytes.Buffer
	for _, l := range lines {
		fmt.Fprintf(&b, "%s  %s\n", l.sum, l.path)
	}
	return b.Bytes()
}

var (
	lineEnds    = strings.NewReplacer("\r\n", "\n", "\r", "\n")
	pathEscapes = strings.NewReplacer("%0A", "\n", "%0a", "\n", "%0D", "\r", "%0d", "\r", "%25", "%")
)

// parseManifest reads a manifest (RFC 8493 section 2.1.3), generously in what the format leaves open: white space,
// the case of digests, a leading "./", any line end, and from version 1.0 on the three escapes for line ends and %.
func parseManifest(b []byte, version string) ([]manifestLine, error) {
	var lines []manifestLine
	text := lineEnds.Replace(string(b))
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" {
			continue
		}
		i := strings.IndexAny(line, " \t")
		if i < 0 {
			return nil, fmt.Errorf("a line of the manifest has no path: %.80q", line)
		}
		path := strings.TrimPrefix(strings.TrimPrefix(strings.TrimLeft(line[i:], " \t"), "*"), "./")
		if version != "0.97" {
			path = pathEscapes.Replace(path)
		}
		sum := strings.ToLower(line[:i])
		if _, err := hex.DecodeString(sum); err != nil || sum == "" || path == "" {
			return nil, fmt.Errorf("a line of the manifest is no digest and path: %.80q", line)
		}
		lines = append(lines, manifestLine{sum, path})
	}
	return lines, nil
}

// parseBagit reads the declaration (RFC 8493 section 2.1.1) and returns the version.
func parseBagit(b []byte) (version string, err error) {
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n"), "\n")
	if len(lines) != 2 {
		return "", fmt.Errorf("bagit.txt has to be two lines (RFC 8493 section 2.1.1)")
	}
	version, ok := strings.CutPrefix(lines[0], "BagIt-Version: ")
	encoding, ok2 := strings.CutPrefix(lines[1], "Tag-File-Character-Encoding: ")
	if !ok || !ok2 {
		return "", fmt.Errorf("bagit.txt does not name its version and encoding as RFC 8493 section 2.1.1 asks")
	}
	if encoding != "UTF-8" {
		return "", fmt.Errorf("the bag's tag files are in %.40q; only UTF-8 is supported", encoding)
	}
	return version, nil
}

// payloadOxum finds the Payload-Oxum in bag-info.txt: octets and count of the payload (RFC 8493 section 2.2.2).
func payloadOxum(bagInfo []byte) (octets, count int64, ok bool, err error) {
	for line := range strings.SplitSeq(strings.ReplaceAll(string(bagInfo), "\r", "\n"), "\n") {
		label, value, _ := strings.Cut(line, ":")
		if !strings.EqualFold(strings.TrimSpace(label), "Payload-Oxum") {
			continue
		}
		a, b, _ := strings.Cut(strings.TrimSpace(value), ".")
		octets, err1 := strconv.ParseInt(a, 10, 64)
		count, err2 := strconv.ParseInt(b, 10, 64)
		if err1 != nil || err2 != nil || ok {
			return 0, 0, true, fmt.Errorf("the Payload-Oxum in bag-info.txt is not one line of octets and files (RFC 8493 section 2.2.2)")
		}
		return octets, count, true, nil
	}
	return 0, 0, false, nil
}

// manifestAlgorithm takes a manifest's file name apart (RFC 8493 section 2.1.3).
func manifestAlgorithm(name, prefix string) (algorithm string, ok bool) {
	s, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return "", false
	}
	s, ok = strings.CutSuffix(s, ".txt")
	return s, ok && s != "" && !strings.Contains(s, "/")
}

// insideBag reports whether a manifest's path stays in its bag (RFC 8493 section 5.1).
func insideBag(path string) bool {
	if path == "" || path[0] == '/' || path[0] == '~' || strings.Contains(path, "\\") {
		return false
	}
	for part := range strings.SplitSeq(path, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return true
}

package export

import (
	"bytes"
	"fmt"

	"github.com/proffer/proffer/triage"
)

// keyFound is what the gate says of a file that looks as if it held key material.
type keyFound struct{ what string }

func (k *keyFound) Error() string { return k.what }

// refusal is a finding in words for the people who wait for the package.
func (k *keyFound) refusal(file string) error {
	return triage.Errorf(triage.Conflict, "The package was not built: %s holds what looks like key material (%s), and no package may carry a key. "+
		"If it is an exhibit, ask for a package without it; if it is text, have a lead look at what was written.", file, k.what)
}

// gate looks for key material in a file as it streams past. It fails closed: what looks like a key is one. It knows
//
//   - private keys in PEM (RFC 7468), OpenSSH, PuTTY and SSH2 form, in any file;
//   - age identities and signing keys of signed notes, in any file;
//   - JSON Web Keys with a private member (RFC 7517, RFC 7518 section 6), in any file;
//   - CASE's encryptionKey and encryptionIV, in text;
//   - the boxes pssh and tenc (ISO/IEC 23001-7, sections 8.1 and 8.2) and their PIFF forms, in MP4 and its relatives;
//   - the element ContentEncryption (RFC 9559 section 5.1.4.1.31.6) in Matroska and WebM.
//
// Text is scanned wherever it stands, media data included: these patterns are far too long to occur by chance. They are
// triage.KeyScan's, by which triage refuses such words already where they enter: else a report that quotes one could
// never be disclosed.
type gate struct {
	text  bool // every name of a CASE field counts
	head  []byte
	parts []func([]byte) *keyFound // nil until the file's kind is known
}

const sniffBytes = 16

// newGate makes the gate for one file; text says that it is one of the package's own documents.
func newGate(text bool) *gate { return &gate{text: text} }

// Write returns a *keyFound as soon as there is something to be found.
func (g *gate) Write(p []byte) (int, error) {
	n := len(p)
	if g.parts == nil {
		g.head = append(g.head, p...)
		if len(g.head) < sniffBytes {
			return n, nil
		}
		p = g.head
		g.start()
	}
	return n, g.feed(p)
}

// close looks at what is left of a very short file.
func (g *gate) close() error {
	if g.parts != nil {
		return nil
	}
	g.start()
	return g.feed(g.head)
}

func (g *gate) start() {
	scan := triage.KeyScan{Document: g.text}
	g.parts = []func([]byte) *keyFound{func(p []byte) *keyFound {
		if what := scan.Find(p); what != "" {
			return &keyFound{what}
		}
		return nil
	}}
	switch {
	case bytes.HasPrefix(g.head, ebmlMagic):
		g.parts = append(g.parts, (&trackScan{}).write)
	case looksLikeBoxes(g.head):
		g.parts = append(g.parts, (&boxScan{}).write)
	}
}

func (g *gate) feed(p []byte) error {
	for _, part := range g.parts {
		if found := part(p); found != nil {
			return found
		}
	}
	return nil
}

// gateText is the gate over a document that is at hand.
func gateText(file string, data []byte) error {
	g := newGate(true)
	_, err := g.Write(data)
	if err == nil {
		err = g.close()
	}
	if found, ok := err.(*keyFound); ok {
		return found.refusal(file)
	}
	if err != nil {
		return fmt.Errorf("looking through %s: %w", file, err)
	}
	return nil
}

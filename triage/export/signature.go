package export

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/proffer/proffer/triage/custody"
)

// seal is what a package's signature says. As text:
//
//	proffer package v1
//	package <id>                           the bag's folder, too
//	time <time>                            2006-01-02T15:04:05.000000Z; the archive's time, too
//	tagmanifest-sha256.txt <64 hex>        SHA-256 of that file
//	tagmanifest-sha512.txt <64 hex>        SHA-256 of that file
type seal struct {
	id     string
	time   time.Time
	tag256 [sha256.Size]byte
	tag512 [sha256.Size]byte
}

const sealTime = "2006-01-02T15:04:05.000000Z"

var errSeal = errors.New("this is not the signature of a package in its one canonical form")

func (s seal) text() string {
	return fmt.Sprintf("%s\npackage %s\ntime %s\ntagmanifest-sha256.txt %x\ntagmanifest-sha512.txt %x\n",
		SignatureContext, s.id, s.time.UTC().Format(sealTime), s.tag256, s.tag512)
}

func (s seal) sign(signer note.Signer) ([]byte, error) {
	if again, err := parseSeal(s.text()); err != nil || again != s {
		return nil, fmt.Errorf("signing package %q: %w", s.id, errSeal)
	}
	return custody.SignNote(custody.RolePackage, s.text(), signer)
}

// openSeal checks a signature against the known keys and also says which key it was.
func openSeal(data []byte, known note.Verifiers) (s seal, signer string, err error) {
	text, signer, err := custody.OpenNote(custody.RolePackage, data, known)
	if err != nil {
		return seal{}, "", err
	}
	s, err = parseSeal(text)
	return s, signer, err
}

func parseSeal(text string) (seal, error) {
	var s seal
	lines := strings.Split(text, "\n")
	if len(lines) != 6 {
		return s, errSeal
	}
	var at string
	for i, label := range []string{"package ", "time ", "tagmanifest-sha256.txt ", "tagmanifest-sha512.txt "} {
		value, ok := strings.CutPrefix(lines[i+1], label)
		if !ok {
			return s, errSeal
		}
		switch i {
		case 0:
			s.id = value
		case 1:
			at = value
		case 2:
			copy(s.tag256[:], unhex(value))
		case 3:
			copy(s.tag512[:], unhex(value))
		}
	}
	t, err := time.Parse(sealTime, at)
	if s.time = t.UTC(); err != nil || !validDate(t) || !validName(s.id) || strings.Contains(s.id, "/") || s.text() != text {
		return seal{}, errSeal
	}
	return s, nil
}

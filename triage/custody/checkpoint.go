package custody

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is a signed statement of the whole log at one size. As text it is a C2SP tlog-checkpoint, so witnesses and
// monitors of that format can read it:
//
//	<origin>/log               the log's name, which is the signing key's name too
//	<size>                     entries, decimal
//	<root>                     base64 of the tree's hash
//	time <time>                extension line: when it was signed, 2006-01-02T15:04:05.000000Z
//
// The specification advises against extension lines because monitors cannot audit them. The time is there all the same,
// for people: it is the platform's word and no more, and nothing that is verified rests on it but its order.
type Checkpoint struct {
	Origin string // "<origin>/log"
	Tree   tlog.Tree
	Time   time.Time // whole microseconds; written in UTC
}

var errCheckpoint = errors.New("this is not a checkpoint of a custody log in its one canonical form")

// SignCheckpoint signs the tree under the log's key. The caller must never sign a tree that does not continue every tree
// signed before; Append sees to that. For at it passes the later of now and the last checkpoint's time: Verify takes a time that
// goes back for a log that went back, so a clock that was set back must not show here.
func SignCheckpoint(tree tlog.Tree, at time.Time, s note.Signer) ([]byte, error) {
	c := Checkpoint{s.Name(), tree, at.UTC().Truncate(time.Microsecond)}
	text := c.text()
	if _, err := parseCheckpoint(text); err != nil {
		return nil, fmt.Errorf("signing a checkpoint of %d entries: %w", tree.N, err)
	}
	return SignNote(RoleLog, text, s)
}

// OpenCheckpoint checks a signed checkpoint against the known keys of the log.
func OpenCheckpoint(data []byte, known note.Verifiers) (Checkpoint, error) {
	text, signer, err := OpenNote(RoleLog, data, known)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	return checkpointOf(text, signer)
}

// ReadCheckpoint reads a checkpoint without checking its signature: a claim.
func ReadCheckpoint(data []byte) (Checkpoint, error) {
	text, signer, err := ReadNote(RoleLog, data)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	return checkpointOf(text, signer)
}

func checkpointOf(text, signer string) (Checkpoint, error) {
	c, err := parseCheckpoint(text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != signer {
		return Checkpoint{}, fmt.Errorf("the checkpoint of %s is signed by another, %s", c.Origin, signer)
	}
	return c, nil
}

func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\ntime %s\n", c.Origin, c.Tree.N, c.Tree.Hash, c.Time.UTC().Format(timeLayout))
}

func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 5 || lines[4] != "" || !hasRole(lines[0], RoleLog) {
		return Checkpoint{}, errCheckpoint
	}
	n, ok1 := parseCount(lines[1])
	h, ok2 := parseHash(lines[2])
	s, ok3 := strings.CutPrefix(lines[3], "time ")
	at, ok4 := parseTime(s)
	c := Checkpoint{lines[0], tlog.Tree{N: n, Hash: h}, at}
	if !ok1 || !ok2 || !ok3 || !ok4 || c.text() != text || n == 0 && c.Tree != EmptyTree {
		return Checkpoint{}, errCheckpoint
	}
	return c, nil
}

package export

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/proffer/proffer/triage/custody"
)

// logCheck is what the entries of the log say.
type logCheck struct {
	head          custody.Checkpoint
	inCase        string
	entries, bare int
	last          int64
	record        record
}

// entries streams the events: each must parse, fit its salted hash, and be proven to be in the signed log.
func (c *check) entries() error {
	if c.log == nil {
		return nil
	}
	r, err := c.open[fileEvents]()
	if err != nil {
		return fmt.Errorf("opening %s: %w", fileEvents, err)
	}
	defer r.Close()
	c.log.last = -1
	in := bufio.NewReaderSize(r, 64<<10)
	var wrong []string
	for len(wrong) < 10 {
		line, err := readLine(in)
		if err == io.EOF {
			break
		}
		if err != nil && !errors.Is(err, errLine) {
			return fmt.Errorf("reading %s: %w", fileEvents, err)
		}
		if err == nil {
			err = c.log.entry(line)
		}
		c.log.entries++
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("line %d of the custody entries does not hold: %v", c.log.entries, err))
			if errors.Is(err, errLine) {
				break
			}
		}
	}
	if len(wrong) == 0 {
		wrong = c.log.record.came(c.log.inCase)
	}
	if c.check(wrong, "All %d entries of the custody log are in their form and are proven to be in the signed log; %d of them show their details, unchanged.",
		c.log.entries, c.log.entries-c.log.bare) && c.log.bare > 0 {
		c.remark("%d entries stand without their details, which were withheld or have been erased; who, what and when stand all the same.", c.log.bare)
	}
	return nil
}

var errLine = errors.New("the line is too long or has no end")

// readLine reads one line with its line feed, of bounded length.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil && len(line) <= maxEventLine:
			return line, nil
		case len(line) > maxEventLine, err == io.EOF && len(line) > 0:
			return nil, errLine
		case err != nil && err != bufio.ErrBufferFull:
			return nil, err
		}
	}
}

func (l *logCheck) entry(line []byte) error {
	e, err := parseEventLine(line)
	if err != nil {
		return err
	}
	leaf, err := custody.ParseLeaf(e.Leaf)
	if err != nil {
		return err
	}
	if err := (custody.Event{Leaf: leaf, Salt: e.Salt, Detail: e.Detail}).CheckDetail(); err != nil {
		return err
	}
	if err := e.Proof.Check(l.head.Tree, e.Leaf); err != nil {
		return err
	}
	if e.Index <= l.last {
		return errors.New("it is not in the order of the log")
	}
	if leaf.Case != l.inCase && !mayMove(leaf.Subject) { // those are looked at when all are here: see record.came
		return fmt.Errorf("it belongs to case %s, not to %s", orNone(leaf.Case), l.inCase)
	}
	l.last = e.Index
	if e.Detail == nil {
		l.bare++
	}
	return l.record.note(leaf, e.Detail)
}

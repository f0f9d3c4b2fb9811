package meeting

import (
	"bytes"
	"fmt"
	"os"
	"testing"
)

// TestLifecycle holds the whole table: every state, every cause.
func TestLifecycle(t *testing.T) {
	var b bytes.Buffer
	for _, s := range []State{Standard, E2EE, Ended} {
		for _, c := range []Cause{Upgraded, Finished} {
			next, ok := Apply(s, c)
			if !ok {
				next = "–"
			}
			fmt.Fprintf(&b, "%-8s  %-7s  %s\n", s, c, next)
		}
	}
	want, err := os.ReadFile("testdata/lifecycle.golden")
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	for s, causes := range lifecycle {
		for c, next := range causes {
			if next == Standard {
				t.Errorf("%s leads from %s back to standard", c, s)
			}
		}
	}
}

package main

import (
	"slices"
	"testing"

	"github.com/proffer/proffer/media/derive"
	"github.com/proffer/proffer/triage"
)

// TestContainersAreKnown holds that whatever the decoder finds a clip to be can be written down.
func TestContainersAreKnown(t *testing.T) {
	for _, c := range []derive.Container{derive.WebM, derive.Matroska, derive.MP4, derive.QuickTime} {
		if !slices.Contains(triage.Containers, string(c)) {
			t.Errorf("an exhibit cannot be %q", c)
		}
	}
}

package web

import "github.com/proffer/proffer/triage"

// AgainView is how often an exhibit was held against its proof again, and what came of it.
type AgainView struct {
	CanAsk  bool
	Waiting bool        // it is being done
	Past    []AgainItem // newest first
}

// AgainItem is one time.
type AgainItem struct {
	triage.Verification
	ByName string
}

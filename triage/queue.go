package triage

import "time"

// Priority is a case's place in the queue, 0 to 100: the policy's base points, and 2 more for each earlier report on
// the same accounts, up to 10.
func Priority(p Policy, earlier int) int {
	return min(100, p.Priority+2*min(earlier, 5))
}

// ServiceLevel is how soon somebody should look at a case.
func ServiceLevel(p Policy) time.Duration {
	switch p.Level {
	case 0:
		return time.Hour
	case 1:
		return 4 * time.Hour
	default:
		return 24 * time.Hour
	}
}

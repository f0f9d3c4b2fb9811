package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// matches reports whether a request path lies under a menu entry; a match with a query is compared whole.
func matches(path, match string) bool {
	if strings.Contains(match, "?") {
		return path == match
	}
	path, _, _ = strings.Cut(path, "?")
	return path == match || strings.HasPrefix(path, match+"/") ||
		match == "/queue" && strings.HasPrefix(path, "/cases/")
}

func rolesWords(rs account.Roles) string {
	if len(rs) == 0 {
		return account.Role("").Title()
	}
	words := make([]string, len(rs))
	for i, r := range rs {
		words[i] = r.Title()
	}
	return strings.Join(words, ", ")
}

// countWords is a number as badges show it.
func countWords(n int) string {
	if n > 99 {
		return "99+"
	}
	return strconv.Itoa(n)
}

// sizeWords is a size in bytes as people read it, in binary units.
func sizeWords(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.0f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return strings.Replace(fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)), ".0 ", " ", 1)
	}
	return fmt.Sprintf("%.2f GiB", float64(n)/(1<<30))
}

// clockWords is a position in a clip: "1:02:03" or "2:03".
func clockWords(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// spanWords is a length of time in its largest unit: "3 h", "2 d".
func spanWords(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "under 1 min"
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d d", d/(24*time.Hour))
}

func agoWords(t, now time.Time) string {
	if d := now.Sub(t); d >= 0 {
		return spanWords(d) + " ago"
	}
	return "in " + spanWords(t.Sub(now))
}

// dueWords says how a service level stands.
func dueWords(due, now time.Time) string {
	if now.After(due) {
		return "overdue by " + spanWords(now.Sub(due))
	}
	return "due in " + spanWords(due.Sub(now))
}

func utcWords(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// clean is account.CleanText for short texts of our own that may quote somebody's.
func clean(s string) string { return account.CleanText(s) }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// shortHash is the beginning of a digest, enough to recognise it; pages offer the whole beside it.
func shortHash(s triage.SHA256) string { return s.String()[:12] + "…" }

// modeWords says who could decrypt the meeting.
func modeWords(m triage.MeetingMode) (short, long string) {
	switch m {
	case triage.ModeE2EE:
		return "E2EE", "End-to-end encrypted: only the participants' devices could decrypt it. The clip was submitted by the host."
	case triage.ModeStandard:
		return "Standard", "Encrypted on the way to and from our servers."
	}
	return "Mode unknown", "The meeting is not in our records, so nothing is known about its encryption."
}

// trustWords says in plain words how far a clip can be believed.
func trustWords(t triage.Trust) (short, long string) {
	switch t {
	case triage.TrustVerified:
		return "Verified", "The platform's notary received these frames' commitments from this account's session in this meeting at this time. " +
			"It does not prove that a camera saw the truth, or who sat at the device."
	case triage.TrustPartly:
		return "Partly verified", "Some spans are proven to be from this account's session in this meeting; others have no proof. The timeline shows which."
	case triage.TrustContradicted:
		return "Contradicted", "The proof that came with this clip says something else than the clip. Do not rely on it."
	}
	return "Unverified", "There is no cryptographic proof with this clip: it may be real, edited or made up. Weigh it like a statement."
}

// processingWords says how far the preparation of a clip has come.
func processingWords(p triage.Processing) string {
	switch p {
	case triage.ProcessingWaiting:
		return "Waiting to be prepared"
	case triage.ProcessingRunning:
		return "Being prepared"
	case triage.ProcessingFailed:
		return "Could not be prepared"
	}
	return "Prepared"
}

func severityTitle(s triage.Severity) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(string(s[:1])) + string(s[1:])
}

// trackWords is a track in one line: "video VP8 1280×720, 30 fps".
func trackWords(t triage.Track) string {
	s := t.Kind + " " + strings.ToUpper(t.Codec)
	if t.Width > 0 {
		s += fmt.Sprintf(" %d×%d", t.Width, t.Height)
	}
	if t.FrameRate > 0 {
		s += fmt.Sprintf(", %.4g fps", t.FrameRate)
	}
	if t.SampleRate > 0 {
		s += fmt.Sprintf(", %.4g kHz", float64(t.SampleRate)/1000)
	}
	return s
}

// firstRunes is at most the first n characters of s.
func firstRunes(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// firstLines is at most the first n lines of s.
func firstLines(s string, n int) string {
	for i, r := range s {
		if r == '\n' {
			if n--; n == 0 {
				return s[:i]
			}
		}
	}
	return s
}

func clipsWords(n int) string {
	if n == 0 {
		return "words only"
	}
	return plural(n, "clip", "clips")
}

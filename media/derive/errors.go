package derive

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Cause says what kind of failure a DecodeError is.
type Cause string

// The causes.
const (
	CauseWrongType   Cause = "wrong type"    // not a WebM, Matroska, MP4 or QuickTime file at all
	CauseUndecodable Cause = "undecodable"   // right type, but damaged, hostile or in a codec that is not decoded here
	CauseLimits      Cause = "out of limits" // needs more memory, output or pixels than is allowed
	CauseTime        Cause = "timed out"     // used up its processor or wall time
	CauseSandbox     Cause = "no sandbox"    // nothing can be decoded on this machine at present
)

// DecodeError says why something could not be made from a clip.
type DecodeError struct {
	Stage     string // "open", "probe", "contact", "poster", "waveform", "preview" or "sample"
	Cause     Cause
	Reason    string // a sentence for people; ends without a full stop
	Detail    string // what the tool printed, made safe to show and bounded; for the log
	Retryable bool   // trying again, perhaps after the machine was put right, may succeed
}

// Error is the stage and the reason.
func (e *DecodeError) Error() string { return e.Stage + ": " + e.Reason }

func undecodable(stage, reason, detail string) *DecodeError {
	return &DecodeError{Stage: stage, Cause: CauseUndecodable, Reason: reason, Detail: detail}
}

func outOfLimits(stage, reason string) *DecodeError {
	return &DecodeError{Stage: stage, Cause: CauseLimits, Reason: reason}
}

// asDecodeError finds a DecodeError in err; any other error (a full disk, a cancelled job) is not the clip's fault.
func asDecodeError(err error) (*DecodeError, bool) {
	var d *DecodeError
	ok := errors.As(err, &d)
	return d, ok
}

// Exit statuses of a shell-like parent: 128 + the signal's number.
const (
	exitIll  = 128 + 4
	exitAbrt = 128 + 6
	exitBus  = 128 + 7
	exitFPE  = 128 + 8
	exitKill = 128 + 9
	exitSegv = 128 + 11
	exitCPU  = 128 + 24
	exitSize = 128 + 25
	exitSys  = 128 + 31
)

// classify turns an exit status and the tool's last words into a DecodeError.
func classify(stage string, status int, stderr string) *DecodeError {
	e := &DecodeError{Stage: stage, Cause: CauseUndecodable, Detail: printable(stderr, 500)}
	switch {
	case status == exitKill || status == exitCPU:
		e.Cause, e.Retryable = CauseTime, true
		e.Reason = "it used up the processor time that one step may take"
	case status == exitSize:
		e.Cause, e.Reason = CauseLimits, "what came out of it was larger than is allowed"
	case strings.Contains(stderr, "Cannot allocate memory"):
		e.Cause, e.Reason = CauseLimits, "decoding it needs more memory than is allowed"
	case status == exitSegv || status == exitAbrt || status == exitIll || status == exitBus || status == exitFPE ||
		status == exitSys:
		e.Reason = "the decoder crashed on it; the file is damaged or was made to do so"
	default:
		e.Reason = complaint(stderr)
	}
	return e
}

// complaints maps what ffmpeg says to what a reviewer can use; the first match counts.
var complaints = []struct{ says, means string }{
	{"moov atom not found", "the file is cut short: its index is missing"},
	{"not on whitelist", "it uses a codec that is not read here"},
	{"Decoder not found", "it uses a codec that is not read here"},
	{"Decoder (codec", "it uses a codec that is not read here"},
	{"File ended prematurely", "the file is cut short"},
	{"Picture size", "its picture is larger than is allowed"},
	{"does not contain any stream", "it holds no picture and no sound"},
	{"matches no streams", "it holds no picture and no sound of that kind"},
	{"No space left", "this machine's disk is full"},
}

var shutCodec = regexp.MustCompile(`Codec \(([a-z0-9_]{1,32})\) not on whitelist`)

func complaint(stderr string) string {
	if m := shutCodec.FindStringSubmatch(stderr); m != nil {
		return "it has a track in a codec that is not read here (" + m[1] + ")"
	}
	for _, c := range complaints {
		if strings.Contains(stderr, c.says) {
			return c.means
		}
	}
	return "it cannot be decoded: the file is damaged or is not what it says it is"
}

// printable keeps at most max bytes of s, without control characters, invalid UTF-8 or direction overrides.
func printable(s string, max int) string {
	var b strings.Builder
	for _, r := range s {
		if r == '\n' || r == '\t' {
			r = ' '
		}
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			continue
		}
		if b.Len()+utf8.RuneLen(r) > max {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// timedOut tells our own time limit from a caller that gave up.
func timedOut(parent, own context.Context) bool { return parent.Err() == nil && own.Err() != nil }

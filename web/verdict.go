package web

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/franking"
)

// VerdictView is what was found about a clip by its proof.
type VerdictView struct {
	clip.Verdict
}

// Found reads what was found about an exhibit by its proof (clip.Found, as JSON): as a clip or as lines. Both are nil where nothing was.
func Found(raw []byte) (*VerdictView, *LinesView) {
	var f clip.Found
	switch {
	case raw == nil || json.Unmarshal(raw, &f) != nil:
		return nil, nil
	case f.Lines != nil:
		return nil, &LinesView{LinesVerdict: *f.Lines}
	case f.Clip != nil:
		return &VerdictView{*f.Clip}, nil
	}
	return nil, nil
}

// trackName is a track in words.
func trackName(t clip.TrackVerdict) string {
	names := map[franking.Source]string{franking.Camera: "Camera", franking.Microphone: "Microphone", franking.Screen: "Screen", franking.ScreenSound: "Sound of the screen"}
	return names[t.Source]
}

// stateWords is a span in words: “0:02.0–0:03.5: frames are missing”.
func stateWords(s clip.Span) string {
	at := fmt.Sprintf("%s–%s", tenths(s.From), tenths(s.To))
	switch s.State {
	case clip.StateVerified:
		return fmt.Sprintf("%s: all %d frames are what the sender committed to, and stamped in time", at, s.Frames)
	case clip.StateUnstamped:
		return fmt.Sprintf("%s: %d frames that no stamp names; nothing proves where they come from", at, s.Frames)
	case clip.StateLate:
		return fmt.Sprintf("%s: %d frames whose own times are more than two seconds from their stamps’; when they were sent is not proven", at, s.Frames)
	case clip.StateContradicted:
		return fmt.Sprintf("%s: %d frames that are not what the sender committed to", at, s.Frames)
	}
	if s.Frames > 0 {
		return fmt.Sprintf("%s: %d frames are missing; the picture may stand still or be wrong", at, s.Frames)
	}
	return at + ": nothing was received or kept"
}

// tenths writes a time in a clip as minutes, seconds and tenths.
func tenths(ms uint64) string {
	return fmt.Sprintf("%d:%02d.%d", ms/60_000, ms/1000%60, ms/100%10)
}

// spanClass colours a span; the shape differs too, so that nobody has to see the colour.
func spanClass(s clip.Span) string { return "span-" + string(s.State) }

// place is a part of the clip's length in thousandths, for the timeline's coordinates.
func place(ms, length uint64) string {
	if length == 0 {
		return "0"
	}
	return fmt.Sprint(ms * 1000 / length)
}

// width is how wide a span is drawn, in thousandths: what is not verified is seen, however short it is.
func width(s clip.Span, length uint64) string {
	w := place(s.To-s.From, length)
	if s.State != clip.StateVerified && len(w) == 1 {
		return "10"
	}
	return w
}

// spanHeight draws what is not verified lower, so that a timeline can be read without colours.
func spanHeight(s clip.Span) (y, height string) {
	switch s.State {
	case clip.StateVerified:
		return "0", "16"
	case clip.StateContradicted:
		return "0", "16"
	case clip.StateGap:
		return "12", "4"
	}
	return "8", "8"
}

// whole says whether a track's one span tells all of it.
func whole(t clip.TrackVerdict) bool { return len(t.Spans) == 1 && t.Grade == clip.Verified }

// verdictWords says what the grade means for this clip.
func verdictWords(v VerdictView) string {
	who := v.Sender.Title()
	switch v.Grade {
	case clip.Verified:
		return fmt.Sprintf("Every frame was sent by %s’s session in meeting %s: the platform’s notary received what it committed to at that time, and the clip is exactly that.", who, v.Meeting)
	case clip.Partly:
		return fmt.Sprintf("Parts of this clip are proven to be from %s’s session in meeting %s; others are not. The timeline says which.", who, v.Meeting)
	case clip.Contradicted:
		return "Clip and proof do not belong together. Do not rely on this clip; what does not hold is listed below."
	}
	return "A proof came with this clip, but it proves nothing about it."
}

// sentWords says when the clip was sent, by the sender's clock, which its stamps confirm.
func sentWords(v VerdictView) time.Time { return time.UnixMilli(int64(v.From)).UTC() }

// tally is how many frames are proven.
func tally(t clip.TrackVerdict) string {
	if t.Frames == t.Verified {
		return plural(t.Frames, "frame", "frames") + ", all verified"
	}
	return fmt.Sprintf("%d of %s verified", t.Verified, plural(t.Frames, "frame", "frames"))
}

// describe is a track's timeline for those who do not see it.
func describe(t clip.TrackVerdict) string {
	words := make([]string, len(t.Spans))
	for i, s := range t.Spans {
		words[i] = stateWords(s)
	}
	return trackName(t) + ". " + strings.Join(words, "; ")
}

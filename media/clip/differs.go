package clip

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// ReadFound reads what Found is kept as, and nothing else: there is one encoding of it.
func ReadFound(data []byte) (f Found, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return Found{}, fmt.Errorf("clip: this is no verdict: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) || (f.Clip == nil) == (f.Lines == nil) {
		return Found{}, errors.New("clip: this is no verdict on one exhibit")
	}
	if again, err := json.Marshal(f); err != nil || !bytes.Equal(again, data) {
		return Found{}, errors.New("clip: the verdict is not in its one encoding")
	}
	return f, nil
}

// Differences says in words where what was found now is not what was found before (f); none where they agree.
func (f Found) Differences(now Found) (all []string) {
	if (f.Clip == nil) != (now.Clip == nil) || (f.Lines == nil) != (now.Lines == nil) {
		return []string{"one verdict is on a clip, and the other on lines of chat"}
	}
	say := func(same bool, format string, args ...any) {
		if !same {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	say(f.Grade() == now.Grade(), "it was %s, and is found %s now", f.Grade(), now.Grade())
	all = append(all, f.headDifferences(now)...)
	switch {
	case f.Clip != nil && len(f.Clip.Tracks) == len(now.Clip.Tracks):
		for i, was := range f.Clip.Tracks {
			is := now.Clip.Tracks[i]
			say(equal(was, is), "of the %s %d of %d frames were verified, and %d of %d now; or which ones differs", was.Source, was.Verified, was.Frames, is.Verified, is.Frames)
		}
	case f.Lines != nil:
		say(equal(f.Lines.Lines, now.Lines.Lines), "the lines, or what is known of each, are others")
	}
	say(equal(f.Findings(), now.Findings()), "what speaks against it differs: it was “%s”, and is “%s” now", findingWords(f.Findings()), findingWords(now.Findings()))
	return all
}

// headDifferences compares what does not depend on stamps: what was verified.
func (f Found) headDifferences(now Found) (all []string) {
	say := func(same bool, words string) {
		if !same {
			all = append(all, words)
		}
	}
	if f.Lines != nil {
		a, b := f.Lines, now.Lines
		say(a.Meeting == b.Meeting, "the meeting is another")
		say(equal(a.Reporter, b.Reporter) && equal(a.Senders, b.Senders), "who wrote, or who reports, is another")
		say(slices.EqualFunc(a.Lines, b.Lines, func(x, y LineVerdict) bool { x.State = y.State; return x == y }), "the lines are others")
		return all
	}
	a, b := f.Clip, now.Clip
	say(a.Meeting == b.Meeting, "the meeting is another")
	say(equal(a.Reporter, b.Reporter) && equal(a.Sender, b.Sender), "who is reported, or who reports, is another")
	say(a.From == b.From && a.Length == b.Length, "when it was differs")
	say(slices.EqualFunc(a.Tracks, b.Tracks, func(x, y TrackVerdict) bool {
		return x.Source == y.Source && x.Codec == y.Codec && x.Frames == y.Frames
	}), "the tracks, or how many frames they have, are others")
	return all
}

// DifferencesWithoutKeys compares with what was found without the notary's keys (Platform.Stampless). Where every stamp held, that is the same
// verdict. Where f has grounds that only keys can find, it gives them as untold, and compares only what it can.
func (f Found) DifferencesWithoutKeys(now Found) (all []string, untold []Finding) {
	for _, x := range f.Findings() {
		if x.Against != AgainstSender && !slices.Contains(now.Findings(), x) {
			untold = append(untold, x)
		}
	}
	same := (f.Clip == nil) == (now.Clip == nil) && (f.Lines == nil) == (now.Lines == nil)
	if len(untold) == 0 || !same {
		return f.Differences(now), nil
	}
	if f.Grade() == Verified || f.Grade() == Partly {
		all = append(all, fmt.Sprintf("it was %s, although something speaks against it", f.Grade()))
	}
	return append(all, f.headDifferences(now)...), untold
}

// WithPresence verifies again what f is about. verify does it; and since only the platform's board knows who was in the meeting when, what f says of that
// is taken from f: findings that verify does not give, and that begin with the name of a member.
func (f Found) WithPresence(verify func(present func(m Member, from, to uint64) (string, error)) (Found, error)) (now Found, presence []string, err error) {
	if now, err = verify(nil); err != nil {
		return now, nil, err
	}
	var said []string
	for _, x := range f.Findings() {
		if x.Against == AgainstClip && !slices.Contains(now.Findings(), x) && slices.ContainsFunc(now.members(), func(m Member) bool { return m.opens(x.Words) }) {
			said = append(said, x.Words)
		}
	}
	if len(said) == 0 {
		return now, nil, nil
	}
	now, err = verify(func(m Member, _, _ uint64) (string, error) {
		i := slices.IndexFunc(said, m.opens)
		if i < 0 {
			return "", nil
		}
		words := said[i]
		said, presence = slices.Delete(said, i, i+1), append(presence, words)
		return words, nil
	})
	return now, presence, err
}

// opens reports whether words are about the member, as the platform's presence is put.
func (m Member) opens(words string) bool {
	return !m.Connector && m.Name != "" && strings.HasPrefix(words, m.Name+": ")
}

func (f Found) members() []Member {
	if f.Lines != nil {
		return append([]Member{f.Lines.Reporter}, f.Lines.Senders...)
	}
	if f.Clip != nil {
		return []Member{f.Clip.Reporter, f.Clip.Sender}
	}
	return nil
}

// equal compares as JSON, in which a list that is empty and one that is not there are the same where a field says so.
func equal(a, b any) bool {
	x, err := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err == nil && err2 == nil && bytes.Equal(x, y)
}

func findingWords(fs []Finding) string {
	words := make([]string, len(fs))
	for i, f := range fs {
		words[i] = f.Words
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, " ")
}

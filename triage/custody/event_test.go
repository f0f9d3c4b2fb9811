package custody

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestLeafIsWrittenAsDocumented(t *testing.T) {
	l := Leaf{ID: "E-0ABCD-EFGHJ", Time: noon.In(time.FixedZone("", 7200)), Act: ExhibitViewed, Actor: "A-00000-00001",
		Subject: "exhibit/X-00000-00009"}
	l.Commitment[31] = 0xab
	want := "proffer custody v1\nid E-0ABCD-EFGHJ\ntime 2026-11-23T12:00:00.123456Z\nact exhibit.viewed\nactor A-00000-00001\n" +
		"case -\nsubject exhibit/X-00000-00009\ndetail " + strings.Repeat("0", 62) + "ab\n"
	got, err := l.Encode()
	check(t, err)
	if string(got) != want {
		t.Fatalf("got\n%swant\n%s", got, want)
	}
	back, err := ParseLeaf(got)
	check(t, err)
	l.Time = l.Time.UTC()
	if back != l {
		t.Errorf("read back as %+v", back)
	}
}

func TestLeafRefuses(t *testing.T) {
	good := event(t, 1).Leaf
	for name, change := range map[string]func(*Leaf){
		"no id":                func(l *Leaf) { l.ID = "" },
		"a line feed in an id": func(l *Leaf) { l.ID = "E-1\ncase C-2" },
		"a NUL in an id":       func(l *Leaf) { l.Case = "C\x00" },
		"a space in an id":     func(l *Leaf) { l.Actor = "Ada Lovelace" },
		"an e-mail address":    func(l *Leaf) { l.Actor = "ada@example.org" },
		"no actor":             func(l *Leaf) { l.Actor = "" },
		"a dash for a case":    func(l *Leaf) { l.Case = "-" },
		"a long id":            func(l *Leaf) { l.Case = strings.Repeat("C", 65) },
		"a subject of no kind": func(l *Leaf) { l.Subject = "/X-1" },
		"a subject of no id":   func(l *Leaf) { l.Subject = "exhibit/" },
		"a subject in words":   func(l *Leaf) { l.Subject = "Exhibit/X-1" },
		"an unknown act":       func(l *Leaf) { l.Act = "exhibit.stolen" },
		"no act":               func(l *Leaf) { l.Act = "" },
		"nanoseconds":          func(l *Leaf) { l.Time = l.Time.Add(1) },
		"the year 1969":        func(l *Leaf) { l.Time = time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC) },
		"the year 10000":       func(l *Leaf) { l.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"no time":              func(l *Leaf) { l.Time = time.Time{} },
	} {
		l := good
		change(&l)
		if b, err := l.Encode(); err == nil {
			t.Errorf("%s was written: %q", name, b)
		}
	}
}

func TestParseLeafRefusesOtherSpellings(t *testing.T) {
	b, err := event(t, 1).Encode()
	check(t, err)
	good := string(b)
	for name, s := range map[string]string{
		"nothing":           "",
		"no last line feed": strings.TrimSuffix(good, "\n"),
		"one more line":     good + "\n",
		"CRLF":              strings.ReplaceAll(good, "\n", "\r\n"),
		"another version":   strings.Replace(good, " v1", " v2", 1),
		"a comma for point": strings.Replace(good, ".123456Z", ",123456Z", 1),
		"an offset":         strings.Replace(good, ".123456Z", ".123456+00:00", 1),
		"upper-case hex":    good[:strings.Index(good, "detail ")+7] + strings.Repeat("AB", 32) + "\n",
		"swapped lines":     strings.Replace(strings.Replace(good, "\nactor ", "\ncase ", 1), "\ncase C", "\nactor C", 1),
		"two spaces":        strings.Replace(good, "id ", "id  ", 1),
		"an empty case":     strings.Replace(good, "case C-00000-00001", "case ", 1),
	} {
		if _, err := ParseLeaf([]byte(s)); err == nil || errors.Is(err, ErrUnknownAct) {
			t.Errorf("%s: %v", name, err)
		}
	}
	newer := strings.Replace(good, "\nact "+string(event(t, 1).Act), "\nact clip.hologram", 1)
	if _, err := ParseLeaf([]byte(newer)); !errors.Is(err, ErrUnknownAct) {
		t.Errorf("an act of a newer version: %v", err)
	}
}

func TestActsAreExplained(t *testing.T) {
	seen := map[string]bool{}
	for _, in := range Acts() {
		if seen[string(in.Act)] || seen[in.Title] || !validAct(string(in.Act)) || !strings.Contains(string(in.Act), ".") {
			t.Errorf("%q or its title stands twice, or is malformed", in.Act)
		}
		seen[string(in.Act)], seen[in.Title] = true, true
		if in.Title == "" || !strings.HasSuffix(in.Sentence, ".") || len(in.Sentence) > 160 {
			t.Errorf("%s is not explained in a sentence: %q", in.Act, in.Sentence)
		}
	}
	if Act("x.y").Title() != "x.y" || ExhibitViewed.Title() != "Exhibit viewed" {
		t.Error("titles are wrong")
	}
}

func TestDetailIsCommittedToAndErasable(t *testing.T) {
	e := event(t, 1)
	check(t, e.CheckDetail())
	other := event(t, 1)
	if other.Commitment == e.Commitment {
		t.Error("two events with the same detail can be told to have it")
	}
	for name, change := range map[string]func(*Event){
		"a changed value": func(e *Event) { e.Detail = Detail{"name": "clip 2"} },
		"one more value":  func(e *Event) { e.Detail = Detail{"name": "clip 1", "x": ""} },
		"no detail":       func(e *Event) { e.Detail = nil },
		"another salt":    func(e *Event) { e.Salt[0] ^= 1 },
		"no salt":         func(e *Event) { e.Salt = Salt{} },
		"invalid text":    func(e *Event) { e.Detail = Detail{"name": "\xff"} },
	} {
		c := e
		change(&c)
		if c.CheckDetail() == nil {
			t.Errorf("%s was not noticed", name)
		}
	}
	before, err := e.RecordHash()
	check(t, err)
	e.Salt, e.Detail = Salt{}, nil
	check(t, e.CheckDetail())
	after, err := e.RecordHash()
	check(t, err)
	if !e.Erased() || before != after {
		t.Error("erasing the detail changed the leaf")
	}
}

func TestDetailIsCanonicalJSON(t *testing.T) {
	d := Detail{"b": "a\"\\\b\t\n\f\r\x01/<>&", "a": "é\u2028", "a_1": ""}
	want := `{"a":"é` + "\u2028" + `","a_1":"","b":"a\"\\\b\t\n\f\r\u0001/<>&"}`
	got, err := d.Canonical()
	check(t, err)
	if string(got) != want {
		t.Fatalf("got %s, want %s", got, want)
	}
	back, err := ParseDetail(got)
	check(t, err)
	if len(back) != 3 || back["b"] != d["b"] || back["a"] != d["a"] {
		t.Errorf("read back as %q", back)
	}
	for _, bad := range []Detail{{"": "x"}, {"A": "x"}, {"a b": "x"}, {"a": "\x00"}, {"a": "\xc0"}, {"a": strings.Repeat("x", maxDetailBytes)},
		{strings.Repeat("k", 41): ""}} {
		if _, err := NewEvent("E-1", noon, LogRead, System, "", "", bad); err == nil {
			t.Errorf("%.20q was accepted", bad)
		}
	}
	for _, bad := range []string{``, `null`, `{} `, `{"b":"","a":""}`, `{"a":"","a":""}`, `{"a":null}`, `{"a":1}`, `{"a":"\u0041"}`, `[]`} {
		if _, err := ParseDetail([]byte(bad)); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

package triage

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/proffer/proffer/triage/account"
)

// Limits of a search.
const (
	MaxFindWords = 12 // words that are looked for at once; more are left out
	maxToken     = 64 // runes of one word that count
)

// Place is a lane and a state: where somebody may look.
type Place struct {
	Lane  Lane
	State State
}

// FindQuery asks for one page of cases, newest first. Every condition that is set has to hold.
type FindQuery struct {
	In      []Place    // where may be looked; nothing is found elsewhere
	Without account.ID // leaves out the cases to which this account is a party, or on which it is giving an opinion (Blind); "" leaves out none

	Policy   PolicyID
	Reporter account.ID // who reported
	Reported Number     // who is reported: Account and Identifier only
	Trust    Trust      // of one of its exhibits
	Reviewer account.ID // who holds it, or decided on it
	From, To time.Time  // opened not before and before; zero for open ends

	Words []string // tokens, each the beginning of a word of the same report, addition or note
	Number
	After Cursor // Opened and Case of the last row of the page before; zero to start
	Limit int    // 1 to 200
}

// Number is an identifier that was typed; at most one field but Account and Identifier, which go together, is set. The zero
// Number is none.
type Number struct {
	Case       CaseID
	Report     ReportID
	Exhibit    ExhibitID
	Meeting    MeetingID
	Org        account.OrgID
	Account    account.ID // who reported, or is reported
	Identifier string     // or an address or handle, as a reporter gave it
	SHA256     SHA256     // of an exhibit or its proof; or the PDQ of a picture, which has as many digits
	MD5        MD5        // of an exhibit
}

// Tokens splits text into the words that search compares: runs of letters, digits and marks, in lower case.
func Tokens(text string) []string {
	list := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.In(r, unicode.L, unicode.N, unicode.M) })
	for i, w := range list {
		if rs := []rune(w); len(rs) > maxToken {
			list[i] = string(rs[:maxToken])
		}
	}
	return list
}

// ReportTokens is what search knows of a report.
func ReportTokens(r Report) []string {
	said := []string{r.Words, r.MeetingName}
	for _, p := range r.People {
		said = append(said, p.Name, p.Identifier)
	}
	return Tokens(strings.Join(said, " "))
}

// Matches reports whether each of the words begins one of the tokens.
func Matches(tokens, words []string) bool {
	for _, w := range words {
		if !slices.ContainsFunc(tokens, func(t string) bool { return strings.HasPrefix(t, w) }) {
			return false
		}
	}
	return true
}

// receiptNumber finds the report that a pasted receipt is about.
var receiptNumber = regexp.MustCompile(`\bR-[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}\b`)

// read takes what somebody typed into a search apart: a number of some kind, or words.
func read(text string) (n Number, words []string) {
	text = strings.TrimSpace(text)
	is := func(prefix string) string {
		id, _ := ParseID(prefix, text)
		return id
	}
	n = Number{Case: CaseID(is("C")), Report: ReportID(is("R")), Exhibit: ExhibitID(is("X")), Meeting: MeetingID(is("M")), Org: account.OrgID(is("O")),
		Account: account.ID(is("A"))}
	switch {
	case n != Number{}:
	case receiptNumber.MatchString(text):
		n.Report = ReportID(receiptNumber.FindString(text))
	case len(text) == 64 && strings.Trim(text, "0123456789abcdefABCDEF") == "":
		n.SHA256, _ = ParseSHA256(strings.ToLower(text))
	case len(text) == 32 && strings.Trim(text, "0123456789abcdefABCDEF") == "":
		n.MD5, _ = parseMD5(text)
	case strings.Contains(text, "@") && !strings.ContainsFunc(text, unicode.IsSpace):
		n.Identifier = strings.ToLower(text)
	default:
		words = Tokens(text)
		slices.Sort(words)
		words = slices.Compact(words)
		words = words[:min(len(words), MaxFindWords)]
	}
	return n, words
}

// Fragment is a piece of a text, and whether it is what was looked for.
type Fragment struct {
	Text string
	Hit  bool
}

// snippetRunes is how much of a text is shown around the first hit.
const snippetRunes = 160

// Snippet cuts the part of a text around what was looked for; nil where there is nothing of it. Its pieces put together are
// text as it was written, so whoever shows them has to escape them like any other.
func Snippet(text string, words []string) (out []Fragment) {
	rs := []rune(text)
	inWord := func(i int) bool { return unicode.In(rs[i], unicode.L, unicode.N, unicode.M) }
	var hits [][2]int
	for i := 0; i < len(rs); i++ {
		if !inWord(i) {
			continue
		}
		from := i
		for i < len(rs) && inWord(i) {
			i++
		}
		if w := strings.ToLower(string(rs[from:i])); slices.ContainsFunc(words, func(x string) bool { return strings.HasPrefix(w, x) }) {
			hits = append(hits, [2]int{from, i})
		}
	}
	if len(hits) == 0 {
		return nil
	}
	from := max(0, hits[0][0]-snippetRunes/4)
	to := min(len(rs), from+snippetRunes)
	if from > 0 {
		out = append(out, Fragment{Text: "…"})
	}
	at := from
	for _, h := range hits {
		if h[0] >= to {
			break
		}
		end := min(h[1], to)
		out = append(out, Fragment{Text: string(rs[at:h[0]])}, Fragment{string(rs[h[0]:end]), true})
		at = end
	}
	out = append(out, Fragment{Text: string(rs[at:to])})
	if to < len(rs) {
		out = append(out, Fragment{Text: "…"})
	}
	return slices.DeleteFunc(out, func(s Fragment) bool { return s.Text == "" })
}

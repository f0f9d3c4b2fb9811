package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/proffer/proffer/triage"
)

// putWords keeps a text for search. What is kept once stays.
func (t *tx) putWords(ctx context.Context, c triage.CaseID, kind, of string, tokens []string) error {
	_, err := t.exec(ctx, "INSERT INTO case_words (case_id, kind, of, folded) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
		c, kind, of, strings.Join(distinct(tokens), " "))
	return err
}

// findRecent is among how many of the newest cases a search looks first.
const findRecent = 500

// Find looks among the newest cases first: what many texts have fills a page from there, and the page is right, since nothing newer is left out. Only
// what few texts have, so that the page did not fill, is looked up in the index of words and then sorted. Each of the two has the plan that is good
// for it: PostgreSQL cannot tell from a word's beginning which of them it needs, and the wrong one reads everything.
func (t *tx) Find(ctx context.Context, q triage.FindQuery) ([]triage.CaseRow, error) {
	if len(q.In) == 0 {
		return nil, nil
	}
	if q.Number == (triage.Number{}) {
		b := queryBuilder{}
		cases := "SELECT * FROM cases c WHERE true" + b.opened(q) + " ORDER BY " + prefixed(findOrder) + " LIMIT " + strconv.Itoa(findRecent)
		if len(q.Words) > 0 { // first, since it leaves the fewest; OFFSET keeps it apart from the rest
			cases = "SELECT * FROM (" + cases + ") c WHERE (SELECT bool_or(w.words @@ " + b.arg(tsquery(q.Words)) + "::tsquery) FROM case_words w WHERE w.case_id = c.id) OFFSET 0"
		}
		rows, err := t.found(ctx, &b, q, cases)
		if err != nil || len(rows) >= findLimit(q) {
			return rows, err
		}
	}
	b := queryBuilder{}
	cases := "SELECT * FROM cases c WHERE true" + b.opened(q)
	if len(q.Words) > 0 {
		cases += " AND c.id = ANY (ARRAY(SELECT case_id FROM case_words WHERE words @@ " + b.arg(tsquery(q.Words)) + "::tsquery))"
	}
	return t.found(ctx, &b, q, cases)
}

// findOrder is the order of what is found.
const findOrder = "opened DESC, id DESC"

func findLimit(q triage.FindQuery) int { return min(max(q.Limit, 1), maxPage) }

// found is the first of some cases, which have the words, for which everything else holds that is asked for.
func (t *tx) found(ctx context.Context, b *queryBuilder, q triage.FindQuery, cases string) ([]triage.CaseRow, error) {
	return list(ctx, t, queueColumns, "FROM (SELECT c.* FROM ("+cases+") c WHERE "+b.asked(q)+" ORDER BY "+prefixed(findOrder)+" LIMIT "+strconv.Itoa(findLimit(q))+") c"+
		rowDetails+"ORDER BY "+prefixed(findOrder), b.args...)
}

// opened bounds when cases were opened.
func (b *queryBuilder) opened(q triage.FindQuery) (where string) {
	if !q.From.IsZero() {
		where += " AND c.opened >= " + b.arg(q.From)
	}
	if !q.To.IsZero() {
		where += " AND c.opened < " + b.arg(q.To)
	}
	if a := q.After; a != (triage.Cursor{}) {
		at := b.arg(a.Opened)
		where += " AND c.opened <= " + at + "::timestamptz AND (c.opened, c.id) < (" + at + "::timestamptz, " + b.arg(string(a.Case)) + "::text)"
	}
	return where
}

// asked is every other condition of a search but the words.
func (b *queryBuilder) asked(q triage.FindQuery) string {
	var w strings.Builder
	var in []string
	for _, p := range distinct(q.In) {
		in = append(in, fmt.Sprintf("(%s, %s)", b.arg(string(p.Lane)), b.arg(string(p.State))))
	}
	w.WriteString("(c.lane, c.state) IN (" + strings.Join(in, ", ") + ")")
	and := func(format string, args ...any) { fmt.Fprintf(&w, " AND "+format, args...) }
	if q.Without != "" {
		who := b.arg(string(q.Without))
		and("%s", noParty("c.id", who))
		and("c.id NOT IN (%s)", blindOf(who))
		and("(c.merged_into IS NULL OR %s)", noParty("case_now(c.merged_into)", who))
	}
	if q.Policy != "" {
		and("c.policy = %s", b.arg(string(q.Policy)))
	}
	if q.Reporter != "" {
		and("c.id IN (SELECT case_id FROM reports WHERE reporter = %s)", b.arg(string(q.Reporter)))
	}
	if q.Reported != (triage.Number{}) {
		and("c.id IN (%s)", b.reported(q.Reported))
	}
	if q.Trust != "" {
		and("EXISTS (SELECT FROM exhibits x WHERE x.case_id = c.id AND x.trust = %s)", b.arg(string(q.Trust)))
	}
	if q.Reviewer != "" {
		by := b.arg(string(q.Reviewer))
		and("(c.claimant = %s OR c.id IN (SELECT case_id FROM decisions WHERE decider = %s OR approver = %s))", by, by, by)
	}
	if by := b.numbered(q.Number); by != "" {
		and("c.id IN (%s)", by)
	}
	return w.String()
}

// tsquery asks for words that begin so. Tokens hold letters, digits and marks only, so there is nothing to escape; anything
// else is taken out all the same.
func tsquery(words []string) string {
	parts := make([]string, len(words))
	for i, w := range words {
		parts[i] = "'" + strings.Join(triage.Tokens(w), "") + "':*"
	}
	return strings.Join(parts, " & ")
}

// numbered finds the cases that a number leads to; "" where there is none.
func (b *queryBuilder) numbered(n triage.Number) string {
	switch {
	case n.Case != "":
		return "SELECT " + b.arg(string(n.Case))
	case n.Report != "":
		return "SELECT case_id FROM reports WHERE id = " + b.arg(string(n.Report))
	case n.Exhibit != "":
		return "SELECT case_id FROM exhibits WHERE id = " + b.arg(string(n.Exhibit))
	case n.Meeting != "":
		m := b.arg(string(n.Meeting))
		return "SELECT case_id FROM reports WHERE meeting = " + m + " OR meeting_name = " + m
	case n.Org != "":
		return "SELECT case_id FROM reports WHERE org = " + b.arg(string(n.Org))
	case n.SHA256 != triage.SHA256{}:
		sum := b.arg(n.SHA256[:])
		h := n.SHA256.PDQ()
		return "SELECT case_id FROM exhibits WHERE sha256 = " + sum + " OR proof = " + sum + " UNION SELECT x.case_id FROM frames_near(" + b.arg(bits(h)) + "::bit(256), " +
			b.arg(h.NearBands()) + ") f JOIN exhibits x ON x.id = f.exhibit"
	case n.MD5 != triage.MD5{}:
		return "SELECT x.case_id FROM prints p JOIN exhibits x ON x.id = p.exhibit WHERE p.md5 = " + b.arg(n.MD5[:])
	case n.Account != "" || n.Identifier != "":
		return "SELECT case_id FROM reports WHERE reporter = " + b.arg(string(n.Account)) + " UNION " + b.reported(n)
	}
	return ""
}

// reported finds the cases in which an account or an identifier is reported.
func (b *queryBuilder) reported(n triage.Number) string {
	return "SELECT case_id FROM report_people WHERE account = " + b.arg(string(n.Account)) +
		" UNION SELECT case_id FROM report_people WHERE identifier_folded = " + b.arg(fold(n.Identifier)) + " AND identifier_folded <> ''"
}

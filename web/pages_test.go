package web

import (
	"bytes"
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
)

// hostile are texts that try to leave the place they are put in.
var hostile = map[string]string{
	"markup":    `<script>alert(1)</script><img src=x onerror=alert(1)>`,
	"attribute": `" onmouseover="alert(1)" style="x`,
	"single":    `' autofocus onfocus='alert(1)`,
	"scheme":    `javascript:alert(1)`,
	"comment":   `--><script>alert(1)</script><!--`,
	"template":  `</template></textarea></title><script>alert(1)</script>`,
	"override":  "Alice\u202egnp.exe\u2066\u200b\u0000",
	"long":      strings.Repeat("Wolfeschlegelstein", 112),
}

func render(t *testing.T, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPagesHoldHostileText(t *testing.T) {
	for kind, text := range hostile {
		for name, page := range newWorld(text, text).pages() {
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				body := render(t, page)
				doc, err := html.Parse(strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				checkPolicy(t, doc)
				if kind != "override" {
					return
				}
				if text := visibleText(doc); strings.ContainsAny(text, "\u202e\u2066\u200b\u0000") {
					t.Error("the page shows a character that hides or turns text around")
				}
			})
		}
	}
}

// checkPolicy finds what the Content-Security-Policy would refuse: it is there only if text became markup, or a
// template broke the rule.
func checkPolicy(t *testing.T, doc *html.Node) {
	t.Helper()
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "style" || n.Data == "script" && (attr(n, "src") == "" || n.FirstChild != nil) {
			t.Errorf("inline <%s>", n.Data)
		}
		for _, a := range n.Attr {
			key, value := strings.ToLower(a.Key), strings.ToLower(strings.TrimSpace(a.Val))
			switch {
			case key == "style", strings.HasPrefix(key, "on"), strings.HasPrefix(key, "hx-on"):
				t.Errorf("inline %s on <%s>", a.Key, n.Data)
			case slices.Contains([]string{"href", "src", "action", "formaction", "poster", "hx-get", "hx-post"}, key) && !strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "#"):
				t.Errorf("<%s %s=%q> leads away from this server", n.Data, a.Key, a.Val)
			}
		}
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// visibleText is what a reader sees: without attributes, fields (which give back what was typed) and templates.
func visibleText(doc *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		if n.Type == html.ElementNode && slices.Contains([]string{"textarea", "pre"}, n.Data) {
			return
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(doc)
	return b.String()
}

func TestPagesAreWellMade(t *testing.T) {
	for name, page := range newWorld("Mara Lindqvist", "They shouted.").pages() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := render(t, page)
			doc, err := html.Parse(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			ids, headings := map[string]int{}, 0
			for n := range doc.Descendants() {
				if id := attr(n, "id"); id != "" {
					ids[id]++
				}
				if n.Data == "h1" {
					headings++
				}
			}
			for _, id := range slices.Sorted(maps.Keys(ids)) {
				if ids[id] > 1 {
					t.Errorf("id %q stands %d times", id, ids[id])
				}
			}
			if headings != 1 {
				t.Errorf("%d main headings, want 1", headings)
			}
			checkReferences(t, doc, ids)
			if m := regexp.MustCompile(`@[A-Z][a-z]+\(`).FindString(body); m != "" {
				t.Errorf("a component call %q was printed as text", m)
			}
		})
	}
}

// checkReferences finds labels, descriptions and links to the page itself that lead nowhere.
func checkReferences(t *testing.T, doc *html.Node, ids map[string]int) {
	t.Helper()
	for n := range doc.Descendants() {
		for _, key := range []string{"for", "aria-labelledby", "aria-describedby", "aria-controls", "data-opens"} {
			for _, id := range strings.Fields(attr(n, key)) {
				if ids[id] == 0 {
					t.Errorf("<%s %s=%q> refers to nothing", n.Data, key, id)
				}
			}
		}
		if id, ok := strings.CutPrefix(attr(n, "href"), "#"); ok && ids[id] == 0 {
			t.Errorf("a link to #%s leads nowhere", id)
		}
	}
}

func TestThePlayerNeverStartsByItself(t *testing.T) {
	doc, err := html.Parse(strings.NewReader(render(t, newWorld("Mara", "words").staffPages()["case-full"])))
	if err != nil {
		t.Fatal(err)
	}
	players := 0
	for n := range doc.Descendants() {
		if n.Data != "video" {
			continue
		}
		players++
		for _, a := range n.Attr {
			if a.Key == "autoplay" || a.Key == "controls" {
				t.Errorf("the player has %s", a.Key)
			}
		}
		if attr(n, "preload") != "none" || !strings.Contains(attr(n.Parent, "class"), "veil") {
			t.Error("the player loads or shows before it is asked to")
		}
	}
	if players != 2 {
		t.Errorf("%d players, want 2: one exhibit of three cannot be played", players)
	}
}

func TestAMenuShowsOnlyWhatTheRoleAllows(t *testing.T) {
	w := newWorld("Mara", "words")
	for roles, want := range map[string]string{
		"":              "My meetings My reports",
		"reviewer":      "Queue Second opinions My meetings My reports",
		"lead":          "Queue Approvals Second opinions Packages Figures My meetings My reports",
		"liaison":       "Queue Packages My meetings My reports",
		"auditor":       "Custody log My meetings My reports",
		"administrator": "People My meetings My reports",
		"child-safety":  "Queue Approvals Second opinions My meetings My reports",
	} {
		w.roles = nil
		if roles != "" {
			w.roles = append(w.roles, role(roles))
		}
		var got []string
		for _, it := range w.page("", "/").Nav {
			got = append(got, it.Label)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q sees %v, want %q", roles, got, want)
		}
	}
}

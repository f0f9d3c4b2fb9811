package export

import (
	"encoding/json"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

type graphDoc struct {
	Context map[string]string `json:"@context"`
	Graph   []map[string]any  `json:"@graph"`
}

// shapes lists, for each class of a graph, the properties that occur, with those of nested objects.
func shapes(v any, into map[string]map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			shapes(x, into)
		}
	case map[string]any:
		class, _ := v["@type"].(string)
		for k, x := range v {
			if class != "" && k != "@type" {
				if into[class] == nil {
					into[class] = map[string]bool{}
				}
				into[class][k] = true
			}
			shapes(x, into)
		}
	}
}

func casesOf(t *testing.T, b []byte) (graphDoc, map[string]map[string]bool) {
	var g graphDoc
	must(0, json.Unmarshal(b, &g))
	s := map[string]map[string]bool{}
	for _, n := range g.Graph {
		shapes(n, s)
	}
	return g, s
}

// TestCASE holds the graph against the minimal conforming one, class by class, and against the ontology, name by name.
func TestCASE(t *testing.T) {
	_, pkg := made(t)
	_, parts, _ := unpack(t, pkg)
	ours, have := casesOf(t, parts[place(parts, fileCase)].data)
	minimal, want := casesOf(t, must(io.ReadAll(vectors(t, "case/minimal-conforming.jsonld"))))
	for class, properties := range want {
		for p := range properties {
			if !have[class][p] {
				t.Errorf("%s lacks %s", class, p)
			}
		}
	}
	for prefix, iri := range minimal.Context {
		if have := ours.Context[prefix]; prefix != "kb" && prefix != "uco-vocabulary" && have != iri {
			t.Errorf("the prefix %s is %q, not %q", prefix, have, iri)
		}
	}
	ontology := string(must(io.ReadAll(vectors(t, "case/case-1.4.0.ttl"))))
	used := map[string]bool{}
	for class, properties := range have {
		used[class] = true
		for p := range properties {
			used[p] = true
		}
	}
	for name := range used {
		_, local, ok := strings.Cut(name, ":")
		vocabulary := strings.Split(strings.SplitN(name, ":", 2)[0], "-")
		if !ok || vocabulary[0] == "xsd" {
			continue
		}
		if !strings.Contains(ontology, "\n"+vocabulary[len(vocabulary)-1]+":"+local+"\n") {
			t.Errorf("the ontology does not know %s", name)
		}
	}
	checkNodes(t, ours)
	files := 0
	for _, p := range parts {
		if strings.HasPrefix(p.path, "data/original/") || strings.HasPrefix(p.path, "data/derivative/") {
			files++
			if !strings.Contains(string(parts[place(parts, fileCase)].data), `"`+p.path+`"`) {
				t.Errorf("%s is not in the graph", p.path)
			}
		}
	}
	if derived := strings.Count(string(parts[place(parts, fileCase)].data), "wasDerivedFrom"); files != 6 || derived != 4 {
		t.Errorf("%d files, %d derived ones", files, derived)
	}
}

// checkNodes requires one node for each identifier, which ends in a UUID, and that every reference leads to one.
func checkNodes(t *testing.T, g graphDoc) {
	form := regexp.MustCompile(`^kb:[a-z0-9-]+-[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	defined, referred := map[string]int{}, map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			if id, ok := v["@id"].(string); ok && v["@type"] != nil {
				defined[id]++
			} else if ok {
				referred[id] = true
			}
			for _, x := range slices.Collect(maps.Values(v)) {
				walk(x)
			}
		}
	}
	for _, n := range g.Graph {
		walk(n)
	}
	for id, n := range defined {
		if n != 1 || !form.MatchString(id) {
			t.Errorf("%s occurs %d times, or does not end in a UUID", id, n)
		}
	}
	for id := range referred {
		if defined[id] == 0 {
			t.Errorf("%s leads nowhere", id)
		}
	}
}

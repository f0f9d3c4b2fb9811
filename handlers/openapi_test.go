package handlers

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// apiDocument is as much of OpenAPI as the document uses.
type apiDocument struct {
	OpenAPI    string
	Paths      map[string]map[string]apiOperation
	Components struct{ Schemas map[string]schema }
}

type apiOperation struct {
	Security   []map[string][]account.Scope
	Parameters []struct {
		Name, In, Example string
		Schema            schema
	}
	RequestBody struct {
		Content map[string]apiContent
	}
	Responses map[string]struct {
		Headers map[string]struct{ Schema schema }
		Content map[string]apiContent
	}
}

type apiContent struct {
	Schema  schema
	Example any
}

// schema is as much of JSON Schema as the document uses; check refuses keywords that it does not know.
type schema map[string]any

func openDocument(t *testing.T) *apiDocument {
	d := new(apiDocument)
	must(t, json.Unmarshal(openAPIWith(triage.Offered()), d))
	return d
}

// check gives what is wrong with a value, or "".
func (d *apiDocument) check(s schema, v any) string {
	if ref, ok := s["$ref"].(string); ok {
		named, ok := d.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
		if !ok {
			return "there is no " + ref
		}
		return d.check(named, v)
	}
	for keyword, want := range s {
		if wrong := d.keyword(s, keyword, want, v); wrong != "" {
			return wrong
		}
	}
	return ""
}

func (d *apiDocument) keyword(s schema, keyword string, want, v any) string {
	text, _ := v.(string)
	list, _ := v.([]any)
	object, _ := v.(map[string]any)
	ok := true
	switch keyword {
	case "description", "contentMediaType", "properties", "additionalProperties":
	case "type":
		kinds, several := want.([]any)
		if !several {
			kinds = []any{want}
		}
		ok = slices.Contains(kinds, any(kindOf(v)))
	case "format":
		_, err := time.Parse(time.RFC3339, text)
		ok = want == "date-time" && err == nil
	case "pattern":
		ok = regexp.MustCompile(want.(string)).MatchString(text)
	case "maxLength":
		ok = len([]rune(text)) <= int(want.(float64))
	case "minItems":
		ok = len(list) >= int(want.(float64))
	case "maxItems":
		ok = len(list) <= int(want.(float64))
	case "enum":
		ok = slices.Contains(want.([]any), v)
	case "items":
		for _, x := range list {
			if wrong := d.check(schema(want.(map[string]any)), x); wrong != "" {
				return wrong
			}
		}
	case "required":
		for _, name := range want.([]any) {
			if _, there := object[name.(string)]; !there {
				return fmt.Sprintf("%v is missing", name)
			}
		}
	default:
		return "the schema says " + keyword
	}
	if !ok {
		return fmt.Sprintf("%v is not of the %s %v", v, keyword, want)
	}
	if keyword != "properties" && keyword != "additionalProperties" {
		return ""
	}
	properties, _ := s["properties"].(map[string]any)
	for name, x := range object {
		p, known := properties[name].(map[string]any)
		if !known && s["additionalProperties"] == false {
			return "nothing is said of " + name
		}
		if wrong := d.check(schema(p), x); known && wrong != "" {
			return name + ": " + wrong
		}
	}
	return ""
}

func kindOf(v any) string {
	switch n := v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if n == float64(int64(n)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

// TestDocumentNamesEveryRoute holds the document against the table of routes: paths, methods and scopes.
func TestDocumentNamesEveryRoute(t *testing.T) {
	t.Parallel()
	d, c := openDocument(t), newWorld(t).config
	c.Addr = "127.0.0.1:8080"
	s, err := newServer(c)
	must(t, err)
	said := map[string]account.Scope{}
	for path, operations := range d.Paths {
		for method, o := range operations {
			scope := anyScope
			if len(o.Security) > 0 {
				scope = o.Security[0]["token"][0]
			}
			said[strings.ToUpper(method)+" "+path] = scope
		}
	}
	there := map[string]account.Scope{}
	for _, rt := range s.routes() {
		if strings.HasPrefix(rt.Pattern, "/api/") || strings.HasPrefix(rt.Pattern, "/uploads/") {
			there[rt.Method+" "+rt.Pattern] = rt.Scope
		}
	}
	if !strings.HasPrefix(d.OpenAPI, "3.1.") || !maps.Equal(said, there) {
		t.Errorf("the document has %v, and the routes are %v", said, there)
	}
	var policies []any
	for _, p := range triage.Policies() {
		policies = append(policies, string(p.ID))
	}
	if enum := d.Components.Schemas["Report"]["properties"].(map[string]any)["policy"].(map[string]any)["enum"].([]any); !slices.Equal(enum, policies) {
		t.Errorf("the document has the policies %v, and there are %v", enum, policies)
	}
}

// TestDocumentsExamples goes the way of a client with the document's own examples, and holds every answer against the document.
func TestDocumentsExamples(t *testing.T) {
	t.Parallel()
	d, w := openDocument(t), newWorld(t)
	token := w.signIn(w.person("Hanna")).token(account.AllScopes...)
	tried := map[string]bool{}
	send := func(token, method, path, id string, body string, status int) answer {
		t.Helper()
		tried[method+" "+path] = true
		o := d.Paths[path][strings.ToLower(method)]
		header := map[string]string{}
		if len(o.Security) > 0 {
			header["Authorization"] = "Bearer " + token
		}
		for _, p := range o.Parameters {
			if p.In == "header" {
				if wrong := d.check(p.Schema, p.Example); wrong != "" {
					t.Errorf("the example of %s: %s", p.Name, wrong)
				}
				header[p.Name] = p.Example
			}
		}
		for kind := range o.RequestBody.Content {
			header["Content-Type"] = kind
		}
		a := w.stranger().send(method, strings.Replace(path, "{id}", id, 1), header, strings.NewReader(body))
		d.holds(t, o, method+" "+path, a, status)
		return a
	}
	example := func(method, path string) any {
		for _, c := range d.Paths[path][method].RequestBody.Content {
			return c.Example
		}
		return nil
	}
	begin := func() string {
		a := send(token, "POST", "/uploads/", "", "", http.StatusCreated)
		return strings.TrimPrefix(a.header.Get("Location"), "/uploads/")
	}
	send("", "GET", "/api/v1/openapi.json", "", "", http.StatusOK)
	send(token, "OPTIONS", "/uploads/", "", "", http.StatusOK)
	clip := begin()
	send(token, "PATCH", "/uploads/{id}", clip, example("patch", "/uploads/{id}").(string), http.StatusNoContent)
	send(token, "HEAD", "/uploads/{id}", clip, "", http.StatusOK)
	send(token, "PATCH", "/uploads/{id}", begin(), "xyz", http.StatusBadRequest)
	send(token, "DELETE", "/uploads/{id}", begin(), "", http.StatusNoContent)
	send(token, "DELETE", "/uploads/{id}", "U-00000-00000", "", http.StatusNotFound)

	report := example("post", "/api/v1/reports").(map[string]any)
	if wrong := d.check(d.Components.Schemas["Report"], report); wrong != "" {
		t.Errorf("the example of a report: %s", wrong)
	}
	report["occurred"] = w.desk.Clock().UTC().Format(time.RFC3339)
	report["clips"] = []any{map[string]any{"upload": clip, "proof": ""}} // the example's bytes are no proof
	body, err := json.Marshal(report)
	must(t, err)
	var filed apiFiled
	must(t, json.Unmarshal([]byte(send(token, "POST", "/api/v1/reports", "", string(body), http.StatusCreated).body), &filed))
	send(token, "GET", "/api/v1/reports/{id}", string(filed.Report), "", http.StatusOK)
	send(token, "GET", "/api/v1/reports/{id}", "R-00000-00000", "", http.StatusNotFound)
	send(token, "POST", "/api/v1/reports", "", "{}", http.StatusUnprocessableEntity)
	for path, operations := range d.Paths {
		for method, o := range operations {
			if method = strings.ToUpper(method); !tried[method+" "+path] {
				t.Errorf("%s %s was not tried", method, path)
			}
			if len(o.Security) > 0 {
				send("pf_wrong", method, path, "U-00000-00000", "", http.StatusUnauthorized)
			}
			for _, r := range o.Responses {
				for _, c := range r.Content {
					if wrong := d.check(c.Schema, c.Example); c.Example != nil && wrong != "" {
						t.Errorf("the example of an answer to %s %s: %s", method, path, wrong)
					}
				}
			}
		}
	}
}

// holds holds an answer against what the document says of it.
func (d *apiDocument) holds(t *testing.T, o apiOperation, what string, a answer, status int) {
	t.Helper()
	r, said := o.Responses[fmt.Sprint(a.status)]
	if a.status != status || !said {
		t.Fatalf("%s is answered %d, not %d; said of it: %v\n%s", what, a.status, status, said, a.body)
	}
	for name, h := range r.Headers {
		if wrong := d.check(h.Schema, a.header.Get(name)); wrong != "" {
			t.Errorf("%s: the header %s: %s", what, name, wrong)
		}
	}
	if a.body == "" {
		return
	}
	kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	c, said := r.Content[kind]
	if !said {
		t.Fatalf("%s is answered with %s: %s", what, kind, a.body)
	}
	var v any = a.body
	if kind == "application/json" {
		must(t, json.Unmarshal([]byte(a.body), &v))
	}
	if wrong := d.check(c.Schema, v); wrong != "" {
		t.Errorf("%s: %s", what, wrong)
	}
}

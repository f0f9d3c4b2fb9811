package handlers

import (
	"encoding/json"
	"strings"
	"testing"
)

// apiBody is a report as a client sends it.
func apiBody(change ...string) string {
	b := `{"key":"aaaaaaaaaaaaaaaaaaaaaaaa","title":"Choir","occurred":"OCCURRED","policy":"hate","words":"What happened.",` +
		`"people":[{"name":"Mallory"}],"clips":[],"declared":true}`
	return strings.NewReplacer(change...).Replace(b)
}

func TestReportByAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	host := w.signIn(w.person("Hanna"))
	now := w.desk.Clock().UTC().Format("2006-01-02T15:04:05Z")
	asJSON := map[string]string{"Content-Type": "application/json", "Origin": host.base}
	send := func(body string) answer { return host.send("POST", "/api/v1/reports", asJSON, strings.NewReader(body)) }
	first := send(apiBody("OCCURRED", now))
	var filed apiFiled
	if err := json.Unmarshal([]byte(first.body), &filed); err != nil || first.status != 201 || filed.Report == "" || filed.Receipt == "" {
		t.Fatalf("a report by JSON is answered %d %s", first.status, first.body)
	}
	if again := send(apiBody("OCCURRED", now)); again.status != 201 || !strings.Contains(again.body, string(filed.Report)) {
		t.Errorf("the same report again is answered %d %s", again.status, again.body)
	}
	if a := host.get("/api/v1/reports/" + string(filed.Report)); a.status != 200 || !strings.Contains(a.body, `"state"`) {
		t.Errorf("its state is answered %d %s", a.status, a.body)
	}
	for what, body := range map[string]string{
		"another with its key": apiBody("OCCURRED", now, "What happened.", "Something else."),
		"a field nobody knows": apiBody("OCCURRED", now, `"declared"`, `"x":1,"declared"`),
		"two values":           apiBody("OCCURRED", now) + "{}",
		"no JSON":              "key=a",
		"no people":            apiBody("OCCURRED", now, `{"name":"Mallory"}`, ``, "aaaaaaaa", "bbbbbbbb"),
		"a clip of nobody":     apiBody("OCCURRED", now, `"clips":[]`, `"clips":[{"upload":"U-00000-00000","proof":""}]`, "aaaaaaaa", "cccccccc"),
	} {
		if a := send(body); a.status != 422 || !strings.Contains(a.body, `"error"`) {
			t.Errorf("%s is answered %d %s", what, a.status, a.body)
		}
	}
	if a := host.send("POST", "/api/v1/reports", map[string]string{"Content-Type": "text/plain", "Origin": host.base}, strings.NewReader(apiBody("OCCURRED", now))); a.status != 415 {
		t.Errorf("text is answered %d", a.status)
	}
}

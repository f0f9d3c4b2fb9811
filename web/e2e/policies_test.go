package e2e

import "testing"

// TestPolicies has an administrator change a policy and add one: the form of a report offers both at once.
func TestPolicies(t *testing.T) {
	t.Parallel()
	s := start(t)
	ari, hanna := s.as("Ari Aalto"), s.as("Hanna Holm")
	ari.open("/policies")
	ari.both("policies")
	ari.shoot("policies")
	ari.do(`document.querySelector("#policy-hate details").open = true`)
	ari.fill(`#policy-hate input[name=look]`, "0")
	ari.do(`document.querySelector("#policy-hate form").noValidate = true`)
	ari.press(`#policy-hate button`, "Save the policy")
	ari.waitText("at least a minute")
	if got := evaluate[string](ari, `document.querySelector("#policy-hate details").open ? document.querySelector("#policy-hate input[name=look]").value : ""`); got != "0" {
		t.Errorf("the refused form has %q", got)
	}
	ari.fill(`#policy-hate input[name=look]`, "90")
	ari.fill(`#policy-hate input[name=title]`, "Hatred of people")
	ari.press(`#policy-hate button`, "Save the policy")
	ari.waitText("somebody looks within 90 minutes")
	ari.do(`[...document.querySelectorAll("details > summary")].find((s) => s.textContent.includes("Add a policy")).click()`)
	last := `main section.card form `
	ari.fill(last+`input[name=id]`, "spam")
	ari.fill(last+`input[name=title]`, "Spam")
	ari.fill(last+`input[name=help]`, "Advertising that nobody asked for.")
	ari.press(`main section.card button`, "Save the policy")
	ari.waitEval(`document.querySelector("#policy-spam")`)
	hanna.open("/reports/new")
	hanna.waitText("Hatred of people")
	hanna.waitText("Advertising that nobody asked for.")
}

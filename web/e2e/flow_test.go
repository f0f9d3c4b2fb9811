package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// verify runs `proffer verify` in an empty folder without any of the server's settings.
func verify(t *testing.T, args ...string) (exit int, out string) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append([]string{"verify"}, args...)...)
	cmd.Dir, cmd.Env = t.TempDir(), []string{"PATH=/nowhere"}
	b, err := cmd.CombinedOutput()
	var ee *exec.ExitError
	if errors.As(err, &ee) {
		return ee.ExitCode(), string(b)
	} else if err != nil {
		t.Fatal(err)
	}
	return 0, string(b)
}

// fileReport fills the form in and sends it with the clips; it returns the report's number.
func (p *person) fileReport(policy, name string, clips ...string) string {
	p.t.Helper()
	p.reportForm()
	p.fillReport(policy, name)
	for _, c := range clips {
		p.pick(c)
	}
	p.waitEval(`document.querySelectorAll('[data-uploads] input[name="upload[]"], form input[name="upload[]"]').length === ` + itoa(len(clips)))
	p.press(`form.report-form button[type=submit]`, "Send the report")
	at := p.waitURL(func(u string) bool { return regexp.MustCompile(`/reports/R-`).MatchString(u) })
	return at[strings.LastIndex(at, "/")+1:]
}

// fillReport fills everything in but the clips.
func (p *person) fillReport(policy, name string) {
	p.t.Helper()
	if p.has(`input[name=meeting][value=""]`) {
		p.choose(`input[name=meeting][value=""]`)
	}
	p.fill(`#meeting_name`, "Choir rehearsal")
	p.do(`(e => { const d = new Date(Date.now() - 600000); d.setMinutes(d.getMinutes() - d.getTimezoneOffset()); e.value = d.toISOString().slice(0, 16) })(document.querySelector("#occurred"))`)
	p.do(`(() => { const rows = document.querySelectorAll('[data-people-rows] .person-row'); if (!rows.length) document.querySelector('[data-add-row]').click() })()`)
	p.fill(`[data-people-rows] input[name="person_name[]"]`, name)
	p.fill(`[data-people-rows] input[name="person_identifier[]"]`, p.identifier(name))
	p.choose(`input[name=policy][value="` + policy + `"]`)
	p.fill(`#words`, "He shouted at everyone and would not stop.")
	p.choose(`input[name=declared]`)
}

// TestTheWholeFlow is the thin whole: sign-in link → resumable upload → object lock → receipt → claim → decide → second
// person approves → package → proffer verify.
func TestTheWholeFlow(t *testing.T) {
	s := start(t)
	clip := makeClip(t, t.TempDir(), "clip.webm", 4)

	host := s.signIn("Hanna")
	report := host.fileReport("threat", "Robin Rossi", clip)
	host.shoot("report")
	receipt := filepath.Join(t.TempDir(), "receipt.txt")
	host.download("/reports/"+report+"/receipt", receipt)
	key := filepath.Join(t.TempDir(), "PLATFORM.pub")
	host.download("/platform.pub", key)
	if exit, out := verify(t, "--key", key, "--clip", clip, receipt); exit != 0 {
		t.Fatalf("the receipt: exit %d\n%s", exit, out)
	}

	reviewer := s.signIn("Rui")
	reviewer.open("/queue")
	reviewer.waitEval(`document.querySelector("main a.row-link[href^=\"/cases/\"]")`)
	reviewer.shoot("queue")
	reviewer.press(`main button`, "Take the next case")
	caseAt := reviewer.waitURL(func(u string) bool { return strings.Contains(u, "/cases/C-") })
	caseID := caseAt[strings.LastIndex(caseAt, "/")+1:]
	reviewer.waitEval(`document.querySelector('[data-exhibit] img')?.naturalWidth > 0`)
	reviewer.shoot("case")
	reviewer.decide("ban", "critical", "A credible threat against a member, shown in the clip.")
	reviewer.waitText("Awaiting approval")

	lead := s.signIn("Lena")
	lead.open("/cases/" + caseID)
	lead.press(`#approve button`, "Approve")
	lead.waitText("in force")
	lead.shoot("case-decided")

	liaison := s.signIn("Lior")
	liaison.open("/packages/new?case=" + caseID)
	liaison.fill(`#recipient`, "Police of Northwind, Det. Sgt. Ó Briain")
	liaison.fill(`#reference`, "NW-2026/117")
	liaison.fill(`#scope`, "The clip of the threat and what was decided about it.")
	liaison.fill(`#basis`, "warrant")
	liaison.do(`document.querySelectorAll('input[name="exhibit[]"]').forEach(e => { if (!e.checked) e.click() })`)
	liaison.shoot("package-new")
	liaison.press(`main form button[type=submit]`, "Ask for approval")
	at := liaison.waitURL(func(u string) bool { return strings.Contains(u, "/packages/P-") })
	packageID := at[strings.LastIndex(at, "/")+1:]

	lead.open("/packages/" + packageID)
	lead.fill(`main form[action$="/refuse"] textarea`, "Half a sentence") // which news of the package leave alone
	lead.do(`document.addEventListener("htmx:beforeSwap", () => { window.swaps = 1; }); document.dispatchEvent(new CustomEvent("proffer:live", { detail: { name: "resync" } }))`)
	lead.waitEval(`window.swaps`)
	if got := evaluate[string](lead, `document.querySelector('main form[action$="/refuse"] textarea').value`); got != "Half a sentence" {
		t.Errorf("news of the package left %q of what was typed", got)
	}
	lead.fill(`main form[action$="/refuse"] textarea`, "")
	lead.press(`main form button`, "Approve")
	liaison.waitText("Download")
	liaison.shoot("package")
	file := filepath.Join(t.TempDir(), "package.zip")
	liaison.download("/packages/"+packageID+"/download", file)

	if exit, out := verify(t, "--key", key, file); exit != 0 {
		t.Fatalf("the package: exit %d\n%s", exit, out)
	} else {
		t.Log(out)
	}
	if exit, out := verify(t, file); exit != 2 || !strings.Contains(out, "signer unknown") {
		t.Errorf("without the key: exit %d\n%s", exit, out)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
	if exit, _ := verify(t, "--key", key, file); exit != 1 {
		t.Errorf("a package with one changed bit: exit %d", exit)
	}
}

// decide fills the decision panel in for every reported person and sends it.
func (p *person) decide(action, severity, reasons string) {
	p.t.Helper()
	p.waitEval(`document.querySelector("#decide form")`)
	p.do(`document.querySelectorAll('#decide input[type=radio][value="` + action + `"]').forEach(e => e.click())`)
	p.do(`document.querySelectorAll('#decide [data-severity]').forEach(e => { e.value = "` + severity + `" })`)
	p.do(`document.querySelectorAll('#decide textarea').forEach(e => { e.value = "` + reasons + `" })`)
	p.press(`#decide button[type=submit]`, "Decide, stay here")
}

func (p *person) has(selector string) bool {
	p.t.Helper()
	return evaluate[bool](p, `document.querySelector(`+strconv.Quote(selector)+`) !== null`)
}

// identifier is the address by which the platform knows a person of the demonstration.
func (p *person) identifier(name string) string {
	if name == "Robin Rossi" {
		return "robin.reviewer@proffer.example"
	}
	return ""
}

func itoa(n int) string { return strconv.Itoa(n) }

package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestHosts does on a phone what hosts do.
func TestHosts(t *testing.T) {
	s := start(t)
	for name, run := range map[string]func(*testing.T, *person){"from-start-to-receipt": hostOnPhone, "problems": hostProblems, "draft": hostDraft} {
		t.Run(name, func(t *testing.T) {
			p := s.in(t).as("Hanna Holm")
			heard := p.watch()
			p.run(emulate(390, "light"))
			run(t, p)
			heard.forgive("422") // a refused form
			heard.check(t, name)
		})
	}
}

// fits makes sure that nothing runs over sideways.
func (p *person) fits() {
	p.t.Helper()
	if wide := evaluate[int](p, `document.documentElement.scrollWidth`); wide > 390 {
		p.t.Errorf("%s is %d pixels wide on a phone", evaluate[string](p, `location.pathname`), wide)
	}
}

func hostOnPhone(t *testing.T, p *person) {
	p.open("/reports")
	p.fits()
	p.press(`main a.button`, "Report abuse")
	p.waitURL(func(u string) bool { return strings.HasSuffix(u, "/reports/new") })
	clip := makeClip(t, t.TempDir(), "phone.mp4", 1)
	report := p.fileReport("harassment", "Phil Phone", clip)
	p.waitText("Your report has arrived and is sealed")
	p.fits()
	dir := t.TempDir()
	receipt, key := filepath.Join(dir, "receipt.txt"), filepath.Join(dir, "platform.pub")
	p.download(evaluate[string](p, `document.querySelector(".receipt a.button").getAttribute("href")`), receipt)
	p.download("/platform.pub", key)
	if exit, out := verify(t, "--key", key, "--clip", clip, receipt); exit != 0 {
		t.Errorf("the receipt: exit %d\n%s", exit, out)
	}

	p.waitEval(`document.querySelector("[data-uploader]:not([hidden])")`)
	p.fill(`#words`, "He came back under another name.")
	p.pick(makeClip(t, t.TempDir(), "more.webm", 1))
	p.uploadState("done")
	p.press(`form[data-clips-form] button[type=submit]`, "Add to the report")
	p.waitText("Added to your report")
	p.waitText("He came back under another name.")
	p.waitText("Receipt of addition 1")
	p.fits()
	p.download("/reports/"+report+"/receipt/1", receipt)
	if exit, out := verify(t, "--key", key, receipt); exit != 0 {
		t.Errorf("the addition's receipt: exit %d\n%s", exit, out)
	}

	p.press(`.withdraw button`, "Withdraw this report")
	p.press(`#withdraw button`, "Keep it")
	p.waitEval(`!document.querySelector("#withdraw").open`)
	p.press(`.withdraw button`, "Withdraw this report")
	p.press(`#withdraw button`, "Withdraw it")
	p.waitText("You have withdrawn the report")
	if p.has(`form[data-clips-form]`) || p.has(`#withdraw`) {
		t.Error("a withdrawn report can still be changed")
	}
	p.fits()
}

func hostProblems(t *testing.T, p *person) {
	p.reportForm()
	p.fill(`#words`, "Typed with care.\nTwo lines.")
	p.fill(`[data-people-rows] input[name="person_name[]"]`, "Vera Validation")
	p.choose(`input[name=policy][value=fraud]`)
	p.press(`form.report-form button[type=submit]`, "Send the report")
	p.waitText("Nothing you wrote is lost")
	p.fits()
	if !evaluate[bool](p, `document.activeElement.matches(".flash-problem") && document.activeElement.textContent.includes("which meeting")`) {
		t.Error("the focus is not on what is wrong")
	}
	if !evaluate[bool](p, `document.querySelector("#words").value === "Typed with care.\nTwo lines." && document.querySelector("[name='person_name[]']").value === "Vera Validation" && document.querySelector("[name=policy][value=fraud]").checked`) {
		t.Error("what was typed is lost")
	}
	if first := evaluate[string](p, `document.querySelector(".flash-problem a").getAttribute("href")`); first != "#field-meeting" {
		t.Errorf("the first problem leads to %s", first)
	}
	p.run(chromedp.Click(`.flash-problem a`))
	p.hitTab()
	if !evaluate[bool](p, `document.activeElement.matches("#meeting_name, [name=meeting]")`) {
		t.Error("the link does not lead to its field")
	}
	if !evaluate[bool](p, `document.querySelector("#meeting_name").getAttribute("aria-invalid") !== null && document.querySelector("#error-meeting").textContent.trim() !== ""`) {
		t.Error("the field does not say what is wrong")
	}
}

func hostDraft(t *testing.T, p *person) {
	p.reportForm()
	p.fillReport("hate", "Dora Draft")
	p.press(`button[data-add-row]`, "Add another person")
	p.do(`const e = [...document.querySelectorAll('[name="person_name[]"]')].at(-1); e.value = "Second Person"; e.dispatchEvent(new Event("input", {bubbles: true}))`)
	p.run(chromedp.Reload())
	p.waitEval(`document.querySelector("[data-uploader]:not([hidden])")`)
	kept := `document.querySelector("#words").value.startsWith("He shouted") && document.querySelector("#meeting_name").value === "Choir rehearsal" && document.querySelector("[name=policy][value=hate]").checked
		&& [...document.querySelectorAll('[name="person_name[]"]')].map(e => e.value).join() === "Dora Draft,Second Person"`
	p.waitEval(kept)
	p.press(`form.report-form button[type=submit]`, "Send the report")
	p.waitText("Your report has arrived")
	p.reportForm()
	p.waitEval(`document.querySelector("#words").value === "" && document.querySelector('[name="person_name[]"]').value === ""`)
}

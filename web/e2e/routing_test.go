package e2e

import "testing"

// TestRouting has a lead make a queue and a rule, try the rule on past cases and switch it on, and a reviewer put a case off.
func TestRouting(t *testing.T) {
	t.Parallel()
	s := start(t)
	host := s.become(t, "Hanna Holm")
	host.words(t, "Petra Past")
	lena, robin := s.as("Lena Lindqvist"), s.as("Robin Rossi")
	lena.open("/routing")
	lena.waitText("There is no rule")
	lena.both("no queue and no rule")
	lena.do(`[...document.querySelectorAll("details > summary")].find((s) => s.textContent.includes("Make a queue")).click()`)
	lena.fill(`form[action="/routing/queues"] input[name=name]`, "Strangers")
	lena.choose(`form[action="/routing/queues"] label.check:has(input[name=members])`) // the first by name is not Robin
	lena.press(`form[action="/routing/queues"] button`, "Save the queue")
	lena.waitText("Strangers")
	lena.do(`[...document.querySelectorAll("details > summary")].find((s) => s.textContent.includes("Write a rule")).click()`)
	lena.fill(`form[action="/routing/rules"] input[name=name]`, "people without an account")
	lena.fill(`form[action="/routing/rules"] textarea`, "!account.knwon")
	lena.fill(`form[action="/routing/rules"] input[name=points]`, "15")
	lena.do(`{ const f = document.querySelector('form[action="/routing/rules"]'); f.querySelector("select[name=queue]").selectedIndex = 1; }`)
	lena.press(`form[action="/routing/rules"] button`, "Save the rule")
	lena.waitText("column") // it says where the typing mistake is
	lena.both("a rule with a mistake")
	last := `[...document.querySelectorAll('form[action="/routing/rules"]')].at(-1)`
	if !evaluate[bool](lena, last+`.closest("details").open && `+last+`.querySelector("input[name=name]").value === "people without an account"`) {
		t.Error("what was typed is lost")
	}
	lena.do(last + `.querySelector("textarea").value = "!account.known"`)
	lena.do(last + `.requestSubmit()`)
	lena.waitText("Not tried yet")
	lena.press(`[data-rule] button`, "Try it out")
	lena.waitText("it matches")
	lena.waitEval(`document.querySelector("#trial").textContent.includes("Strangers") && document.querySelectorAll("#trial tbody tr").length > 0`)
	lena.both("a trial")
	lena.shoot("routing")
	lena.press(`#trial button`, "Switch it on")
	lena.waitText("Switched on")

	host.words(t, "Nora New")
	lena.open("/queue")
	id := lena.findRow("Nora New")
	lena.waitEval(`document.querySelector('` + rowOf(id) + `').textContent.includes("queue Strangers")`)
	lena.open("/cases/" + id)
	lena.do(`document.querySelector(".reasons summary").click()`)
	lena.waitText("people without an account")
	lena.both("reasons")
	lena.shoot("reasons")
	robin.open("/cases/" + id)
	robin.press(`.case-actions button`, "Claim")
	robin.waitText("which others take")

	past := robin.openCaseOf("Petra Past")
	robin.hit("l")
	robin.waitEval(`document.querySelector("#defer").open`)
	robin.fill(`#defer textarea`, "The host will send a clip tomorrow.")
	robin.shoot("defer")
	robin.press(`#defer button`, "Put it off")
	robin.waitText("Nobody is offered " + past)
	robin.open("/cases/" + past)
	robin.waitText("Put off until")
	robin.hit("q")
	robin.waitEval(`document.querySelector("#place").open`)
	robin.do(`document.querySelector("#place select").selectedIndex = 1`)
	robin.press(`#place button`, "Move")
	robin.waitText("whatever the rules say")
	robin.waitEval(`document.querySelector("[data-live=facts]")?.textContent.includes("Strangers")`)
}

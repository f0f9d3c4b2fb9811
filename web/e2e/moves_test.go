package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// merging merges a case into another from the keyboard, undoes that, merges again and splits; another reviewer sees the case change without a reload.
func merging(t *testing.T, s *server, host *client) {
	host.wordsIn(t, host.newMeeting(t, "First evening"), "Mo Moved", "He shouted at everyone.")
	robin, rui := s.as("Robin Rossi"), s.as("Rui Reis")
	first := robin.findCase("Mo Moved")
	f := must(host.newForm("Mo Moved", must(host.upload("clip.mp4", clipBytes(t, "clip.mp4"), nil))(t)))(t)
	f.people = [][2]string{{"Mo Moved", ""}} // Robin is the one who is reported otherwise, and would not see it
	clip := must(host.file(f))(t)
	other := robin.otherCase("Mo Moved", first)
	heard := []*witness{robin.watch(), rui.watch()}
	rui.open("/cases/" + first)
	if rui.has("#moves") {
		t.Error("a reviewer is offered to merge cases")
	}
	rui.stay()
	robin.open("/cases/" + first)
	robin.settle()
	robin.do(`document.querySelector("#moves summary").focus()`)
	robin.hit(kb.Enter)
	robin.waitEval(`document.querySelector("#moves details").open`)
	robin.hit(kb.Tab, " ") // the one that is suggested
	robin.waitEval(fmt.Sprintf(`document.querySelector("#moves [name=suggested]:checked").value === %q`, other))
	robin.sound("case-merge", 1440)
	robin.sound("case-merge", 390)
	robin.shoot("case-merge")
	robin.do(`document.querySelector("#moves [name=suggested]:checked").focus()`)
	robin.tabTo("#merge-reason")
	robin.hit("Both are about one evening.", kb.Tab, " ", kb.Tab, kb.Enter)
	robin.waitText("Everything of " + other + " is in this case now.")
	robin.waitText("Merged in:")
	rui.waitText("Merged in:")
	rui.waitEval(fmt.Sprintf(`document.querySelectorAll("[data-report]").length === 2 && document.querySelector('[data-report=%q]')`, clip))
	if rui.left() || rui.has("#moves form") {
		t.Error("the case was loaded anew for a reviewer, or they are offered to undo")
	}
	robin.waitEval(`document.querySelector("[data-exhibit] video")`)
	robin.sound("case-merged-into", 1440)
	robin.sound("case-merged-into", 390)
	robin.shoot("case-merged-into")

	rui.open("/cases/" + other)
	rui.waitText("This case was merged into " + first)
	rui.sound("case-merged", 1440)
	rui.sound("case-merged", 390)
	rui.shoot("case-merged")
	rui.open("/search?q=" + other)
	if !rui.has(rowOf(other)) {
		t.Error("the number of a merged case is not found")
	}

	robin.press("#moves button", "Undo")
	robin.waitText("The merge is undone")
	if status, body := rui.fetch("/cases/" + other); status != http.StatusOK || !strings.Contains(body, clip) {
		t.Errorf("after undoing, the other case answers %d, or has no report", status)
	}
	robin.open("/cases/" + first)
	robin.settle()
	robin.do(`document.querySelector("#moves details").open = true`)
	robin.fill("#merge-other", "c 00000 00000")
	robin.fill("#merge-reason", "Both are about one evening.")
	robin.choose("#moves [name=sure]")
	robin.press("#moves button", "Merge")
	robin.waitText("no number of a case")
	robin.fill("#merge-other", other)
	robin.press("#moves button", "Merge")
	robin.waitText("Everything of " + other)
	heard[0].forgive("422")

	robin.settle()
	robin.do(`[...document.querySelectorAll("#moves details")].at(-1).open = true`)
	robin.choose(fmt.Sprintf("#moves [name=reports][value=%q]", clip))
	robin.fill("#split-reason", "It is another evening after all.")
	robin.do(`[...document.querySelectorAll("#moves [name=sure]")].at(-1).click()`)
	robin.shoot("case-split-form")
	robin.press("#moves button", "Split")
	robin.waitText("What you chose is a case of its own now.")
	robin.waitText("Split off:")
	robin.sound("case-split", 1440)
	robin.sound("case-split", 390)
	robin.shoot("case-split")
	robin.press("#moves button", "Undo")
	robin.waitText("The split is undone")
	robin.waitEval(`document.querySelectorAll("[data-report]").length === 2`)
	heard[0].check(t, "while cases are merged and split")
	heard[1].check(t, "while cases are merged and split by another")
}

// otherCase looks in the queue again and again for another case about a reported name.
func (p *person) otherCase(name, than string) (caseID string) {
	p.t.Helper()
	for deadline := time.Now().Add(4 * waitTime); time.Now().Before(deadline); time.Sleep(time.Second) {
		p.open("/queue")
		row := fmt.Sprintf(`[...document.querySelectorAll("[data-row]")].find(r => r.textContent.includes(%q) && r.dataset.case !== %q)?.dataset.case ?? ""`, name, than)
		if caseID = evaluate[string](p, row); caseID != "" {
			return caseID
		}
	}
	p.fail(fmt.Errorf("no other case about %s is in the queue", name))
	return ""
}

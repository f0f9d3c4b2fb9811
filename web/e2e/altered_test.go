package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/proffer/proffer/storage/embedded/embeddedtest"
)

// TestAlteredOnDisk changes one bit of an original on the server's own disk, which object lock cannot keep its owner from:
// the player, the preparation and the package all refuse, in words, until the bit is put back.
func TestAlteredOnDisk(t *testing.T) {
	s := start(t)
	clip := makeClip(t, t.TempDir(), "clip.webm", 4)
	b, err := os.ReadFile(clip)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	s.signIn("Hanna").fileReport("threat", "Robin Rossi", clip)
	rui := s.signIn("Rui")
	caseID := rui.openCaseOf("Robin Rossi")
	original := embeddedtest.OnDisk(t, s.Dir, hex.EncodeToString(sum[:]))
	embeddedtest.Flip(t, original, int64(len(b)/2))

	rui.do(`document.querySelector("[data-control=play]").click()`)
	rui.waitText("The original of this clip is not what was sealed")
	rui.shoot("altered")
	rui.open("/cases/" + caseID)
	rui.waitText("This clip cannot be relied on.")
	if rui.has("[data-player]") {
		t.Error("there still is a player")
	}
	page := `(await (await fetch("/cases/` + caseID + `")).text())`
	again := func(until string) { // asks for the preparation once more
		t.Helper()
		rui.waitEval(`fetch("/exhibits/" + document.querySelector("[data-exhibit]").dataset.exhibit + "/retry", { method: "POST" }).then(r => r.ok)`)
		rui.waitEval(`(async () => { const page = ` + page + `; return ` + until + ` })()`)
	}
	times := `page.split("Original altered").length`
	again(times + " > " + itoa(evaluate[int](rui, `(async () => { const page = `+page+`; return `+times+` })()`)))

	rui.open("/cases/" + caseID)
	rui.decide("ban", "critical", "A credible threat against a member, shown in the clip.")
	lead, liaison := s.signIn("Lena"), s.signIn("Lior")
	lead.open("/cases/" + caseID)
	lead.press(`#approve button`, "Approve")
	lead.waitText("in force")
	ask := func(becomes string) {
		t.Helper()
		liaison.open("/packages/new?case=" + caseID)
		liaison.fill(`#recipient`, "Police of Northwind")
		liaison.fill(`#scope`, "The clip of the threat.")
		liaison.fill(`#basis`, "warrant")
		liaison.do(`document.querySelectorAll('input[name="exhibit[]"]').forEach(e => { if (!e.checked) e.click() })`)
		liaison.press(`main form button[type=submit]`, "Ask for approval")
		at := liaison.waitURL(func(u string) bool { return strings.Contains(u, "/packages/P-") })
		lead.open(at[strings.Index(at, "/packages/"):])
		lead.press(`main form button`, "Approve")
		liaison.waitEval(`(async () => (await (await fetch(location.pathname)).text()).includes("` + becomes + `"))()`)
	}
	ask("Exhibit 1 is no longer what was recorded of it")

	embeddedtest.Flip(t, original, int64(len(b)/2))
	rui.open("/cases/" + caseID)
	again(`!page.includes("cannot be relied on") && page.includes("<video")`)
	rui.open("/cases/" + caseID)
	rui.do(`document.querySelector("[data-control=play]").click()`)
	rui.waitEval(`document.querySelector("video").currentTime > 0.3`)
	ask("Download")
}

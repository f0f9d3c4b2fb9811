package e2e

import (
	"crypto/md5"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestHashList goes the way of what is known: a clip is decided, the same pictures in another file come back and are known as near, an
// administrator imports a list that holds that file, and its case's page says so; a search by the hash finds both.
func TestHashList(t *testing.T) {
	s := start(t)
	host, rui := s.become(t, "Hanna Holm"), s.become(t, "Rui Reis")
	lena, ari := s.as("Lena Lindqvist"), s.as("Ari Aalto")
	heard := []*witness{lena.watch(), ari.watch()}
	dir := t.TempDir()
	first, again := must(os.ReadFile(makeClip(t, dir, "clip.mp4", 4)))(t), must(os.ReadFile(makeClip(t, dir, "clip.webm", 4)))(t)
	must(host.report("Nina Near", "clip.mp4", first))(t)
	old := lena.queueUntil("Nina Near")
	if err := rui.claim(old); err != nil {
		t.Fatal(err)
	}
	if err := rui.decide(old, "none"); err != nil {
		t.Fatal(err)
	}
	must(host.report("Nils Near", "clip.webm", again))(t)
	id := lena.queueUntil("Nils Near")
	lena.open("/cases/" + id)
	lena.waitEval(`/(8.|9.|100) % of its pictures match/.test(document.querySelector("[data-known]")?.textContent ?? "")`)
	lena.waitEval(`document.querySelector("[data-known] a").href.endsWith("` + old + `")`)

	sum := md5.Sum(again)
	hash := hex.EncodeToString(sum[:])
	list := filepath.Join(dir, "list.csv")
	save(t, list, []byte("hash,label\n"+hash+",Number 7\nzz,Bad\n"))
	ari.open("/hashlists")
	ari.waitText("There is no list yet.")
	ari.sound("hashlists", 1440)
	ari.narrow("hashlists", 390)
	ari.shoot("hashlists")
	ari.fill("#source", "Partner")
	ari.fill("#label", "Hate clips")
	ari.do(`document.querySelector("#kind").value = "md5"`)
	ari.run(chromedp.SetUploadFiles("#file", []string{list}))
	ari.press("main form button", "Import")
	ari.waitText("Line 3: the first column is not MD5")
	heard[1].forgive("422")
	ari.shoot("hashlists-refused")
	save(t, list, []byte("hash,label\n"+hash+",Number 7\n"))
	ari.run(chromedp.SetUploadFiles("#file", []string{list}))
	ari.press("main form button", "Import")
	ari.waitText("Compared with all clips")
	ari.waitText("Whoever may open a case sees")
	ari.sound("hashlist", 1440)
	ari.narrow("hashlist", 390)

	lena.open("/cases/" + id)
	lena.waitEval(`document.querySelector("[data-listed]")?.textContent.includes("On list Partner: Hate clips as “Number 7” (the same MD5)")`)
	lena.sound("case-listed", 1440)
	lena.shoot("case-listed")
	lena.open("/search?q=" + hash)
	lena.waitEval(`document.querySelector("[data-found-lists]") && document.querySelector("[data-case='` + id + `']")`)
	lena.run(chromedp.Click("[data-found-lists] a"))
	lena.waitText("Exhibit 1 of")
	lena.shoot("hashlist")

	ari.run(chromedp.Click("main details.confirm summary"))
	ari.press("main details.confirm button", "Remove it")
	ari.waitText("There is no list yet.")
	lena.open("/cases/" + id)
	lena.waitEval(`document.querySelector("[data-known]") && !document.querySelector("[data-listed]")`)
	for _, h := range heard {
		h.check(t, "with a hash list")
	}
}

package e2e

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// clean expects that axe-core finds nothing on the page, in light and in dark, and keeps pictures of it.
func (p *person) clean(name string) {
	p.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		p.run(emulate(1440, scheme))
		for _, f := range p.axe() {
			p.t.Errorf("%s, %s: axe: %s (%s)\n%+v", name, scheme, f.Help, f.ID, f.Nodes)
		}
	}
	p.run(emulate(390, "light"))
	if over := evaluate[int](p, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
		p.t.Errorf("%s runs over by %d pixels on a phone", name, over)
	}
	p.run(emulate(1440, "light"))
	p.shoot(name)
}

// unverify makes the person's authenticator fail to verify its user, or succeed again.
func unverify(verified bool) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := cdp.Call(ctx, t, webauthn.Disable, cdp.Empty{}); err != nil { // with all of its passkeys
			return err
		}
		_, err := authenticator(verified)(ctx, t)
		return err
	})
}

// TestPasskeysOfStaff takes a server outside demonstration mode from its first administrators on: a passkey at the first sign-in, signing in with it, roles given
// with it, and a new start for somebody who lost theirs, which takes two administrators.
func TestPasskeysOfStaff(t *testing.T) {
	s := start(t)
	s.stop()
	s.Env = []string{"PROFFER_DEMO=false"}
	links := map[string]string{}
	for name, roles := range map[string]string{"Ada": "administrator", "Bo": "administrator", "Lena": "lead"} {
		exit, out := runOnce(t, []string{"staff", "add", "--name", name + " Abara", "--email", strings.ToLower(name) + "@proffer.example", "--roles", roles},
			"PROFFER_DATA="+filepath.Join(s.Dir, "data"), "PROFFER_URL="+s.URL)
		if links[name] = first(out, `(http\S+/sign-in/\S+)`); exit != 0 || links[name] == "" {
			t.Fatalf("staff add: exit %d\n%s", exit, out)
		}
	}
	s.boot()
	enter := func(name string) *person {
		p := s.visitor()
		p.run(chromedp.Navigate(links[name]))
		p.press(`main form button[type=submit]`, "Sign in")
		p.waitText("Staff need a passkey") // led to it, wherever they wanted to go
		if name == "Ada" {
			p.clean("passkeys-first")
		}
		p.fill(`form[data-passkey-new] input[name=name]`, name+"'s laptop")
		p.press(`form[data-passkey-new] button`, "Add a passkey")
		p.waitURL(func(u string) bool { return !strings.Contains(u, "/me") })
		return p
	}
	ada, bo, lena := enter("Ada"), enter("Bo"), enter("Lena")
	lena.waitURL(func(u string) bool { return strings.Contains(u, "/queue") })
	lena.open("/me")
	lena.waitText("Lena's laptop")
	lena.clean("passkeys")

	lena.do(`document.querySelector(".person-menu").open = true`)
	lena.press(`.person-menu button`, "Sign out")
	lena.signedOut()
	lena.clean("sign-in-passkey")
	lena.press(`main button`, "Sign in with a passkey")
	lena.waitURL(func(u string) bool { return strings.Contains(u, "/queue") })

	ada.open("/people?q=lena")
	ada.waitText("lena@proffer.example")
	ada.clean("people-found")
	ada.run(chromedp.Click(`main section .report-title`))
	ada.waitText("What may they do?")
	ada.clean("person")
	ada.choose(`input[name=role][value=liaison]`)
	ada.fill(`textarea[name=why]`, "She answers law enforcement, too.")
	ada.press(`main form button`, "Change the roles")
	ada.waitText("It holds from their next click on")
	lena.open("/packages")
	lena.waitText("Law-enforcement packages")

	lena.run(unverify(false)) // the laptop is lost; what is left verifies nobody
	lena.open("/sign-in")
	lena.open("/me")
	lena.do(`document.querySelector(".person-menu").open = true`)
	lena.press(`.person-menu button`, "Sign out")
	lena.signedOut()
	lena.press(`main button`, "Sign in with a passkey")
	lena.waitText("No passkey was used")

	s.stop()
	exit, out := runOnce(t, []string{"staff", "link", "--email", "lena@proffer.example"}, "PROFFER_DATA="+filepath.Join(s.Dir, "data"), "PROFFER_URL="+s.URL)
	if exit != 0 {
		t.Fatal(out)
	}
	s.boot()
	lena.run(chromedp.Navigate(first(out, `(http\S+/sign-in/\S+)`)))
	lena.press(`main form button[type=submit]`, "Sign in")
	lena.waitText("To work on cases, use your passkey")
	lena.do(`document.querySelector("main details.card").open = true`)
	lena.clean("passkeys-lost")
	lena.fill(`main details textarea[name=words]`, "My laptop was stolen. Call me under the number in the rota.")
	lena.press(`main details button`, "Ask two administrators")
	lena.waitText("You asked for a new start")
	for i, p := range []*person{ada, bo} {
		p.open("/people")
		p.run(chromedp.Click(`a.report-title[href^="/people/recoveries/"]`))
		p.waitText("Is it them?")
		if i == 0 {
			p.clean("recovery")
		}
		p.press(`#answer button`, "I made sure: agree")
		p.waitText(map[int]string{0: "Another administrator has to, too", 1: "Granted: the old passkeys are gone"}[i])
		if i == 0 && p.has(`#answer`) {
			t.Error("the first administrator can agree twice")
		}
	}
	lena.open("/me")
	lena.signedOut()
}

// TestApprovalWithoutOnesPasskey holds that pressing the button is not enough: the device has to verify the person.
func TestApprovalWithoutOnesPasskey(t *testing.T) {
	s := start(t)
	host := s.become(t, "Hanna Holm")
	host.wordsOn(t, "Bo Banned", "robin.reviewer@proffer.example")
	rui, lena := s.become(t, "Rui Reis"), s.as("Lena Lindqvist")
	id := s.as("Rui Reis").openCaseOf("Bo Banned")
	if err := rui.decide(id, "ban"); err != nil {
		t.Fatal(err)
	}
	lena.run(unverify(false))
	lena.open("/cases/" + id)
	lena.waitText("You are the second person")
	lena.clean("approve")
	lena.press(`#approve button`, "Approve")
	lena.waitEval(`document.querySelector(".toast-problem")`)
	lena.open("/cases/" + id)
	lena.waitText("You are the second person") // still
	script := s.become(t, "Lena Lindqvist")
	if r := must(script.post(must(script.openCase(id))(t).approve, nil))(t); r.status != 422 || !strings.Contains(r.words(), "needs your passkey") {
		t.Errorf("a form without a signature: %d %s", r.status, r.words())
	}
	lena.run(unverify(true))
	lena.open("/cases/" + id)
	lena.press(`#approve button`, "Approve")
	lena.waitText("It is in force")
}

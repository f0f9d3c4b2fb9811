package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// corePage starts the core worker of the open room as the room's own script does, with a port in the place of the frame worker's, and keeps
// what both are told.
const corePage = `
window.core = {
	told: [], frames: [], view: {},
	line: (text) => core.told.some((m) => m.type === "line" && m.text === text),
	ask: (m) => core.worker.postMessage(m),
	epoch: () => core.frames.filter((m) => m.type === "install").at(-1)?.epoch ?? { secret: [] },
	secret: () => [...core.epoch().secret].join(),
	open(secret) {
		const { meeting, core: script } = document.body.dataset;
		const { port1, port2 } = new MessageChannel();
		core.worker = new Worker(script, { type: "module" });
		port2.onmessage = (e) => core.frames.push(e.data);
		core.worker.onmessage = (e) => {
			core.told.push(e.data);
			if (e.data.type === "view") core.view = e.data.view;
		};
		core.worker.postMessage({ type: "port" }, [port1]);
		const url = location.origin.replace("http", "ws") + "/m/" + meeting + "/session";
		core.ask({ type: "open", meeting, url, secret, made: "host" in document.body.dataset, name: "Zoë" });
	},
}`

// takesPart opens a meeting's room and its core. secret is a number that the link's secret is made of, 0 for none.
func (p *person) takesPart(meeting string, secret int) {
	p.t.Helper()
	p.open("/m/" + meeting)
	p.do(corePage)
	link := "null"
	if secret != 0 {
		link = fmt.Sprintf("new Uint8Array(32).fill(%d)", secret)
	}
	p.do("core.open(" + link + ")")
	p.t.Cleanup(func() {
		if p.t.Failed() {
			p.t.Log(evaluate[string](p, `JSON.stringify([core.view, core.told.filter((m) => m.type !== "view"), core.frames.map((m) => m.type)])`))
		}
	})
}

// newMeeting makes a meeting and gives its number.
func (p *person) newMeeting(mode string) string {
	p.t.Helper()
	p.open("/meetings")
	at := evaluate[string](p, fmt.Sprintf(`fetch("/meetings", { method: "POST", body: new URLSearchParams({ title: "Biology", mode: %q }) }).then((r) => r.url)`, mode))
	_, number, found := strings.Cut(strings.TrimSuffix(at, "?new=1"), "/meetings/")
	if !found {
		p.t.Fatal("no meeting was made:", at)
	}
	return number
}

const in = `core.view.state === "in" && core.view.sending`

// The meeting core in real browsers, against the real server: from the link, with a guest, through a reload and an upgrade.
func TestCoreWorkers(t *testing.T) {
	s := start(t)
	host, guest := s.signIn("Hanna"), s.visitor()

	t.Run("from the link", func(t *testing.T) {
		number := host.newMeeting("e2ee")
		host.takesPart(number, 7)
		host.waitEval(in + ` && core.told.some((m) => m.type === "ticket")`)
		guest.takesPart(number, 7)
		host.waitEval(`core.view.waiting.length === 1`)
		host.do(`core.ask({ type: "decide", what: "admit", join: core.view.waiting[0].join, on: true })`)
		guest.waitEval(in + ` && core.view.members.length === 2 && core.told.some((m) => m.type === "ticket")`)
		code := evaluate[string](guest, "core.view.code")
		host.waitEval(in + fmt.Sprintf(` && core.view.code === %q && core.secret() === %q`, code, evaluate[string](guest, "core.secret()")))
		guest.do(`core.ask({ type: "say", text: "Grüße", to: null }); core.ask({ type: "compared", code: core.view.code })`)
		host.waitEval(`core.line("Grüße")`)
		guest.waitEval(`core.view.compared`)

		guest.do(`core.ask({ type: "leave" })`)
		host.waitEval(`core.view.members.length === 1`)
		guest.takesPart(number, 0) // the page was loaded again, without the part after #
		guest.waitEval(in + ` && core.view.compared && core.view.members.length === 2`)
		host.do(`core.ask({ type: "decide", what: "end" })`)
		guest.waitEval(`core.view.state === "out" && core.view.cause === "ended"`)
	})
	t.Run("an upgrade", func(t *testing.T) {
		number := host.newMeeting("standard")
		host.takesPart(number, 0)
		host.waitEval(`core.view.state === "standard" && core.view.sending && core.view.host && core.view.terms`)
		guest.takesPart(number, 0)
		guest.waitEval(`core.view.state === "standard" && core.view.members.length === 2 && core.view.members.every((m) => m.device)`)
		host.waitEval(`core.view.members.length === 2`)
		guest.do(`core.ask({ type: "say", text: "under the server's key", to: null })`)
		host.waitEval(`core.line("under the server's key")`)
		host.do(`core.ask({ type: "decide", what: "upgrade", joins: core.view.members.map((m) => m.join) })`)
		guest.waitEval(in + ` && core.view.mode === "e2ee" && core.view.upgraded && core.epoch().term === 1`)
		host.waitEval(in + ` && core.view.leads && core.view.members.length === 2`)
		guest.do(`core.ask({ type: "say", text: "end to end", to: core.view.leader })`)
		host.waitEval(`core.line("end to end")`)
	})
}

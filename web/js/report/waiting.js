/** The list of reports that this device has not sent yet: each is sent, and says how far it is; it can be sent at once, or discarded. */
import { must } from "../shared/page.js";
import { ago, size } from "../shared/time.js";
import { el, say } from "../meeting/room/dom.js";
import { PATIENCE } from "./outbox.js";
import { Sending } from "./sending.js";

/** @typedef {import("./outbox.js").Outbox} Outbox */
/** @typedef {import("./outbox.js").Waiting & { kept: boolean }} Waiting */
/** @typedef {{ sending: Sending, item: HTMLElement, done: boolean }} Row */

/** How often what has waited for too long is looked for, in milliseconds. */
const LOOK = 60_000;

export class WaitingList {
	/** @type {Map<string, Row>} */
	#rows = new Map();

	/**
	 * @param {HTMLElement | null} place where the list is shown; null: it is sent unseen
	 * @param {Outbox} outbox
	 * @param {import("./transfer.js").Route} route
	 * @param {{ changed?: (waiting: number) => void, filed?: (report: string, url: string) => void, says?: (words: string) => void }} heard
	 */
	constructor(place, outbox, route, heard = {}) {
		this.place = place;
		this.outbox = outbox;
		this.route = route;
		this.heard = heard;
		addEventListener("online", () => this.hurry());
		addEventListener("beforeunload", (e) => {
			if ([...this.#rows.values()].some((r) => !r.done && r.item.dataset.kept === "false")) e.preventDefault(); // it would be lost
		});
		setInterval(() => void this.#expire(), LOOK);
	}

	/** How many wait. */
	get waiting() {
		return [...this.#rows.values()].filter((r) => !r.done).length;
	}

	/** Finds what waits, and begins to send what is not being sent. */
	async take() {
		await this.outbox.expire(Date.now());
		for (const w of await this.outbox.waiting(this.route.account)) if (!this.#rows.has(w.id)) this.#add(w);
		this.#changed();
	}

	/** The network may be back. */
	hurry() {
		for (const { sending, done } of this.#rows.values()) if (!done) sending.hurry();
	}

	/** Takes away what has arrived. */
	clear() {
		for (const [id, row] of this.#rows) if (row.done) this.#remove(id);
	}

	async #expire() {
		await this.outbox.expire(Date.now());
		const there = new Set((await this.outbox.waiting(this.route.account)).map((w) => w.id));
		for (const [id, row] of this.#rows) if (!row.done && !there.has(id) && row.sending.progress.stuck) this.#remove(id);
		this.#changed();
	}

	/** @param {Waiting} w */
	#add(w) {
		const item = make(w);
		const row = { item, done: false, sending: new Sending(this.outbox, w.id, this.route, (p) => this.#show(row, p)) };
		this.#rows.set(w.id, row);
		item.addEventListener("click", (e) => {
			const button = e.target instanceof Element ? e.target.closest("button") : null;
			if (button?.dataset.waitingDo === "send") void this.#run(w.id, row);
			else if (button?.dataset.waitingDo === "discard") void this.#discard(w.id, row, button);
		});
		this.place?.append(item);
		void this.#run(w.id, row);
	}

	/** @param {string} id @param {Row} row */
	async #run(id, row) {
		const filed = await row.sending.run();
		if (!filed || !this.#rows.has(id)) return;
		row.done = true;
		const bar = must(row.item, "progress");
		row.item.dataset.state = "filed";
		say(must(row.item, "[data-words]"), `Report ${filed.report} has arrived and is sealed.`);
		must(row.item, ".actions").replaceChildren(filed.url ? el("a", { class: "button", href: new URL(filed.url, location.href).pathname, target: "_blank", rel: "noopener" }, "Open the report and its receipt") : receipt(filed));
		say(must(row.item, ".hint"), filed.url ? "Nothing of it is left on this device." : "Nothing of the report is left on this device, and the receipt is on this page alone: keep it before you close the page.");
		bar.remove();
		this.heard.says?.(`Your report ${filed.report} has arrived.`);
		this.heard.filed?.(filed.report, filed.url);
		this.#changed();
	}

	/** @param {Row} row @param {import("./sending.js").Progress} p */
	#show(row, p) {
		const bar = /** @type {HTMLProgressElement} */ (must(row.item, "progress"));
		bar.max = Math.max(1, p.total);
		bar.value = p.done;
		row.item.dataset.state = p.stuck ? "stuck" : "sending";
		say(must(row.item, '[data-waiting-do="send"]'), p.stuck ? "Try again" : "Send now");
		say(must(row.item, "[data-words]"), p.words);
		if (p.stuck) this.heard.says?.(`Your report is not sent: ${p.words}`);
		this.#changed();
	}

	/** @param {string} id @param {Row} row @param {HTMLElement} button */
	async #discard(id, row, button) {
		if (button.dataset.sure === undefined) {
			button.dataset.sure = "";
			button.textContent = "Discard it for good";
			button.addEventListener("blur", () => {
				delete button.dataset.sure;
				button.textContent = "Discard";
			}, { once: true });
			return;
		}
		await row.sending.discard();
		this.#remove(id);
		this.heard.says?.("The report is discarded, and erased on this device.");
		this.#changed();
	}

	/** @param {string} id */
	#remove(id) {
		this.#rows.get(id)?.item.remove();
		this.#rows.delete(id);
	}

	#changed() {
		const shell = this.place?.closest("[data-waiting-shell]");
		if (shell instanceof HTMLElement) shell.hidden = this.#rows.size === 0;
		this.heard.changed?.(this.waiting);
	}
}

/** All that a guest has of a report. @param {import("./sending.js").Filed} filed */
function receipt({ report, receipt: text }) {
	return el("a", { class: "button", href: URL.createObjectURL(new Blob([text], { type: "text/plain" })), download: `receipt-${report}.txt`, "data-receipt": true }, "Keep the receipt");
}

/** @param {Waiting} w */
function make(w) {
	const bytes = w.items.reduce((n, i) => n + i.size, 0);
	const title = el("strong", {}, `Report made ${ago(w.at, Date.now())}${bytes > 0 ? `, ${size(bytes)}` : ""}`);
	const until = new Date(w.at + PATIENCE).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
	const kept = w.kept ? `It is kept encrypted on this device until it is sent, and erased at ${until} tomorrow at the latest.`
		: "This browser keeps nothing for this page, so it is only in memory: do not close this page before it is sent.";
	const bar = el("progress", { max: 1, value: 0, "aria-label": "How much is sent" });
	return el("li", { class: "waiting", "data-waiting": w.id, "data-kept": String(w.kept), "data-state": "sending" }, title, bar, el("p", { "data-words": true }), el("p", { class: "hint" }, kept),
		el("div", { class: "actions" }, el("button", { type: "button", class: "button quiet", "data-waiting-do": "send" }, "Send now"),
			el("button", { type: "button", class: "button quiet danger", "data-waiting-do": "discard" }, "Discard")));
}

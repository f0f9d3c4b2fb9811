/** The list of people, who waits, and what a host may do. */
import { must } from "../../shared/page.js";
import { el, keepFocus, named, reconcile, say } from "./dom.js";
import { commands } from "./view.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./view.js").Member} Member */
/** @typedef {(what: string, about?: { join?: string, on?: boolean, joins?: string[] }) => void} Decide */

/** So many are listed at once, and so many more with each press: a thousand would keep the page from everything else. */
const PAGE = 100;

export class People {
	/** @type {View | null} */
	#view = null;
	#most = PAGE;
	/** What was shown of each. @type {Map<string, string>} */
	#filled = new Map();

	/**
	 * @param {HTMLElement} body
	 * @param {Decide} decide
	 * @param {(m: Member) => void} asked to remove somebody: that is asked once more
	 * @param {((join: string) => void) | null} report null: this person cannot report
	 */
	constructor(body, decide, asked, report) {
		this.body = body;
		this.decide = decide;
		this.report = report;
		body.addEventListener("click", (e) => {
			const button = e.target instanceof Element ? e.target.closest("button[data-do]") : null;
			if (button instanceof HTMLElement) this.#pressed(button.dataset.do ?? "", button.dataset.join ?? "", asked);
		});
		must(body, '[data-act="admit-all"]').addEventListener("click", () => {
			for (const w of this.#view?.waiting ?? []) decide("admit", { join: w.join, on: true });
		});
		this.more = must(body, '[data-act="more-people"]');
		this.more.addEventListener("click", () => {
			this.#most += PAGE;
			if (this.#view) this.update(this.#view);
		});
		for (const what of ["lock", "lobby", "record"]) {
			const box = /** @type {HTMLInputElement} */ (must(body, `[data-act="${what}"]`));
			box.addEventListener("change", () => decide(what, { on: box.checked }));
		}
	}

	/** @param {string} what @param {string} join @param {(m: Member) => void} asked */
	#pressed(what, join, asked) {
		const member = this.#view?.members.find((m) => m.join === join);
		if (what === "remove" && member) asked(member);
		else if (what === "report") this.report?.(join);
		else if (what === "successor") this.decide("succession", { joins: [join, ...(this.#view?.successors ?? []).filter((j) => j !== join)] });
		else if (what === "cohost") this.decide("host", { join, on: !member?.host });
		else if (what === "admit") this.decide("admit", { join, on: true });
		else if (what === "refuse") this.decide("refuse", { join });
		else if (what === "acknowledge") this.decide("acknowledge", { join });
	}

	/** @param {View} view */
	update(view) {
		this.#view = view;
		if (this.body.hidden && view.members.length + view.waiting.length > PAGE) return; // open shows it
		keepFocus(this.body, () => must(document, "[data-side-title]"), () => this.#show(view));
	}

	/** The panel is open now. */
	open() {
		if (this.#view) this.update(this.#view);
	}

	/** @param {View} view */
	#show(view) {
		const may = commands(view);
		must(this.body, "[data-commands]").hidden = !may;
		must(this.body, "[data-lobby-choice]").hidden = view.mode === "e2ee";
		must(this.body, "[data-record-choice]").hidden = view.mode === "e2ee";
		/** @type {HTMLInputElement} */ (must(this.body, '[data-act="record"]')).checked = view.members.some((m) => m.kind === "recorder");
		must(this.body, "[data-phone]").hidden = !may || !view.phone;
		say(must(this.body, "[data-phone-words]"), view.phone ? `Dial ${view.phone.number}, then the PIN ${grouped(view.phone.pin)}.` : "");
		/** @type {HTMLInputElement} */ (must(this.body, '[data-act="lock"]')).checked = view.locked;
		/** @type {HTMLInputElement} */ (must(this.body, '[data-act="lobby"]')).checked = view.lobbyOn;
		must(this.body, "[data-lobby]").hidden = !may || view.waiting.length === 0;
		reconcile(must(this.body, "[data-lobby-list]"), may ? view.waiting.slice(0, PAGE) : [], (w) => w.join, (w) => el("li", { class: "person" }, named(w.name),
			el("small", {}, w.guest ? "guest: nobody vouches for the name" : w.organisation),
			el("span", { class: "person-actions" }, action("admit", w.join, "Let in", `Let in ${w.name}`), action("refuse", w.join, "Refuse", `Refuse ${w.name}`))));
		must(this.body, '[data-act="admit-all"]').hidden = view.waiting.length < 2;
		say(must(this.body, "[data-people-title]"), `In the meeting (${view.members.length})`);
		const listed = view.members.slice(0, this.#most);
		this.more.hidden = listed.length === view.members.length;
		const before = this.#filled;
		this.#filled = new Map();
		reconcile(must(this.body, "[data-people-list]"), listed, (m) => m.join, person, (element, m) => {
			const now = JSON.stringify([m, may, view.mode, view.leads, view.successors[0] === m.join]);
			this.#filled.set(m.join, now);
			if (before.get(m.join) !== now) this.#fill(element, m, may);
		});
	}

	/** @param {HTMLElement} element @param {Member} m @param {boolean} may */
	#fill(element, m, may) {
		const view = /** @type {View} */ (this.#view);
		say(must(element, ".name"), m.me ? `${m.name} (you)` : m.name);
		say(must(element, "small"), KINDS[m.kind] ?? (m.guest ? "Guest" : m.organisation));
		const first = view.successors[0] === m.join;
		const marks = [m.leader ? ["active", "Leads"] : null, view.mode !== "e2ee" && m.host ? ["active", "Host"] : null,
			first && view.leads ? ["quiet", "Leads next"] : null, m.strange ? ["warn", "New device"] : null,
			m.heard !== null && m.heard > 60_000 ? ["problem", "Not heard of"] : null].filter((x) => x !== null);
		must(element, ".person-marks").replaceChildren(...marks.map(([tone, words]) => el("span", { class: `chip chip-${tone}` }, words)));
		const acts = [];
		if (m.strange) acts.push(["acknowledge", "Noted", `Noted: the new device of ${m.name}`]);
		if (may && !m.me) {
			if (view.mode === "e2ee" && !first) acts.push(["successor", "Leads next", `Leads next: ${m.name}`]);
			if (view.mode !== "e2ee" && m.kind === "person") acts.push(["cohost", m.host ? "No longer host" : "Make host", `${m.host ? "No longer host" : "Make host"}: ${m.name}`]);
			if (m.kind !== "staff") acts.push(["remove", "Remove", `Remove ${m.name}`]);
		}
		if (this.report && !m.me && m.kind !== "recorder") acts.push(["report", "Report", `Report ${m.name}`]);
		reconcile(must(element, ".person-actions"), acts, ([what, words]) => `${what}:${words}`, ([what, words, label]) => action(what, m.join, words, label));
	}
}

/** @type {Record<string, string | undefined>} */
const KINDS = { recorder: "Records this meeting", telephone: "On the telephone", staff: "Staff of this service" };

/** A PIN as people read it out. @param {string} pin */
const grouped = (pin) => pin.replace(/(\d{3})(\d{3})(\d{4})/, "$1 $2 $3");

/** @param {Member} m */
function person(m) {
	return el("li", { class: "person" }, named(m.name), el("small"), el("span", { class: "person-marks" }), el("span", { class: "person-actions" }));
}

/** @param {string} what @param {string} join @param {string} words @param {string} label */
function action(what, join, words, label) {
	return el("button", { type: "button", class: what === "remove" || what === "refuse" ? "plain danger" : "plain", "data-do": what, "data-join": join, "aria-label": label }, words);
}

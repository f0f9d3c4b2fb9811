/**
 * A report from within the meeting. On a host's device pressing the button freezes the ring at once, so that nothing more of it is overwritten while
 * its human decides; what is sent is a clip for each person and source that they chose, made and signed by the workers, and nothing of others. Then
 * the report is in the outbox, and no longer needs this meeting.
 */
import { all, must, openDialog } from "../../shared/page.js";
import { clock, size } from "../../shared/time.js";
import { el, keepFocus, named, reconcile, say } from "./dom.js";
import { byWriter, choices, clips, fileName, lines, missing, part, span, withLines } from "./report-choice.js";
import { Look } from "./report-look.js";
import { Trim } from "./report-trim.js";
import { commands } from "./view.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./report-choice.js").Frozen} Frozen */
/** @typedef {import("./report-choice.js").Person} Person */
/** @typedef {import("./report-choice.js").Clip} Clip */
/** @typedef {import("./chat.js").Line} Line */
/**
 * What the workers do for a report (media/PROTOCOL.md sections 16 to 18).
 * @typedef {{
 *   freeze: () => Promise<Frozen>,
 *   clip: (id: Frozen["id"], choice: { j: string, picture: "camera" | "screen", from: number, to: number }) => Promise<{ clip: Uint8Array, proof: Uint8Array }>,
 *   lines: (id: Frozen["id"], chosen: { j: string, indexes: number[] }[]) => Promise<Uint8Array>,
 *   release: (id: Frozen["id"]) => void,
 * }} Ring
 */

/** The limits of package triage. */
const MOST = { people: 25, clips: 10, words: 10_000 };

/** So many lines of chat are kept to choose from, where there is no ring. */
const KEPT_LINES = 200;

export class ReportDialog {
	/** Everybody who has been seen here. @type {Map<string, Person>} */
	#people = new Map();
	/** @type {Line[]} */
	#heard = [];
	/** @type {View | null} */
	#view = null;
	/** @type {Frozen | null} */
	#frozen = null;
	/** What has been opened: what an older freeze gives is not for this one. */
	#turn = 0;
	/** @type {Set<string>} */
	#chosen = new Set();
	/** Clips that are there and not wanted. @type {Set<string>} */
	#without = new Set();
	/** @type {Set<string>} */
	#lines = new Set();
	#dirty = false;
	#busy = false;
	/** Where it was frozen: also once the meeting is over. @type {Ring | null} */
	#ring = null;

	/**
	 * @param {HTMLDialogElement} dialog
	 * @param {{ meeting: string, account: string, seconds: () => number, testify: ((report: string) => Promise<string>) | null, ring: () => Ring | null, remove: (join: string) => void, outbox: import("../../report/outbox.js").Outbox,
	 *   list: import("../../report/waiting.js").WaitingList }} parts seconds: for how long a ring keeps; testify: a guest's proof that a report is theirs, null where somebody is signed in; ring: null where this device keeps none
	 */
	constructor(dialog, parts) {
		this.dialog = dialog;
		this.parts = parts;
		this.form = /** @type {HTMLFormElement} */ (must(dialog, "[data-report-form]"));
		this.sending = must(dialog, "[data-report-sending]");
		this.find = /** @type {HTMLInputElement} */ (must(dialog, "[data-report-find]"));
		this.trim = new Trim(must(dialog, "[data-trim]").parentElement ?? dialog, (end) => {
			this.look.moved(end);
			this.#leaves();
		});
		this.look = new Look(must(dialog, "[data-look]"), (clip) => this.#preview(clip), () => this.trim.chosen);
		this.form.addEventListener("submit", (e) => {
			e.preventDefault();
			void this.#submit();
		});
		this.form.addEventListener("change", (e) => this.#changed(e.target));
		this.form.addEventListener("input", () => (this.#dirty = true));
		this.find.addEventListener("input", () => this.#showPeople());
		dialog.addEventListener("cancel", (e) => {
			if (e.target === dialog && this.#holds()) e.preventDefault();
		});
		dialog.addEventListener("keydown", (e) => { // a browser lets nothing refuse the second Escape
			if (e.key !== "Escape") return;
			e.preventDefault();
			if (!this.#holds()) dialog.close();
		});
		dialog.addEventListener("close", () => this.#closed());
		must(document, "[data-report-give-up]").addEventListener("click", () => {
			/** @type {HTMLDialogElement} */ (must(document, "#giving-up")).close();
			dialog.close();
		});
	}

	/**
	 * Begins a report.
	 * @param {string} [join] who is chosen already
	 */
	open(join) {
		if (this.dialog.open) return;
		const pressed = performance.now();
		this.#reset();
		const turn = ++this.#turn;
		const ring = (this.#ring = this.parts.ring());
		const freezing = ring?.freeze();
		if (join) this.#chosen.add(join);
		must(this.dialog, "[data-report-frozen]").textContent = ring ? `The last ${this.parts.seconds()} seconds are being frozen.`
			: this.parts.testify ? "You report in words, as a guest: no account is needed, and no e-mail address. Reviewers are told the name that you chose, and that nobody vouches for it. Nobody can write to you, so keep the receipt."
			: `You report in words: only the devices of hosts keep the last ${this.parts.seconds()} seconds, so there is no clip.`;
		this.#only(this.form);
		this.#show();
		this.dialog.showModal();
		const first = join ? must(this.form, "select[name=policy]") : this.form.querySelector("[data-report-people] input");
		if (first instanceof HTMLElement) first.focus();
		freezing?.then((frozen) => {
			performance.measure("proffer-report-freeze", { start: pressed, end: performance.now() });
			if (turn !== this.#turn || !this.dialog.open) return ring?.release(frozen.id);
			this.#frozen = frozen;
			const at = new Date(frozen.at).toLocaleTimeString();
			say(must(this.dialog, "[data-report-frozen]"), frozen.senders.length > 0 ? `Frozen at ${at}: ${size(frozen.bytes)} of the last ${this.parts.seconds()} seconds, in memory. Nothing is sent before you press Send.`
				: `Frozen at ${at}: nobody sent anything in the last ${this.parts.seconds()} seconds. You can report in words.`);
			this.#show();
		}, (/** @type {Error} */ err) => {
			if (turn === this.#turn) say(must(this.dialog, "[data-report-frozen]"), `There is no clip: ${err.message} You can report in words.`);
		});
	}

	/** Shows how far the reports are that were made. */
	showSending() {
		if (this.dialog.open) return;
		this.#only(this.sending);
		this.dialog.showModal();
		must(this.sending, "[data-report-sending-title]").focus();
	}

	/** @param {View} view */
	update(view) {
		this.#view = view;
		const here = new Set(view.members.map((m) => m.join));
		for (const m of view.members) if (m.kind !== "recorder") this.#people.set(m.join, { join: m.join, name: m.name, account: m.account, guest: m.guest, gone: false, me: m.me || (m.account !== "" && m.account === this.parts.account) });
		for (const p of this.#people.values()) p.gone = !here.has(p.join);
		if (this.dialog.open && !this.form.hidden) {
			this.#showPeople();
			this.#showRemoval();
		}
	}

	/** @param {Line} line */
	line(line) {
		this.#heard.push(line);
		if (this.#heard.length > KEPT_LINES) this.#heard.shift();
	}

	/** Whether it must not close unasked. */
	#holds() {
		if (this.form.hidden) return false;
		if (!this.#busy && this.#dirty) openDialog("giving-up");
		return this.#busy || this.#dirty;
	}

	/** @param {HTMLElement} part */
	#only(part) {
		for (const p of [this.form, this.sending]) p.hidden = p !== part;
	}

	#reset() {
		this.form.reset();
		this.#chosen.clear();
		this.#without.clear();
		this.#lines.clear();
		this.#dirty = false;
		must(this.form, "[data-report-problem]").hidden = true;
		must(this.form, "[data-report-policy]").textContent = "";
		for (const field of all(this.form, "[aria-invalid]")) field.removeAttribute("aria-invalid");
	}

	#closed() {
		this.#turn++;
		this.look.clear();
		this.#thaw();
		this.parts.list.clear();
		const focused = document.activeElement;
		if (!focused || focused === document.body || !focused.checkVisibility()) must(document, "#main").focus();
	}

	#thaw() {
		if (this.#frozen) this.#ring?.release(this.#frozen.id);
		this.#frozen = null;
	}

	/** @param {EventTarget | null} target */
	#changed(target) {
		if (!(target instanceof HTMLInputElement || target instanceof HTMLSelectElement)) return;
		if (target.matches("[data-report-person]")) toggle(this.#chosen, target.value, /** @type {HTMLInputElement} */ (target).checked);
		else if (target.matches("[data-report-source]")) toggle(this.#without, target.value, !(/** @type {HTMLInputElement} */ (target).checked));
		else if (target.matches("[data-report-line]")) toggle(this.#lines, target.value, /** @type {HTMLInputElement} */ (target).checked);
		else if (target instanceof HTMLSelectElement && target.name === "policy") say(must(this.form, "[data-report-policy]"), target.selectedOptions[0]?.dataset.help ?? "");
		else return;
		target.removeAttribute("aria-invalid");
		if (!(target instanceof HTMLSelectElement)) this.#show();
	}

	/** @param {string} join */
	#name(join) {
		return this.#people.get(join)?.name ?? "somebody who has left";
	}

	#show() {
		this.#showPeople();
		this.#showClips();
		this.#showLines();
		this.#showRemoval();
	}

	#showPeople() {
		const everybody = new Map(this.#people);
		for (const s of this.#frozen?.senders ?? []) if (!everybody.has(s.j)) everybody.set(s.j, { join: s.j, name: this.#name(s.j), account: "", guest: false, gone: true, me: false });
		const { shown, more } = choices(everybody.values(), this.#frozen, this.#chosen, this.find.value);
		must(this.form, "[data-report-search]").hidden = more === 0 && this.find.value === "";
		const list = must(this.form, "[data-report-people]");
		keepFocus(list, () => list, () => reconcile(list, shown, (p) => p.join, (p) => {
			const box = el("input", { type: "checkbox", value: p.join, "data-report-person": true });
			return el("li", {}, el("label", { class: "check" }, box, el("span", {}, named(p.name), " ", el("small"))));
		}, (row, p) => {
			/** @type {HTMLInputElement} */ (must(row, "input")).checked = this.#chosen.has(p.join);
			say(must(row, ".name"), p.name);
			say(must(row, "small"), [p.guest ? "guest" : "", p.gone ? "has left" : ""].filter(Boolean).join(", "));
		}));
		const words = must(this.form, "[data-report-more]");
		words.hidden = more === 0 && shown.length > 0;
		say(words, shown.length === 0 ? "Nobody else is here, or of that name." : `And ${more} more: write a part of the name.`);
	}

	#showClips() {
		const there = clips(this.#frozen, this.#chosen);
		must(this.form, "[data-report-clips]").hidden = this.#frozen === null || this.#chosen.size === 0;
		reconcile(must(this.form, "[data-report-sources]"), there, (c) => c.key, (c) => {
			const box = el("input", { type: "checkbox", value: c.key, "data-report-source": true });
			return el("li", {}, el("label", { class: "check" }, box, el("span", {}, named(this.#name(c.join)), ": ", c.words, " ", el("small", {}, `${clock((c.to - c.from) / 1000)}, ${size(c.bytes)}`))));
		}, (row, c) => {
			/** @type {HTMLInputElement} */ (must(row, "input")).checked = !this.#without.has(c.key);
		});
		const wanted = there.filter((c) => !this.#without.has(c.key));
		const whole = span(wanted);
		must(this.form, "[data-report-span]").hidden = whole === null;
		if (whole) this.trim.over(whole, this.#frozen?.at ?? 0);
		this.look.over(wanted, (join) => this.#name(join));
		this.#leaves();
	}

	/** The clips that are wanted, with what of them is. @returns {{ clip: Clip, from: number, to: number, bytes: number }[]} */
	#wanted() {
		return clips(this.#frozen, this.#chosen).filter((c) => !this.#without.has(c.key)).flatMap((clip) => {
			const within = part(clip, this.trim.chosen);
			return within ? [{ clip, ...within }] : [];
		});
	}

	#leaves() {
		const wanted = this.#wanted();
		const bytes = wanted.reduce((n, w) => n + w.bytes, 0);
		const names = [...new Set(wanted.map((w) => this.#name(w.clip.join)))].join(", ");
		say(must(this.form, "[data-report-leaves]"), wanted.length === 0 ? "No clip leaves this device."
			: `About ${size(bytes)} leave this device: ${wanted.length === 1 ? "one clip" : `${wanted.length} clips`} of ${names}, with what proves them. Nothing of anybody else, and nothing that you sent. A clip begins with a whole picture, so it may begin a little earlier.`);
	}

	#showLines() {
		const there = lines(this.#frozen, this.#heard, this.#chosen);
		must(this.form, "[data-report-lines]").hidden = there.length === 0;
		say(must(this.form, "[data-report-lines-hint]"), this.#frozen ? "Tick those that belong to it. They are sent with what proves who wrote them and when."
			: "Tick those that belong to it. They are sent with your words, and nobody can check them.");
		reconcile(must(this.form, "[data-report-lines-list]"), there, (l) => l.key, (l) => {
			const box = el("input", { type: "checkbox", value: l.key, "data-report-line": true });
			const at = new Date(l.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
			return el("li", {}, el("label", { class: "check" }, box, el("span", {}, el("span", { class: "report-line", dir: "auto" }, l.text), " ", el("small", {}, `${at} `, named(this.#name(l.join)), l.to ? ", to one person" : ""))));
		}, (row, l) => {
			/** @type {HTMLInputElement} */ (must(row, "input")).checked = this.#lines.has(l.key);
		});
	}

	/** Who of the people chosen can be removed. */
	#removable() {
		if (!this.#view || !commands(this.#view)) return [];
		return [...this.#chosen].filter((join) => this.#people.get(join)?.gone === false);
	}

	#showRemoval() {
		const joins = this.#removable();
		must(this.form, "[data-report-remove]").hidden = joins.length === 0;
		say(must(this.form, "[data-report-remove-words]"), joins.length > 0 ? `${joins.map((j) => this.#name(j)).join(", ")}: shown out when you press Send. The report does not need them here.` : "");
	}

	/** @param {Clip} clip */
	async #preview(clip) {
		if (!this.#ring || !this.#frozen) throw new Error("What was frozen is gone.");
		return (await this.#ring.clip(this.#frozen.id, { j: clip.join, picture: clip.picture, from: clip.from, to: clip.to })).clip;
	}

	async #submit() {
		if (this.#busy) return;
		const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (this.form.elements.namedItem(name));
		const said = lines(this.#frozen, this.#heard, this.#chosen).filter((l) => this.#lines.has(l.key)).map((l) => ({ ...l, name: this.#name(l.join) }));
		const words = withLines(field("words").value, this.#frozen ? [] : said);
		const proven = this.#frozen ? said : [];
		const wanted = this.#wanted();
		const lacks = missing({ people: this.#chosen.size, policy: field("policy").value, words, clips: wanted.length + (proven.length > 0 ? 1 : 0), declared: field("declared").checked }, MOST);
		if (lacks.length > 0) return this.#refuse(lacks);
		this.#setBusy(true);
		try {
			if (field("remove").checked) for (const join of this.#removable()) this.parts.remove(join);
			const made = await this.#make(wanted, proven);
			const people = [...this.#chosen].map((join) => ({ name: this.#name(join), identifier: "", account: this.#people.get(join)?.account ?? "" }));
			const occurred = new Date(Math.min(Date.now(), ...wanted.map((w) => w.from), ...said.map((l) => l.at)));
			const form = { key: crypto.randomUUID(), meeting: this.parts.meeting, occurred: occurred.toISOString(), policy: field("policy").value, words, people, declared: true };
			const guest = await this.#asGuest(form);
			await this.parts.outbox.add(this.parts.account, { form, clips: made.clips, ...(guest && { guest }) }, made.files, Date.now());
		} catch (err) {
			return this.#refuse([{ field: "clips", words: this.parts.testify ? `The report could not be made: ${err instanceof Error ? err.message : err}` : `The clip could not be made: ${err instanceof Error ? err.message : err} Try again, or take it out and report in words.` }]);
		} finally {
			this.#setBusy(false);
		}
		this.#dirty = false;
		this.look.clear();
		this.#thaw();
		this.#only(this.sending);
		must(this.sending, "[data-report-sending-title]").focus();
		await this.parts.list.take();
	}

	/**
	 * What a guest sends in place of a form: its text, and the proof that it is theirs.
	 * @param {Record<string, unknown>} form
	 */
	async #asGuest(form) {
		if (!this.parts.testify) return null;
		const report = JSON.stringify(form);
		const proof = await this.parts.testify(report);
		if (!proof) throw new Error("this page has no part in the meeting any more. Open the meeting again.");
		return { address: `/m/${this.parts.meeting}/reports`, report, proof };
	}

	/**
	 * @param {{ clip: Clip, from: number, to: number }[]} wanted
	 * @param {{ join: string, index: number }[]} said
	 */
	async #make(wanted, said) {
		/** @type {File[]} */
		const files = [];
		/** @type {{ clip: number, proof: number }[]} */
		const list = [];
		const begun = performance.now();
		for (const { clip: { join, picture }, from, to } of wanted) {
			if (!this.#ring || !this.#frozen) throw new Error("what was frozen is gone.");
			const { clip, proof } = await this.#ring.clip(this.#frozen.id, { j: join, picture, from, to });
			const name = fileName(this.#name(join), picture);
			list.push({ clip: files.length, proof: files.length + 1 });
			files.push(new File([/** @type {Uint8Array<ArrayBuffer>} */ (clip)], `${name}.webm`, { type: "video/webm" }), new File([/** @type {Uint8Array<ArrayBuffer>} */ (proof)], `${name}.proof`, { type: "application/cbor" }));
		}
		if (said.length > 0) {
			if (!this.#ring || !this.#frozen) throw new Error("what was frozen is gone.");
			const chosen = byWriter(said);
			list.push({ clip: files.length, proof: -1 });
			files.push(new File([/** @type {Uint8Array<ArrayBuffer>} */ (await this.#ring.lines(this.#frozen.id, chosen))], "chat.lines", { type: "application/cbor" }));
		}
		performance.measure("proffer-report-mux", { start: begun, end: performance.now() });
		return { files, clips: list };
	}

	/** @param {boolean} busy */
	#setBusy(busy) {
		this.#busy = busy;
		must(this.form, "button[type=submit]").setAttribute("aria-disabled", String(busy));
		this.form.toggleAttribute("data-busy", busy);
	}

	/** Says what is missing, and goes to the first of it. @param {{ field: string, words: string }[]} lacks */
	#refuse(lacks) {
		const place = must(this.form, "[data-report-problem]");
		place.hidden = false;
		place.replaceChildren(el("ul", {}, ...lacks.map((l) => el("li", {}, l.words))));
		const of = { people: "[data-report-people] input", policy: "[name=policy]", words: "[name=words]", declared: "[name=declared]", clips: "[data-report-sources] input" };
		for (const name of /** @type {const} */ (["policy", "words", "declared"])) {
			if (lacks.some((l) => l.field === name)) must(this.form, of[name]).setAttribute("aria-invalid", "true");
			else must(this.form, of[name]).removeAttribute("aria-invalid");
		}
		const first = this.form.querySelector(of[/** @type {keyof typeof of} */ (lacks[0].field)]);
		if (first instanceof HTMLElement) first.focus();
	}
}

/** @param {Set<string>} set @param {string} value @param {boolean} on */
function toggle(set, value, on) {
	if (on) set.add(value);
	else set.delete(value);
}

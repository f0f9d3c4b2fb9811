/** Lines of chat. They are text and nothing else: no links are followed, no markup is read. */
import { must, toast } from "../../shared/page.js";
import { el, named, reconcile, say } from "./dom.js";

/** @typedef {Omit<import("../core/lines.js").LineMessage, "type">} Line */

/** Why a line is not shown, as of a stream (media/PROTOCOL.md section 15): never the sender's fault where it may be ours. */
const WITHHELD = {
	ours: "The service that vouches for lines is interrupted. It is ours to mend; the line appears by itself once it is vouched for.",
	overdue: "Not shown: nothing vouches for this line, so a report could not prove it. The sender's connection may be broken.",
	outOfTime: "Not shown: the line says another time than that at which it came. The sender's clock may be wrong.",
	conflicting: "Not shown: this device told the server that it sends something else than this line.",
};

/** How many lines stay on the page. */
const KEPT = 500;

export class Chat {
	unread = 0;
	#me = "";
	/** Of all who were here. @type {Map<string, string>} */
	#names = new Map();
	/** @type {Set<string>} */
	#guests = new Set();
	/** @type {Set<string>} */
	#here = new Set();

	/**
	 * @param {HTMLElement} body
	 * @param {(text: string, to: string | null) => void} say
	 * @param {() => boolean} visible
	 * @param {() => void} changed the number of unread lines
	 */
	constructor(body, say, visible, changed) {
		this.visible = visible;
		this.changed = changed;
		this.lines = must(body, "[data-chat-lines]");
		this.empty = must(body, "[data-chat-empty]");
		this.to = /** @type {HTMLSelectElement} */ (must(body, "[data-chat-to]"));
		this.text = /** @type {HTMLTextAreaElement} */ (must(body, "[data-chat-text]"));
		const form = /** @type {HTMLFormElement} */ (must(body, "[data-chat-form]"));
		form.addEventListener("submit", (e) => {
			e.preventDefault();
			const words = this.text.value.trim().normalize("NFC");
			if (!words) return;
			if (this.to.value && !this.#here.has(this.to.value)) return toast(`${this.#names.get(this.to.value)} is not here any more. Choose whom you write to.`, "problem");
			say(words, this.to.value || null);
			this.text.value = "";
		});
		this.text.addEventListener("keydown", (e) => {
			if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
			e.preventDefault();
			form.requestSubmit();
		});
		this.to.addEventListener("change", () => {
			must(body, "[data-chat-hint]").hidden = this.to.value === "";
			this.text.placeholder = this.to.value ? `Write to ${this.#names.get(this.to.value)}` : "Write to everyone";
		});
	}

	/** @param {import("./view.js").View} view */
	update(view) {
		this.#me = view.me;
		for (const m of view.members) {
			this.#names.set(m.join, m.name);
			if (m.guest) this.#guests.add(m.join);
		}
		const others = [{ join: "", name: "Everyone" }, ...view.members.filter((m) => !m.me && m.kind === "person")];
		this.#here = new Set(others.map((m) => m.join));
		const to = this.to.value;
		if (!this.#here.has(to)) others.push({ join: to, name: this.#names.get(to) ?? "" }); // what is meant for one must not go to everyone
		reconcile(this.to, others, (m) => m.join, (m) => el("option", { value: m.join }), (option, m) => {
			say(option, this.#here.has(m.join) ? m.name : `${m.name} (gone)`);
		});
	}

	/** @param {Line} line */
	add(line) {
		const mine = line.join === this.#me;
		if (line.to && line.to !== this.#me && !mine) return; // meant for one other person
		const aside = line.to ? (mine ? `to ${this.#names.get(line.to) ?? "one person"} alone` : "to you alone") : "";
		const at = new Date(Math.min(line.at, Date.now())); // the sender's word
		const text = el("p", { dir: "auto" }, line.text);
		const body = line.withheld ? withheld(WITHHELD[line.withheld], text) : text;
		this.lines.append(el("li", { class: line.to ? "chat-line chat-private" : "chat-line", "data-line": line.id }, el("header", {}, named(mine ? `${line.name} (you)` : line.name), el("span", {}, this.#guests.has(line.join) ? "guest" : ""),
			el("time", { datetime: at.toISOString() }, at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })), el("span", {}, aside)), body));
		while (this.lines.childElementCount > KEPT) this.lines.firstElementChild?.remove();
		this.empty.hidden = true;
		this.lines.scrollTop = this.lines.scrollHeight;
		if (!mine && !this.visible()) {
			must(document, "#live").textContent = `${line.name} wrote${line.to ? " to you alone" : ""}: ${line.withheld ? WITHHELD[line.withheld] : line.text}`;
			this.unread++;
			this.changed();
		}
	}

	/** Shows a line that was withheld: its stamp has come. @param {string} id */
	proven(id) {
		const box = [...this.lines.querySelectorAll("[data-withheld]")].find((b) => b.closest("li")?.dataset.line === id);
		const words = box?.querySelector("[data-words]");
		if (!(words instanceof HTMLElement)) return;
		words.hidden = false;
		box?.replaceWith(words);
	}

	/** Everything has been seen. */
	read() {
		this.unread = 0;
		this.changed();
	}
}

/**
 * A line's text behind the reason why it is not shown. Who wants to see it anyway may.
 * @param {string} why
 * @param {HTMLElement} text
 */
function withheld(why, text) {
	text.hidden = true;
	text.dataset.words = "";
	const show = el("button", { type: "button", class: "plain" }, "Show it anyway");
	const box = el("div", { class: "chat-withheld", "data-withheld": "" }, el("p", {}, why), show, text);
	show.addEventListener("click", () => {
		text.hidden = false;
		show.remove();
	});
	return box;
}

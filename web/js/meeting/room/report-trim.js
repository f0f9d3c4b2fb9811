/** The two ends of a clip on what is frozen: two sliders on one bar, each with the arrow keys too. */
import { must } from "../../shared/page.js";
import { clock } from "../../shared/time.js";
import { say } from "./dom.js";

/** The ends are at least so far apart, in milliseconds. */
const LEAST = 1000;

export class Trim {
	#start = 0;
	#end = 0;
	#at = 0;

	/**
	 * @param {HTMLElement} body
	 * @param {(end: "from" | "to") => void} moved
	 */
	constructor(body, moved) {
		this.body = body;
		this.from = /** @type {HTMLInputElement} */ (must(body, "[data-trim-from]"));
		this.to = /** @type {HTMLInputElement} */ (must(body, "[data-trim-to]"));
		this.from.addEventListener("input", () => {
			this.from.valueAsNumber = Math.max(0, Math.min(this.from.valueAsNumber, this.to.valueAsNumber - LEAST));
			this.#show();
			moved("from");
		});
		this.to.addEventListener("input", () => {
			this.to.valueAsNumber = Math.min(Number(this.to.max), Math.max(this.to.valueAsNumber, this.from.valueAsNumber + LEAST));
			this.#show();
			moved("to");
		});
	}

	/**
	 * Sets what there is; the ends stay where they are if they can.
	 * @param {{ from: number, to: number }} span in milliseconds since 1970
	 * @param {number} at when it was frozen
	 */
	over({ from, to }, at) {
		if (from === this.#start && to === this.#end) return;
		const before = this.#end > 0 ? this.chosen : { from, to };
		const all = before.from === this.#start && before.to === this.#end;
		[this.#start, this.#end, this.#at] = [from, to, at];
		const length = Math.max(LEAST, Math.ceil((to - from) / 500) * 500);
		this.from.max = this.to.max = String(length);
		this.from.valueAsNumber = all ? 0 : Math.max(0, before.from - from);
		this.to.valueAsNumber = all ? length : Math.min(length, Math.max(LEAST, before.to - from));
		if (this.to.valueAsNumber - this.from.valueAsNumber < LEAST) [this.from.valueAsNumber, this.to.valueAsNumber] = [0, length];
		this.#show();
	}

	/** From when to when, in milliseconds since 1970. */
	get chosen() {
		return { from: this.#start + this.from.valueAsNumber, to: Math.min(this.#end, this.#start + this.to.valueAsNumber) };
	}

	#show() {
		const [from, to, max] = [this.from.valueAsNumber, this.to.valueAsNumber, Number(this.to.max)];
		for (const end of [this.from, this.to]) end.setAttribute("aria-valuetext", this.#words(end.valueAsNumber));
		const bar = must(this.body, "[data-trim-chosen]");
		bar.style.insetInlineStart = `${(100 * from) / max}%`;
		bar.style.width = `${(100 * (to - from)) / max}%`;
		say(must(this.body, "[data-trim-words]"), `${clock((to - from) / 1000)} min, from ${this.#time(from)} to ${this.#time(to)}`);
	}

	/** @param {number} ms from the start */
	#time(ms) {
		return new Date(this.#start + ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
	}

	/** @param {number} ms from the start */
	#words(ms) {
		const before = Math.max(0, Math.round((this.#at - this.#start - ms) / 1000));
		return `${this.#time(ms)}, ${before} seconds before you pressed Report`;
	}
}

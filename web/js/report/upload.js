/** One upload as a row of the form. */
import { must } from "../shared/page.js";
import { size } from "../shared/time.js";
import { Transfer } from "./transfer.js";
import { BUTTONS, CHIPS } from "./upload-state.js";

/** @typedef {import("./upload-state.js").UploadState} UploadState */
/** @typedef {import("./transfer.js").Route & { changed: () => void }} Surroundings */

export class UploadRow {
	#transfer;

	/**
	 * @param {HTMLElement} row
	 * @param {Surroundings} around
	 */
	constructor(row, around) {
		this.row = row;
		this.around = around;
		this.bar = /** @type {HTMLProgressElement} */ (must(row, "progress"));
		this.#transfer = new Transfer(around, {
			state: (state, words) => this.#show(state, words),
			words: (words) => this.#say(words),
			progress: (done, total) => this.#progress(done, total),
		});
		row.addEventListener("click", (e) => {
			const button = e.target instanceof Element ? e.target.closest("button[data-do]") : null;
			if (button instanceof HTMLElement) this.#press(button.dataset.do ?? "");
		});
		const picker = row.querySelector("[data-do=pick] input");
		picker?.addEventListener("change", () => {
			const file = /** @type {HTMLInputElement} */ (picker).files?.[0];
			if (file) this.send(file);
		});
	}

	get state() {
		return this.#transfer.state;
	}

	get id() {
		return this.#transfer.id;
	}

	/** Takes over what the server knows of an upload from before this page. @param {boolean} attach */
	adopt(attach) {
		const d = this.row.dataset;
		const transfer = this.#transfer;
		transfer.id = d.upload ?? "";
		transfer.sha256 = d.sha256 ?? "";
		transfer.state = d.state === "sealed" ? (attach ? "done" : "detached") : d.state === "refused" ? "refused" : "unfinished";
		const why = must(this.row, "[data-words]").textContent ?? "";
		this.#show(transfer.state, why || (transfer.state === "unfinished" ? `${size(Number(d.offset))} of ${size(Number(d.size))} are here already.` : ""));
	}

	/** @param {File} file */
	async send(file) {
		await this.#transfer.send(file);
	}

	/** Goes on after a pause, a lost connection or a failure. */
	resume() {
		this.#transfer.resume();
	}

	/** @param {string} what */
	#press(what) {
		if (what === "pause") this.#transfer.pause();
		else if (what === "resume") this.resume();
		else if (what === "attach") this.#transfer.move("done", "");
		else if (what === "cancel") this.#remove();
	}

	/** A sealed clip is only taken out of this form; anything else is given up on the server too. */
	#remove() {
		const transfer = this.#transfer;
		if (transfer.state === "done") return transfer.move("detached", "Sealed, but not part of this report. It is locked, so nobody can delete it now; if no report takes it, it is deleted by itself after seven days.");
		transfer.giveUp();
		this.row.remove();
	}

	/**
	 * @param {UploadState} state
	 * @param {string} words
	 */
	#show(state, words) {
		const [label, tone] = CHIPS[state];
		const chip = must(this.row, "[data-chip]");
		chip.textContent = label;
		chip.className = `chip chip-${tone}`;
		this.row.dataset.state = state;
		for (const b of this.row.querySelectorAll("[data-do]")) {
			if (b instanceof HTMLElement) b.hidden = !BUTTONS[state].includes(b.dataset.do ?? "");
		}
		this.#say(words);
		this.around.changed();
	}

	/** @param {string} words */
	#say(words) {
		must(this.row, "[data-words]").textContent = words;
	}

	/**
	 * @param {number} done
	 * @param {number} total
	 */
	#progress(done, total) {
		this.bar.max = Math.max(1, total);
		this.bar.value = done;
	}
}

/** A look at what would be sent: the whole frozen span of one clip, made on this device. Blurred, silent and still until its human asks. */
import { all, must } from "../../shared/page.js";
import { el, reconcile, say } from "./dom.js";

/** @typedef {import("./report-choice.js").Clip} Clip */

const HINT = "It is blurred and silent until you ask for more. Moving an end shows the picture there.";

export class Look {
	/** @type {Clip[]} */
	#clips = [];
	#shown = "";
	#start = 0;
	/** @type {Map<string, string>} addresses of what was made, by clip */
	#made = new Map();
	/** @type {() => { from: number, to: number }} */
	#chosen;

	/**
	 * @param {HTMLElement} body
	 * @param {(clip: Clip) => Promise<Uint8Array>} make
	 * @param {() => { from: number, to: number }} chosen
	 */
	constructor(body, make, chosen) {
		this.body = body;
		this.make = make;
		this.#chosen = chosen;
		this.video = /** @type {HTMLVideoElement} */ (must(body, "[data-look-video]"));
		this.which = /** @type {HTMLSelectElement} */ (must(body, "[data-look-which]"));
		this.words = must(body, "[data-look-words]");
		this.which.addEventListener("change", () => this.#shown && void this.#open());
		for (const button of all(body, "[data-look-do]")) button.addEventListener("click", () => this.#press(button.dataset.lookDo ?? ""));
		this.video.addEventListener("timeupdate", () => {
			if (!this.video.paused && this.#start + this.video.currentTime * 1000 >= this.#chosen().to) this.video.pause();
		});
		for (const event of ["play", "pause", "volumechange"]) this.video.addEventListener(event, () => this.#buttons());
	}

	/** @param {Clip[]} clips @param {(join: string) => string} name */
	over(clips, name) {
		this.#clips = clips;
		reconcile(this.which, clips, (c) => c.key, (c) => el("option", { value: c.key }), (option, c) => say(option, `${name(c.join)}: ${c.words}`));
		must(this.body, "[data-look-choice]").hidden = clips.length < 2;
		if (this.#shown && !clips.some((c) => c.key === this.#shown)) this.#close();
	}

	/** Shows the picture at an end that was moved. @param {"from" | "to"} end */
	moved(end) {
		if (!this.#shown) return;
		this.video.pause();
		this.#seek(this.#chosen()[end]);
	}

	/** Forgets everything. */
	clear() {
		this.#close();
		for (const url of this.#made.values()) URL.revokeObjectURL(url);
		this.#made.clear();
	}

	/** @param {string} what */
	#press(what) {
		const { video } = this;
		if (what === "open") void this.#open();
		else if (what === "clear") video.classList.toggle("look-clear");
		else if (what === "sound") video.muted = !video.muted;
		else if (what === "play" && !video.paused) video.pause();
		else if (what === "play") {
			const at = this.#start + video.currentTime * 1000;
			const { from, to } = this.#chosen();
			if (at < from || at >= to - 100) this.#seek(from);
			void video.play().catch((/** @type {Error} */ err) => say(this.words, `It does not play here: ${err.message}`));
		}
		this.#buttons();
	}

	async #open() {
		const clip = this.#clips.find((c) => c.key === this.which.value) ?? this.#clips[0];
		if (!clip) return;
		this.video.pause();
		say(this.words, "It is being made on this device.");
		try {
			let url = this.#made.get(clip.key);
			if (!url) {
				url = URL.createObjectURL(new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (await this.make(clip))], { type: "video/webm" }));
				this.#made.set(clip.key, url);
			}
			this.#shown = clip.key;
			this.#start = clip.from;
			this.video.src = url;
			must(this.body, "[data-look-picture]").hidden = false;
			this.#seek(this.#chosen().from);
			say(this.words, HINT);
		} catch (err) {
			say(this.words, `It cannot be shown: ${err instanceof Error ? err.message : err}`);
		}
		this.#buttons();
		must(this.body, '[data-look-do="play"]').focus();
	}

	#close() {
		this.#shown = "";
		this.video.pause();
		this.video.removeAttribute("src");
		this.video.load();
		this.video.muted = true;
		this.video.classList.remove("look-clear");
		must(this.body, "[data-look-picture]").hidden = true;
		say(this.words, HINT);
		this.#buttons();
	}

	/** @param {number} at the sender's time, in milliseconds */
	#seek(at) {
		this.video.currentTime = Math.max(0, at - this.#start) / 1000;
	}

	#buttons() {
		for (const button of all(this.body, "[data-look-do]")) button.hidden = (button.dataset.lookDo === "open") === (this.#shown !== "");
		const of = (/** @type {string} */ what) => must(this.body, `[data-look-do="${what}"]`);
		say(of("play"), this.video.paused ? "Play" : "Pause");
		of("clear").setAttribute("aria-pressed", String(this.video.classList.contains("look-clear")));
		of("sound").setAttribute("aria-pressed", String(!this.video.muted));
	}
}

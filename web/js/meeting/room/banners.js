/** What everybody in the room has to know now, above the pictures. */
import { must } from "../../shared/page.js";
import { el, keepFocus, reconcile } from "./dom.js";

/** stays: as long as what it says is so, whatever is pressed. @typedef {{ key: string, words: string, tone: "note" | "warn" | "problem", button?: string, press?: () => void, stays?: boolean }} Banner */

export class Banners {
	/** @type {Map<string, Banner>} */
	#up = new Map();

	/** @param {HTMLElement} place */
	constructor(place) {
		this.place = place;
	}

	/** @param {Banner} banner */
	put(banner) {
		this.#up.set(banner.key, banner);
		this.#render();
	}

	/** @param {string} key */
	take(key) {
		if (this.#up.delete(key)) this.#render();
	}

	/** @param {string} key @param {boolean} on @param {Omit<Banner, "key">} banner */
	when(key, on, banner) {
		if (on) this.put({ key, ...banner });
		else this.take(key);
	}

	clear() {
		this.#up.clear();
		this.#render();
	}

	#render() {
		keepFocus(this.place, () => this.place.querySelector("button") ?? must(document, "#main"), () => this.#fill());
	}

	#fill() {
		reconcile(this.place, [...this.#up.values()], (b) => `${b.key} ${b.words}`, (b) => {
			const line = el("div", { class: `banner banner-${b.tone}` }, el("span", {}, b.words));
			const button = el("button", { type: "button", class: "plain" }, b.button ?? "Dismiss");
			button.addEventListener("click", () => {
				b.press?.();
				if (!b.stays) this.take(b.key);
			});
			line.append(button);
			return line;
		});
	}
}

/** The panel beside the stage: one of several, or none. */
import { all, must } from "../../shared/page.js";

/** @typedef {"guarantees" | "people" | "chat"} Panel */

const TITLES = { guarantees: "What is guaranteed", people: "People", chat: "Chat" };

/** Where the panel is over all the rest (css/meeting.css), which must not take the keyboard behind it. */
const NARROW = matchMedia("(max-width: 52rem)");

export class Panels {
	/** @type {Panel | ""} */
	open = "";

	/**
	 * @param {HTMLElement} side
	 * @param {(panel: Panel | "") => void} changed
	 */
	constructor(side, changed) {
		this.side = side;
		this.changed = changed;
		document.addEventListener("click", (e) => {
			const button = e.target instanceof Element ? e.target.closest("[data-panel]") : null;
			if (button instanceof HTMLElement) this.toggle(/** @type {Panel} */ (button.dataset.panel));
		});
		must(side, "[data-panel-close]").addEventListener("click", () => this.show(""));
		NARROW.addEventListener("change", () => this.#cover());
		side.addEventListener("keydown", (e) => {
			if (e.key === "Escape") this.show("");
		});
	}

	/** Whether it is over all the rest. */
	get covers() {
		return this.open !== "" && NARROW.matches;
	}

	#cover() {
		for (const behind of all(document, ".room-bar, [data-banners], #main, [data-controls]")) behind.inert = this.covers;
	}

	/** @param {Panel} panel */
	toggle(panel) {
		this.show(this.open === panel ? "" : panel);
	}

	/** @param {Panel | ""} panel */
	show(panel) {
		const before = this.open;
		this.open = panel;
		this.side.hidden = panel === "";
		this.#cover();
		for (const body of all(this.side, "[data-panel-body]")) body.hidden = body.dataset.panelBody !== panel;
		for (const button of all(document, "[data-panel]")) button.setAttribute("aria-expanded", String(button.dataset.panel === panel));
		if (panel) {
			must(this.side, "[data-side-title]").textContent = TITLES[panel];
			const into = panel === "chat" ? must(this.side, "[data-chat-text]") : must(this.side, "[data-side-title]");
			into.focus();
		} else if (before) must(document, `[data-panel="${before}"]`).focus();
		this.changed(panel);
	}
}

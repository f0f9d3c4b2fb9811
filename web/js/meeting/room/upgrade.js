/** The dialog of the upgrade: what will stop, who comes along, and that there is no way back. */
import { must, openDialog, toast } from "../../shared/page.js";
import { el, named, reconcile } from "./dom.js";

/** @typedef {import("./view.js").View} View */

export class Upgrade {
	/** @type {View | null} */
	#view = null;
	/** @type {Set<string>} those whom the host's human does not take along */
	#left = new Set();
	/** Those who were here when it was asked: who comes later has not been read, and comes along only if it is ticked. @type {Set<string>} */
	#read = new Set();

	/** @param {import("./people.js").Decide} decide */
	constructor(decide) {
		this.button = must(document, '[data-act="upgrade"]');
		this.dialog = /** @type {HTMLDialogElement} */ (must(document, "#upgrading"));
		this.button.addEventListener("click", () => this.#ask());
		must(this.dialog, '[data-act="upgrade-now"]').addEventListener("click", () => {
			const joins = this.#people().filter((m) => m.me || !this.#left.has(m.join)).map((m) => m.join);
			this.dialog.close();
			decide("upgrade", { joins });
			toast("End-to-end encrypting …");
		});
	}

	/** @param {View} view */
	update(view) {
		this.#view = view;
		this.button.hidden = !(view.mode === "standard" && view.host);
		if (view.mode === "e2ee") this.dialog.close();
		else if (this.dialog.open) this.#fill();
	}

	#people() {
		return (this.#view?.members ?? []).filter((m) => m.kind === "person").sort((a, b) => Number(b.me) - Number(a.me));
	}

	#ask() {
		this.#left.clear();
		this.#read = new Set(this.#people().map((m) => m.join));
		this.#fill();
		openDialog("upgrading");
	}

	#fill() {
		const terms = this.#view?.terms;
		const refused = must(this.dialog, "[data-upgrade-refused]");
		refused.hidden = terms?.may === true;
		refused.textContent = terms ? terms.why : "The server has not said yet whether this meeting may be end-to-end encrypted. Try again in a moment.";
		must(this.dialog, "[data-upgrade-offer]").hidden = terms?.may !== true;
		const lost = [...(terms?.lost ?? []), "Phone dial-in, SIP rooms, recording on the server, transcription and live streaming can not be started any more.",
			"The link that people have now: those who come later need the new one."];
		reconcile(must(this.dialog, "[data-upgrade-lost]"), lost, (l) => l, (l) => el("li", {}, l));
		reconcile(must(this.dialog, "[data-upgrade-people]"), this.#people(), (m) => m.join, (m) => {
			const box = el("input", { type: "checkbox", checked: this.#read.has(m.join), disabled: m.me });
			if (!box.checked) this.#left.add(m.join);
			box.addEventListener("change", () => (box.checked ? this.#left.delete(m.join) : this.#left.add(m.join)));
			return el("li", {}, el("label", { class: "check" }, box, el("span", {}, named(m.me ? `${m.name} (you)` : m.name), el("small", {}, ` ${m.guest ? "guest: nobody vouches for the name" : m.organisation}${m.strange ? " · new device" : ""}`))));
		});
	}
}

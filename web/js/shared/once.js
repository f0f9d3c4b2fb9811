/** Sends each form once: while one is on its way, no other press on the page sends anything. */

import { toast } from "./page.js";

/** After so long without an answer the page takes presses again, in ms. */
const PATIENCE = 15_000;

export function once() {
	/** @type {{ form: HTMLFormElement, button: HTMLElement | null, timer: number } | null} */
	let sent = null;
	const free = () => {
		if (!sent) return;
		clearTimeout(sent.timer);
		delete sent.form.dataset.sent;
		sent.button?.removeAttribute("aria-busy");
		sent = null;
	};
	document.addEventListener("submit", (e) => {
		const form = e.target;
		if (e.defaultPrevented || !(form instanceof HTMLFormElement) || form.method !== "post") return;
		if (sent) return e.preventDefault();
		const timer = window.setTimeout(() => {
			free();
			toast("The server has not answered yet. Wait a little, or send it again: nothing is done twice.", "problem");
		}, PATIENCE);
		sent = { form, button: e.submitter, timer };
		form.dataset.sent = "";
		e.submitter?.setAttribute("aria-busy", "true");
	});
	addEventListener("pageshow", free); // back on this page, perhaps because the request failed
	document.addEventListener("keydown", (e) => { if (e.key === "Escape") free(); }); // Escape also stops the request
}

/** Keeps the case page up to date while others work on the case, without taking anything out of a hand: what is being typed, chosen or played stays. */
import { all, inHand, must, toast } from "../shared/page.js";

/** Parts that are exchanged as they are: nothing in them is filled in, and what was unfolded stays so. */
const PARTS = ["facts", "reports", "further", "people", "notes", "moves", "visits", "packages", "events"];

/**
 * @param {HTMLElement} page
 * @param {{ busy: () => boolean, exhibits: () => void, joined: () => void }} hooks busy: a clip plays; exhibits: clips were exchanged; joined: a report joined the case
 */
export function fresh(page, hooks) {
	let due = 0;
	const soon = (/** @type {number} */ wait) => { if (due === 0) due = window.setTimeout(look, wait); };
	const look = async () => {
		due = 0;
		try {
			const answer = await fetch(`/cases/${page.dataset.case}`, { headers: { Accept: "text/html" } }); // this page may be the answer to a form, at another address
			const doc = new DOMParser().parseFromString(await answer.text(), "text/html");
			const there = doc.querySelector("[data-case][data-watch]");
			if (!answer.ok || !(there instanceof HTMLElement) || there.dataset.case !== page.dataset.case) return;
			if (take(page, there, hooks)) soon(3000);
		} catch {
			// the next event shows it
		}
	};
	document.addEventListener("proffer:live", (e) => {
		const { name, data } = /** @type {CustomEvent<import("../shared/events.js").LiveEvent>} */ (e).detail;
		if (name === "resync" || name === "case" && data.case === page.dataset.case) soon(200);
	});
}

/**
 * @param {HTMLElement} page
 * @param {HTMLElement} there the page as it is now
 * @param {Parameters<typeof fresh>[1]} hooks
 * @returns {boolean} something is left for later
 */
function take(page, there, hooks) {
	const before = all(page, "[data-report]").length;
	for (const part of PARTS) exchange(page, there, part);
	findings(page, there);
	if (all(page, "[data-report]").length > before) hooks.joined();
	const ids = (/** @type {HTMLElement} */ of) => all(of, "[data-exhibit]").map((x) => x.dataset.exhibit).join();
	if (ids(page) === ids(there)) return false;
	if (hooks.busy()) return true;
	must(page, "[data-exhibits]").replaceWith(document.importNode(must(there, "[data-exhibits]"), true));
	hooks.exhibits();
	return false;
}

/**
 * @param {HTMLElement} page
 * @param {HTMLElement} there
 * @param {string} part
 */
function exchange(page, there, part) {
	const here = page.querySelector(`[data-live="${part}"]`);
	const now = there.querySelector(`[data-live="${part}"]`);
	if (!here || !now || here.contains(document.activeElement) && here !== document.activeElement || inHand(here) || here.innerHTML === now.innerHTML) return;
	const open = all(here, "details").map((d) => /** @type {HTMLDetailsElement} */ (d).open);
	here.replaceChildren(...document.importNode(now, true).childNodes);
	all(here, "details").forEach((d, i) => { if (i in open) /** @type {HTMLDetailsElement} */ (d).open = open[i]; });
	document.dispatchEvent(new CustomEvent("proffer:fresh"));
}

/**
 * Adds the fields about people whom a report names that joined meanwhile; those that are there may be half filled in.
 * @param {HTMLElement} page
 * @param {HTMLElement} there
 */
function findings(page, there) {
	const list = all(page, "[data-decision] [data-finding]");
	const nameOf = (/** @type {HTMLElement} */ box) => box.querySelector("textarea")?.name ?? "";
	const known = new Set(list.map(nameOf));
	let last = list.at(-1);
	for (const box of all(there, "[data-decision] [data-finding]")) {
		if (!last || known.has(nameOf(box))) continue;
		const added = document.importNode(box, true);
		last.after(added);
		last = added;
		toast("Somebody more is reported in this case: decide about them too.");
	}
}

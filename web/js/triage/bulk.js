/** Cases that are selected for one decision, and the progress of what was confirmed. */
import { all } from "../shared/page.js";

let last = "";

const picks = () => /** @type {HTMLInputElement[]} */ (/** @type {unknown} */ (all(document, "[data-pick]")));

/** The cases that are selected. */
export const picked = () => picks().filter((p) => p.checked).map((p) => p.value);

/**
 * Selects cases again after their rows were exchanged.
 * @param {string[]} ids
 */
export function pick(ids) {
	for (const p of picks()) p.checked = ids.includes(p.value);
	count();
}

/**
 * Selects a row, or lets it go; with range every row from the last one that was selected.
 * @param {HTMLElement | undefined} row
 * @param {boolean} range
 */
export function toggle(row, range) {
	const box = /** @type {HTMLInputElement | null} */ (row?.querySelector("[data-pick]") ?? null);
	if (!box) return false;
	const list = picks();
	const [at, from] = [list.indexOf(box), list.findIndex((p) => p.value === last)];
	if (range && from >= 0) for (const p of list.slice(Math.min(at, from), Math.max(at, from) + 1)) p.checked = true;
	else box.checked = !box.checked;
	last = box.value;
	count();
	return true;
}

function count() {
	const n = picked().length;
	for (const place of all(document, "[data-pick-count]")) place.textContent = n === 0 ? "" : n === 1 ? "1 case is selected." : `${n} cases are selected.`;
}

export function bulkPage() {
	document.addEventListener("change", (e) => {
		if (!(e.target instanceof HTMLInputElement) || !e.target.matches("[data-pick]")) return;
		last = e.target.value;
		count();
	});
	addEventListener("pageshow", count); // browsers put back what was selected
	document.querySelector("[data-bulk-confirm]")?.addEventListener("submit", follow);
}

/** Shows how far the server is, until its answer to the form replaces this page. */
function follow() {
	const look = async () => {
		try {
			const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
			const doc = new DOMParser().parseFromString(await answer.text(), "text/html");
			const [here, now] = [document.querySelector("[data-bulk-state]"), doc.querySelector("[data-bulk-state]")];
			if (answer.ok && here && now) here.replaceChildren(...document.importNode(now, true).childNodes);
		} catch {
			// The answer to the form says how it went.
		}
		setTimeout(look, 700);
	};
	setTimeout(look, 500);
}

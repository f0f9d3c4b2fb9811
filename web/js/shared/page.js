/** Small helpers around the document that every entry module needs. */

/**
 * Says something in the corner and to screen readers.
 * @param {string} words
 * @param {"note" | "problem" | "done"} [kind]
 */
export function toast(words, kind = "note") {
	const box = document.getElementById("toasts");
	const live = document.getElementById("live");
	if (live) live.textContent = words;
	if (!box) return;
	const line = document.createElement("div");
	line.className = `toast toast-${kind}`;
	line.textContent = words;
	box.append(line);
	setTimeout(() => line.remove(), kind === "problem" ? 12_000 : 6_000);
}

/**
 * Finds one element that must be there.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} within
 * @param {string} selector
 * @returns {T}
 */
export function must(within, selector) {
	const found = within.querySelector(selector);
	if (!found) throw new Error(`the page lacks ${selector}`);
	return /** @type {T} */ (/** @type {unknown} */ (found));
}

/**
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} within
 * @param {string} selector
 * @returns {T[]}
 */
export function all(within, selector) {
	return /** @type {T[]} */ (/** @type {unknown} */ ([...within.querySelectorAll(selector)]));
}

/**
 * Opens the dialog of that id and puts the focus where it belongs.
 * @param {string} id
 */
export function openDialog(id) {
	const dialog = document.getElementById(id);
	if (!(dialog instanceof HTMLDialogElement) || dialog.open) return;
	dialog.showModal();
	const first = dialog.querySelector("[data-autofocus]");
	if (first instanceof HTMLElement) first.focus();
}

/** Whether a form in a part is being sent or signed, or holds words or choices that are not sent yet: then the part is not exchanged. @param {Element} part */
export const inHand = (part) => part.querySelector("[aria-busy]") !== null || [...part.querySelectorAll("textarea")].some((t) => t.value !== t.defaultValue) ||
	[...part.querySelectorAll("input")].some((i) => i.checked !== i.defaultChecked || i.value !== i.defaultValue);

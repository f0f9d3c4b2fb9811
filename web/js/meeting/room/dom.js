/** Making and keeping elements. */

/**
 * Makes an element. Attributes that are null or false are left out; children that are strings become text.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string | number | boolean | null>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, attributes = {}, ...children) {
	const made = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : String(value));
	}
	made.append(...children);
	return made;
}

/** A name from outside, isolated so that its direction cannot spill over. @param {string} text */
export const named = (text) => el("bdi", { class: "name" }, text);

/**
 * Makes the children of a list those of the items, in their order. What is there stays the same element, and keeps the focus.
 * @template I
 * @param {Element} list
 * @param {I[]} items
 * @param {(item: I) => string} key
 * @param {(item: I) => HTMLElement} make
 * @param {(element: HTMLElement, item: I) => void} [update]
 */
export function reconcile(list, items, key, make, update) {
	/** @type {Map<string, HTMLElement>} */
	const old = new Map();
	for (const child of list.children) if (child instanceof HTMLElement) old.set(child.dataset.key ?? "", child);
	const focused = document.activeElement;
	let at = /** @type {Element | null} */ (list.firstElementChild);
	for (const item of items) {
		const k = key(item);
		let element = old.get(k);
		if (element) old.delete(k);
		else {
			element = make(item);
			element.dataset.key = k;
		}
		update?.(element, item);
		if (element === at) at = at.nextElementSibling;
		else list.insertBefore(element, at);
	}
	for (const gone of old.values()) gone.remove();
	if (focused instanceof HTMLElement && focused !== document.activeElement && list.contains(focused)) focused.focus({ preventScroll: true }); // it was moved
}

/**
 * Changes a part of the page so that the keyboard does not lose its place: when what has the focus is gone or hidden, home gets it.
 * @param {Element} part
 * @param {() => HTMLElement} home
 * @param {() => void} change
 */
export function keepFocus(part, home, change) {
	const focused = document.activeElement;
	const here = focused !== null && part.contains(focused);
	change();
	if (here && !(focused.isConnected && focused.checkVisibility())) home().focus();
}

/**
 * Sets words, but only if they are others: screen readers say what changes.
 * @param {Element} element
 * @param {string} words
 */
export function say(element, words) {
	if (element.textContent !== words) element.textContent = words;
}

/** The icon of a button that is in the page already, once more. @param {string} act @param {"on" | "off"} when */
export function iconOf(act, when) {
	const icon = document.querySelector(`[data-act="${act}"] [data-when="${when}"] svg`);
	return icon ? icon.cloneNode(true) : document.createTextNode("");
}

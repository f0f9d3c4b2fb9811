/** The command palette: a dialog with one field and a list, to go somewhere, search, or do what keys do (ARIA combobox pattern). */
import { all } from "../shared/page.js";
import { choices } from "./choices.js";

/**
 * @param {import("./shortcuts.js").Scope} scope
 * @param {{ can: (action: string) => boolean, run: (action: string) => void }} acts
 * @returns {() => void} opens it
 */
export function palette(scope, acts) {
	const dialog = document.createElement("dialog");
	dialog.id = "palette";
	dialog.className = "dialog palette";
	dialog.setAttribute("aria-label", "Commands");
	const field = document.createElement("input");
	field.type = "text";
	field.autocomplete = "off";
	field.placeholder = "A case’s number, words to search for, or what to do";
	for (const [name, value] of Object.entries({ role: "combobox", "aria-label": "Command", "aria-expanded": "true", "aria-controls": "palette-list", "aria-autocomplete": "list" })) field.setAttribute(name, value);
	const list = document.createElement("ul");
	list.id = "palette-list";
	list.setAttribute("role", "listbox");
	list.setAttribute("aria-label", "Commands");
	dialog.append(field, list);
	document.body.append(dialog);

	/** @type {import("./choices.js").Choice[]} */
	let offered = [];
	let at = 0;
	const point = (/** @type {number} */ i) => {
		at = offered.length === 0 ? 0 : (i + offered.length) % offered.length;
		[...list.children].forEach((li, n) => li.setAttribute("aria-selected", String(n === at)));
		const now = list.children[at];
		if (now) field.setAttribute("aria-activedescendant", now.id);
		else field.removeAttribute("aria-activedescendant");
		now?.scrollIntoView({ block: "nearest" });
	};
	const offer = () => {
		const pages = all(document, "#main-menu a[href]").map((a) => ({ words: (a.firstChild?.textContent ?? "").trim(), href: a.getAttribute("href") ?? "" }));
		const searches = "searches" in document.body.dataset;
		offered = choices(field.value, { scope, pages: searches ? [...pages, { words: "Search", href: "/search" }] : pages, searches, can: acts.can });
		list.replaceChildren(...offered.map(option));
		point(0);
	};
	const take = (/** @type {number} */ i) => {
		const c = offered[i];
		if (!c) return;
		dialog.close();
		if (c.href) location.assign(c.href);
		else if (c.action) acts.run(c.action);
	};
	field.addEventListener("input", offer);
	field.addEventListener("keydown", (e) => {
		const by = { ArrowDown: 1, ArrowUp: -1 }[e.key];
		if (by) point(at + by);
		else if (e.key === "Enter") take(at);
		else return;
		e.preventDefault();
		e.stopPropagation();
	});
	list.addEventListener("click", (e) => {
		const li = e.target instanceof Element ? e.target.closest("li") : null;
		if (li) take([...list.children].indexOf(li));
	});
	dialog.addEventListener("click", (e) => { if (e.target === dialog) dialog.close(); });
	return () => {
		if (dialog.open) return;
		field.value = "";
		dialog.showModal();
		offer();
		field.focus();
	};
}

/**
 * @param {import("./choices.js").Choice} c
 * @param {number} i
 */
function option(c, i) {
	const li = document.createElement("li");
	li.id = `palette-${i}`;
	li.setAttribute("role", "option");
	const group = document.createElement("small");
	group.textContent = c.group;
	li.append(c.words, " ", group);
	if (c.keys) {
		const kbd = document.createElement("kbd");
		kbd.textContent = c.keys;
		kbd.setAttribute("aria-hidden", "true");
		li.append(" ", kbd);
	}
	return li;
}

/** Ties the table of keys to the page: presses, the labels on buttons, and the help overlay. */
import { all, must, openDialog } from "../shared/page.js";
import { kept } from "../shared/storage.js";
import { palette } from "./palette.js";
import { SHORTCUTS, actionOf, ariaKeys, keyOf, nameOf, printed } from "./shortcuts.js";

const OFF = "proffer.shortcuts.off";

/**
 * @param {import("./shortcuts.js").Scope} scope
 * @param {(action: string, key: string) => boolean} act reports whether it did something
 */
export function keys(scope, act) {
	label(document);
	help(scope);
	const open = palette(scope, { can, run: (action) => void run(action, (a) => act(a, "")) });
	for (const name of ["htmx:afterSettle", "proffer:fresh"]) document.addEventListener(name, () => label(document));
	document.addEventListener("keydown", (e) => {
		if (e.defaultPrevented) return;
		const action = actionOf(e, { scope, typing: typing(e), on: kept.get(OFF) === null });
		if (action === null) return;
		const dialog = document.querySelector("dialog[open]");
		if (dialog && !(action === "help" && dialog.id === "shortcuts")) return;
		if (action === "palette") open();
		if (action === "palette" || run(action, (a) => act(a, nameOf(e)))) e.preventDefault();
	});
}

/** Actions that need nothing on the page to act on but the page itself. */
const ALWAYS = new Set(["help", "events", "rowDown", "rowUp", "rowOpen"]);

/** Whether the page has something that an action acts on. @param {string} action */
function can(action) {
	if (ALWAYS.has(action)) return true;
	const target = document.querySelector(action === "decision" ? "#decide form" : `[data-shortcut="${action}"]`);
	return target instanceof HTMLElement && !target.hidden && target.checkVisibility();
}

/**
 * @param {string} action
 * @param {(action: string) => boolean} act
 */
function run(action, act) {
	if (action === "help") {
		const dialog = document.getElementById("shortcuts");
		if (dialog instanceof HTMLDialogElement && dialog.open) dialog.close();
		else openDialog("shortcuts");
		return true;
	}
	if (act(action)) return true;
	const target = document.querySelector(`[data-shortcut="${action}"]`);
	if (!(target instanceof HTMLElement) || target.hidden) return false;
	if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) target.focus();
	else target.click();
	return true;
}

/**
 * Whether the focus is where this key has a meaning of its own.
 * @param {KeyboardEvent} e
 */
function typing(e) {
	const el = e.target;
	if (!(el instanceof HTMLElement) || el.matches("[data-seekbar]")) return false;
	if (el.isContentEditable || el.matches("textarea, select, input:not([type=checkbox], [type=radio])")) return true;
	if (el.matches("[type=radio]")) return e.key === " " || e.key.startsWith("Arrow");
	return (e.key === " " || e.key === "Enter") && el.matches("a[href], button, summary, input");
}

/** Prints keys on their buttons. @param {ParentNode} within */
function label(within) {
	for (const kbd of all(within, "[data-key-of]")) {
		const action = kbd.dataset.keyOf ?? "";
		kbd.textContent = keyOf(action);
		kbd.setAttribute("aria-hidden", "true");
		kbd.closest("button")?.setAttribute("aria-keyshortcuts", ariaKeys(action));
	}
}

/** @param {import("./shortcuts.js").Scope} scope */
function help(scope) {
	const dialog = document.getElementById("shortcuts");
	if (!dialog) return;
	const place = must(dialog, "[data-shortcut-list]");
	const list = SHORTCUTS.filter((s) => s.scope === scope || s.scope === "any");
	for (const group of new Set(list.map((s) => s.group))) {
		const section = document.createElement("section");
		const title = document.createElement("h3");
		const dl = document.createElement("dl");
		title.textContent = group;
		dl.append(...list.filter((s) => s.group === group).map(entry));
		section.append(title, dl);
		place.append(section);
	}
	const box = /** @type {HTMLInputElement} */ (must(dialog, "[data-shortcuts-on]"));
	box.checked = kept.get(OFF) === null;
	box.addEventListener("change", () => (box.checked ? kept.drop(OFF) : kept.set(OFF, "1")));
}

/** @param {import("./shortcuts.js").Shortcut} s */
function entry(s) {
	const row = document.createElement("div");
	const dt = document.createElement("dt");
	const dd = document.createElement("dd");
	for (const k of s.shown ? [s.shown] : s.keys.map(printed)) {
		const kbd = document.createElement("kbd");
		kbd.textContent = k;
		dt.append(kbd, " ");
	}
	dd.textContent = s.words;
	row.append(dt, dd);
	return row;
}

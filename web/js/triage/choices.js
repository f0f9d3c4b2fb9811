/** What the command palette offers for what was typed. Pure; palette.js shows it. */
import { SHORTCUTS, keyOf } from "./shortcuts.js";

/** @typedef {{ words: string, group: string, keys?: string, href?: string, action?: string }} Choice href: a page to go to; action: of the table of keys */

const CROCKFORD = /^[0-9A-HJKMNP-TV-Z]{10}$/;

/**
 * The one form of a case's number as people type it (triage.ParseID), or "".
 * @param {string} text
 */
export function caseNumber(text) {
	const plain = text.trim().toUpperCase().replaceAll("-", "");
	if (!plain.startsWith("C")) return "";
	const rest = plain.slice(1).replaceAll("O", "0").replace(/[IL]/g, "1");
	return CROCKFORD.test(rest) ? `C-${rest.slice(0, 5)}-${rest.slice(5)}` : "";
}

/**
 * @param {string} typed
 * @param {{ scope: import("./shortcuts.js").Scope, pages: { words: string, href: string }[], searches: boolean, can: (action: string) => boolean }} now pages: of the menu; searches: whether cases may be looked for; can: whether an action has something to act on
 * @returns {Choice[]} best first
 */
export function choices(typed, now) {
	const text = typed.trim();
	const words = text.toLowerCase().split(/\s+/).filter(Boolean);
	const fits = (/** @type {Choice} */ c) => words.every((w) => `${c.words} ${c.group}`.toLowerCase().includes(w));
	const number = caseNumber(text);
	/** @type {Choice[]} */
	const direct = [];
	if (number && now.searches) direct.push({ words: `Open case ${number}`, group: "Go to", href: `/cases/${number}` });
	const acts = SHORTCUTS.filter((s) => (s.scope === "any" || s.scope === now.scope) && !s.shown && s.action !== "palette" && now.can(s.action))
		.map((s) => ({ words: s.words, group: s.group, keys: keyOf(s.action), action: s.action }));
	const pages = now.pages.map((p) => ({ ...p, group: "Go to" }));
	const list = [...direct, ...(now.scope === "case" ? [...acts, ...pages] : [...pages, ...acts]).filter(fits)];
	if (text && now.searches) list.push({ words: `Search for “${text}”`, group: "Search", href: `/search?q=${encodeURIComponent(text)}` });
	return list;
}

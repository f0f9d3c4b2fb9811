/** The panel of guarantees and the badge that opens it. */
import { must } from "../../shared/page.js";
import { el, keepFocus, named, say } from "./dom.js";

/** @typedef {import("./guarantees.js").Guarantees} Guarantees */

/** So many people are named here; the others are in the list of people. */
const MOST = 100;

/**
 * @param {HTMLElement} badge
 * @param {HTMLElement} body
 * @param {(code: string) => void} compared
 * @returns {(g: Guarantees) => void}
 */
export function promises(badge, body, compared) {
	let shown = "";
	return (g) => {
		badge.dataset.tone = g.tone;
		say(must(badge, "[data-badge]"), g.badge);
		if (body.hidden && g.who.people.length > MOST) return; // it is asked for again when the panel opens
		const now = JSON.stringify(g);
		if (now === shown) return; // nothing is taken from under a reader's hand
		shown = now;
		const home = () => /** @type {HTMLElement} */ (body.querySelector("[data-compared]") ?? must(document, "[data-side-title]"));
		keepFocus(body, home, () => body.replaceChildren(...parts(g, compared)));
	};
}

/** @param {Guarantees} g @param {(code: string) => void} compared */
function* parts(g, compared) {
	yield el("p", {}, el("strong", {}, g.summary));
	if (g.code) yield codeBox(g.code, compared);
	if (g.holds.length > 0) yield section("This holds", "holds", g.holds);
	if (g.not.length > 0) yield section("This does not", "not", g.not);
	if (g.who.words) {
		const rest = g.who.people.length - MOST;
		const people = g.who.people.slice(0, MOST).map((p) => el("li", { class: "person" }, named(p.name), el("small", {}, p.note), el("span", { class: "device-name" }, p.device && `device ${p.device}`)));
		yield el("section", {}, el("h3", {}, g.who.words), el("ul", { class: "people-list" }, ...people),
			rest > 0 ? el("p", { class: "hint" }, `And ${rest} more: People lists them all.`) : "");
	}
	if (g.off.length > 0) yield section("Off, because the server would have to listen", "off", g.off);
}

/** @param {string} title @param {string} tone @param {string[]} lines */
function section(title, tone, lines) {
	return el("section", {}, el("h3", {}, title), el("ul", { class: `promise-list promise-${tone}` }, ...lines.map((l) => el("li", {}, l))));
}

/** @param {NonNullable<Guarantees["code"]>} code @param {(code: string) => void} compared */
function codeBox(code, compared) {
	const box = el("section", { class: "code-box", "aria-label": "Security code" }, el("h3", {}, "Security code"),
		el("p", { class: "code-digits", "data-code": true }, code.digits), el("p", { class: "hint" }, code.words));
	const state = el("label", { class: "check" }, el("input", { type: "checkbox", "data-compared": true, "aria-disabled": code.compared ? "true" : null }), el("span", {}, "We compared it, and it is the same"));
	const input = /** @type {HTMLInputElement} */ (must(state, "input"));
	input.checked = code.compared;
	input.addEventListener("change", () => {
		input.checked = true; // there is no taking back
		if (!code.compared) compared(code.digits);
	});
	box.append(state);
	return box;
}

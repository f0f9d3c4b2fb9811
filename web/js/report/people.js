/** The rows of reported people, and the people of the chosen meeting to pick from. */
import { all, must } from "../shared/page.js";

/**
 * @param {HTMLFormElement} form
 * @returns {{ add: (name?: string, identifier?: string, account?: string) => void, clear: () => void } | null}
 */
export function peopleRows(form) {
	const box = form.querySelector("[data-people-rows]");
	const template = form.querySelector("[data-person-template]");
	if (!(box instanceof HTMLElement) || !(template instanceof HTMLTemplateElement)) return null;
	const max = Number(box.dataset.max);
	const more = must(form, "[data-add-row]");
	const field = (/** @type {Element} */ row, /** @type {string} */ name) => /** @type {HTMLInputElement} */ (must(row, `[name="person_${name}[]"]`));
	const rows = () => all(box, ".person-row");
	const empty = (/** @type {Element} */ row) => ["name", "identifier", "account"].every((n) => field(row, n).value === "");
	const settle = () => {
		const list = rows();
		more.hidden = list.length >= max;
		for (const row of list) must(row, "[data-remove-row]").hidden = list.length === 1 && empty(row);
	};
	const add = (name = "", identifier = "", account = "") => {
		const taken = account && rows().some((r) => field(r, "account").value === account);
		if (taken || rows().length >= max) return;
		const row = rows().find(empty) ?? /** @type {HTMLElement} */ (must(template.content, ".person-row").cloneNode(true));
		field(row, "name").value = name;
		field(row, "identifier").value = identifier;
		field(row, "account").value = account;
		if (!row.isConnected) box.append(row);
		settle();
	};
	box.addEventListener("click", (e) => {
		if (!(e.target instanceof Element) || !e.target.closest("[data-remove-row]")) return;
		e.target.closest(".person-row")?.remove();
		if (rows().length === 0) box.append(must(template.content, ".person-row").cloneNode(true));
		settle();
		more.focus();
	});
	box.addEventListener("input", (e) => {
		// A name that was changed by hand is no longer that account's.
		const row = e.target instanceof Element ? e.target.closest(".person-row") : null;
		if (row && e.target === field(row, "name")) field(row, "account").value = "";
		settle();
	});
	more.addEventListener("click", () => {
		const row = /** @type {HTMLElement} */ (must(template.content, ".person-row").cloneNode(true));
		box.append(row);
		settle();
		field(row, "name").focus();
	});
	settle();
	return { add, clear: () => rows().forEach((r) => r.remove()) };
}

/**
 * Shows the people of the meeting that is chosen; a press adds them.
 * @param {HTMLFormElement} form
 * @param {(name: string, identifier: string, account: string) => void} add
 */
export function roster(form, add) {
	const place = must(form, "[data-roster-here]");
	const list = must(form, "[data-roster-list]");
	const named = must(form, "[data-meeting-name]");
	const show = () => {
		const chosen = form.querySelector('input[name="meeting"]:checked');
		const template = chosen?.closest(".choice")?.querySelector("template[data-roster]");
		list.replaceChildren(template instanceof HTMLTemplateElement ? template.content.cloneNode(true) : "");
		place.hidden = list.childElementCount === 0;
		named.hidden = chosen instanceof HTMLInputElement && chosen.value !== "";
		if (chosen instanceof HTMLInputElement && chosen.dataset.started) suggestTime(form, chosen.dataset.started);
	};
	form.addEventListener("change", (e) => {
		if (e.target instanceof HTMLInputElement && e.target.name === "meeting") show();
	});
	list.addEventListener("click", (e) => {
		const pill = e.target instanceof Element ? e.target.closest("[data-add-person]") : null;
		if (pill instanceof HTMLElement) add(pill.dataset.name ?? "", "", pill.dataset.personAccount ?? "");
	});
	show();
}

/**
 * The meeting's start is a good first guess of when it happened.
 * @param {HTMLFormElement} form
 * @param {string} started
 */
function suggestTime(form, started) {
	const field = form.elements.namedItem("occurred");
	const at = new Date(started);
	if (!(field instanceof HTMLInputElement) || field.value !== "" || Number.isNaN(at.getTime())) return;
	field.value = new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Keeps what was typed into a form until it is sent, so that a reload loses nothing. Only in this tab. */
import { session } from "../shared/storage.js";

const PREFIX = "proffer.draft.";
const SKIPPED = new Set(["tz", "upload[]"]);

/** @typedef {[name: string, value: string][]} Fields */

/**
 * What of a form is worth keeping. The form's key is kept once it was sent: sent again after a request that got no
 * answer, it is the same report.
 * @param {Iterable<[string, FormDataEntryValue]>} entries
 * @param {boolean} [sent]
 * @returns {Fields}
 */
export function keepable(entries, sent = false) {
	/** @type {Fields} */
	const fields = [];
	for (const [name, value] of entries) {
		if (typeof value === "string" && !SKIPPED.has(name) && (sent || name !== "key")) fields.push([name, value]);
	}
	return fields;
}

/**
 * Reads a draft; null where there is none or it is damaged.
 * @param {string | null} text
 * @returns {Fields | null}
 */
export function readDraft(text) {
	try {
		const value = JSON.parse(text ?? "null");
		const good = Array.isArray(value) && value.every((f) => Array.isArray(f) && f.length === 2 && f.every((x) => typeof x === "string"));
		return good ? value : null;
	} catch {
		return null;
	}
}

/**
 * @param {HTMLFormElement} form
 * @param {(fields: Fields) => void} restore is called once when there is a draft
 */
export function draft(form, restore) {
	const key = PREFIX + (form.dataset.draft ?? "form");
	const refused = document.querySelector(".flash-problem") !== null; // the server sent the form back as it was
	const before = readDraft(session.get(key));
	if (before && !refused) restore(before);
	let timer = 0;
	let sent = false;
	const save = () => session.set(key, JSON.stringify(keepable(new FormData(form))));
	form.addEventListener("input", () => {
		clearTimeout(timer);
		timer = window.setTimeout(save, 300);
	});
	form.addEventListener("submit", (e) => {
		if (e.defaultPrevented) return;
		sent = true; // the page that says that it arrived forgets the draft
		clearTimeout(timer);
		session.set(key, JSON.stringify(keepable(new FormData(form), true)));
	});
	addEventListener("pagehide", () => {
		if (!sent) save();
	});
}

/** Forgets a draft: the report has arrived. @param {string} name */
export function forget(name) {
	session.drop(PREFIX + name);
}

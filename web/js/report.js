/** The host's forms: a new report, and additions to one. */
import { all } from "./shared/page.js";
import { draft, forget } from "./report/draft.js";
import { peopleRows, roster } from "./report/people.js";
import { uploader } from "./report/uploader.js";

/**
 * Puts a draft back into a form.
 * @param {HTMLFormElement} form
 * @param {ReturnType<typeof peopleRows>} people
 * @param {import("./report/draft.js").Fields} fields
 */
function restore(form, people, fields) {
	const of = (/** @type {string} */ name) => fields.filter(([n]) => n === name).map(([, v]) => v);
	const [names, identifiers, accounts] = ["name", "identifier", "account"].map((n) => of(`person_${n}[]`));
	if (people && names.some((n, i) => n || identifiers[i] || accounts[i])) {
		names.forEach((n, i) => {
			if (n || identifiers[i] || accounts[i]) people.add(n, identifiers[i], accounts[i]);
		});
	}
	for (const [name, value] of fields) {
		if (name.startsWith("person_")) continue;
		const field = form.elements.namedItem(name);
		if (field instanceof RadioNodeList) field.value = value;
		else if (field instanceof HTMLInputElement && ["checkbox", "radio"].includes(field.type)) field.checked = field.value === value;
		else if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement || field instanceof HTMLSelectElement) field.value = value;
	}
}

/** @param {HTMLFormElement} form */
function zone(form) {
	const field = form.querySelector("[data-zone]");
	const name = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
	if (field instanceof HTMLInputElement) field.value = name;
	const words = form.querySelector("[data-zone-words]");
	if (words) words.textContent = `In your own time (${name.replaceAll("_", " ")}).`;
}

for (const form of all(document, "form[data-clips-form]")) {
	if (!(form instanceof HTMLFormElement)) continue;
	const people = peopleRows(form);
	uploader(form); // first: it may refuse the submit, and then the draft stays
	draft(form, (fields) => restore(form, people, fields));
	zone(form);
	if (people) roster(form, people.add);
}

if (document.querySelector("[data-draft-done]")) forget("new-report");

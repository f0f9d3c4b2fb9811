/** Helpers of the decision panel: what the ladder suggests, templates of reasons, and evidence marked in the player. */
import { all, must, toast } from "../shared/page.js";

/** @typedef {import("./player.js").Player} Player */

/**
 * Asks the server what the ladder suggests whenever policy or severity change. The server alone knows earlier decisions.
 * @param {HTMLFormElement} form
 */
export function suggestions(form) {
	for (const box of all(form, "[data-finding]")) {
		const policy = /** @type {HTMLSelectElement} */ (must(box, "[name^=policy-]"));
		const severity = /** @type {HTMLSelectElement} */ (must(box, "[name^=severity-]"));
		const person = policy.name.slice("policy-".length);
		let asked = 0;
		const ask = async () => {
			if (severity.value === "") return;
			const turn = ++asked;
			const query = new URLSearchParams({ person, policy: policy.value, severity: severity.value });
			try {
				const answer = await fetch(`/cases/${form.dataset.of}/suggestion?${query}`, { headers: { Accept: "application/json" } });
				if (answer.ok && turn === asked) show(box, await answer.json());
			} catch {
				// Offline: what was suggested before stands, and the decision does not need it.
			}
		};
		policy.addEventListener("change", ask);
		severity.addEventListener("change", ask);
	}
}

/**
 * @param {HTMLElement} box
 * @param {{ action: string, days: number, why: string }} s
 */
function show(box, s) {
	for (const mark of all(box, "[data-suggested]")) mark.hidden = mark.dataset.suggested !== s.action;
	const why = must(box, "[data-why]");
	why.textContent = s.why;
	why.hidden = s.why === "";
	const days = /** @type {HTMLInputElement} */ (must(box, "[name^=days-]"));
	days.placeholder = s.days > 0 ? String(s.days) : "";
}

/** Puts a chosen template into the reasons, where it can be changed. @param {HTMLFormElement} form */
export function templates(form) {
	for (const box of all(form, "[data-finding]")) {
		const select = /** @type {HTMLSelectElement} */ (must(box, "[data-template]"));
		const reasons = /** @type {HTMLTextAreaElement} */ (must(box, "[name^=reasons-]"));
		select.addEventListener("change", () => {
			const text = select.selectedOptions[0]?.dataset.text ?? "";
			select.value = "";
			if (text === "" || reasons.value.includes(text)) return;
			reasons.value = reasons.value.trim() === "" ? text : `${reasons.value.trimEnd()}\n${text}`;
			reasons.focus();
		});
	}
}

/**
 * Fills in what is suggested of everybody about whom nothing is chosen yet: the rung, its days, medium severity, for which the page asked, and the
 * policy's template of reasons. Nothing is sent: the focus goes to what is still missing, or else to the button that decides.
 * @param {HTMLElement} page
 */
export function suggested(page) {
	const form = page.querySelector("[data-decision]");
	if (!(form instanceof HTMLFormElement)) return false;
	let filled = 0;
	for (const box of all(form, "[data-finding]")) {
		if (box.querySelector(".ladder :checked")) continue;
		const radio = all(box, "[data-suggested]").find((m) => !m.hidden)?.closest("label")?.querySelector("input");
		if (!radio) continue;
		radio.click();
		filled++;
		const severity = /** @type {HTMLSelectElement} */ (must(box, "[data-severity]"));
		if (!severity.disabled && severity.value === "") severity.value = "medium";
		const days = /** @type {HTMLInputElement} */ (must(box, "[name^=days-]"));
		if (days.value === "") days.value = days.placeholder;
		reason(box);
	}
	if (filled === 0) {
		toast("Nothing is suggested that you have not chosen already.");
		return true;
	}
	form.dispatchEvent(new Event("input", { bubbles: true }));
	const open = all(form, ".ladder, input[name^=days], textarea").find((f) =>
		f.matches(".ladder") ? !f.querySelector(":checked") : f.checkVisibility() && /** @type {HTMLInputElement} */ (f).value.trim() === "");
	const next = open?.matches(".ladder") ? open.querySelector("input") : open ?? form.querySelector("button[name=next]");
	if (next instanceof HTMLElement) {
		next.focus();
		next.scrollIntoView({ block: "center" });
	}
	toast(open ? "Filled in what is suggested; something is still missing." : "Filled in what is suggested. Enter decides; nothing is decided yet.");
	return true;
}

/** Begins empty reasons with the template of the chosen policy. @param {HTMLElement} box */
function reason(box) {
	const reasons = /** @type {HTMLTextAreaElement} */ (must(box, "[name^=reasons-]"));
	const policy = /** @type {HTMLSelectElement} */ (must(box, "[name^=policy-]")).value;
	const option = all(box, "[data-template] option").find((o) => o.dataset.policy === policy);
	if (reasons.value.trim() === "") reasons.value = option?.dataset.text ?? "";
}

/** Seconds as the field wants them: at most three digits behind the point. @param {number} s */
const plain = (s) => String(Math.round(s * 1000) / 1000);

/**
 * Marks evidence with two keys: where it begins, where it ends. It goes to the person whose fields have the focus, or had it last.
 * @param {HTMLElement} page
 */
export function marks(page) {
	/** @type {{ exhibit: string, at: number } | null} */
	let begun = null;
	let last = 0;
	const fields = () => all(page, "[data-evidence]");
	page.addEventListener("focusin", (e) => {
		const box = e.target instanceof Element ? e.target.closest("[data-finding]") : null;
		const i = fields().findIndex((f) => box?.contains(f));
		if (i >= 0) last = i;
	});
	page.addEventListener("click", (e) => {
		const link = e.target instanceof Element ? e.target.closest("[data-show-span]") : null;
		if (link instanceof HTMLElement) page.dispatchEvent(new CustomEvent("proffer:span", { detail: { of: link.dataset.of, from: Number(link.dataset.from) } }));
	});
	return (/** @type {string} */ action, /** @type {Player | undefined} */ player) => {
		const field = /** @type {HTMLInputElement | undefined} */ (fields()[last]);
		const at = player?.video?.currentTime;
		if (!field || at === undefined) return false;
		const exhibit = player?.exhibit.dataset.number ?? "";
		if (action === "markIn") {
			begun = { exhibit, at };
			toast(`Evidence begins at ${plain(at)} s.`);
		} else if (begun === null || begun.exhibit !== exhibit || at <= begun.at) {
			toast("Mark first where it begins, with i, and then go on in the clip.", "problem");
		} else {
			const span = `${exhibit} ${plain(begun.at)}-${plain(at)}`;
			field.value = field.value.trim() === "" ? span : `${field.value.trim()}, ${span}`;
			begun = null;
			toast(`Evidence: ${span} s.`, "done");
		}
		return true;
	};
}

/** The queue: a marked row that keys move, and rows that follow what others do. */
import { all } from "../shared/page.js";
import { keys } from "./keys.js";

export function queuePage() {
	let marked = "";
	const rows = () => all(document, "[data-row]");
	const idOf = (/** @type {HTMLElement} */ row) => row.dataset.case ?? row.dataset.package ?? "";
	const mark = (/** @type {HTMLElement | undefined} */ row) => {
		for (const r of rows()) r.toggleAttribute("data-marked", r === row);
		marked = row ? idOf(row) : "";
		const link = row?.querySelector(".row-link");
		if (link instanceof HTMLElement) link.focus({ preventScroll: false });
	};
	const move = (/** @type {number} */ by) => {
		const list = rows();
		const at = list.findIndex((r) => idOf(r) === marked);
		mark(list[Math.min(list.length - 1, Math.max(0, at < 0 ? 0 : at + by))]);
		return list.length > 0;
	};
	keys("queue", (action) => {
		if (action === "rowDown") return move(1);
		if (action === "rowUp") return move(-1);
		if (action !== "rowOpen") return false;
		const link = rows().find((r) => idOf(r) === marked)?.querySelector(".row-link");
		if (link instanceof HTMLElement) link.click();
		return link !== null && link !== undefined;
	});
	document.addEventListener("focusin", (e) => {
		const row = e.target instanceof Element ? e.target.closest("[data-row]") : null;
		if (!(row instanceof HTMLElement)) return;
		for (const r of rows()) r.toggleAttribute("data-marked", r === row);
		marked = idOf(row);
	});
	document.addEventListener("htmx:afterSettle", () => {
		const row = rows().find((r) => idOf(r) === marked);
		if (row) mark(row);
	});
	live();
}

/** Loads the list anew when something in it changed, at most twice a second. */
function live() {
	let due = 0;
	document.addEventListener("proffer:live", (e) => {
		const { name } = /** @type {CustomEvent<import("../shared/events.js").LiveEvent>} */ (e).detail;
		const list = document.querySelector("[data-queue]");
		if (!list || (name !== "case" && name !== "resync" && name !== "package") || due !== 0) return;
		due = window.setTimeout(() => {
			due = 0;
			document.querySelector("[data-queue]")?.dispatchEvent(new CustomEvent("proffer:refresh"));
		}, 500);
	});
}

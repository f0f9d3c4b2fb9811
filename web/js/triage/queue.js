/** The queue: a marked row that keys move, and rows that follow what others do without moving under anybody's hand. */
import { all } from "../shared/page.js";
import { session } from "../shared/storage.js";
import { bulkPage, pick, picked, toggle } from "./bulk.js";
import { keys } from "./keys.js";
import { comeBack, compare, readPlace } from "./rows.js";

/** Where this person's place in the queue is kept, for the case page to lead back to. */
export const PLACE = `proffer.queue.${document.body.dataset.account ?? ""}`;

const rows = () => all(document, "[data-row]");
const idOf = (/** @type {HTMLElement} */ row) => row.dataset.case ?? row.dataset.package ?? "";
let marked = "";

export function queuePage() {
	keys("queue", (action, key) => {
		if (action === "view") return press(all(document, "[data-view]")[Number(key) - 1]);
		if (action === "saveView") return naming();
		if (action === "rowDown") return move(1);
		if (action === "rowUp") return move(-1);
		if (action === "showNews") return show();
		const row = rows().find((r) => idOf(r) === marked);
		if (action === "pick" || action === "pickRange") return toggle(row, action === "pickRange");
		if (action === "rowClaim") return press(row?.querySelector("[data-claim] button"));
		return action === "rowOpen" && press(row?.querySelector(".row-link"));
	});
	bulkPage();
	document.addEventListener("focusin", (e) => {
		const row = e.target instanceof Element ? e.target.closest("[data-row]") : null;
		if (row instanceof HTMLElement) point(row);
	});
	const list = document.querySelector("[data-queue]");
	if (!list) return;
	list.addEventListener("click", (e) => { // the row that is opened is the place to come back to
		const row = e.target instanceof Element ? e.target.closest("[data-row]") : null;
		if (row instanceof HTMLElement) point(row);
	});
	list.addEventListener("pointerleave", () => { if (!held()) show(); });
	document.addEventListener("click", (e) => { if (e.target instanceof Element && e.target.closest("[data-queue-news] button")) show(); });
	restore();
	live();
}

/** Opens the form that saves a view. */
function naming() {
	const form = document.querySelector("[data-view-save]");
	if (!(form instanceof HTMLDetailsElement)) return false;
	form.open = true;
	/** @type {HTMLElement | null} */ (form.querySelector("input[name=name]"))?.focus();
	return true;
}

/** @param {Element | null | undefined} el */
function press(el) {
	if (!(el instanceof HTMLElement)) return false;
	el.click();
	return true;
}

/** @param {number} by */
function move(by) {
	const list = rows();
	const at = list.findIndex((r) => idOf(r) === marked);
	mark(list[Math.min(list.length - 1, Math.max(0, at < 0 ? 0 : at + by))]);
	return list.length > 0;
}

/** Marks a row and gives it the focus. @param {HTMLElement | undefined} row */
function mark(row) {
	if (row) point(row);
	const link = row?.querySelector(".row-link");
	if (link instanceof HTMLElement) link.focus();
}

/** Marks a row, and keeps it as the place in the queue. @param {HTMLElement} row */
function point(row) {
	for (const r of rows()) r.toggleAttribute("data-marked", r === row);
	marked = idOf(row);
	session.set(PLACE, JSON.stringify({ address: location.pathname + location.search, id: marked, index: rows().indexOf(row) }));
}

/** Goes back to the row that was left for a case. */
function restore() {
	const place = readPlace(session.get(PLACE));
	const address = location.pathname + location.search;
	const back = document.referrer.startsWith(`${location.origin}/cases/`);
	if (back && place?.address === address) mark(rows()[comeBack(rows().map(idOf), place)]);
	else session.set(PLACE, JSON.stringify({ address, id: "", index: 0 }));
}

/** Whether a hand is on the list: rows must not move under it. */
function held() {
	const list = document.querySelector("[data-queue]");
	return list !== null && (list.matches(":hover") || list.contains(document.activeElement));
}

/** What came while the list was held. @type {Document | null} */
let waiting = null;

/** Loads the list anew as soon as something in it changed, at most twice a second. */
function live() {
	let due = 0;
	let last = -Infinity;
	document.addEventListener("proffer:live", (e) => {
		const { name } = /** @type {CustomEvent<import("../shared/events.js").LiveEvent>} */ (e).detail;
		if (!["case", "resync", "package"].includes(name) || due !== 0) return;
		due = window.setTimeout(() => {
			due = 0;
			last = performance.now();
			load();
		}, Math.max(0, last + 500 - performance.now()));
	});
}

async function load() {
	try {
		const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
		const doc = new DOMParser().parseFromString(await answer.text(), "text/html");
		if (answer.ok && !doc.querySelector("[data-queue]")) location.reload(); // signed out
		else if (answer.ok) take(doc);
	} catch {
		// The next event, or the resync after the connection is back, loads it.
	}
}

/** @param {Document} doc */
function take(doc) {
	swap(doc, "#queue-tabs");
	swap(doc, "#main-menu");
	const { calm, gone, changes } = compare(rows().map(idOf), all(doc, "[data-row]").map(idOf));
	waiting = doc;
	if (calm || !held()) return void show();
	for (const row of rows()) {
		const fresh = all(doc, "[data-row]").find((r) => idOf(r) === idOf(row));
		if (fresh) restate(row, fresh);
		row.toggleAttribute("data-gone", gone.includes(idOf(row)));
	}
	const news = document.querySelector("[data-queue-news]");
	if (!(news instanceof HTMLElement)) return;
	news.hidden = false;
	const words = news.querySelector("[data-queue-news-words]");
	if (words) words.textContent = changes === 1 ? "1 change" : `${changes} changes`;
}

/**
 * Says in a row's own place how its case stands now, unless the row would grow and push those below it.
 * @param {HTMLElement} row
 * @param {HTMLElement} fresh
 */
function restate(row, fresh) {
	const cell = row.querySelector("[data-state-cell]");
	const now = fresh.querySelector("[data-state-cell]");
	if (!cell || !now) return;
	const before = [...cell.childNodes];
	const height = row.offsetHeight;
	cell.replaceChildren(...document.importNode(now, true).childNodes);
	if (Math.abs(row.offsetHeight - height) > 1) cell.replaceChildren(...before);
}

/** Shows the fresh list. The row that was marked stays so, or what took its place. */
function show() {
	if (!waiting) return false;
	const doc = waiting;
	waiting = null;
	const focused = document.querySelector("[data-queue]")?.contains(document.activeElement);
	const index = rows().findIndex((r) => idOf(r) === marked);
	const chosen = picked();
	swap(doc, "[data-queue-body]");
	pick(chosen);
	const news = document.querySelector("[data-queue-news]");
	if (news instanceof HTMLElement) news.hidden = true;
	if (index < 0) return true;
	const row = rows()[comeBack(rows().map(idOf), { id: marked, index })];
	if (focused) mark(row);
	else if (row) point(row);
	return true;
}

/**
 * @param {Document} doc
 * @param {string} selector
 */
function swap(doc, selector) {
	const here = document.querySelector(selector);
	const fresh = doc.querySelector(selector);
	if (!here || !fresh || here.contains(document.activeElement) && !selector.includes("body")) return;
	here.replaceChildren(...document.importNode(fresh, true).childNodes);
	document.dispatchEvent(new CustomEvent("proffer:fresh"));
}

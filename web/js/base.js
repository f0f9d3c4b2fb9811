/** What every page loads: htmx, colours, local times, dialogs, copy buttons, and live events. */
import htmx from "htmx.org";
import { passkeys } from "./passkey/forms.js";
import { listen } from "./shared/events.js";
import { once } from "./shared/once.js";
import { all, inHand, openDialog, toast } from "./shared/page.js";
import { kept } from "./shared/storage.js";
import { ago, local, zone } from "./shared/time.js";
import { BrowserStore } from "./meeting/core/storage.js";
import { Outbox } from "./report/outbox.js";

/** Tells the page's modules of a live event. */
const LIVE = "proffer:live";

/**
 * @param {string} scheme auto, light or dark
 */
function paint(scheme) {
	const root = document.documentElement;
	if (scheme === "light" || scheme === "dark") root.dataset.theme = scheme;
	else delete root.dataset.theme;
	for (const button of all(document, "[data-theme-set]")) {
		button.setAttribute("aria-pressed", String(button.dataset.themeSet === scheme));
	}
}

function colours() {
	paint(kept.get("proffer.theme") ?? "auto");
	for (const box of all(document, "[data-theme-choice]")) box.hidden = false;
	document.addEventListener("click", (e) => {
		const button = e.target instanceof Element ? e.target.closest("[data-theme-set]") : null;
		if (!(button instanceof HTMLElement)) return;
		const scheme = button.dataset.themeSet ?? "auto";
		kept.set("proffer.theme", scheme);
		paint(scheme);
	});
}

/** @param {ParentNode} within */
function times(within) {
	const now = new Date();
	for (const el of all(within, "time[data-time]")) {
		const at = new Date(el.getAttribute("datetime") ?? "");
		if (Number.isNaN(at.getTime())) continue;
		if (el.dataset.time === "ago") {
			el.textContent = ago(at.getTime(), now.getTime());
			el.dataset.utc ??= el.title;
			el.title = `${el.dataset.utc}, ${local(at, now)} your time`;
		} else if (el.dataset.time === "own") {
			el.dataset.utc ??= el.textContent ?? "";
			el.textContent = local(at, now);
			el.title = el.dataset.utc;
		} else {
			el.title = `${local(at, now)} your time`;
		}
	}
	for (const note of all(within, "[data-zone-note]")) {
		note.textContent = `Times are in your own time zone, ${zone()}. Receipts say them in UTC.`;
		note.hidden = false;
	}
}

/** Dialogs, menus, copy buttons, and selects that submit their form. */
function clicks() {
	document.addEventListener("click", (e) => {
		if (!(e.target instanceof Element)) return;
		const opener = e.target.closest("[data-opens]");
		if (opener instanceof HTMLElement && opener.dataset.opens) openDialog(opener.dataset.opens);
		if (e.target.closest("[data-closes]")) dismiss(e.target.closest("dialog"));
		if (e.target instanceof HTMLDialogElement) dismiss(e.target); // the backdrop
		for (const menu of all(document, "details[data-menu][open]")) {
			if (!menu.contains(e.target)) menu.removeAttribute("open");
		}
		const copy = e.target.closest("[data-copy]");
		if (copy instanceof HTMLElement) copyText(copy.dataset.copy ?? "");
	});
	document.addEventListener("keydown", (e) => {
		if (e.key !== "Escape") return;
		for (const menu of all(document, "details[data-menu][open]")) {
			menu.removeAttribute("open");
			menu.querySelector("summary")?.focus();
		}
	});
	document.addEventListener("change", (e) => {
		if (e.target instanceof HTMLSelectElement && e.target.matches("[data-submits]")) e.target.form?.requestSubmit();
	});
}

/** Closes a dialog as Escape does: it may refuse. @param {HTMLDialogElement | null} dialog */
function dismiss(dialog) {
	if (dialog?.dispatchEvent(new Event("cancel", { cancelable: true }))) dialog.close();
}

/** @param {string} text */
function copyText(text) {
	navigator.clipboard.writeText(text).then(() => toast("Copied.", "done"), () => toast("Your browser did not allow copying. Select the text and copy it.", "problem"));
}

/** @param {ParentNode} within */
function reveal(within) {
	for (const el of all(within, "[data-opens][hidden], [data-copy][hidden]")) el.hidden = false;
	times(within);
}

function start() {
	colours();
	clicks();
	passkeys(); // before once: what waits for a passkey is not sent yet
	once();
	reveal(document);
	setInterval(() => times(document), 30_000);
	for (const name of ["htmx:afterSettle", "proffer:fresh"]) document.addEventListener(name, () => reveal(document));
	document.addEventListener("htmx:responseError", () => toast("The server could not do that. Reload the page to see where things stand.", "problem"));
	document.addEventListener("htmx:sendError", () => toast("The server cannot be reached. Check your connection; nothing was changed.", "problem"));
	const focus = document.querySelector("main [data-autofocus]:not(dialog [data-autofocus])");
	if (focus instanceof HTMLElement) focus.focus();
	const account = document.body.dataset.account;
	if (account && "live" in document.body.dataset) {
		listen(account, (event) => document.dispatchEvent(new CustomEvent(LIVE, { detail: event })));
	}
	document.addEventListener(LIVE, refresh);
	document.addEventListener("htmx:beforeSwap", leaveInHand);
	void unsent();
}

/** Reports that were made in a meeting and not sent: what is too old is erased, and the rest sent. A meeting's own page does so itself. */
async function unsent() {
	const { account = "", hash = "", room } = document.body.dataset;
	const outbox = new Outbox(new BrowserStore("proffer-reports"));
	await outbox.expire(Date.now());
	if (!account || room !== undefined || (await outbox.waiting(account)).length === 0) return;
	const { WaitingList } = await import("./report/waiting.js");
	const place = document.querySelector("[data-waiting-reports]");
	const live = document.getElementById("live");
	const says = (/** @type {string} */ words) => {
		if (!place) toast(words);
		else if (live) live.textContent = words; // the list shows it
	};
	const list = new WaitingList(place instanceof HTMLElement ? place : null, outbox, { endpoint: "/uploads/", account, worker: hash }, { says });
	await list.take();
}

/**
 * Parts of a page that name the event they depend on are loaded anew by htmx.
 * @param {Event} e
 */
function refresh(e) {
	const { name } = /** @type {CustomEvent<import("./shared/events.js").LiveEvent>} */ (e).detail;
	for (const el of all(document, "[data-refresh-on]")) {
		if (name === "resync" || el.dataset.refreshOn === name) htmx.trigger(el, "proffer:refresh", {});
	}
}

/**
 * Leaves a part as it is while a form in it is being signed or filled in, and looks again: what is exchanged then would never be sent. A calm part also keeps the focus
 * that is in it.
 * @param {Event} e
 */
function leaveInHand(e) {
	const el = e.target;
	if (!(el instanceof HTMLElement) || el.dataset.refreshOn === undefined) return;
	if (!inHand(el) && !(el.dataset.calm !== undefined && el.contains(document.activeElement))) return;
	e.preventDefault();
	setTimeout(() => { if (el.isConnected) htmx.trigger(el, "proffer:refresh", {}); }, 1000);
}

start();

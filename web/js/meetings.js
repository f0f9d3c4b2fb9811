/** The host's pages: the list of meetings, and the link of one. An end-to-end encrypted link's secret is drawn here, and never sent. */
import { must, toast } from "./shared/page.js";
import { Kept } from "./meeting/core/kept.js";
import { BrowserStore } from "./meeting/core/storage.js";
import { readSecret, writeSecret } from "./meeting/room/link.js";

const UNKEPT = "This browser keeps nothing for this page, so it can not lead the meeting. Allow it to keep data, or use another browser, and make a new meeting.";

/** @param {HTMLElement} box */
async function links(box) {
	const { mode } = box.dataset;
	const meeting = location.pathname.split("/")[2] ?? "";
	const shown = must(box, "[data-link]");
	const copy = must(box, "[data-link-copy]");
	const open = /** @type {HTMLAnchorElement} */ (must(box, "[data-link-open]"));
	const plain = `${location.origin}/m/${meeting}`; // the secret goes to no address that the page was given
	const show = (/** @type {string} */ link) => {
		shown.textContent = copy.dataset.copy = link;
		open.href = new URL(link).pathname + new URL(link).hash;
	};
	if (mode !== "e2ee") return;
	const kept = new Kept(new BrowserStore());
	const use = async (/** @type {Uint8Array} */ secret) => {
		await kept.keepLink(meeting, secret);
		await kept.made(meeting);
		if (!(await kept.wasMade(meeting))) toast(UNKEPT, "problem");
		show(`${plain}#${writeSecret(secret)}`);
		must(box, "[data-link-missing]").hidden = true;
	};
	const secret = await kept.link(meeting);
	if (secret) return show(`${plain}#${writeSecret(secret)}`);
	// The server says so once, right after the form; said again by a server that lies, it makes a link that nobody else has.
	if ("fresh" in box.dataset) return use(crypto.getRandomValues(new Uint8Array(32)));
	copy.hidden = true;
	open.hidden = true;
	must(box, "[data-link-missing]").hidden = false;
	must(box, "[data-link-paste]").addEventListener("submit", (e) => {
		e.preventDefault();
		const field = /** @type {HTMLInputElement} */ (must(box, '[name="link"]'));
		const pasted = URL.parse?.(field.value.trim());
		const found = readSecret(pasted?.hash ?? "");
		if (!(found instanceof Uint8Array) || pasted?.href.split("#")[0] !== plain) {
			toast("That is not this meeting’s whole link. Copy all of it, with the part after #.", "problem");
			return field.focus();
		}
		copy.hidden = open.hidden = false;
		void use(found);
	});
}

const box = document.querySelector("[data-meeting-links]");
if (box instanceof HTMLElement) void links(box);
const zone = document.querySelector("[data-zone]");
if (zone instanceof HTMLInputElement) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

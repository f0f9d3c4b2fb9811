/** Cameras, microphones and speakers: which there are, and which is chosen. The choice outlives the page. */
import { all } from "../../shared/page.js";
import { kept } from "../../shared/storage.js";
import { el, reconcile } from "./dom.js";

/** @typedef {"videoinput" | "audioinput" | "audiooutput"} Kind */

const WORDS = { videoinput: "Camera", audioinput: "Microphone", audiooutput: "Speakers" };

/** @param {Kind} kind */
export const chosen = (kind) => kept.get(`proffer.device.${kind}`) ?? "";

/**
 * Keeps every list of devices on the page true.
 * @param {(kind: Kind, id: string) => void} changed
 * @returns {() => Promise<void>} to be called when a permission may have been given: only then have devices names
 */
export function devices(changed) {
	const fill = async () => {
		const found = await navigator.mediaDevices.enumerateDevices();
		for (const select of all(document, "select[data-device]")) {
			if (!(select instanceof HTMLSelectElement)) continue;
			const kind = /** @type {Kind} */ (select.dataset.device);
			const list = found.filter((d) => d.kind === kind && d.deviceId !== "");
			reconcile(select, list, (d) => d.deviceId, (d) => el("option", { value: d.deviceId }, d.label || `${WORDS[kind]} ${list.indexOf(d) + 1}`));
			select.disabled = list.length === 0;
			if (list.some((d) => d.deviceId === chosen(kind))) select.value = chosen(kind);
		}
	};
	document.addEventListener("change", (e) => {
		if (!(e.target instanceof HTMLSelectElement) || !e.target.matches("select[data-device]")) return;
		const kind = /** @type {Kind} */ (e.target.dataset.device);
		kept.set(`proffer.device.${kind}`, e.target.value);
		for (const twin of all(document, `select[data-device="${kind}"]`)) if (twin instanceof HTMLSelectElement) twin.value = chosen(kind);
		changed(kind, e.target.value);
	});
	navigator.mediaDevices?.addEventListener("devicechange", () => void fill());
	for (const field of all(document, "[data-speakers]")) field.hidden = !("setSinkId" in HTMLMediaElement.prototype);
	return fill;
}

/** Why a camera or microphone could not be had, and what to do. @param {unknown} err @param {"camera" | "microphone" | "screen"} what */
export function refusal(err, what) {
	const name = err instanceof DOMException ? err.name : "";
	if (name === "NotAllowedError") return `Your browser does not allow the ${what}. Press the lock beside the address to allow it, then try again.`;
	if (name === "NotFoundError" || name === "OverconstrainedError") return `There is no ${what} here. Plug one in, or join without.`;
	if (name === "NotReadableError" || name === "AbortError") return `The ${what} is used by another program. Close that one, then try again.`;
	return `The ${what} could not be started. Try again, or choose another one under Devices.`;
}

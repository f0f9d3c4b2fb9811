/** The buttons below the pictures, their dialogs, and the keys that do the same. */
import { all, must, openDialog, toast } from "../../shared/page.js";
import { kept } from "../../shared/storage.js";
import { chosen, refusal } from "./devices.js";
import { commands } from "./view.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {{ camera: boolean, mic: boolean, screen: boolean }} On */

/** Set where single letters must do nothing: they come from speech, or from a hand that slips (WCAG 2.1.4). The desk's keys heed it too. */
const OFF = "proffer.shortcuts.off";

/** Keys that work wherever nothing is being typed. */
const KEYS = { m: "mic", c: "camera", s: "screen", l: "invite", r: "report" };
/** @type {Record<string, import("./panels.js").Panel>} */
const PANEL_KEYS = { p: "people", h: "chat", g: "guarantees" };

/**
 * @param {HTMLElement} body
 * @param {{ room: () => import("./room.js").Room | null, stage: import("./stage.js").Stage, panels: import("./panels.js").Panels,
 *   upgrade: import("./upgrade.js").Upgrade, decide: import("./people.js").Decide, again: () => void,
 *   report: () => void }} parts
 */
export function controls(body, { room, stage, panels, decide, again, report }) {
	/** @type {On} */
	let on = { camera: false, mic: false, screen: false };
	let removing = "";
	const toggle = must(body, "[data-layout-toggle]");
	const layout = () => {
		const speaker = toggle.getAttribute("aria-pressed") !== "true";
		toggle.setAttribute("aria-pressed", String(speaker));
		stage.layout(speaker ? "speaker" : "grid");
	};
	toggle.addEventListener("click", layout);

	/** @type {Record<string, () => unknown>} */
	const acts = {
		mic: () => switchTo("mic", !on.mic),
		camera: () => switchTo("camera", !on.camera),
		screen: () => switchTo("screen", !on.screen),
		invite,
		leave: () => room()?.leave(),
		end: () => decide("end"),
		again,
		report,
		handover: () => {
			const next = room()?.view?.successors[0];
			if (next) decide("handover", { join: next });
		},
		remove: () => decide("remove", { join: removing }),
	};
	body.addEventListener("click", (e) => {
		const button = e.target instanceof Element ? e.target.closest("button[data-act]") : null;
		if (!(button instanceof HTMLElement)) return;
		if (button.closest("dialog")) button.closest("dialog")?.close();
		void acts[button.dataset.act ?? ""]?.();
	});
	document.addEventListener("keydown", (e) => {
		const typing = (e.target instanceof Element && e.target.closest("input, textarea, select")) || document.querySelector("dialog[open]");
		if (typing || e.defaultPrevented || kept.get(OFF) !== null || e.ctrlKey || e.metaKey || e.altKey || must(body, "[data-controls]").hidden) return;
		const key = e.key.toLowerCase();
		if (key in KEYS) void acts[KEYS[/** @type {keyof typeof KEYS} */ (key)]]();
		else if (key in PANEL_KEYS) panels.toggle(PANEL_KEYS[key]);
		else if (key === "v") layout();
		else return;
		e.preventDefault();
	});

	const keys = /** @type {HTMLInputElement} */ (must(body, "[data-keys]"));
	keys.checked = kept.get(OFF) === null;
	keys.addEventListener("change", () => (keys.checked ? kept.drop(OFF) : kept.set(OFF, "true")));

	/** @param {keyof On} which @param {boolean} wanted */
	async function switchTo(which, wanted) {
		const device = which === "screen" ? "" : chosen(which === "mic" ? "audioinput" : "videoinput");
		try {
			await room()?.turn(which, wanted, device);
		} catch (err) {
			if (which === "screen" && err instanceof DOMException && err.name === "NotAllowedError") return; // thought better of it
			toast(refusal(err, which === "mic" ? "microphone" : which), "problem");
		}
	}

	async function invite() {
		const here = room();
		if (!here?.view) return;
		const secret = here.view.mode === "e2ee" ? await here.link() : "";
		const link = location.origin + location.pathname + (secret ? `#${secret}` : "");
		must(body, "[data-invite-link]").textContent = link;
		must(body, "[data-invite-words]").textContent = here.view.mode !== "e2ee" ? "Whoever has this link can ask to come in."
			: "The part after # never reaches the server. Send the whole link in a way that you trust: whoever has it can ask to be let in.";
		openDialog("invite");
	}
	must(body, "[data-invite-copy]").addEventListener("click", () => {
		navigator.clipboard.writeText(must(body, "[data-invite-link]").textContent ?? "").then(() => toast("Copied.", "done"),
			() => toast("Your browser did not allow copying. Select the link and copy it.", "problem"));
	});

	must(body, "#invite").addEventListener("close", () => {
		must(body, "[data-invite-link]").textContent = ""; // the secret stays on the page no longer than its human looks
	});

	return {
		/** Switches on what was chosen at the door. @param {{ camera: boolean, mic: boolean }} choice */
		async begin(choice) {
			if (choice.mic) await switchTo("mic", true);
			if (choice.camera) await switchTo("camera", true);
		},
		/** @param {On} now */
		local(now) {
			on = now;
			for (const which of /** @type {const} */ (["mic", "camera", "screen"])) must(body, `[data-controls] [data-act="${which}"]`).setAttribute("aria-pressed", String(now[which]));
		},
		/** @param {"people" | "chat"} which @param {number} n */
		count(which, n) {
			const badge = must(body, `[data-count="${which}"]`);
			badge.hidden = n === 0;
			badge.textContent = n > 99 ? "99+" : String(n);
			badge.setAttribute("aria-label", which === "chat" ? `${n} unread` : `${n} waiting`);
		},
		/** @param {import("./view.js").Member} m */
		askToRemove(m) {
			removing = m.join;
			must(body, "[data-removing-words]").textContent = `${m.name} will be shown out${room()?.view?.mode === "e2ee" ? ", and a new key made that they do not get" : ""}. They can ask to be let in again.`;
			openDialog("removing");
		},
		/** @param {View} view */
		update(view) {
			const may = commands(view);
			for (const b of all(body, '#leaving [data-act="end"]')) b.hidden = !may;
			const next = view.members.find((m) => m.join === view.successors[0]);
			must(body, '#leaving [data-act="handover"]').hidden = !(view.leads && next);
			must(body, "[data-leaving-words]").textContent = view.leads ? (next ? `You lead this meeting. If you leave, ${next.name} leads next, and the security code changes.`
				: "You lead this meeting, and nobody else is here to lead it: it ends when you leave.") : "You can come back through the link.";
		},
	};
}

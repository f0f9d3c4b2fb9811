/** The room of a meeting: door, waiting, stage, end. */
import { all, must, openDialog, toast } from "./shared/page.js";
import { windowOf } from "./meeting/clip/window.js";
import { Kept } from "./meeting/core/kept.js";
import { BrowserStore } from "./meeting/core/storage.js";
import { Outbox } from "./report/outbox.js";
import { WaitingList } from "./report/waiting.js";
import { Banners } from "./meeting/room/banners.js";
import { Chat } from "./meeting/room/chat.js";
import { controls } from "./meeting/room/controls.js";
import { devices } from "./meeting/room/devices.js";
import { door } from "./meeting/room/door.js";
import { say } from "./meeting/room/dom.js";
import { guarantees } from "./meeting/room/guarantees.js";
import { takeSecret } from "./meeting/room/link.js";
import { News } from "./meeting/room/news.js";
import { Panels } from "./meeting/room/panels.js";
import { People } from "./meeting/room/people.js";
import { promises } from "./meeting/room/promises.js";
import { ReportDialog } from "./meeting/room/report.js";
import { Room } from "./meeting/room/room.js";
import { Stage } from "./meeting/room/stage.js";
import { Upgrade } from "./meeting/room/upgrade.js";
import { commands, inside, keeps, nothing } from "./meeting/room/view.js";

/** @typedef {import("./meeting/room/view.js").View} View */
/** @typedef {"door" | "waiting" | "stage" | "over"} Part */

const INCOMPLETE = "The link is not whole: the part after # is missing, and without it nobody can be let in. Ask who invited you for the whole link.";

const DAMAGED = "The link is damaged: the part after # is not whole. Copy all of it and open it again.";

/** @param {HTMLElement} body */
function start(body) {
	const data = body.dataset;
	const kept = new Kept(new BrowserStore());
	// The address says which meeting its human has opened: what is known of that one must not be asked of another that a page names.
	const meeting = decodeURIComponent(location.pathname.split("/")[2] ?? "");
	let secret = takeSecret();
	/** @type {Room | null} */
	let room = null;
	/** Instead of the room's last view, once it is over. @type {View | null} */
	let ended = null;
	let refused = 0;
	let held = 0; // of the ring, in bytes
	const part = (/** @type {string} */ name) => must(body, `[data-part="${name}"]`);
	const banners = new Banners(must(body, "[data-banners]"));
	const stage = new Stage(part("stage"), must(body, "[data-sounds]"));
	const panels = new Panels(must(body, "[data-side]"), (panel) => {
		if (panel === "chat") chat.read();
		else if (panel === "people") people.open();
		else if (panel === "guarantees") promise();
	});
	const decide = (/** @type {string} */ what, /** @type {{ join?: string, on?: boolean, joins?: string[] }} */ about = {}) => room?.decide(what, about);
	const report = reporting(body, meeting, banners, () => seconds(), (text) => room?.testify(text) ?? Promise.resolve(""), () => (room?.view && ("host" in data || keeps(room.view)) ? ringOf(/** @type {object} */ (room.media)) : null), (join) => decide("remove", { join }));
	const people = new People(must(body, '[data-panel-body="people"]'), decide, (m) => buttons.askToRemove(m), report && ((join) => report.open(join)));
	const chat = new Chat(must(body, '[data-panel-body="chat"]'), (text, to) => room?.say(text, to), () => panels.open === "chat", () => buttons.count("chat", chat.unread));
	const badge = promises(must(body, ".guarantee"), must(body, '[data-panel-body="guarantees"]'), (code) => room?.compared(code));
	const upgrade = new Upgrade(decide);
	const news = new News(banners, () => panels.show("people"));
	const fillDevices = devices((kind, id) => (kind === "audiooutput" ? stage.speakers(id) : room ? void room.media.switchDevice(kind, id) : void entrance.show()));
	const buttons = controls(body, { room: () => room, stage, panels, upgrade, decide, again: () => location.reload(), report: () => report?.open() });

	const promise = () => badge(guarantees(ended ?? room?.view ?? null, { bundle: data.bundle ?? "", ring: seconds(), held, refused }));

	/** For how long hosts' devices keep what they received: what the core was told, and before that what the page was. */
	const seconds = () => room?.view?.ring || windowOf(Number(data.ring) * 1000) / 1000;

	let at = /** @type {Part} */ ("door");
	/** Shows one part; the keyboard goes along, so as not to be lost. @param {Part} name */
	const only = (name) => {
		if (name === at) return;
		at = name;
		for (const p of ["door", "waiting", "stage", "over"]) part(p).hidden = p !== name;
		must(body, "[data-controls]").hidden = name !== "stage";
		must(body, "[data-layout-toggle]").hidden = name !== "stage";
		const focused = document.activeElement;
		if (focused && focused !== document.body && focused.checkVisibility()) return;
		if (name === "waiting") must(body, "[data-waiting-title]").focus();
		else if (name === "stage") part("stage").focus();
	};

	/** @param {string} words */
	const over = (words) => {
		ended = { ...nothing(), state: "out", words };
		promise(); // also where the workers have broken down, and no view says so
		// Dialogs would keep the rest from being used. A report goes on after the meeting.
		for (const dialog of all(body, "dialog:not(#report, #giving-up)")) if (dialog instanceof HTMLDialogElement) dialog.close();
		if (panels.covers) panels.show("");
		only("over");
		banners.clear();
		stage.clear();
		must(body, "[data-over-title]").textContent = room?.view?.cause === "ended" ? "The meeting is over" : "You are out of the meeting";
		must(body, "[data-over-words]").textContent = words;
		must(body, "[data-over-title]").focus();
	};

	/** @param {View} view */
	const show = (view) => {
		if (view.state === "out") over(view.words);
		else if (inside(view)) only("stage");
		else if (view.state !== "new") only("waiting");
		say(must(body, "[data-waiting-title]"), view.state === "listed" ? "You are let in" : "Waiting to be let in");
		say(must(body, "[data-waiting-words]"), view.state === "listed" ? "The key is on its way." : "Somebody who leads the meeting has to let you in. They see your name.");
		apart(view);
	};
	/** In a large meeting each part of the page takes its turn, so that none keeps the others, and the human's hands, waiting. */
	const apart = inTurns((/** @type {View} */ view) => [
		() => stage.update(view),
		() => people.update(view),
		() => report?.update(view),
		() => chat.update(view),
		() => news.update(view),
		() => upgrade.update(view),
		() => {
			buttons.update(view);
			buttons.count("people", commands(view) ? view.waiting.length : 0);
			promise();
		},
	], (view) => view.members.length > LARGE);

	/** @param {import("./meeting/room/door.js").Choice} choice @returns {Promise<void>} */
	const join = async (choice) => {
		if (data.mode === "e2ee" && !(secret instanceof Uint8Array) && !(await kept.link(meeting))) throw new Error(INCOMPLETE);
		await enter(choice, await kept.wasMade(meeting));
		forget();
	};
	/** The core has the link's secret now; the page needs it no more. */
	const forget = () => {
		if (secret instanceof Uint8Array) secret.fill(0);
		secret = null;
	};

	/** @param {import("./meeting/room/door.js").Choice} choice @param {boolean} made @returns {Promise<void>} */
	const enter = (choice, made) => new Promise((/** @type {(nothing?: undefined) => void} */ entered, failed) => {
		let wanted = true; // what was chosen at the door is switched on once
		const joined = new Room({ meeting, core: data.core ?? "", frame: data.frame ?? "", secret: secret instanceof Uint8Array ? secret : null,
			made, name: choice.name, ring: "host" in data || "visitor" in data }, {
			view: (view) => {
				if (view.state !== "new") entered();
				show(view);
			},
			proven: (id) => chat.proven(id),
			line: (line) => {
				chat.add(line);
				report?.line(line);
			},
			warning: (words, about, code) => news.warn(words, about, code, room?.view ?? null),
			refused: (why, what) => {
				if (what === "join" || what === "certificate" || what === "session" || what === "storage") failed(new Error(why));
				else toast(why, "problem");
			},
			over: (words) => {
				failed(new Error(words));
				if (part("door").hidden) over(words);
			},
			shown: (t) => stage.add(t),
			gone: (id) => stage.remove(id),
			muted: (id, muted) => stage.mute(id, muted),
			standing: (id, proven, why) => stage.stands(id, proven, why),
			ring: (bytes) => {
				held = bytes;
				promise();
			},
			speaking: (joins) => stage.speaking(joins),
			state: (s) => {
				news.media(s);
				if (s === "connected" && wanted) {
					wanted = false;
					void buttons.begin(choice);
				}
			},
			local: (on) => buttons.local(on),
			counted: (n) => {
				refused = n;
				promise();
			},
		});
		room = joined;
	}).catch((err) => {
		room?.close();
		room = null;
		throw err;
	});

	const entrance = door(part("door"), fillDevices, join);
	if (secret === "damaged") entrance.tell(DAMAGED);
	addEventListener("hashchange", () => { // the whole link was put into the same tab
		const given = takeSecret();
		if (!given || at !== "door") return;
		secret = given;
		entrance.tell(given === "damaged" ? DAMAGED : "");
	});
	body.querySelector("[data-sign-in]")?.addEventListener("click", async (e) => {
		if (!(secret instanceof Uint8Array) || !(e.currentTarget instanceof HTMLAnchorElement)) return;
		e.preventDefault();
		const { href } = e.currentTarget;
		await kept.keepLink(meeting, secret); // signing in loads the page again, without the part after #
		location.assign(href);
	});
	addEventListener("pagehide", () => void room?.leave());
	body.addEventListener("silenced", () => banners.put({ key: "silenced", tone: "warn", words: "Your browser keeps the sound off until you press something.", button: "Turn the sound on", press: () => stage.unsilence() }));
	promise();
	void entrance.show();
	if (new URLSearchParams(location.search).has("devices")) openDialog("devices");
}

/** From how many members on the page is shown in turns. */
const LARGE = 100;

/**
 * Does what is to be done with the newest of what comes: at once, or, where there is much, in tasks of their own. What comes during those is taken
 * when they are through.
 * @template T
 * @param {(what: T) => (() => void)[]} parts
 * @param {(what: T) => boolean} much
 * @returns {(what: T) => void}
 */
function inTurns(parts, much) {
	/** @type {T | undefined} */
	let next;
	let running = false;
	const run = async () => {
		running = true;
		try {
			for (let what = next; what !== undefined; what = next) {
				next = undefined;
				for (const part of parts(what)) {
					part();
					await new Promise((resolve) => setTimeout(resolve));
				}
			}
		} finally {
			running = false;
		}
	};
	return (what) => {
		next = what;
		if (running) return;
		if (much(what)) return void run();
		next = undefined;
		for (const part of parts(what)) part();
	};
}

/** @typedef {import("./meeting/room/report.js").Ring} Ring */

/** The ring of a host's device, where its frame worker keeps one. @param {{ report?: Ring }} media */
const ringOf = (media) => media.report ?? null;

/**
 * The dialog of reports, of guests in words only, and what of earlier ones is not sent yet.
 * @param {HTMLElement} body
 * @param {string} meeting
 * @param {Banners} banners
 * @param {() => number} seconds for how long a ring keeps
 * @param {(report: string) => Promise<string>} testify a guest's proof that a report is theirs
 * @param {() => Ring | null} ring
 * @param {(join: string) => void} remove
 */
function reporting(body, meeting, banners, seconds, testify, ring, remove) {
	const dialog = body.querySelector("#report");
	const { account = "", hash = "" } = body.dataset;
	if (!(dialog instanceof HTMLDialogElement)) return null;
	const outbox = new Outbox(new BrowserStore("proffer-reports"));
	const list = new WaitingList(/** @type {HTMLElement} */ (must(dialog, "[data-waiting-reports]")), outbox, { endpoint: "/uploads/", account, worker: hash }, {
		changed: (n) => banners.when("report", n > 0, { tone: "note", words: n === 1 ? "Your report is being sent." : `${n} reports are being sent.`, button: "Look", press: () => report.showSending(), stays: true }),
		says: (words) => toast(words, "note"),
	});
	const report = new ReportDialog(dialog, { meeting, account, seconds, testify: account ? null : testify, ring: account ? ring : () => null, remove, outbox, list });
	void list.take();
	return report;
}

if (document.body.dataset.room !== undefined && document.querySelector('[data-part="door"]')) start(document.body);

/**
 * What is guaranteed now, in words: a pure function of what this client has checked. It claims nothing that came from the server's
 * word alone without saying so. The golden file of guarantees.test.js holds every state.
 */

import { messages } from "./refused.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./view.js").Member} Member */

/**
 * What the panel shows. tone: "quiet" nothing to claim, "plain" a standard meeting, "good" end-to-end encrypted and checked as far as it goes,
 * "compared" also the code was compared, "warn" something keeps it from holding.
 * @typedef {{
 *   tone: "quiet" | "plain" | "good" | "compared" | "warn",
 *   badge: string,
 *   summary: string,
 *   who: { words: string, people: { join: string, name: string, note: string, device: string }[] },
 *   holds: string[],
 *   not: string[],
 *   off: string[],
 *   code: { digits: string, compared: boolean, words: string } | null,
 * }} Guarantees
 */

/** Never protected, whatever the mode (media/PROTOCOL.md section 13). */
const NEVER = [
	"The server sees who is here, when, from where, and how much is sent.",
	"That somebody else's microphone or camera is off is the server's word: it can say so of one that is on.",
	"Anybody here can record what they see and hear, or pass the link on.",
	"The code of this page comes from the server, and is what you trust.",
];

/** What end-to-end encryption has taken off (DESIGN I3). */
export const OFF = [
	"Phone dial-in", "SIP room systems", "Recording on the server", "Transcription", "Live streaming",
];

/**
 * @param {View | null} view
 * @param {{ bundle: string, ring: number, refused: number, held?: number }} here the bundle's hash, the seconds a host's device keeps for reports, and how
 *   many frames this client has refused to show
 * @returns {Guarantees}
 */
export function guarantees(view, here) {
	const state = view?.state ?? "new";
	const made = BY_STATE[state](/** @type {View} */ (view));
	const not = state === "out" ? [] : [...made.not, ...doubts(/** @type {View} */ (view)), ...NEVER];
	const holds = [...made.holds, ...(state === "out" || state === "new" ? [] : always(here, messages(view?.dropped ?? {})))];
	return { off: [], code: null, who: { words: "", people: [] }, ...made, holds, not, tone: tone(made.tone, view) };
}

/**
 * @param {{ bundle: string, ring: number, refused: number, held?: number }} here
 * @param {number} messages that this client has refused
 */
function always(here, messages) {
	const lines = [`A host's device may keep the last ${here.ring} seconds of what it decrypted, in memory, so that the host can report abuse. They are gone when the host leaves.`];
	if (here.held) lines.push(`This device holds ${(here.held / 1e6).toFixed(1)} MB of that now.`);
	if (here.refused > 0) lines.push(`${count(here.refused, "frame", "frames")} did not hold and ${here.refused === 1 ? "was" : "were"} not shown.`);
	if (messages > 0) lines.push(`${count(messages, "message", "messages")} from the server or from others did not hold and ${messages === 1 ? "was" : "were"} refused.`);
	lines.push(`This page is build ${here.bundle}. Compare it with the published one.`);
	return lines;
}

/**
 * @param {Guarantees["tone"]} wanted
 * @param {View | null} view
 */
function tone(wanted, view) {
	if (wanted !== "good" || !view) return wanted;
	if (view.identityChanged || view.differ || !view.noted || view.members.some((m) => m.strange || silent(m))) return "warn";
	return view.compared ? "compared" : "good";
}

/** Of whom nothing is heard. @param {Member} m */
const silent = (m) => !m.me && m.heard !== null && m.heard > 60_000;

/** What this client has seen that people should know. @param {View | null} view */
function doubts(view) {
	if (!view) return [];
	const lines = [];
	if (view.identityChanged) lines.push("The server vouches for people with another key than when you were here before. Ask whoever runs it why.");
	if (view.differ) lines.push("Somebody is shown another list of participants than you are. The server may be splitting the meeting.");
	if (view.mode === "e2ee" && !view.noted) lines.push("This browser could not note that the meeting is end-to-end encrypted. It stays so on this page: do not reload it.");
	for (const m of view.members.filter(silent)) lines.push(`Nothing has been heard of ${m.name} for a minute: nobody knows which list is shown there.`);
	for (const m of view.members.filter((m) => m.strange)) lines.push(`${m.name} is signed in from a device that this browser has not met before.`);
	const guests = view.members.filter((m) => m.guest && !m.me);
	if (guests.length > 0) lines.push(`Nobody vouches for the ${guests.length === 1 ? "name" : "names"} of ${list(guests.map((m) => m.name))}: guests choose their own.`);
	return lines;
}

/** @type {Record<View["state"], (view: View) => Partial<Guarantees> & Pick<Guarantees, "tone" | "badge" | "summary" | "holds" | "not">>} */
const BY_STATE = {
	new: () => ({ tone: "quiet", badge: "Not connected", summary: "Nothing is sent or received yet.", holds: ["No camera, microphone or chat leaves this device."], not: [] }),
	standard: (view) => ({
		tone: "plain",
		badge: "Standard encryption",
		summary: "Encrypted between you and the server, under a key that the server made and holds.",
		who: { words: "Who can decrypt: the server and whoever runs it, and everybody here.", people: people(view) },
		holds: [
			"Every frame and line is encrypted with AES-256 under a key of this meeting alone.",
			"The server keeps the key wrapped, and deletes it when the meeting ends: that is its promise, not something this page can check.",
			"Recorders and telephones are in the list of people, with a banner: that, too, is the server's promise.",
		],
		not: ["The server could listen and record. Only end-to-end encryption prevents that."],
	}),
	waiting: (view) => (view.mode === "e2ee" ? {
		tone: "quiet",
		badge: "End-to-end encrypted: waiting",
		summary: "You are not in yet. You see and hear nothing of this meeting, and it nothing of you.",
		holds: lasting(view),
		not: ["Who waits is seen by the server, by name."],
		off: OFF,
	} : {
		tone: "quiet",
		badge: "Waiting",
		summary: "You are not in yet. You see and hear nothing of this meeting, and it nothing of you.",
		holds: ["No camera, microphone or chat leaves this device."],
		not: ["This is a meeting with standard encryption: its key is the server's."],
	}),
	listed: (view) => ({
		tone: "quiet",
		badge: "End-to-end encrypted: key on its way",
		summary: "You are on the list. The key has not come yet, so nothing is sent or shown.",
		who: { words: "On the list:", people: people(view) },
		holds: lasting(view),
		not: [],
		off: OFF,
		code: code(view),
	}),
	in: (view) => encrypted(view, view.sending ? "" : "The list of participants has not been renewed."),
	rekeying: (view) => encrypted(view, "The list has changed and the new key has not come."),
	out: (view) => ({ tone: "quiet", badge: "Not in the meeting", summary: view.words || "You are not in the meeting.",
		holds: ["This device has erased every key of the meeting."], not: [] }),
};

/** @param {View} view */
const lasting = (view) => (view.noted ? ["This meeting can not go back to standard encryption on this device."] : []);

/**
 * Who is sent to under the last key may be more than the list has: those who were on it before.
 * @param {View} view
 * @param {string} late what keeps this client from the newest key or list, or ""
 */
function encrypted(view, late) {
	const n = view.members.length;
	const devices = n === 1 ? "your device alone" : `these ${n} devices`;
	const before = late !== "" && view.sending;
	return {
		tone: view.sending ? /** @type {const} */ ("good") : /** @type {const} */ ("warn"),
		badge: view.compared ? "End-to-end encrypted, code compared" : "End-to-end encrypted",
		summary: !view.sending ? `You are not sending. ${late}` : before ? "The key is being changed. The server can not decrypt." : `Only the ${count(n, "device", "devices")} on this list can decrypt. The server can not.`,
		who: { words: !view.sending ? `On the last list: ${devices}.` : `Who can decrypt: ${devices}, and ${before ? "until the new key comes whoever was on the list before" : "nothing else"}.`, people: people(view) },
		holds: [
			"The key was made on the device of who leads, and sealed to each device on the list. The server never had it.",
			...(view.differ ? [] : ["Everybody is shown the same list: a different one would be noticed within seconds, and end the meeting."]),
			"Whoever leaves or is removed loses the key; those who come later do not get the earlier ones.",
			...lasting(view),
		],
		not: [
			...(late ? [`${late} ${before ? "Until it does you send under the last one." : "You send nothing until that changes."}`] : []),
			...(view.compared ? [] : ["The security code has not been compared. Until then, that this list is the right one rests on how you got the link."]),
			...(view.upgraded ? ["What was said before the upgrade was under the server's key, and readable by the server."] : []),
			"A person here who works together with the server could forge frames in another's name while both are here. The server's stamps are by session, so reports expose it.",
		],
		off: OFF,
		code: code(view),
	};
}

/** @param {View} view */
function code(view) {
	if (!view.code) return null;
	const leader = view.members.find((m) => m.leader);
	return { digits: view.code, compared: view.compared, words: leader?.me ? "Read it out, or send it another way: everybody else must see the same." :
		`Compare it with ${leader?.name ?? "who leads"} by another way: both must see the same.` };
}

/** @param {View} view */
function people(view) {
	return view.members.map((m) => ({ join: m.join, name: m.me ? `${m.name} (you)` : m.name, note: note(m, view.mode === "e2ee"), device: m.kind === "person" ? m.device : "" }));
}

/**
 * @param {Member} m
 * @param {boolean} e2ee
 */
function note(m, e2ee) {
	if (m.kind === "recorder") return "records this meeting on the server";
	if (m.kind === "staff") return "staff of this service, here because of a report";
	if (m.kind === "telephone") return "a telephone line: not encrypted beyond the server";
	const words = [m.guest ? "guest: nobody vouches for the name" : m.organisation ? `${m.organisation}, vouched for by the server` : "vouched for by the server"];
	if (m.leader && e2ee) words.push("leads and makes the keys");
	if (m.strange) words.push("new device");
	return words.join(" · ");
}

/**
 * @param {number} n
 * @param {string} one
 * @param {string} many
 */
const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;

/** @param {string[]} names */
function list(names) {
	if (names.length < 2) return names.join("");
	return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

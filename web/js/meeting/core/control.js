/** The messages of the control session (media/PROTOCOL.md section 10). Each is one CBOR array in one binary WebSocket message. media/e2ee/control.go is the same in Go. */
import { J, KEY, MAX_KEYS, MAX_LINE, MAX_MEMBERS, MAX_MESSAGE, MAX_NAME, MAX_STREAM, NONCE, between, body, bool, bytes, fail, list, marshal, meetingNumber, record, text, uint, unmarshal, visible, words } from "./body.js";
import { session } from "./moves.js";
import { grant, roster } from "./standard.js";

/** @typedef {{ certificate: Uint8Array, proof: Uint8Array }} Hello proof: a signed session */
/** @typedef {{ message: Uint8Array }} Post */
/** @typedef {{ from: number }} Fetch */
/** @typedef {{ signed: Uint8Array }} LiveMessage */
/** @typedef {{ frame: Uint8Array }} Line */
/** @typedef {{ j: string, frame: Uint8Array }} LineFrom */
/** @typedef {{ what: string, j: Uint8Array, on: boolean }} Order j: a join, or empty where nobody is meant */
/** @typedef {{ text: string, to: Uint8Array }} ChatLine to: empty for everyone, or a join */
/** @typedef {{ meeting: string, mode: number, nonce: string, identity: string, window: number }} Welcome mode: 0 standard, 1 E2EE: a hint, never an authority; window: of rings, in seconds */
/** @typedef {{ number: number, at: number, message: Uint8Array }} Entry */
/** @typedef {{ livekit: string, token: string }} Ticket */
/** @typedef {{ what: string, why: string }} Refused */
/** @typedef {{ meeting: string, locked: boolean, on: boolean, waiting: { j: string, name: string }[] }} Lobby */
/** @typedef {{ meeting: string, may: boolean, why: string, lost: string[] }} Terms */
/** @typedef {{ meeting: string, number: string, pin: string }} Phone */
/** @typedef {{ cause: string, why: string }} Over */
/** @typedef {{ stream: number, sequence: number, first: number, commitments: Uint8Array }} Run commitments: 32 bytes for each frame */
/** @typedef {{ runs: Run[] }} Batch */
/** @typedef {{ j: string, key: number, at: number, runs: { run: Run, mac: Uint8Array }[] }} Stamped */

const MAX_RUN = 256; // commitments
const MAX_RUNS = 64; // of a batch

/** An empty byte string or a J. @param {Uint8Array} j */
function checkJ(j) {
	if (j.length !== 0 && j.length !== 32) fail("one for neither everyone nor one member");
}

// Client to server.

/** @type {import("./body.js").Body<Hello>} */
export const hello = body("hello", [["certificate", bytes()], ["proof", bytes()]]);
/** @type {import("./body.js").Body<Post>} */
export const post = body("post", [["message", bytes()]], undefined, MAX_KEYS + 64);
/** @type {import("./body.js").Body<Fetch>} */
export const fetch = body("fetch", [["from", uint]], (/** @type {Fetch} */ f) => between(1, Number.MAX_SAFE_INTEGER, f.from));
/** In both directions. @type {import("./body.js").Body<LiveMessage>} */
export const liveMessage = body("live", [["signed", bytes()]]);
/** @type {import("./body.js").Body<Line>} */
export const line = body("line", [["frame", bytes()]]);

/** Of one stream, the commitments of frames whose counters follow each other (section 15). */
export const run = record(["stream", uint], ["sequence", uint], ["first", uint], ["commitments", bytes()]);

/** @param {Run} r */
function checkRun(r) {
	const n = r.commitments.length / 32;
	if (!Number.isInteger(n) || n < 1 || n > MAX_RUN) fail("one with a run that has not 1 to 256 commitments");
	between(0, MAX_STREAM, r.stream);
	between(0, 2 ** 48 - n, r.first);
}

/** @param {unknown[]} runs */
function checkRuns(runs) {
	if (runs.length < 1 || runs.length > MAX_RUNS) fail("one without a run, or with more than 64");
}

/** @type {import("./body.js").Body<Batch>} */
export const batch = body(
	"batch",
	[["runs", list(run)]],
	(/** @type {Batch} */ b) => {
		checkRuns(b.runs);
		b.runs.forEach(checkRun);
	},
	MAX_KEYS + 64,
);

/**
 * What a host of a standard meeting tells the server to do: "admit" (off: refuse), "remove", "host" (co-host), "lock", "lobby", "record", "end".
 * @type {import("./body.js").Body<Order>}
 */
export const order = body("order", [["what", text], ["j", bytes()], ["on", bool]], (/** @type {Order} */ o) => {
	checkJ(o.j);
	visible(o.what, 24);
});

// Server to client.

/** @type {import("./body.js").Body<LineFrom>} */
export const lineFrom = body("line", [["j", J], ["frame", bytes()]]);
/** @type {import("./body.js").Body<Stamped>} */
export const stamped = body(
	"stamped",
	[["j", J], ["key", uint], ["at", uint], ["runs", list(record(["run", run], ["mac", bytes(32)]))]],
	(/** @type {Stamped} */ s) => {
		checkRuns(s.runs);
		for (const r of s.runs) checkRun(r.run);
	},
	MAX_KEYS + 64,
);
/** @type {import("./body.js").Body<Welcome>} */
export const welcome = body("welcome", [["meeting", text], ["mode", uint], ["nonce", NONCE], ["identity", KEY], ["window", uint]], (/** @type {Welcome} */ w) => {
	meetingNumber(w.meeting);
	between(0, 1, w.mode);
});
/** @type {import("./body.js").Body<Entry>} */
export const entry = body(
	"entry",
	[["number", uint], ["at", uint], ["message", bytes()]],
	(/** @type {Entry} */ e) => between(1, Number.MAX_SAFE_INTEGER, e.number),
	MAX_KEYS + 64,
);
/** @type {import("./body.js").Body<Ticket>} */
export const ticket = body("ticket", [["livekit", text], ["token", text]], (/** @type {Ticket} */ t) => {
	visible(t.livekit, 1000);
	visible(t.token, MAX_MESSAGE);
});
/** @type {import("./body.js").Body<Refused>} */
export const refused = body("refused", [["what", text], ["why", text]], (/** @type {Refused} */ r) => {
	visible(r.what, 100);
	visible(r.why, 1000);
});
/** @type {import("./body.js").Body<Lobby>} */
export const lobby = body(
	"lobby",
	[["meeting", text], ["locked", bool], ["on", bool], ["waiting", list(record(["j", J], ["name", text]))]],
	(/** @type {Lobby} */ l) => {
		meetingNumber(l.meeting);
		if (l.waiting.length > MAX_MEMBERS) fail("a lobby of more than 1,000");
		for (const w of l.waiting) visible(w.name, MAX_NAME);
	},
);
/** @type {import("./body.js").Body<Terms>} */
export const terms = body("terms", [["meeting", text], ["may", bool], ["why", text], ["lost", list(text)]], (/** @type {Terms} */ t) => {
	meetingNumber(t.meeting);
	if (t.lost.length > MAX_MEMBERS) fail("terms of more than 1,000 things");
	for (const s of [t.why, ...t.lost]) visible(s, 1000);
});
/** @type {import("./body.js").Body<Phone>} */
export const phone = body("phone", [["meeting", text], ["number", text], ["pin", text]], (/** @type {Phone} */ p) => {
	meetingNumber(p.meeting);
	visible(p.number, MAX_NAME);
	visible(p.pin, MAX_NAME);
});
/** @type {import("./body.js").Body<Over>} */
export const over = body("over", [["cause", text], ["why", text]], (/** @type {Over} */ o) => {
	visible(o.cause, 24);
	visible(o.why, 1000);
});

/** The plaintext of a chat frame (section 8). @type {import("./body.js").Body<ChatLine>} */
export const chatLine = body("line", [["text", text], ["to", bytes()]], (/** @type {ChatLine} */ l) => {
	checkJ(l.to);
	words(l.text, MAX_LINE);
});

/** What a client receives, by kind. @type {Record<string, import("./body.js").Body<any>>} */
const received = { welcome, entry, live: liveMessage, line: lineFrom, stamped, grant, roster, ticket, refused, lobby, terms, phone, over };

/**
 * @typedef {({ type: "welcome" } & Welcome) | ({ type: "entry" } & Entry) | ({ type: "live" } & LiveMessage) | ({ type: "line" } & LineFrom) | ({ type: "stamped" } & Stamped)
 *   | ({ type: "grant" } & import("./standard.js").Grant) | ({ type: "roster" } & import("./standard.js").Roster) | ({ type: "ticket" } & Ticket)
 *   | ({ type: "refused" } & Refused) | ({ type: "lobby" } & Lobby) | ({ type: "terms" } & Terms) | ({ type: "phone" } & Phone) | ({ type: "over" } & Over)} Received
 */

/**
 * Reads a message of the server.
 * @param {Uint8Array} data
 * @returns {Received}
 */
export function decodeControl(data) {
	const type = kindOf(data);
	if (!Object.hasOwn(received, type)) fail("none that a server sends");
	return { type, ...unmarshal(received[type], data) };
}

/**
 * The text that is the first element of an array, or "" if there is none of less than 24 bytes.
 * @param {Uint8Array} data
 */
export function kindOf(data) {
	const size = data[1] & 0x1f;
	if (data.length < 2 || data[0] >> 5 !== 4 || data[1] >> 5 !== 3 || size >= 24) return "";
	return new TextDecoder().decode(data.subarray(2, 2 + size));
}

/**
 * The proof of a hello: that this session, opened by this nonce of the server's welcome, is the device's.
 * @param {import("./device.js").Device} device
 * @param {string} meeting
 * @param {string} nonce
 */
export async function prove(device, meeting, nonce) {
	return (await device.sign(session, { meeting, nonce, device: device.key })).signed;
}

/** @param {string} s @param {Uint8Array} to */
export const encodeLine = (s, to) => marshal(chatLine, { text: s.normalize("NFC"), to });

/** @param {Uint8Array} data */
export const decodeLine = (data) => unmarshal(chatLine, data);

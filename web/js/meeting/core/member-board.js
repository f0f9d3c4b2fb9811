/** What a member reads of the board and of the others' signs of life, and its own (media/PROTOCOL.md section 3). media/e2ee/member_board.go is the same in Go. */
import { hex } from "./bytes.js";
import { openJoin } from "./join.js";
import { NONE } from "./link.js";
import { keys } from "./member-keys.js";
import { consider } from "./member-leader.js";
import { compare, link } from "./member-list.js";
import { claimed } from "./member-succession.js";
import { obey, upgraded } from "./member-upgrade.js";
import { decodeMessage, tryOpen } from "./message.js";
import * as moves from "./moves.js";
import { LIVE_EVERY, NONCE_AGE, SECOND, SILENCE } from "./times.js";

/** @typedef {import("./member.js").Member} Member */

// Bounds of what a server can make a client keep.
export const MAX_EARLY = 1000; // entries behind a hole
export const MAX_EARLY_BYTES = 16 << 20; // and their size
const MAX_JOINS = 2 ** 14; // of a meeting: four times the indexes

/** What has been read of the board. */
export class Board {
	/** The next entry's number. */
	next = 1;
	/** Entries after a hole. @type {Map<number, Uint8Array>} */
	early = new Map();
	/** That they have together. */
	bytes = 0;
	/** What is behind a hole must be reached in time, however slowly the hole is filled. */
	hole = { to: 0, since: 0 };
	/** When it was last asked for. */
	asked = 0;
}

/**
 * Takes the board's entries in the order of their numbers, and asks for those that are missing (section 10).
 * @param {Member} m
 * @param {import("./control.js").Entry} e
 */
export async function entry(m, { number, message }) {
	const { board } = m;
	if (number < board.next) return m.drop("entry seen before");
	if (number > board.next && (board.early.size >= MAX_EARLY || board.bytes + message.length > MAX_EARLY_BYTES)) return m.drop("entry too early");
	board.bytes += message.length - (board.early.get(number)?.length ?? 0);
	board.early.set(number, message);
	while (!m.isOut) {
		const next = board.early.get(board.next);
		if (!next) break;
		board.early.delete(board.next++);
		board.bytes -= next.length;
		await read(m, next);
	}
}

/**
 * Asks again, once a second, for what is missing, and takes a hole that stays for a loss (section 4, 3).
 * @param {Member} m
 */
export function askForHole(m) {
	const { board } = m;
	if (board.hole.to >= board.next) {
		if (m.now - board.hole.since >= SILENCE && m.e2ee) m.move("gap");
		else if (m.now - board.asked >= SECOND) fetch(m);
	} else if (board.early.size > 0) {
		board.hole = { to: Math.max(...board.early.keys()), since: m.now };
		fetch(m);
	}
}

/** @param {Member} m */
function fetch(m) {
	m.board.asked = m.now;
	m.do({ type: "fetch", from: m.board.next });
}

/** The board's messages, by kind. @type {Record<string, (m: Member, msg: import("./message.js").Message) => Promise<void>>} */
const handlers = { join: joined, link, keys, leave: leaving, deny: denied, end: ended, leader: claimed, upgrade: upgraded };

/**
 * @param {Member} m
 * @param {Uint8Array} data
 */
async function read(m, data) {
	let msg;
	try {
		msg = decodeMessage(data);
	} catch {
		return m.drop("form");
	}
	await handlers[msg.kind](m, msg);
}

/**
 * Keeps a join that holds. When it is this client's own, everything older on the board has been read.
 * @param {Member} m
 * @param {import("./message.js").Message} msg
 */
async function joined(m, msg) {
	const join = await openJoin(msg, m.config.meeting, m.config.identity).catch(() => undefined);
	if (!join) return m.drop("join");
	if (m.joins.has(join.j) || m.joins.size >= MAX_JOINS) return m.drop("join seen before, or too many");
	m.joins.set(join.j, join);
	if (join.j === m.j) {
		m.posted = true;
		m.livedAt = 0;
	}
	consider(m, join.j);
	await obey(m);
}

/**
 * Checks a message that a join's own device has signed, and its meeting.
 * @param {Member} m
 * @param {string} j
 * @param {import("./message.js").Signed} signed
 * @param {string} meeting
 */
export const by = (m, j, signed, meeting) => m.joins.get(j)?.device === signed.signer && meeting === m.config.meeting;

/**
 * @param {Member} m
 * @param {import("./message.js").Message} msg
 */
async function leaving(m, msg) {
	const opened = await tryOpen(msg.signed, moves.leave);
	if (!opened || !by(m, opened.value.j, opened.signed, opened.value.meeting)) return m.drop("leave");
	m.left.add(opened.value.j);
}

/**
 * Is believed of the leader of the newest list that this client is not in (section 3.4).
 * @param {Member} m
 * @param {import("./message.js").Message} msg
 */
async function denied(m, msg) {
	const opened = await tryOpen(msg.signed, moves.deny);
	if (!opened || m.state !== "waiting" || !m.seen || !by(m, m.seen.body.leader, opened.signed, opened.value.meeting)) return m.drop("deny");
	if (opened.value.j === m.j) m.move("denied");
}

/**
 * Is believed of the leader of the newest list, about a link that this client knows (section 3.4).
 * @param {Member} m
 * @param {import("./message.js").Message} msg
 */
async function ended(m, msg) {
	const opened = await tryOpen(msg.signed, moves.end);
	const { leader, last } = leaderKnown(m);
	if (!opened || !by(m, leader, opened.signed, opened.value.meeting)) return m.drop("end");
	const { link, version } = opened.value;
	if (link !== last && m.marks.get(version)?.hash !== link) return m.drop("end");
	m.move("ended");
}

/**
 * Who leads by the newest list that this client has seen, and that list's hash.
 * @param {Member} m
 */
function leaderKnown(m) {
	const known = m.list ?? m.seen;
	return { leader: known?.body.leader ?? "", last: known?.hash ?? NONE };
}

/**
 * Ends this client's part.
 * @param {Member} m
 */
export async function leave(m) {
	const { device, meeting } = m.config;
	if (m.posted) m.do({ type: "post", message: await device.message(moves.leave, { meeting, j: m.j, time: m.now }) });
	m.move("left");
}

/**
 * Sends a sign of life with a fresh nonce, from the time on that the others have this join (section 3.3).
 * @param {Member} m
 */
export async function sendLive(m) {
	if (!m.e2ee || !m.posted || (m.livedAt !== 0 && m.now - m.livedAt < LIVE_EVERY)) return;
	const { config, list, now } = m;
	const nonce = hex(config.rand(16));
	m.nonces = m.nonces.filter((n) => now - n.at <= NONCE_AGE);
	m.nonces.push({ value: nonce, at: now });
	m.livedAt = now;
	const value = { meeting: config.meeting, j: m.j, nonce, version: list?.body.version ?? 0, link: list?.hash ?? NONE, time: now };
	m.do({ type: "live", signed: (await config.device.sign(moves.live, value)).signed });
}

/**
 * Takes the sign of life of another.
 * @param {Member} m
 * @param {Uint8Array} signed
 */
export async function live(m, signed) {
	const opened = await tryOpen(signed, moves.live);
	if (!opened || !by(m, opened.value.j, opened.signed, opened.value.meeting)) return m.drop("live");
	const l = opened.value;
	const before = m.lives.get(l.j);
	if (before && l.time <= before.time) return m.drop("live seen before"); // a replay would keep the dead alive
	m.lives.set(l.j, { ...l, at: m.now });
	m.calm("unheard", l.j);
	consider(m, l.j);
	compare(m, l);
}

/** The leader's part (media/PROTOCOL.md section 4): links, admissions, removals, epochs. media/e2ee/member_leader.go is the same in Go. */
import { MAX_INDEX, MAX_MEMBERS, MAX_SUCCESSORS } from "./body.js";
import { isGuest, validAt } from "./certificate.js";
import { Epoch } from "./epoch.js";
import { commitment, infoOf, keys, sealBox } from "./keys.js";
import { NONE, signLink } from "./link.js";
import { sameEpoch, sameSeats } from "./list.js";
import { leave } from "./member-board.js";
import { install } from "./member-keys.js";
import { quiet } from "./member-list.js";
import { deny as denial, end } from "./moves.js";
import { BATCH, KEYS_WITHIN, LINK_EVERY, LOST, REKEY_EVERY, REPOST, SILENCE } from "./times.js";

/** @typedef {import("./member.js").Member} Member */
/** @typedef {import("./link.js").LinkBody} LinkBody */
/** @typedef {import("./list.js").List} List */

/**
 * A link on its way to the board. There is one at most, and it is sent again unchanged: a leader that signed two links of one version would be taken
 * for a liar. secret: of the epoch that it names; epoch: it names a new one.
 * @typedef {{ link: Uint8Array, keys: Uint8Array | undefined, hash: string, version: number, term: number, secret: Uint8Array, epoch: boolean, at: number }} SentLink
 */

/** What only a leader needs. It is kept from the start, so that a successor knows whom it has seen. */
export class Leadership {
	/** To be let in, since when. @type {Map<string, number>} */
	admit = new Map();
	/** Shown to the human. @type {Set<string>} */
	knocked = new Set();
	/** By the human. @type {Set<string>} */
	refused = new Set();
	/** By the human. @type {Set<string>} */
	removed = new Set();
	/** Devices that were let in before and did not lose that. @type {Set<string>} */
	known = new Set();
	/** Successors, by the human's choice. @type {string[]} */
	order = [];
	locked = false;
	/** Leave as soon as the list names it first. */
	heir = "";
	/** @type {SentLink | undefined} */
	sent;
	/** When the epoch began. */
	rekeyed = 0;
	/** This client upgrades the meeting, and makes the first list, */
	starts = false;
	/** at the latest then. */
	startsAt = 0;
}

/**
 * Whether this client leads, or has been accepted to lead the next term.
 * @param {Member} m
 */
export const leads = (m) => (m.newLeader ?? m.list?.body.leader) === m.j;

/**
 * Whether this client makes the first list: the host of an upgrade when those who stay are there, or the host of a meeting that nobody leads.
 * @param {Member} m
 */
function begins(m) {
	if (m.state !== "waiting" || !m.posted || !m.secret) return false;
	if (m.lead.starts) return m.now >= m.lead.startsAt || allCarriedLive(m);
	return m.config.host && (!m.seen || m.now - m.seenAt >= LOST);
}

/** @param {Member} m */
const allCarriedLive = (m) => [...m.carried].every((j) => j === m.j || m.lives.has(j) || m.left.has(j));

/**
 * Does the leader's part: a link whenever one is due.
 * @param {Member} m
 */
export async function serve(m) {
	if (!leads(m) && !begins(m)) return;
	const { sent, heir } = m.lead;
	if (heir && m.list?.body.successors[0] === heir) await leave(m);
	else if (sent && sent.term === nextTerm(m) && sent.version === nextVersion(m)) again(m, sent);
	else if (due(m)) await publish(m);
}

/**
 * Sends what has not come back.
 * @param {Member} m
 * @param {SentLink} s
 */
function again(m, s) {
	if (m.now - s.at < REPOST) return;
	s.at = m.now;
	m.do({ type: "post", message: s.link });
	if (s.keys) m.do({ type: "post", message: s.keys });
}

/** @param {Member} m */
const nextVersion = (m) => (m.list?.body.version ?? 0) + 1;

/** @param {Member} m */
function nextTerm(m) {
	if (!m.list) return 1;
	return m.newLeader === undefined ? m.list.body.term : m.list.body.term + 1;
}

/**
 * Whether a link has to be made now.
 * @param {Member} m
 */
function due(m) {
	const list = m.list?.body;
	if (!list) return true;
	if (m.newLeader !== undefined) return allMembersLive(m, list) || m.now - m.newLeaderAt >= KEYS_WITHIN;
	if (m.now - m.linkAt >= LINK_EVERY || list.locked !== m.lead.locked) return true;
	if (list.members.some((s) => gone(m, s.j))) return true;
	const successors = successorsOf(m, list.members);
	if (successors.length !== list.successors.length || successors.some((j, i) => j !== list.successors[i])) return true;
	return batchReady(m);
}

/**
 * Joins that arrive within half a second are let in together.
 * @param {Member} m
 */
const batchReady = (m) => [...m.lead.admit].some(([j, since]) => m.now - since >= BATCH && admittable(m, j));

/**
 * Whether a member must be left out.
 * @param {Member} m
 * @param {string} j
 */
const gone = (m, j) => j !== m.j && (m.left.has(j) || m.lead.removed.has(j) || m.split.has(j) || quiet(m, j) >= SILENCE || mute(m, j));

/**
 * A new leader cannot seal to a member that gave it no nonce.
 * @param {Member} m
 * @param {string} j
 */
const mute = (m, j) => m.newLeader !== undefined && !m.lives.has(j) && m.now - m.newLeaderAt >= KEYS_WITHIN;

/**
 * Whether a new leader has a nonce of everyone who stays.
 * @param {Member} m
 * @param {LinkBody} list
 */
const allMembersLive = (m, list) => list.members.every(({ j }) => j === m.j || m.lives.has(j) || gone(m, j));

/**
 * Whether a join may be let in if the human agrees: it holds, it knew the link or was carried over, and it is not a past one.
 * @param {Member} m
 * @param {string} j
 */
function admissible(m, j) {
	const join = m.joins.get(j);
	if (!join || !m.secret || j === m.j || m.left.has(j) || m.lead.refused.has(j) || m.lead.removed.has(j) || m.since.has(j)) return false;
	return m.carried.has(j) || join.lettered(m.secret);
}

/**
 * Whether there is no seat or no index left.
 * @param {Member} m
 */
const full = (m) => m.list !== undefined && (m.list.body.members.length >= MAX_MEMBERS || m.list.body.next > MAX_INDEX);

/**
 * Whether it can be let in by the next link.
 * @param {Member} m
 * @param {string} j
 */
function admittable(m, j) {
	const l = m.lives.get(j);
	const join = m.joins.get(j);
	if (!l || !join || m.lead.locked || full(m)) return false;
	return m.now - l.at < SILENCE && validAt(join.certificate, m.now) && admissible(m, j);
}

/**
 * Looks at a join that has come or given a sign of life: known devices and those carried over are let in at once, the human is asked about others.
 * @param {Member} m
 * @param {string} j
 */
export function consider(m, j) {
	const { lead } = m;
	const join = m.joins.get(j);
	if (!join || lead.admit.has(j) || (!leads(m) && !lead.starts) || lead.knocked.has(j) || !m.lives.has(j) || !admissible(m, j)) return;
	if (full(m)) m.warn("full", "");
	if (m.carried.has(j) || lead.known.has(join.device)) {
		lead.admit.set(j, m.now);
		return;
	}
	lead.knocked.add(j);
	m.do({ type: "knock", join });
}

/**
 * Who waits for the leader's human.
 * @param {Member} m
 */
export function lobby(m) {
	const all = [...m.lead.knocked].filter((j) => admissible(m, j)).sort();
	return all.flatMap((j) => m.joins.get(j) ?? []);
}

/**
 * The members of the next link: those who stay with their indexes, then those who are let in (section 4, 6).
 * @param {Member} m
 */
async function seats(m) {
	const members = m.list ? m.list.body.members.filter((s) => !gone(m, s.j)) : [{ index: 0, j: m.j }];
	let next = m.list?.body.next ?? 1;
	for (const j of await batch(m)) {
		if (members.length >= MAX_MEMBERS || next > MAX_INDEX) break;
		members.push({ index: next++, j });
	}
	return { members, next };
}

/**
 * Who is let in now, by the time at which that was decided.
 * @param {Member} m
 */
async function batch(m) {
	/** @type {[j: string, since: number][]} */
	const all = [];
	const pause = new Pause();
	for (const [j, since] of m.lead.admit) {
		if (!admittable(m, j)) continue;
		if (await m.joins.get(j)?.sealable()) all.push([j, since]);
		else {
			m.drop("join with a key that nothing can be sealed to");
			m.lead.refused.add(j);
		}
		await pause.due();
	}
	return all.sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1)).map(([j]) => j);
}

/**
 * Who leads when this leader is gone: by the human's order, then accounts, then guests, each by index.
 * @param {Member} m
 * @param {import("./link.js").Seat[]} members
 */
function successorsOf(m, members) {
	/** @type {[chosen: string[], accounts: string[], guests: string[]]} */
	const ranks = [[], [], []];
	for (const { j } of members) {
		const join = m.joins.get(j);
		if (j === m.j || !join) continue;
		ranks[m.lead.order.includes(j) ? 0 : isGuest(join.certificate) ? 2 : 1].push(j);
	}
	ranks[0].sort((a, b) => m.lead.order.indexOf(a) - m.lead.order.indexOf(b));
	return ranks.flat().slice(0, MAX_SUCCESSORS);
}

/**
 * Makes the next link, and the keys where it names a new epoch.
 * @param {Member} m
 */
async function publish(m) {
	const { meeting, device } = m.config;
	const { members, next } = await seats(m);
	const before = m.list?.body;
	/** @type {LinkBody} */
	const b = { meeting, version: nextVersion(m), term: nextTerm(m), epoch: 1, locked: m.lead.locked, leader: m.j, successors: successorsOf(m, members), next, members, secret: "",
		previous: m.list?.hash ?? NONE, time: Math.max(m.now, before?.time ?? 0) };
	const goesOn = before && before.term === b.term;
	const epoch = !goesOn || !sameSeats(members, before.members) || m.now - m.lead.rekeyed >= REKEY_EVERY;
	const secret = epoch ? m.config.rand(32) : new Uint8Array(32);
	if (goesOn) b.epoch = before.epoch + (epoch ? 1 : 0);
	b.secret = epoch ? commitment(meeting, b.term, b.epoch, secret) : /** @type {LinkBody} */ (before).secret;
	const { message, hash } = await signLink(device, b, /** @type {Uint8Array} */ (m.secret));
	const sealed = epoch && members.length > 1 ? await sealKeys(m, b, hash, secret) : undefined;
	m.lead.sent = { link: message, keys: sealed, hash, version: b.version, term: b.term, secret, epoch, at: 0 };
	again(m, m.lead.sent);
}

/**
 * Seals the epoch's secret to every member but the leader (section 3.2). Of a thousand boxes that takes about a second; the worker does other things between.
 * @param {Member} m
 * @param {LinkBody} b
 * @param {string} named
 * @param {Uint8Array} secret
 */
async function sealKeys(m, b, named, secret) {
	/** @type {import("./keys.js").Box[]} */
	const boxes = [];
	const pause = new Pause();
	for (let i = 0; i < b.members.length; i += TOGETHER) {
		const some = await Promise.all(b.members.slice(i, i + TOGETHER).map(({ j }) => sealTo(m, b, named, secret, j)));
		boxes.push(...some.flatMap((box) => box ?? []));
		await pause.due();
	}
	const { meeting, term, epoch } = b;
	return boxes.length > 0 ? m.config.device.message(keys, { meeting, term, epoch, link: named, boxes }) : undefined;
}

/** How many boxes are under way at once: while WebCrypto does its part of one, the lattice of another is computed. */
const TOGETHER = 8;

/**
 * The box of a member, if it takes one.
 * @param {Member} m
 * @param {LinkBody} b
 * @param {string} named
 * @param {Uint8Array} secret
 * @param {string} j
 */
async function sealTo(m, b, named, secret, j) {
	const join = m.joins.get(j);
	if (j === m.j || !join) return undefined;
	const live = m.lives.get(j)?.nonce ?? "00".repeat(16);
	try {
		return await sealBox(join.hpke, infoOf(b, named, j), j, live, secret, /** @type {Uint8Array} */ (m.secret));
	} catch {
		m.drop("join with a key that nothing can be sealed to"); // a former leader let it in: it stays without keys
		return undefined;
	}
}

/** How long the worker may be kept from other things, in milliseconds. */
const SLICE = 12;

/** Lets the worker do what waits, once the slice of time is over. Microtasks alone would not: messages and timers come after them. */
class Pause {
	#since = performance.now();

	async due() {
		if (performance.now() - this.#since < SLICE) return;
		await new Promise((resolve) => setTimeout(resolve, 0));
		this.#since = performance.now();
	}
}

/**
 * Does what an accepted link means for this client's own leading.
 * @param {Member} m
 * @param {List | undefined} before
 * @param {List} list
 */
export function settleLead(m, before, list) {
	const { lead } = m;
	forgetDevices(m, before, list);
	for (const { j } of list.body.members) {
		const join = m.joins.get(j);
		if (join) lead.known.add(join.device);
		lead.admit.delete(j);
		lead.knocked.delete(j);
	}
	if (list.body.leader !== m.j) { // whoever leads next goes on as it was
		lead.locked = list.body.locked;
		lead.order = list.body.successors;
	} else if (before?.body.leader !== m.j) {
		greetLobby(m);
	}
	if (!before || !sameEpoch(before.epoch, list.epoch)) lead.rekeyed = m.now;
	const { sent } = lead;
	if (!sent || sent.version > list.body.version) return;
	lead.sent = undefined;
	if (sent.hash === list.hash && sent.epoch) install(m, new Epoch(list.epoch, m.config.meeting, sent.secret));
	else sent.secret.fill(0);
}

/**
 * Who was taken out without having left waits for the human's word when it comes back. A leader knows its own reasons.
 * @param {Member} m
 * @param {List | undefined} before
 * @param {List} list
 */
function forgetDevices(m, before, list) {
	for (const { j } of before?.body.members ?? []) {
		const lost = list.body.leader === m.j && !m.lead.removed.has(j);
		const join = m.joins.get(j);
		if (join && !list.has(j) && !m.left.has(j) && !lost) m.lead.known.delete(join.device);
	}
}

/**
 * Asks about everyone who waits, when this client begins to lead.
 * @param {Member} m
 */
function greetLobby(m) {
	for (const j of m.joins.keys()) {
		const l = m.lives.get(j);
		if (l && m.now - l.at < SILENCE) consider(m, j);
	}
}

/**
 * Tells a join that it is not let in.
 * @param {Member} m
 * @param {string} j
 */
export async function deny(m, j) {
	if (!m.joins.has(j) || m.list?.has(j)) return m.tell("not allowed", j);
	m.lead.refused.add(j);
	m.lead.admit.delete(j);
	m.do({ type: "post", message: await m.config.device.message(denial, { meeting: m.config.meeting, j, time: m.now }) });
}

/**
 * Takes a device's joins out with the next link: its other tabs, too.
 * @param {Member} m
 * @param {string} j
 */
export function remove(m, j) {
	if (j === m.j || !m.list?.has(j)) return m.tell("not allowed", j);
	for (const s of m.list.body.members) {
		if (s.j !== m.j && m.joins.get(s.j)?.device === m.joins.get(j)?.device) m.lead.removed.add(s.j);
	}
}

/**
 * Puts a member first in the succession; serve leaves when the list says so.
 * @param {Member} m
 * @param {string} to
 */
export function handOver(m, to) {
	if (to === m.j || !m.list?.has(to)) return m.tell("not allowed", to);
	m.lead.order = [to, ...m.lead.order.filter((j) => j !== to)];
	m.lead.heir = to;
}

/**
 * Ends the meeting.
 * @param {Member} m
 */
export async function endForAll(m) {
	if (!m.list) return m.tell("not allowed", "");
	const { meeting, device } = m.config;
	m.do({ type: "post", message: await device.message(end, { meeting, version: m.list.body.version, link: m.list.hash, time: m.now }) });
	m.move("ended");
}

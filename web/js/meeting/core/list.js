/** The acceptance of the participant list: every rule of media/PROTOCOL.md section 4. media/e2ee/list.go is the same in Go. */
import { LinkMessage, openLink } from "./link.js";

/** @typedef {import("./link.js").LinkBody} LinkBody */

/** Names an epoch beyond doubt: two epochs of one number, on two sides of a split, differ in link. @typedef {{ term: number, epoch: number, link: string }} EpochName */

/**
 * @param {EpochName} a
 * @param {EpochName} b
 */
export const sameEpoch = (a, b) => a.term === b.term && a.epoch === b.epoch && a.link === b.link;

/** The newest accepted link, and what is known by having followed the links before it. It is never changed. */
export class List {
	/** @type {Map<string, number>} the index of each member */
	seats;

	/**
	 * @param {LinkBody} body
	 * @param {string} hash
	 * @param {string} named the hash of the link that named the epoch first (section 5)
	 */
	constructor(body, hash, named) {
		this.body = body;
		this.hash = hash;
		this.named = named;
		this.seats = new Map(body.members.map((s) => [s.j, s.index]));
	}

	/** @param {string} j */
	has(j) {
		return this.seats.has(j);
	}

	/** The epoch that the list is in. @returns {EpochName} */
	get epoch() {
		return { term: this.body.term, epoch: this.body.epoch, link: this.named };
	}

	/**
	 * The member with an index.
	 * @param {number} index
	 */
	at(index) {
		return this.body.members.find((s) => s.index === index)?.j;
	}
}

/** A link that was accepted. @typedef {{ term: number, leader: string, hash: string }} Mark */

/**
 * What a client knows beside its list when it holds a link against it. secret: of the link; undefined for a client that was carried over and has no key
 * yet. join: one on the board that holds. carried: whether an upgrade names it. host: who may make a first link while there is no secret.
 * leader: whom an accepted `leader` names for the next term. known: links accepted before.
 * @typedef {{ meeting: string, self: string, secret: Uint8Array | undefined, join: (j: string) => import("./join.js").Join | undefined,
 *   carried: (j: string) => boolean, host: string, leader: string | undefined, known: (version: number) => Mark | undefined }} Facts
 */

/**
 * What a client has to do about a refused link. broken: drop and count it; again: nothing; ahead: links before it are missing; notListed: it holds, and
 * this client is not in it; equivocates: proof that the leader shows different lists.
 * @typedef {"broken" | "again" | "ahead" | "notListed" | "equivocates"} RefusalCause
 */

/** @typedef {{ cause: RefusalCause, rule: number, why: string }} Refusal */

/**
 * @param {number} rule
 * @param {string} why
 * @param {RefusalCause} [cause]
 * @returns {Refusal}
 */
const refuse = (rule, why, cause = "broken") => ({ cause, rule, why });

/** @typedef {(l: List | undefined, n: LinkMessage, f: Facts) => Refusal | undefined} Rule */
/** @typedef {(l: List, n: LinkMessage, f: Facts) => Refusal | undefined} LaterRule */

/**
 * Holds a link against the list so far, undefined before the first, and gives the new list or says why not. It changes neither.
 * @param {List | undefined} l
 * @param {import("./message.js").Message} m
 * @param {Facts} f
 * @returns {Promise<List | Refusal>}
 */
export async function accept(l, m, f) {
	const n = await openLink(m).catch(() => undefined);
	if (!n) return refuse(1, "form or signature does not hold"); // and no more: the words are counted by
	const refusal = l ? firstOf(laterRules, (rule) => rule(l, n, f)) : firstOf(firstRules, (rule) => rule(l, n, f));
	return refusal ?? follow(l, n);
}

/**
 * @template T
 * @param {T[]} rules
 * @param {(rule: T) => Refusal | undefined} ask
 */
function firstOf(rules, ask) {
	for (const rule of rules) {
		const refusal = ask(rule);
		if (refusal) return refusal;
	}
	return undefined;
}

/**
 * Makes the list that a link which holds leads to.
 * @param {List | undefined} l
 * @param {LinkMessage} n
 */
function follow(l, n) {
	const same = l && l.body.term === n.body.term && l.body.epoch === n.body.epoch;
	return new List(n.body, n.hash, same ? l.named : n.hash);
}

/** Meeting and mac; the signature has been checked by openLink. @type {Rule} */
function rule1(_, n, f) {
	if (n.body.meeting !== f.meeting) return refuse(1, "the link is of another meeting");
	if (f.secret && !n.macHolds(f.secret)) return refuse(1, "the link's mac does not hold: its leader does not know the meeting's link");
	return undefined;
}

/** The signer is the device of the leader; the rest has been checked by its form. @type {Rule} */
function rule2(_, n, f) {
	return f.join(n.body.leader)?.device === n.signer ? undefined : refuse(2, "the link is not signed by its leader's device");
}

/** The next version, naming this list; and the proof of two links in one place. @type {LaterRule} */
function rule3(l, { body, hash }, f) {
	const mark = f.known(body.version);
	if (mark && mark.hash === hash) return refuse(3, "the link is known", "again");
	if (mark && mark.term === body.term && mark.leader === body.leader) return refuse(3, "the leader signed two links of one version and term", "equivocates");
	if (body.version > l.body.version + 1 && body.leader === l.body.leader) {
		return refuse(3, "links before this one are missing", "ahead"); // of nobody else: a member could end the meeting for all with it
	}
	if (body.version !== l.body.version + 1 || body.previous !== l.hash) return refuse(3, "the link does not continue this list");
	return undefined;
}

/** The leader of the term, or the one that an accepted `leader` names. @type {LaterRule} */
function rule4({ body: l }, { body: n }, f) {
	const same = f.leader === undefined && n.term === l.term && n.leader === l.leader;
	const next = f.leader !== undefined && n.term === l.term + 1 && n.leader === f.leader;
	return same || next ? undefined : refuse(4, "the link is not by the leader of this term, nor by one who took over");
}

/** Epochs rise by one, and only a new one may change members or secret. @type {LaterRule} */
function rule5({ body: l }, { body: n }) {
	if (n.term !== l.term) return n.epoch === 1 ? undefined : refuse(5, "a new term begins with epoch 1");
	if (n.epoch === l.epoch) {
		return n.secret === l.secret && sameSeats(n.members, l.members) ? undefined : refuse(5, "members or secret change without a new epoch");
	}
	if (n.epoch !== l.epoch + 1) return refuse(5, "epochs rise by one");
	return n.secret === l.secret ? refuse(5, "a new epoch has a new secret") : undefined;
}

/**
 * @param {import("./link.js").Seat[]} a
 * @param {import("./link.js").Seat[]} b
 */
export const sameSeats = (a, b) => a.length === b.length && a.every((s, i) => s.index === b[i].index && s.j === b[i].j);

/** Indexes are given once. @type {LaterRule} */
function rule6(l, { body: n }) {
	if (n.next < l.body.next) return refuse(6, "the next index falls");
	for (const s of n.members) {
		const index = l.seats.get(s.j);
		if (index !== undefined && index !== s.index) return refuse(6, "a member's index changes");
		if (index === undefined && s.index < l.body.next) return refuse(6, "an index is given twice");
	}
	return undefined;
}

/** @type {LaterRule} */
const rule7 = (l, n) => (n.body.time < l.body.time ? refuse(7, "the link is older than the one before it") : undefined);

/**
 * Every new member's join is on the board and holds. Before the first key a carried client has no secret to check macs with, and checks them when
 * it has (prove in member-keys.js). @type {Rule}
 */
function rule8(l, n, f) {
	for (const { j } of n.body.members) {
		if (l?.has(j)) continue;
		const join = f.join(j);
		if (!join) return refuse(8, "a new member's join is not on the board, or does not hold");
		if (f.secret && !f.carried(j) && !join.lettered(f.secret)) return refuse(8, "a new member did not know the meeting's link");
	}
	return undefined;
}

/** Only a link that holds otherwise can say that this client was removed. @type {Rule} */
function rule9(_, n, f) {
	return n.body.members.some((s) => s.j === f.self) ? undefined : refuse(9, "this client is not in the list", "notListed");
}

/** Without the secret, only the host of the upgrade may make the first link. With it, rules 1 and 8 say enough. @type {Rule} */
function ruleFirstLeader(_, n, f) {
	if (f.secret || n.body.leader === f.host) return undefined;
	return refuse(8, "a first link for a client that was carried over is made by the host of the upgrade");
}

// The order matters: what a stranger could forge is looked at only after signature and mac hold. In a first link rule 9 is no removal, and
// saves the work of the others.
const firstRules = [rule1, rule2, rule9, rule8, ruleFirstLeader];
/** @type {LaterRule[]} */
const laterRules = [rule1, rule2, rule3, rule4, rule5, rule6, rule7, rule8, rule9];

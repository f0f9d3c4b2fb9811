/** How a member follows the list and watches the others (media/PROTOCOL.md section 4). media/e2ee/member_list.go is the same in Go. */
import { isGuest } from "./certificate.js";
import { openLink } from "./link.js";
import { List, accept, sameEpoch } from "./list.js";
import { settleLead } from "./member-leader.js";
import { KEYS_WITHIN, LOST, SILENCE, SPLIT_FOR, STALE, UNHEARD } from "./times.js";

/** @typedef {import("./member.js").Member} Member */

/**
 * What the client knows beside its list.
 * @param {Member} m
 * @returns {import("./list.js").Facts}
 */
const facts = (m) => ({
	meeting: m.config.meeting,
	self: m.j,
	secret: m.secret,
	join: (j) => m.joins.get(j),
	carried: (j) => m.carried.has(j) || m.named.has(j),
	host: m.host,
	leader: m.newLeader,
	known: (version) => m.marks.get(version),
});

/**
 * Holds a link against the list.
 * @param {Member} m
 * @param {import("./message.js").Message} msg
 */
export async function link(m, msg) {
	if (!m.e2ee) return m.drop("link in a standard meeting");
	const l = await accept(m.list, msg, facts(m));
	if (!(l instanceof List)) return refused(m, l, msg);
	await follow(m, l);
	if (!m.secret) m.unproven.push(await openLink(msg));
}

/**
 * Does what section 13 says about a link that does not hold.
 * @param {Member} m
 * @param {import("./list.js").Refusal} r
 * @param {import("./message.js").Message} msg
 */
async function refused(m, r, msg) {
	if (r.cause === "broken") m.drop(`link: ${r.why}`);
	else if (r.cause === "equivocates") m.move("equivocation");
	else if (r.cause === "ahead" && m.list) behind(m, m.list, m.list.body.version + 1);
	else if (r.cause === "notListed" && m.list) m.move("removed");
	else if (r.cause === "notListed") await look(m, msg);
}

/**
 * Notes who leads while this client is not on the list: for `deny`, `end`, and for a host who finds nobody leading.
 * @param {Member} m
 * @param {import("./message.js").Message} msg
 */
async function look(m, msg) {
	const n = await openLink(msg);
	if (!m.secret && n.body.leader !== m.host) return;
	if (m.seen?.body.leader !== n.body.leader) m.livedAt = 0; // this leader has not heard of who waits
	m.seen = n;
	m.seenAt = m.now;
}

/**
 * Follows a link that holds.
 * @param {Member} m
 * @param {List} l
 */
async function follow(m, l) {
	const before = m.list;
	m.list = l;
	m.linkAt = m.now;
	m.seen = undefined;
	m.marks.set(l.body.version, { term: l.body.term, leader: l.body.leader, hash: l.hash });
	for (const { j } of l.body.members) await greet(m, before, j);
	for (const j of m.split.keys()) {
		if (!l.has(j)) m.split.delete(j);
	}
	if (before && before.body.term !== l.body.term) m.newLeader = undefined;
	m.do({ type: "list", list: l });
	m.calm("stale", "");
	sayLeader(m, before, l);
	stage(m, before, l);
	settleLead(m, before, l);
	for (const [j, claim] of m.claims) {
		if (claim.version > l.body.version) continue;
		m.claims.delete(j);
		compare(m, claim);
	}
}

/**
 * Moves the state on: a first link, or one that names a new epoch.
 * @param {Member} m
 * @param {List | undefined} before
 * @param {List} l
 */
function stage(m, before, l) {
	if (!before) {
		m.move("listed");
		m.keysDue = m.now + KEYS_WITHIN;
		m.livedAt = 0;
	} else if (!sameEpoch(before.epoch, l.epoch)) {
		m.move("epoch");
		m.keysDue ||= m.now + KEYS_WITHIN; // not moved on by further epochs: a leader could keep senders in an old one for ever
	} else if (m.state === "in") {
		m.send(true); // it may have been stopped while no link came
	}
}

/**
 * Notes a new member and tells people of a strange device (section 2).
 * @param {Member} m
 * @param {List | undefined} before
 * @param {string} j
 */
async function greet(m, before, j) {
	const join = m.joins.get(j);
	if (before?.has(j) || !join) return;
	m.since.set(j, m.now);
	if (!isGuest(join.certificate) && (await m.config.memory.meet(join.certificate.account, join.device))) m.warn("new device", j);
}

/**
 * Tells people that another leads, and so that the code is another.
 * @param {Member} m
 * @param {List | undefined} before
 * @param {List} l
 */
function sayLeader(m, before, l) {
	const { leader } = l.body;
	if (!before || before.body.leader === leader) return;
	m.calm("leader", leader);
	m.warn("leader", leader);
}

/**
 * Holds what a sign of life says of the list against what this client knows, or comes to know.
 * @param {Member} m
 * @param {import("./moves.js").Live} l
 */
export function compare(m, l) {
	const { j, version } = l;
	if (!m.list || j === m.j || version === 0) return;
	const mark = m.marks.get(version);
	if (!mark) {
		if (!m.claims.has(j) && version > m.list.body.version) m.claims.set(j, l);
	} else if (mark.hash === l.link) {
		return;
	} else if (j === mark.leader && j === m.list.body.leader) {
		m.move("equivocation"); // it has signed two lists for one place
	} else if (m.list.has(j)) {
		if (!m.split.has(j)) m.split.set(j, m.now);
		m.warn("split", j);
	} else {
		m.warn("apart", j);
	}
}

/**
 * Holds the times within which links must come.
 * @param {Member} m
 */
export function watchList(m) {
	const { list } = m;
	if (!list) return;
	const age = m.now - m.linkAt;
	if (m.lag.to <= list.body.version) {
		m.lag = { to: 0, since: 0 };
		behind(m, list, leaderSays(m, list));
	}
	if (m.lag.to !== 0 && m.now - m.lag.since >= SILENCE) m.move("gap");
	else if (list.body.leader === m.j && m.newLeader === undefined && age >= SILENCE) m.move("cut off");
	else if (age >= LOST) m.move("no leader");
	else if (age >= STALE) {
		m.send(false);
		m.warn("stale", "");
	}
}

/**
 * Notes that there is a newer link than this client was given.
 * @param {Member} m
 * @param {List} list
 * @param {number} version
 */
function behind(m, list, version) {
	if (m.lag.to === 0 && version > list.body.version) m.lag = { to: version, since: m.now };
}

/**
 * The newest version by the leader's own sign of life. Nobody else's word counts: a member could end the meeting for all.
 * @param {Member} m
 * @param {List} list
 */
export const leaderSays = (m, { body: { leader } }) => (leader === m.j ? 0 : (m.lives.get(leader)?.version ?? 0));

/**
 * Watches the others: who names another list must be left out, who is listed should be heard.
 * @param {Member} m
 */
export function watchMembers(m) {
	if (!m.list) return;
	for (const since of m.split.values()) {
		if (m.now - since < SPLIT_FOR) continue;
		m.move("equivocation");
		return;
	}
	for (const { j } of m.list.body.members) {
		if (j !== m.j && quiet(m, j) >= UNHEARD) m.warn("unheard", j);
	}
}

/**
 * For how long nothing was heard of a member.
 * @param {Member} m
 * @param {string} j
 */
export const quiet = (m, j) => m.now - Math.max(m.since.get(j) ?? 0, m.lives.get(j)?.at ?? 0);

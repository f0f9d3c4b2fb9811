/**
 * Change of leader (media/PROTOCOL.md section 4). Whoever takes over waits longer than the others need to believe it, so that a message that is under way
 * decides nothing; and the board's order is the same for all. media/e2ee/member_succession.go is the same in Go.
 */
import { MAX_TERM } from "./body.js";
import { by } from "./member-board.js";
import { leaderSays, quiet } from "./member-list.js";
import { tryOpen } from "./message.js";
import { leader } from "./moves.js";
import { FRESH, LENIENT, MISSED, REPOST, SILENCE } from "./times.js";

/** @typedef {import("./member.js").Member} Member */
/** @typedef {import("./list.js").List} List */

/**
 * Whether the leader has left, or no link was accepted for so long.
 * @param {Member} m
 * @param {List} list
 * @param {number} wait
 */
const leaderMissed = (m, list, wait) => m.left.has(list.body.leader) || m.now - m.linkAt >= wait;

/**
 * Whether a successor is out of the running: it left, or gave no sign of life for so long.
 * @param {Member} m
 * @param {string} j
 * @param {number} wait
 */
const passedOver = (m, j, wait) => j !== m.j && (m.left.has(j) || quiet(m, j) >= wait);

/**
 * Whether a join is the first successor that is not passed over.
 * @param {Member} m
 * @param {List} list
 * @param {string} j
 * @param {number} wait
 */
const isNext = (m, list, j, wait) => list.body.successors.find((s) => s === j || !passedOver(m, s, wait)) === j;

/**
 * Claims the lead when this client is next.
 * @param {Member} m
 */
export async function takeOver(m) {
	const { list } = m;
	if (!list || (m.state !== "in" && m.state !== "rekeying") || list.body.leader === m.j || m.newLeader === m.j || list.body.term >= MAX_TERM) return;
	if (!leaderMissed(m, list, SILENCE) || leaderSays(m, list) > list.body.version || m.now - m.claimedAt < REPOST || !isNext(m, list, m.j, FRESH)) return;
	m.claimedAt = m.now;
	const claim = { meeting: m.config.meeting, term: list.body.term + 1, j: m.j, last: list.hash, time: m.now };
	m.do({ type: "post", message: await m.config.device.message(leader, claim) });
}

/**
 * Holds a `leader` against the list. Until its first link nothing else changes.
 * @param {Member} m
 * @param {import("./message.js").Message} msg
 */
export async function claimed(m, msg) {
	const opened = await tryOpen(msg.signed, leader);
	if (!opened || !m.list || !by(m, opened.value.j, opened.signed, opened.value.meeting) || !believes(m, m.list, opened.value)) return m.drop("leader");
	m.newLeader = opened.value.j;
	m.newLeaderAt = m.now;
	m.livedAt = 0; // the new leader needs a nonce of everyone, at once
}

/**
 * Whether this client, too, misses the leader, and the one who claims to lead is next.
 * @param {Member} m
 * @param {List} list
 * @param {import("./moves.js").Leader} claim
 */
function believes(m, list, { term, j, last }) {
	if (term !== list.body.term + 1 || last !== list.hash || !leaderMissed(m, list, MISSED) || m.left.has(j)) return false;
	if (m.newLeader !== undefined && !passedOver(m, m.newLeader, LENIENT)) return false;
	return isNext(m, list, j, LENIENT);
}

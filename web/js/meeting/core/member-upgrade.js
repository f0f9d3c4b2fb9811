/** Standard meetings, and the way out of them for good (media/PROTOCOL.md section 9). media/e2ee/member_upgrade.go is the same in Go. */
import { by } from "./member-board.js";
import { use } from "./member-keys.js";
import { tryOpen } from "./message.js";
import { upgrade } from "./moves.js";
import { PERSON, standardEpoch } from "./standard.js";
import { CARRY_WAIT } from "./times.js";

/** @typedef {import("./member.js").Member} Member */
/** @typedef {import("./moves.js").Upgrade} Upgrade */

const MAX_UPGRADES = 100;

/**
 * Takes a standard key, if this client may take one at all.
 * @param {Member} m
 * @param {import("./standard.js").Grant} g
 */
export async function grant(m, g) {
	if (!(await mayBeStandard(m, g.meeting))) return;
	const newest = m.epochs.at(-1);
	if (newest && newest.name.epoch >= g.epoch) return m.drop("grant of an epoch that is known");
	if (m.move("grant")) use(m, standardEpoch(g));
	await obey(m);
}

/**
 * Whether a grant or a roster may be looked at. The lasting note is read each time: another tab may have written it.
 * @param {Member} m
 * @param {string} meeting
 */
async function mayBeStandard(m, meeting) {
	if (meeting !== m.config.meeting) {
		m.drop("another meeting's grant or roster");
		return false;
	}
	if (m.e2ee) {
		m.drop("grant or roster in an end-to-end encrypted meeting");
		m.warn("downgrade", "");
		return false;
	}
	if (await m.config.memory.remembered(meeting)) {
		await turn(m);
		m.warn("downgrade", "");
		m.warn("needs link", "");
		return false;
	}
	return true;
}

/**
 * Leaves the standard meeting for good: stop, note, delete. The order is the page's.
 * @param {Member} m
 */
async function turn(m) {
	m.send(false);
	await m.remember();
	m.erase();
	m.roster = undefined;
	m.move(m.state === "new" ? "letter" : "upgrade");
	m.livedAt = 0;
}

/**
 * @param {Member} m
 * @param {import("./standard.js").Roster} r
 */
export async function rostered(m, r) {
	if (!(await mayBeStandard(m, r.meeting))) return;
	m.roster = r;
	await obey(m);
}

/**
 * Keeps an upgrade whose signature holds. In a meeting that is end-to-end encrypted it only says who needed no link to be let in: the leader's word, in
 * the list, decides whether they were.
 * @param {Member} m
 * @param {import("./message.js").Message} msg
 */
export async function upgraded(m, msg) {
	const opened = await tryOpen(msg.signed, upgrade);
	if (!opened || !by(m, opened.value.host, opened.signed, opened.value.meeting)) return m.drop("upgrade");
	for (const j of opened.value.carried) {
		if (m.joins.has(j)) m.named.add(j); // who is carried over has joined before
	}
	const byHost = m.roster?.hosts.includes(opened.value.host);
	if (m.e2ee || (!byHost && m.upgrades.length >= MAX_UPGRADES)) return; // others cannot sign so many that the host's is lost
	m.upgrades.push(opened.value);
	await obey(m);
}

/**
 * @param {Member} m
 * @param {Upgrade} u
 */
function carry(m, u) {
	for (const j of u.carried) m.carried.add(j);
}

/**
 * Follows the first upgrade by a host of the roster. Whichever of the two came first.
 * @param {Member} m
 */
export async function obey(m) {
	const { roster } = m;
	if (m.state !== "standard" || !roster) return;
	const u = m.upgrades.find((u) => roster.hosts.includes(u.host));
	if (!u) return;
	await turn(m);
	m.host = u.host;
	carry(m, u);
	if (!m.carried.has(m.j)) m.move("not carried");
}

/**
 * The host's own part: a link secret, the upgrade, and then a list of those who are there.
 * @param {Member} m
 * @param {string[]} confirmed
 */
export async function startUpgrade(m, confirmed) {
	const { roster } = m;
	const { meeting, device } = m.config;
	if (m.state !== "standard" || !m.posted || !roster?.hosts.includes(m.j)) return m.tell("not allowed", "");
	const secret = m.config.rand(32);
	const u = { meeting, host: m.j, carried: staying(m, roster, confirmed), time: m.now };
	await turn(m);
	m.secret = secret;
	m.host = m.j;
	carry(m, u);
	m.lead.starts = true;
	m.lead.startsAt = m.now + CARRY_WAIT;
	m.do({ type: "post", message: await device.message(upgrade, u) });
}

/**
 * Who is carried over: the host first, then people of the roster whom the human has confirmed, never connectors.
 * @param {Member} m
 * @param {import("./standard.js").Roster} roster
 * @param {string[]} confirmed
 */
function staying(m, roster, confirmed) {
	const others = roster.members.filter(({ kind, j }) => kind === PERSON && j !== m.j && confirmed.includes(j) && m.joins.has(j) && !m.left.has(j));
	return [m.j, ...others.map((s) => s.j)];
}

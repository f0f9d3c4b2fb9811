/** How a member opens its box, and keeps and drops epochs (media/PROTOCOL.md section 5). media/e2ee/member_keys.go is the same in Go. */
import { Epoch } from "./epoch.js";
import * as boxes from "./keys.js";
import { sameEpoch } from "./list.js";
import { tryOpen } from "./message.js";
import { NONCE_AGE, OLD_KEYS } from "./times.js";

/** @typedef {import("./member.js").Member} Member */
/** @typedef {import("./list.js").EpochName} EpochName */

/**
 * Opens this client's box of a keys message.
 * @param {Member} m
 * @param {import("./message.js").Message} msg
 */
export async function keys(m, msg) {
	const opened = await tryOpen(msg.signed, boxes.keys);
	const { list } = m;
	if (!opened || opened.value.meeting !== m.config.meeting || !list) return m.drop("keys");
	const k = opened.value;
	const name = { term: k.term, epoch: k.epoch, link: k.link };
	if (m.epochs.some((e) => sameEpoch(e.name, name))) return; // sent again, or this client's own
	if (!sameEpoch(name, list.epoch) || opened.signed.signer !== m.joins.get(list.body.leader)?.device) return m.drop("keys of another epoch");
	const box = k.boxes.find((b) => b.to === m.j);
	if (!box) return m.drop("keys without a box for this join");
	if (!(await open(m, list, box))) {
		m.drop("keys that do not hold");
		m.warn("bad keys", list.body.leader);
	}
}

/**
 * Checks that the box answers a nonce of this join and fits the list, and installs the list's epoch. It tells whether the box holds.
 * @param {Member} m
 * @param {import("./list.js").List} list
 * @param {import("./keys.js").Box} box
 */
async function open(m, list, box) {
	const { me, config } = m;
	if (!me.hpke || !answers(m, box.live)) return false;
	const secrets = await boxes.openBox(box, me.hpke, boxes.infoOf(list.body, list.named, m.j)).catch(() => undefined);
	if (!secrets) return false;
	const { term, epoch, secret } = list.body;
	if (boxes.commitment(config.meeting, term, epoch, secrets.epoch) !== secret) return false;
	if (m.secret && !m.secret.every((b, i) => b === secrets.link[i])) return false;
	if (!m.secret && !prove(m, list, secrets.link)) {
		m.move("forged");
		return true;
	}
	install(m, new Epoch(list.epoch, config.meeting, secrets.epoch));
	return true;
}

/**
 * Checks, for a client that was carried over, what it had to accept before it knew the link's secret (section 4, rules 1 and 8).
 * @param {Member} m
 * @param {import("./list.js").List} list
 * @param {Uint8Array} secret of the link
 */
function prove(m, list, secret) {
	if (m.unproven.some((l) => !l.macHolds(secret))) return false;
	if (list.body.members.some(({ j }) => !m.carried.has(j) && !m.joins.get(j)?.lettered(secret))) return false;
	m.secret = secret;
	m.unproven = [];
	return true;
}

/**
 * @param {Member} m
 * @param {string} live
 */
const answers = (m, live) => m.nonces.some((n) => n.value === live && m.now - n.at <= NONCE_AGE);

/**
 * Takes an epoch into use at once.
 * @param {Member} m
 * @param {Epoch} e
 */
export function install(m, e) {
	if (!m.move("keys")) return;
	use(m, e);
	m.calm("no keys", "");
}

/**
 * Takes an epoch into use, and sets the end of the ones before it.
 * @param {Member} m
 * @param {Epoch} e
 */
export function use(m, e) {
	for (const old of m.epochs) old.dropAt ||= m.now + OLD_KEYS;
	m.epochs.push(e);
	m.keysDue = 0;
	m.do({ type: "install", epoch: e });
	m.send(true);
}

/** @param {Member} m */
export function dropOldKeys(m) {
	m.epochs = m.epochs.filter((e) => {
		const due = e.dropAt !== 0 && m.now >= e.dropAt;
		if (due) m.forget(e);
		return !due;
	});
}

/**
 * Holds the 10 s within which the key of a new epoch must come (sections 4 and 5).
 * @param {Member} m
 */
export function watchKeys(m) {
	if (m.keysDue === 0 || m.now < m.keysDue) return;
	if (m.state === "listed") {
		m.move("no keys");
		return;
	}
	m.send(false);
	m.warn("no keys", "");
}

/**
 * This client's own index, in the list or the roster.
 * @param {Member} m
 */
export function index(m) {
	return m.e2ee ? m.list?.seats.get(m.j) : m.roster?.members.find((s) => s.j === m.j)?.index;
}

/**
 * Who has an index now.
 * @param {Member} m
 * @param {number} at
 */
export function sender(m, at) {
	return m.e2ee ? m.list?.at(at) : m.roster?.members.find((s) => s.index === at)?.j;
}

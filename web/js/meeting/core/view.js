/** What the page shows of a meeting: a snapshot of what this client has checked, without a key in it. Its shape is that of room/view.js. */
import { isGuest, legible } from "./certificate.js";
import { PERSON } from "./standard.js";
import { ENDINGS } from "./state.js";

/** @typedef {import("./member.js").Member} Member */

/**
 * What the session knows beside its member. e2ee: also of one who is out; lobby, terms and phone: a standard meeting's, by the server's word; over: the server's last
 * word; ring: for how many seconds hosts' devices keep what they received; strange: device keys; compared: whether the code was.
 * @typedef {{ e2ee: boolean, lobby: import("./control.js").Lobby | undefined, terms: import("./control.js").Terms | undefined,
 *   phone: import("./control.js").Phone | undefined, over: import("./control.js").Over | undefined,
 *   strange: Set<string>, ring: number, compared: boolean, upgraded: boolean, identityChanged: boolean, online: boolean, now: number }} Beside
 */

const KINDS = /** @type {const} */ (["person", "recorder", "telephone", "staff"]);

/** Of how long somebody was not heard the page needs no more than this, in ms: else it would be told at every tick. */
const HEARD = 10_000;

/**
 * epochs are those that are held, as term.epoch; online: whether the control session is open.
 * @param {Member} m
 * @param {Beside} b
 * @returns {import("../room/view.js").View & { epochs: string[], online: boolean }}
 */
export function view(m, b) {
	const list = m.list?.body;
	return {
		...standing(m, b),
		me: m.j,
		sending: m.sending,
		leads: m.leads,
		locked: b.e2ee ? m.leads ? m.lead.locked : (list?.locked ?? false) : (b.lobby?.locked ?? false),
		lobbyOn: !b.e2ee && (b.lobby?.on ?? false),
		host: b.e2ee ? m.leads : (m.roster?.hosts.includes(m.j) ?? false),
		leader: list?.leader ?? "",
		successors: list?.successors ?? [],
		members: b.e2ee ? (list?.members ?? []).map(({ index, j }) => listed(m, b, index, j)) : (m.roster?.members ?? []).map((s) => rostered(m, b, s)),
		waiting: waiting(m, b),
		code: m.code,
		compared: b.compared,
		ring: b.ring,
		link: m.secret !== undefined,
		upgraded: b.upgraded,
		terms: b.e2ee || !b.terms ? null : { may: b.terms.may, why: b.terms.why, lost: b.terms.lost },
		phone: b.e2ee || !b.phone ? null : { number: b.phone.number, pin: b.phone.pin },
		dropped: { ...m.dropped },
		identityChanged: b.identityChanged,
		noted: !m.warned.has("not noted "),
		differ: m.split.size > 0 || [...m.warned].some((w) => w.startsWith("apart ")),
		epochs: m.epochs.map(({ name }) => `${name.term}.${name.epoch}`),
		online: b.online,
	};
}

/**
 * Where this client stands, and what the server's last word adds to it. Who waits at the door of a standard meeting is new to the member: it has no key.
 * @param {Member} m
 * @param {Beside} b
 */
function standing(m, b) {
	const mode = b.e2ee ? /** @type {const} */ ("e2ee") : /** @type {const} */ ("standard");
	if (m.isOut && b.over) return { state: m.state, cause: b.over.cause, words: b.e2ee ? `The server ended this session: ${b.over.why}` : b.over.why, mode };
	const state = m.state === "new" && b.lobby ? /** @type {const} */ ("waiting") : m.state;
	return { state, cause: m.cause, words: m.cause && ENDINGS[m.cause], mode };
}

/**
 * @param {Member} m
 * @param {Beside} b
 * @param {string} j
 */
function person(m, b, j) {
	const join = m.joins.get(j);
	const c = join?.certificate;
	const seen = m.lives.get(j)?.at ?? m.since.get(j);
	return {
		join: j,
		name: legible(c?.name ?? ""),
		organisation: legible(c?.organisation ?? ""),
		account: c?.account ?? "",
		guest: c !== undefined && isGuest(c),
		device: join ? grouped(join.device) : "",
		strange: join !== undefined && j !== m.j && b.strange.has(join.device),
		heard: seen === undefined ? null : floor(b.now - seen),
		me: j === m.j,
	};
}

/** @param {number} ms */
const floor = (ms) => ms - (ms % HEARD);

/** The first digits of a device key, as people compare them. @param {string} key */
const grouped = (key) => `${key.slice(0, 4)} ${key.slice(4, 8)}`.toUpperCase();

/**
 * @param {Member} m
 * @param {Beside} b
 * @param {number} index
 * @param {string} j
 */
function listed(m, b, index, j) {
	const leader = m.list?.body.leader === j;
	return { ...person(m, b, j), index, kind: KINDS[PERSON], leader, host: leader };
}

/**
 * @param {Member} m
 * @param {Beside} b
 * @param {import("./standard.js").RosterSeat} seat
 */
function rostered(m, b, { index, kind, j, name }) {
	const p = person(m, b, j);
	return { ...p, name: p.name || legible(name), index, kind: KINDS[kind], leader: false, host: m.roster?.hosts.includes(j) ?? false };
}

/**
 * Who waits for this client's human.
 * @param {Member} m
 * @param {Beside} b
 */
function waiting(m, b) {
	if (b.e2ee) return m.leads ? m.lobby.map(({ j, certificate: c }) => ({ join: j, name: legible(c.name), organisation: legible(c.organisation), guest: isGuest(c) })) : [];
	return (b.lobby?.waiting ?? []).map(({ j, name }) => {
		const c = m.joins.get(j)?.certificate;
		return { join: j, name: legible(c?.name ?? name), organisation: legible(c?.organisation ?? ""), guest: c !== undefined && isGuest(c) };
	});
}

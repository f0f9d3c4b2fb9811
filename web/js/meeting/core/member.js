/**
 * One join's session in one meeting, from the page's opening to its end: the state machine that an honest client runs (media/PROTOCOL.md sections 3
 * to 5, 9 and 11). media/e2ee/member.go is the same in Go, says what the server may do and why each rule is there, and makes the histories that
 * both must agree on.
 *
 * It opens no connection and reads no clock: time comes in with each step, randomness from the config, and what must survive a reload goes through
 * Memory. Steps wait for signatures, keys and the memory, so they are taken one after the other; what is to be done is handed out at once, by
 * `act`: that sending stops must not wait for a disk.
 *
 * The parts of a member that have a subject of their own are functions over it in files of their own, as its methods are in Go.
 */
import { Board, askForHole, entry, leave, live, sendLive } from "./member-board.js";
import { dropOldKeys, index, sender, watchKeys } from "./member-keys.js";
import { Leadership, deny, endForAll, handOver, leads, lobby, remove, serve } from "./member-leader.js";
import { watchList, watchMembers } from "./member-list.js";
import { takeOver } from "./member-succession.js";
import { grant, rostered, startUpgrade } from "./member-upgrade.js";
import { securityCode } from "./code.js";
import { newJoin } from "./join.js";
import { ENDINGS, WARNINGS, apply } from "./state.js";

/**
 * What outlives the page (sections 2 and 9).
 *
 * remember notes that a meeting is end-to-end encrypted, for good; it rejects unless the note outlives a crash, and for every tab. remembered tells whether a
 * meeting was noted; when that cannot be known, it says true. meet notes that an account takes part with a device, and tells whether this client
 * has met the account before, but never with this device.
 * @typedef {{ remember: (meeting: string) => Promise<void>, remembered: (meeting: string) => Promise<boolean>,
 *   meet: (account: string, device: string) => Promise<boolean> }} Memory
 */

/**
 * What a Member is made of. identity: the identity keys that this client has accepted for the server. secret: of the link's fragment; undefined if it had
 * none. host: this device made the meeting, and leads it if nobody does. rand must not fail and must not repeat. act is handed each action at once.
 * @typedef {{ meeting: string, device: import("./device.js").Device, certificate: Uint8Array, identity: string[], secret: Uint8Array | undefined,
 *   host: boolean, rand: (size: number) => Uint8Array, memory: Memory, act?: (a: Action) => void }} Config
 */

/**
 * What a step asks its caller to do, in order. post: put a message on the board; live: send a sign of life, to be relayed to all; fetch: ask for the board's
 * entries from a number on; install: frames of an epoch can be opened from now on, and what is sent is sent in it; drop: an epoch's keys are gone, and
 * whoever derived from them forgets that too, at once; sending: allows or forbids that frames are sent, forbidden from the start; changed: the state is
 * another, and for out why; knock: to a leader, somebody waits for the human's word; list: a link was accepted; warning: for people, about whom, or "".
 * @typedef {{ type: "post", message: Uint8Array } | { type: "live", signed: Uint8Array } | { type: "fetch", from: number }
 *   | { type: "install", epoch: import("./epoch.js").Epoch } | { type: "drop", name: import("./list.js").EpochName } | { type: "sending", on: boolean }
 *   | { type: "changed", from: import("./state.js").State, to: import("./state.js").State, cause: import("./state.js").Cause, words: string }
 *   | { type: "knock", join: import("./join.js").Join } | { type: "list", list: import("./list.js").List }
 *   | { type: "warning", code: import("./state.js").WarningCode, about: string, words: string }} Action
 */

/**
 * What happens to a Member: what the server sends, the passing of time (at least four ticks a second, or what should take 2 s takes longer), or what its
 * human decides.
 *
 * refuse keeps a waiting join out; remove takes a member out, and its device waits for the human's word if it comes back; lock says whether nobody is let in;
 * succession says who leads when this leader is gone, in order; handover makes a member the first successor and then leaves; end ends the meeting
 * for all; upgrade carries over those whom the human was shown and has confirmed: the roster is the server's word, and could have a device of its own.
 * @typedef {{ type: "tick" } | ({ type: "entry" } & import("./control.js").Entry) | ({ type: "live" } & import("./control.js").LiveMessage)
 *   | ({ type: "grant" } & import("./standard.js").Grant) | ({ type: "roster" } & import("./standard.js").Roster)
 *   | { type: "admit", j: string } | { type: "refuse", j: string } | { type: "remove", j: string } | { type: "lock", on: boolean }
 *   | { type: "succession", order: string[] } | { type: "handover", j: string } | { type: "end" } | { type: "leave" } | { type: "upgrade", carry: string[] }} Event
 */

/** @type {{ [T in Event["type"]]: (m: Member, e: Extract<Event, { type: T }>) => void | Promise<void> }} */
const events = {
	tick: () => {},
	entry: (m, e) => entry(m, e),
	live: (m, e) => live(m, e.signed),
	grant: (m, e) => grant(m, e),
	roster: (m, e) => rostered(m, e),
	admit: (m, e) => asLeader(m, () => void m.lead.admit.set(e.j, m.now)),
	refuse: (m, e) => asLeader(m, () => deny(m, e.j)),
	remove: (m, e) => asLeader(m, () => remove(m, e.j)),
	lock: (m, e) => asLeader(m, () => void (m.lead.locked = e.on)),
	succession: (m, e) => asLeader(m, () => void (m.lead.order = e.order)),
	handover: (m, e) => asLeader(m, () => handOver(m, e.j)),
	end: (m) => asLeader(m, () => endForAll(m)),
	leave: (m) => leave(m),
	upgrade: (m, e) => startUpgrade(m, e.carry),
};

/**
 * Does what only a leader may decide.
 * @param {Member} m
 * @param {() => void | Promise<void>} decide
 */
async function asLeader(m, decide) {
	if (leads(m)) await decide();
	else m.tell("not leader", "");
}

/** What time or the event has made due. */
const duties = [sendLive, askForHole, dropOldKeys, watchKeys, watchList, watchMembers, takeOver, serve];

/** Its fields are for the files member-*.js; others use its methods. */
export class Member {
	/** @type {import("./state.js").State} */
	state = "new";
	/** Of out. @type {import("./state.js").Ending | ""} */
	cause = "";
	/** Whether this join has come back from the board. */
	posted = false;
	/** @type {Set<string>} */
	warned = new Set();

	board = new Board();
	/** On the board, and holds. @type {Map<string, import("./join.js").Join>} */
	joins = new Map();
	/** By their own `leave`. @type {Set<string>} */
	left = new Set();
	/** The newest sign of life of a join; at: when it came, by this client's clock. @type {Map<string, import("./moves.js").Live & { at: number }>} */
	lives = new Map();
	/** Of this join, newest last. @type {{ value: string, at: number }[]} */
	nonces = [];
	livedAt = 0;

	/** The newest that was accepted. @type {import("./list.js").List | undefined} */
	list;
	/** By version. @type {Map<number, import("./list.js").Mark>} */
	marks = new Map();
	/** When the newest link was accepted. */
	linkAt = 0;
	/** When a member was first seen on a list. @type {Map<string, number>} */
	since = new Map();
	/** What others say of links that this client has not accepted yet: the first of each. @type {Map<string, import("./moves.js").Live>} */
	claims = new Map();
	/** Members that named another hash, since when. @type {Map<string, number>} */
	split = new Map();
	/** What is known to be missing: a link of this version was not accepted yet. */
	lag = { to: 0, since: 0 };
	/** Whom an accepted `leader` names. @type {string | undefined} */
	newLeader;
	newLeaderAt = 0;
	/** When this client last claimed to lead. */
	claimedAt = 0;
	/** The newest link of a list without this client, while waiting. @type {import("./link.js").LinkMessage | undefined} */
	seen;
	seenAt = 0;
	/** Accepted before the secret was known. @type {import("./link.js").LinkMessage[]} */
	unproven = [];

	/** Held, oldest first. @type {import("./epoch.js").Epoch[]} */
	epochs = [];
	/** When the key of the list's epoch must have come, or 0. */
	keysDue = 0;
	sending = false;

	/** @type {import("./standard.js").Roster | undefined} */
	roster;
	/** Whose signatures hold. @type {import("./moves.js").Upgrade[]} */
	upgrades = [];
	/** By the upgrade that this client obeyed or made: let in without the link. @type {Set<string>} */
	carried = new Set();
	/** By any upgrade: nobody is let in for it, but a leader's list may have them. @type {Set<string>} */
	named = new Set();
	/** Of the upgrade that this client obeyed. */
	host = "";

	lead = new Leadership();

	/** What was refused, by its kind, for the panel. @type {Record<string, number>} */
	dropped = {};

	/** @type {Action[]} */
	#out = [];
	/** @type {Promise<unknown>} */
	#last = Promise.resolve();

	/**
	 * @param {Config} config
	 * @param {import("./join.js").Private} me
	 * @param {number} now
	 */
	constructor(config, me, now) {
		this.config = config;
		this.me = me;
		/** The latest time that a step was given. */
		this.now = now;
		this.secret = config.secret;
	}

	/**
	 * Makes a join and posts it.
	 * @param {Config} config
	 * @param {number} now the time in milliseconds
	 * @returns {Promise<{ member: Member, actions: Action[] }>}
	 */
	static async join(config, now) {
		const { me, message } = await newJoin(config.device, config.meeting, config.certificate, config.secret, config.rand, now);
		const m = new Member(config, me, now);
		if (config.secret) {
			await m.remember();
			m.move("letter");
		} else if (await config.memory.remembered(config.meeting)) {
			m.move("letter");
			m.warn("needs link", "");
		}
		m.do({ type: "post", message }, { type: "fetch", from: 1 });
		return { member: m, actions: m.#take() };
	}

	/**
	 * Takes one event at a time and gives what is to be done. After out it does nothing.
	 * @param {number} now
	 * @param {Event} event
	 */
	step(now, event) {
		const step = this.#last.then(() => this.#step(now, event));
		this.#last = step.catch(() => {});
		return step;
	}

	/**
	 * @param {number} now
	 * @param {Event} event
	 */
	async #step(now, event) {
		this.now = Math.max(this.now, now);
		if (this.state !== "out") {
			await events[event.type](this, /** @type {never} */ (event));
			for (const duty of duties) {
				if (!this.isOut) await duty(this);
			}
		}
		return this.#take();
	}

	/** @param {...Action} actions */
	do(...actions) {
		for (const a of actions) {
			this.#out.push(a);
			this.config.act?.(a);
		}
	}

	#take() {
		const out = this.#out;
		this.#out = [];
		return out;
	}

	/**
	 * Tells people once.
	 * @param {import("./state.js").WarningCode} code
	 * @param {string} about
	 */
	warn(code, about) {
		if (this.warned.has(`${code} ${about}`)) return;
		this.warned.add(`${code} ${about}`);
		this.tell(code, about);
	}

	/**
	 * Answers a human's decision, each time.
	 * @param {import("./state.js").WarningCode} code
	 * @param {string} about
	 */
	tell(code, about) {
		this.do({ type: "warning", code, about, words: WARNINGS[code] });
	}

	/**
	 * Lets a warning be given again.
	 * @param {import("./state.js").WarningCode} code
	 * @param {string} about
	 */
	calm(code, about) {
		this.warned.delete(`${code} ${about}`);
	}

	/** @param {string} kind */
	drop(kind) {
		this.dropped[kind] = (this.dropped[kind] ?? 0) + 1;
	}

	/**
	 * Takes a step of the state machine, and tells whether there is one.
	 * @param {import("./state.js").Cause} cause
	 */
	move(cause) {
		const from = this.state;
		const to = apply(from, cause);
		if (!to) {
			this.drop(`cause: ${cause}`);
			return false;
		}
		if (to === "out") {
			this.erase();
			this.me.hpke = undefined;
			this.cause = /** @type {import("./state.js").Ending} */ (cause);
		}
		this.state = to;
		if (from !== to) this.do({ type: "changed", from, to, cause, words: cause in ENDINGS ? ENDINGS[/** @type {import("./state.js").Ending} */ (cause)] : "" });
		return true;
	}

	/** Stops sending and forgets every key. */
	erase() {
		this.send(false);
		for (const e of this.epochs) this.forget(e);
		this.epochs = [];
		this.keysDue = 0;
		this.lead.sent?.secret.fill(0);
		this.lead.sent = undefined;
	}

	/** @param {import("./epoch.js").Epoch} e */
	forget(e) {
		e.erase();
		this.do({ type: "drop", name: e.name });
	}

	/**
	 * Allows or forbids sending.
	 * @param {boolean} on
	 */
	send(on) {
		if (this.sending === on) return;
		this.sending = on;
		this.do({ type: "sending", on });
	}

	/**
	 * Writes the lasting note (section 9). If that fails the meeting is end-to-end encrypted all the same.
	 */
	async remember() {
		try {
			await this.config.memory.remember(this.config.meeting);
		} catch {
			this.warn("not noted", "");
		}
	}

	/**
	 * Whether this client has taken the meeting to be end-to-end encrypted. It is never unset: no state that makes it true leads to one that does not, and
	 * out is final.
	 */
	get e2ee() {
		return this.state !== "new" && this.state !== "standard";
	}

	get isOut() {
		return this.state === "out";
	}

	/** The name of this join. */
	get j() {
		return this.me.j;
	}

	/** The security code, or "" before there is a list. */
	get code() {
		const leader = this.list && this.joins.get(this.list.body.leader);
		return leader ? securityCode(this.config.meeting, leader.device, leader.j) : "";
	}

	/** Whether this client leads the meeting. */
	get leads() {
		return leads(this);
	}

	/** Who waits for the leader's human, in the order of their names' hashes. */
	get lobby() {
		return lobby(this);
	}

	/** This client's own index, in the list or the roster. */
	get index() {
		return index(this);
	}

	/**
	 * The epoch in which frames are sent now, if they may be.
	 */
	get sendingEpoch() {
		return this.sending && this.index !== undefined ? this.epochs.at(-1) : undefined;
	}

	/**
	 * Who sent a frame, and the epoch whose keys open it: only of a kept epoch and of who is a member now (section 6).
	 * @param {import("../frame.js").KID} kid
	 * @returns {{ j: string, epoch: import("./epoch.js").Epoch } | "noEpoch" | "noMember"}
	 */
	source(kid) {
		if ((kid.term === 0) === this.e2ee) return "noEpoch"; // section 5: an end-to-end encrypted meeting has no term 0, a standard one no other
		const epoch = this.epochs.find(({ name }) => name.term === kid.term && name.epoch === kid.epoch);
		const j = sender(this, kid.index);
		if (!epoch) return "noEpoch";
		return j === undefined ? "noMember" : { j, epoch };
	}
}

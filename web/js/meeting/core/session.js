/**
 * One page's session in a meeting: it carries a member's posts and the server's words over the control session, keeps what outlives the page, seals and
 * opens chat, and tells the page and the frame worker what they need (media/PROTOCOL.md section 10). It knows no DOM; the WebSocket, the store
 * and the ways to page and frames are given to it, so that tests run it as the worker does.
 *
 * A connection that is lost is resumed: the same device and join, the join's own bytes posted again, and what has not come back from the board. A member that
 * went out because the connection was away too long, or whose frame worker has lost its record, makes a new join.
 */
import { equal } from "../commitment.js";
import { windowOf } from "../clip/window.js";
import { base64, hex, unhex } from "./bytes.js";
import { sha256 } from "../sha256.js";
import { testimony } from "./moves.js";
import { isGuest, legible } from "./certificate.js";
import { Batcher } from "./batcher.js";
import { Chat } from "./chat.js";
import { Lines } from "./lines.js";
import { marshal } from "./body.js";
import { Connection, PROTOCOL } from "./connection.js";
import * as control from "./control.js";
import { Credentials } from "./credentials.js";
import { joinOf } from "./join.js";
import { Kept } from "./kept.js";
import { Member } from "./member.js";
import { PERSON, STAFF } from "./standard.js";
import { view } from "./view.js";

/** @typedef {import("./member.js").Event} Event */
/** @typedef {import("./member.js").Action} Action */

/**
 * What the session is given. toPage and toFrames take what CONTRACT's messages are; now and rand are the member's; pauses are the connection's.
 * @typedef {{ socket: (url: string, protocol: string) => import("./connection.js").Socket, fetch: typeof globalThis.fetch,
 *   store: import("./storage.js").Store, toPage: (message: any) => void, toFrames: (message: any) => void, now: () => number,
 *   rand?: (size: number) => Uint8Array, pauses?: number[] }} Outside
 */

/** secret: of the link's fragment; made: this account made the meeting; name: a guest's. @typedef {{ meeting: string, url: string, secret: Uint8Array | null, made: boolean, name: string }} Opened */

/** Endings that a lost connection brings about, after which a new join is tried: nobody has put this client out. */
const LOST = new Set(["gap", "no leader", "cut off"]);

/** For how long after a connection was lost an ending counts as brought about by that, in ms. */
const AFTER_LOSS = 120_000;

/** A list is renewed every 10 s. Who hears nothing for so long opens another connection, in ms. */
const DEAF = 20_000;

/** How many posts that have not come back are kept, to be sent again. */
const UNSEEN = 64;

/** What the server does at the word of a standard meeting's host. */
const ORDERS = new Set(["admit", "remove", "host", "lock", "lobby", "record", "end"]);

/** For how long an order waits for the connection, in ms: later its host thinks of something else. */
const ORDER_TIME = 60_000;

/** Why a browser without a lasting memory is not let into what may be a standard meeting, and what to do. */
const KEEPS_NOTHING = "This browser keeps nothing for this page, as in some private windows. So it cannot make sure that this meeting was not end-to-end encrypted before, " +
	"and nothing was sent. Open the meeting in an ordinary window or another browser. If its link has a part after #, open all of it.";

/** After how long without a stamp for what was sent the service of stamps is taken for interrupted, in ms: before what others sent is overdue. */
const UNSTAMPED = 400;

/** How far this clock may be from the server's before frames' times are moved, in ms (section 15). */
const CLOCK = 500;

/** How often the page is told of changes, in ms. */
const SHOWN = 40;

export class Session {
	/** @type {Member | undefined} */
	member;
	#outside;
	#opened;
	#kept;
	#credentials;
	/** @type {Connection | undefined} */
	#connection;
	/** @type {Chat | undefined} */
	#chat;
	/** Lines of others that wait for their stamps. */
	#lines = new Lines((m) => this.#tell(m));
	#batches = new Batcher();
	/** Since when nothing of what was sent has been stamped; Infinity where nothing waits. */
	#unstampedSince = Infinity;
	/** What the frame worker was told: for how long it keeps a ring, in ms, 0 for none, and whether stamps come. */
	#window = 0;
	#serves = true;
	/** How far the server's clock is from this one, in ms, where that matters. */
	#offset = 0;
	/** The message of each join on the board, by J. @type {Map<string, Uint8Array>} */
	#joins = new Map();
	/** What a host ordered while there was no connection. @type {{ order: import("./control.js").Order, at: number }[]} */
	#orders = [];
	/** Posts that have not come back from the board, oldest first. @type {Uint8Array[]} */
	#unseen = [];
	/** @type {Uint8Array | undefined} */
	#joinMessage;
	#ended = false;
	/** This join ends for another. */
	#rejoins = false;
	#ticking = false;
	/** Whether hello was said in this connection. */
	#online = false;
	/** Counts connections, so that what waited does not go on in another. */
	#turn = 0;
	#heardAt = 0;
	#lostAt = -Infinity;
	/** What the page was told last. */
	#shown = "";
	#code = "";
	/** What the frame worker knows of who is here. */
	#seated = "";
	#dirty = true;
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	#showing;
	/** Devices that this session has taken note of in a standard meeting. @type {Set<string>} */
	#met = new Set();
	/** @type {import("./view.js").Beside} */
	#beside = { e2ee: false, lobby: undefined, terms: undefined, phone: undefined, over: undefined, ring: 0, strange: new Set(), compared: false, upgraded: false, identityChanged: false, online: false, now: 0 };

	/**
	 * @param {Opened} opened
	 * @param {Outside} outside
	 */
	constructor(opened, outside) {
		this.#opened = opened;
		this.#outside = outside;
		this.#kept = new Kept(outside.store);
		this.#credentials = new Credentials(this.#kept, outside, opened);
	}

	/** Begins: link, device, certificate, connection. */
	async open() {
		const { meeting, secret } = this.#opened;
		if (secret) await this.#kept.keepLink(meeting, secret);
		else this.#opened = { ...this.#opened, secret: (await this.#kept.link(meeting)) ?? null };
		if (!this.#opened.secret && !(await this.#kept.knows(meeting))) return this.#tell({ type: "refused", what: "storage", why: KEEPS_NOTHING });
		await this.#begin();
	}

	/** Asks for a certificate, and opens a connection for a new join. */
	async #begin() {
		const { url } = this.#opened;
		this.member = this.#chat = this.#joinMessage = undefined;
		this.#lines.close();
		this.#unseen = [];
		this.#rejoins = false;
		const refusal = await this.#credentials.renew();
		if (refusal) return this.#tell(this.#shown ? { type: "error", words: refusal } : { type: "refused", what: "certificate", why: refusal });
		if (this.#ended) return;
		const open = () => this.#outside.socket(url, PROTOCOL);
		this.#connection = new Connection(open, { received: (m) => void this.#received(m), down: () => this.#down() }, this.#outside.pauses);
	}

	#down() {
		if (this.#online) this.#lostAt = this.#outside.now();
		this.#batches.lost();
		if (this.member) this.#serve(false);
		this.#online = false;
		this.#turn++;
		this.#changed();
	}

	/**
	 * @param {Uint8Array} data
	 */
	async #received(data) {
		let message;
		try {
			message = control.decodeControl(data);
		} catch {
			return this.member?.drop("control");
		}
		this.#heardAt = this.#outside.now();
		try {
			await this.#heard(message);
		} catch (err) {
			this.#broken(err);
		}
	}

	/** @param {unknown} err */
	#broken(err) {
		this.#tell({ type: "error", words: `Something in this page broke: ${err instanceof Error ? err.message : err}. Open the meeting again.` });
	}

	/** @param {import("./control.js").Received} message */
	async #heard(message) {
		switch (message.type) {
			case "welcome":
				return this.#welcomed(message);
			case "entry":
				this.#unseen = this.#unseen.filter((m) => !equal(m, message.message));
				this.#noteJoin(message);
				return this.#step(message);
			case "live":
			case "grant":
			case "roster":
				return this.#step(message);
			case "line":
				return this.#line(message.frame);
			case "stamped":
				return this.#stamped(message);
			case "refused":
				if (message.what === "batch") return; // it is sent again, or others say that nothing vouches for what is sent
				if (message.what === "join" && this.member?.posted) return this.#rejected(message.why);
				return this.#tell(message);
			case "ticket":
				return this.#tell(message);
			case "lobby":
			case "terms":
			case "phone":
				if (message.meeting !== this.#opened.meeting) return;
				this.#beside = { ...this.#beside, [message.type]: message };
				return this.#changed();
			case "over":
				return this.#over(message);
		}
	}

	/**
	 * Says hello, as the join that there is or as a new one.
	 * @param {import("./control.js").Welcome} w
	 */
	async #welcomed({ meeting, nonce, identity, window }) {
		if (meeting !== this.#opened.meeting) return;
		this.#beside.ring = windowOf(window * 1000) / 1000;
		const turn = ++this.#turn;
		await this.#credentials.meet(identity);
		await this.#credentials.renew(); // a meeting may outlast it
		const { device, certificate } = this.#credentials;
		if (!device || !certificate) return;
		const proof = await control.prove(device, meeting, nonce);
		const resumes = Boolean(this.member);
		if (!resumes) await this.#join(device, certificate, turn);
		if (turn !== this.#turn || this.#ended || !this.member) return;
		this.#connection?.send(marshal(control.hello, { certificate, proof }));
		this.#online = true;
		if (resumes) {
			this.#lines.resumed();
			this.#outside.toFrames({ type: "resumed" });
		}
		for (const message of new Set([/** @type {Uint8Array} */ (this.#joinMessage), ...this.#unseen])) this.#send(control.post, { message });
		this.#send(control.fetch, { from: this.member.board.next });
		const orders = this.#orders.splice(0).filter(({ at }) => this.#outside.now() - at < ORDER_TIME);
		for (const { order } of orders) this.#send(control.order, order);
		this.#changed();
	}

	/**
	 * Makes a new join.
	 * @param {import("./device.js").Device} device
	 * @param {Uint8Array} certificate
	 * @param {number} turn
	 */
	async #join(device, certificate, turn) {
		const { meeting, secret, made } = this.#opened;
		const memory = { remember: (/** @type {string} */ m) => this.#kept.remember(m), remembered: (/** @type {string} */ m) => this.#kept.remembered(m),
			meet: (/** @type {string} */ account, /** @type {string} */ key) => this.#meet(account, key) };
		const config = { meeting, device, certificate, identity: this.#credentials.identity, secret: secret ?? undefined, host: made, rand: this.#outside.rand ?? random, memory,
			act: (/** @type {Action} */ a) => this.#act(a) };
		const { member, actions } = await Member.join(config, this.#outside.now());
		if (turn !== this.#turn) return; // another welcome is being answered
		this.#beside = { ...this.#beside, e2ee: member.e2ee, lobby: undefined, terms: undefined, phone: undefined, over: undefined };
		this.#chat = new Chat(meeting, member.j, member.e2ee);
		this.#lines = new Lines((m) => this.#tell(m));
		this.#seated = "";
		this.#batches = new Batcher();
		this.#unstampedSince = Infinity;
		this.#window = 0;
		this.#outside.toFrames({ type: "begin", meeting, join: unhex(member.j), mode: member.e2ee ? "e2ee" : "standard" });
		this.#serve(true);
		this.member = member;
		for (const a of actions) {
			if (a.type === "post") this.#joinMessage = a.message;
			if (a.type !== "fetch") this.#act(a); // that follows hello
		}
	}

	/**
	 * @param {string} account
	 * @param {string} key
	 */
	async #meet(account, key) {
		const strange = await this.#kept.meet(account, key);
		if (strange) this.#beside.strange.add(key);
		return strange;
	}

	/** @param {Event} event */
	async #step(event) {
		const { member } = this;
		if (!member) return;
		const actions = await member.step(this.#outside.now(), event);
		if (member !== this.member) return;
		if (actions.length > 0 || (event.type !== "tick" && event.type !== "live")) this.#changed();
		if (!member.e2ee) await this.#seatStandard(member);
	}

	/** To be called four times a second. */
	async tick() {
		if (this.#ticking) return;
		this.#ticking = true;
		const now = this.#outside.now();
		this.#batch(now);
		if (this.member?.list && this.#online && now - this.#heardAt >= DEAF) {
			this.#down();
			this.#heardAt = now;
			this.#connection?.restart();
		}
		await this.#step({ type: "tick" }).finally(() => (this.#ticking = false));
		if (this.member?.list && now - this.#beside.now >= 5000) this.#changed(); // of whom nothing is heard
	}

	/**
	 * Does what the member asks for, at once.
	 * @param {Action} a
	 */
	#act(a) {
		const { member } = this;
		if (!member) return; // of a join that has just begun: it is done when there is a member
		switch (a.type) {
			case "post":
				return this.#post(a.message);
			case "live":
				return this.#send(control.liveMessage, { signed: a.signed });
			case "fetch":
				return this.#send(control.fetch, { from: a.from });
			case "install":
				return this.#install(member, a.epoch);
			case "drop":
				return this.#frames({ type: "drop", epoch: bytesOf(a.name) });
			case "sending":
				return this.#frames({ type: "sending", on: a.on });
			case "list":
				return this.#seat(member);
			case "warning":
				return this.#tell({ type: "warning", code: a.code, about: a.about, words: a.words });
			case "changed":
				return this.#moved(member, a.from, a.to);
		}
	}

	/**
	 * @param {Uint8Array} message
	 */
	#post(message) {
		this.#unseen = [...this.#unseen, message].slice(-UNSEEN);
		this.#send(control.post, { message });
	}

	/**
	 * @param {Member} member
	 * @param {import("./state.js").State} from
	 * @param {import("./state.js").State} to
	 */
	#moved(member, from, to) {
		if (to === "waiting") {
			this.#beside.e2ee = true;
			this.#beside.upgraded ||= from === "standard"; // and so it stays when another join follows
			this.#frames({ type: "mode", mode: "e2ee" });
		}
		if (to === "in" && member.secret) void this.#kept.keepLink(this.#opened.meeting, member.secret);
		if (to !== "out") return;
		if (member.cause === "ended") void this.#kept.keepLink(this.#opened.meeting, undefined);
		if (this.#rejoins || (LOST.has(member.cause) && this.#outside.now() - this.#lostAt < AFTER_LOSS)) this.#again().catch((err) => this.#broken(err));
		else this.#end();
	}

	/** Joins anew. */
	async #again() {
		this.#online = false;
		this.#turn++;
		this.#connection?.close();
		if (this.member?.secret) this.#opened = { ...this.#opened, secret: this.member.secret };
		this.#tell({ type: "rejoin" });
		await this.#begin();
	}

	/** Nothing is sent or heard any more. */
	#end() {
		this.#ended = true;
		this.#lines.close();
		this.#connection?.close();
		this.#changed();
	}

	/**
	 * The server does not go on with this join: it was taken out while the connection was away. In an end-to-end encrypted meeting another knocks, and is let in or not; in
	 * a standard one a host's removal must not be undone by a page that comes back by itself.
	 * @param {string} why
	 */
	async #rejected(why) {
		await (this.#beside.e2ee ? this.lost() : this.#over({ cause: "refused", why }));
	}

	/**
	 * The server's last word. What it says is no authority in an end-to-end encrypted meeting, but it will not go on, and so this client goes out.
	 * @param {import("./control.js").Over} over
	 */
	async #over(over) {
		this.#beside.over = over;
		this.#connection?.close();
		await this.#step({ type: "leave" });
		if (!this.member) this.#tell({ type: "refused", what: "session", why: over.why });
		this.#end();
	}

	// The frame worker, and the chat, which hears of the same epochs.

	/** @param {import("../frames/frames.js").FromCore} message */
	#frames(message) {
		this.#chat?.told(message);
		this.#outside.toFrames(message);
	}

	/**
	 * @param {Member} member
	 * @param {import("./epoch.js").Epoch} epoch
	 */
	#install(member, epoch) {
		const message = (/** @type {Uint8Array} */ secret) => ({ type: /** @type {const} */ ("install"), epoch: { ...bytesOf(epoch.name), secret, members: seats(member) } });
		this.#chat?.told(message(epoch.secret()));
		const secret = epoch.secret();
		this.#outside.toFrames(message(secret)); // which copies it
		secret.fill(0);
		this.#seated = seatsOf(member);
		for (const frame of this.#chat?.takeEarly() ?? []) void this.#line(frame, true);
	}

	/**
	 * Says who may be heard now, if that is another: the newest list's members, before its key has come.
	 * @param {Member} member
	 */
	#seat(member) {
		const now = seatsOf(member);
		if (now === this.#seated) return;
		this.#seated = now;
		this.#frames({ type: "members", members: seats(member) });
	}

	/**
	 * The same in a standard meeting, where the roster is the list, and joins may come after it.
	 * @param {Member} member
	 */
	async #seatStandard(member) {
		if (member.epochs.length > 0) this.#seat(member);
		for (const { j, kind } of member.roster?.members ?? []) {
			const join = kind === PERSON ? member.joins.get(j) : undefined;
			if (!join || isGuest(join.certificate) || this.#met.has(join.device)) continue;
			this.#met.add(join.device);
			await this.#meet(join.certificate.account, join.device);
		}
	}

	// Chat.

	/**
	 * @param {Uint8Array} frame
	 * @param {boolean} [again]
	 */
	async #line(frame, again = false) {
		const { member } = this;
		const line = await this.#chat?.open(frame, again);
		if (!member || !line || line === "noEpoch" || line === "noMember") return;
		if (typeof line === "string") member.drop(`line: ${line}`);
		else if (line.join === member.j) member.drop("line: own"); // the server gives back what was shown when it was sent
		else if (line.to === null || line.to === member.j) {
			const { evidence, ...shown } = line;
			this.#outside.toFrames({ type: "line", line: evidence });
			this.#lines.add({ ...shown, name: this.#name(line.join) }, evidence, this.#outside.now());
		}
	}

	/** @param {string} j */
	#name(j) {
		return legible(this.member?.joins.get(j)?.certificate.name ?? this.member?.roster?.members.find((s) => s.j === j)?.name ?? "");
	}

	/**
	 * @param {string} text
	 * @param {string | null} to
	 */
	async #say(text, to) {
		const { member } = this;
		const now = this.#outside.now() + this.#offset;
		const sealed = this.#online ? await this.#chat?.seal(text, to, now) : "You are not connected. Try again in a moment.";
		if (!sealed || !member) return;
		if (typeof sealed === "string") return this.#tell({ type: "refused", what: "line", why: sealed });
		this.#send(control.line, sealed);
		this.#tell({ type: "line", id: "", join: member.j, name: this.#name(member.j), text, to, at: now, withheld: null });
	}

	// Evidence (sections 15 to 18).

	/**
	 * What the frame worker's senders have committed to.
	 * @param {{ join: Uint8Array, runs: { stream: number, first: number, commitments: Uint8Array }[] }} committed
	 */
	committed({ join, runs }) {
		if (!this.member || !equal(join, unhex(this.member.j))) return; // of another join
		for (const { stream, first, commitments } of runs) this.#batches.add(stream, first, commitments);
	}

	/**
	 * Has what was sealed stamped, and tells the frame worker how things stand.
	 * @param {number} now
	 */
	#batch(now) {
		if (!this.member) return;
		for (const { first, commitments } of this.#chat?.committed() ?? []) this.#batches.add(0, first, commitments);
		if (this.#online) {
			const runs = this.#batches.next();
			if (runs.length > 0) this.#send(control.batch, { runs });
		}
		this.#unstampedSince = this.#batches.waits ? Math.min(this.#unstampedSince, now) : Infinity;
		const serves = this.#online && now - this.#unstampedSince < UNSTAMPED;
		this.#serve(serves);
		this.#lines.tick(now, serves);
		const rings = this.#mayKeep();
		const window = rings ? this.#beside.ring * 1000 : 0;
		if (window !== this.#window) this.#outside.toFrames(rings ? { type: "ring", on: true, window } : { type: "ring", on: false });
		this.#window = window;
	}

	/** @param {boolean} up whether the service of stamps works for this client, which the frame worker is told */
	#serve(up) {
		if (up !== this.#serves) this.#outside.toFrames({ type: "service", up });
		this.#serves = up;
	}

	/** Whether this device keeps a ring: a host's or a co-host's does, and in a standard meeting that of visiting staff (section 16). */
	#mayKeep() {
		const { member } = this;
		if (!member || member.isOut) return false;
		if (member.e2ee) return this.#opened.made || member.leads;
		return member.roster !== undefined && (member.roster.hosts.includes(member.j) || member.roster.members.some(({ kind, j }) => kind === STAFF && j === member.j));
	}

	/** @param {import("./control.js").Stamped} message */
	#stamped(message) {
		if (message.j !== this.member?.j) {
			if (this.member?.joins.has(message.j)) this.#lines.stamped(message);
			return this.#outside.toFrames(message);
		}
		for (const { run } of message.runs) this.#batches.stamped(run);
		this.#unstampedSince = Infinity;
	}

	/**
	 * Keeps a join's message, and moves this sender's clock by its own, once.
	 * @param {import("./control.js").Entry} entry
	 */
	#noteJoin({ at, message }) {
		const j = joinOf(message);
		if (!j || this.#joins.has(j)) return;
		this.#joins.set(j, message);
		const by = at - this.#outside.now();
		if (j !== this.member?.j || this.#offset !== 0 || Math.abs(by) <= CLOCK) return;
		this.#offset = by;
		this.#outside.toFrames({ type: "clock", by });
	}

	/**
	 * What the frame worker asks for the sake of a report.
	 * @param {{ what: string, senders?: string[], bytes?: Uint8Array }} question
	 */
	async answer({ what, senders = [], bytes = new Uint8Array() }) {
		const { device } = this.#credentials;
		if (!device || !this.#joinMessage) throw new Error("This device has no part in the meeting.");
		if (what === "sign") return device.signProof(bytes);
		return { meeting: this.#opened.meeting, reporter: this.#joinMessage, device: unhex(device.key), senders: senders.map((j) => this.#joins.get(j) ?? unhex(j)) };
	}

	// The page.

	/**
	 * What the page's human wants.
	 * @param {any} m
	 */
	async asked(m) {
		switch (m.type) {
			case "decide":
				return this.#decide(m);
			case "say":
				return this.#say(String(m.text), m.to || null);
			case "compared":
				await this.#kept.compare(this.#opened.meeting, m.code);
				this.#code = "";
				return this.#changed();
			case "acknowledge":
				return this.#acknowledge(m.join);
			case "link":
				return this.#tell({ type: "link", secret: this.member?.secret ? base64(this.member.secret) : "" });
			case "testify":
				return this.#testify(m.id, String(m.report));
			case "leave":
				return this.member ? this.#step({ type: "leave" }) : this.#end();
		}
	}

	/**
	 * Proves that a report in words is by this device, which is all that is known of a guest.
	 * @param {number} id of the question
	 * @param {string} report as it is sent
	 */
	async #testify(id, report) {
		const { device } = this.#credentials;
		const { meeting } = this.#opened;
		const about = { meeting, report: hex(sha256(new TextEncoder().encode(report))), time: this.#outside.now() };
		this.#tell({ type: "testimony", id, proof: device ? base64((await device.sign(testimony, about)).signed) : "" });
	}

	/** The frame worker has lost its record of what was accepted, or its stream numbers are used up. */
	async lost() {
		if (!this.member || this.member.isOut) return;
		this.#rejoins = true;
		await this.#step({ type: "leave" });
	}

	/** @param {{ what: string, join?: string, on?: boolean, joins?: string[] }} d */
	async #decide({ what, join = "", on = true, joins = [] }) {
		if (what === "upgrade") return this.#step({ type: "upgrade", carry: joins });
		if (!this.#beside.e2ee) {
			const order = what === "refuse" ? { what: "admit", on: false } : { what, on };
			if (ORDERS.has(order.what)) this.#order({ ...order, j: unhex(join) });
			return;
		}
		/** @type {Record<string, Event>} */
		const events = {
			admit: on ? { type: "admit", j: join } : { type: "refuse", j: join },
			refuse: { type: "refuse", j: join },
			remove: { type: "remove", j: join },
			lock: { type: "lock", on },
			succession: { type: "succession", order: joins },
			handover: { type: "handover", j: join },
			end: { type: "end" },
		};
		if (Object.hasOwn(events, what)) await this.#step(events[what]);
	}

	/**
	 * Gives an order, or keeps it until the connection is back: what a host has pressed is not lost.
	 * @param {import("./control.js").Order} order
	 */
	#order(order) {
		if (this.#online) return this.#send(control.order, order);
		this.#orders = [...this.#orders, { order, at: this.#outside.now() }].slice(-UNSEEN);
	}

	/** @param {string | undefined} j of whose device note was taken; of nobody's: the server's identity key */
	async #acknowledge(j) {
		const join = j ? this.member?.joins.get(j) : undefined;
		if (join) {
			await this.#kept.acknowledge(join.certificate.account, join.device);
			this.#beside.strange.delete(join.device);
		} else if (!j) {
			await this.#credentials.acknowledge();
		}
		this.#changed();
	}

	/** The page is told soon. */
	#changed() {
		this.#dirty = true;
		this.#showing ??= setTimeout(() => void this.#show(), SHOWN);
	}

	async #show() {
		while (this.#dirty) {
			this.#dirty = false;
			const { member } = this;
			if (!member) break;
			if (member.code !== this.#code) {
				this.#code = member.code;
				this.#beside.compared = this.#code !== "" && (await this.#kept.compared(this.#opened.meeting, this.#code));
			}
			if (member !== this.member) continue;
			this.#beside = { ...this.#beside, identityChanged: this.#credentials.changed, online: this.#online, now: this.#outside.now() };
			const now = view(member, this.#beside);
			const shown = JSON.stringify(now);
			if (shown !== this.#shown) this.#tell({ type: "view", view: now });
			this.#shown = shown;
		}
		this.#showing = undefined;
	}

	/** @param {any} message */
	#tell(message) {
		this.#outside.toPage(message);
	}

	/**
	 * Sends what may be sent after hello. What is lost with a connection is sent again: posts by the next one, signs of life by their time.
	 * @template T
	 * @param {import("./body.js").Body<T>} b
	 * @param {T} value
	 */
	#send(b, value) {
		if (this.#online) this.#connection?.send(marshal(b, value));
	}
}

/** @param {number} size */
const random = (size) => crypto.getRandomValues(new Uint8Array(size));

/** @param {import("./list.js").EpochName} name */
const bytesOf = ({ term, epoch, link }) => ({ term, epoch, link: unhex(link) });

/** Who is here by the newest list or roster, with the device of each: none is known of a connector. @param {Member} m */
function seats(m) {
	const all = m.list?.body.members ?? m.roster?.members ?? [];
	return all.map(({ index, j }) => ({ index, join: unhex(j), device: unhex(m.joins.get(j)?.device ?? "00".repeat(32)) }));
}

/** @param {Member} m */
const seatsOf = (m) => (m.list?.body.members ?? m.roster?.members ?? []).map(({ index, j }) => `${index} ${j} ${m.joins.has(j)}`).join(", ");

/**
 * The keys of one join: which epochs are held, who is in them, and what has been derived of them for each stream (media/PROTOCOL.md
 * section 5). Epochs' secrets are in the browser's keeping from the moment on that they come.
 */
import { FrankingKey, deriveKeys, importSecret } from "../commitment.js";
import { packKID } from "../frame.js";
import { Key } from "../sframe.js";

/**
 * @typedef {{ index: number, join: Uint8Array, device: Uint8Array }} Member
 * @typedef {{ term: number, epoch: number, link: Uint8Array }} Name
 * @typedef {Name & { secret: Uint8Array, members: Member[] }} Epoch
 * @typedef {import("../frame.js").KID} KID
 * @typedef {import("../receiver.js").Source} Source
 */

/**
 * An epoch that is held.
 * - seats: its members by index, J in hexadecimal
 * - listed: every J that is a member now; met: every one that ever was
 * - streams: what was derived for streams of which a frame has opened, or that are our own, by seat and stream
 * - deriving: what is being derived; it is not kept here
 * @typedef {{ name: Name, secret: Promise<CryptoKey>, seats: Map<number, Member & { name: string }>, listed: Set<string>, met: Set<string>,
 *   streams: Map<number, Source>, deriving: Map<number, Promise<Source | "noEpoch">> }} Held
 */

/** How long frames of the next epoch wait for its key, in milliseconds: their sender may have had it sooner. */
const SOON = 1000;

/** How many streams' keys are kept in an epoch. Those that opened longest ago are derived again. */
const STREAMS = 1024;

export class Keyring {
	#meeting;
	#me;
	#seen;
	/** @type {Map<number, Held>} */
	#held = new Map();
	/** The epoch that is sent in; its members are those of the newest list. @type {Held | undefined} */
	#newest;
	/** What frames of the next epoch wait for, by its number. @type {Map<number, { come: () => void, done: Promise<void> }>} */
	#coming = new Map();
	#e2ee;

	/**
	 * @param {string} meeting
	 * @param {Uint8Array} me J of this join
	 * @param {import("../seen.js").Seen} seen
	 * @param {boolean} e2ee whether the server's key is refused
	 */
	constructor(meeting, me, seen, e2ee) {
		this.#meeting = meeting;
		this.#me = hex(me);
		this.#seen = seen;
		this.#e2ee = e2ee;
	}

	/** The name of the epoch that is sent in. */
	get sendsIn() {
		return this.#newest?.name;
	}

	/** @param {Name} name as sendsIn gave it */
	holds(name) {
		return this.#held.get(number(name.term, name.epoch))?.name === name;
	}

	/**
	 * Takes an epoch, unless it is of the other kind of meeting. The secret's bytes are overwritten.
	 * @param {Epoch} epoch
	 */
	install({ term, epoch, link, secret, members }) {
		const key = importSecret(secret); // copies the bytes at once
		secret.fill(0);
		if ((term === 0) === this.#e2ee) return;
		const held = { name: { term, epoch, link }, secret: key, seats: new Map(), listed: new Set(), met: new Set(), streams: new Map(), deriving: new Map() };
		seat(held, members);
		const before = this.#newest?.name;
		if (!before || term > before.term || (term === before.term && epoch >= before.epoch)) this.#newest = held;
		this.#held.set(number(term, epoch), held);
		for (const { come } of this.#coming.values()) come();
		this.#coming.clear();
	}

	/**
	 * Takes another list for the epoch that is sent in.
	 * @param {Member[]} members
	 */
	replace(members) {
		if (this.#newest) seat(this.#newest, members);
	}

	/**
	 * Forgets an epoch and all that was derived from it, and who can send nothing any more.
	 * @param {Name} name
	 */
	drop({ term, epoch, link }) {
		const at = number(term, epoch);
		const held = this.#held.get(at);
		if (!held || hex(held.name.link) !== hex(link)) return;
		this.#held.delete(at);
		if (this.#newest === held) this.#newest = undefined;
		for (const join of held.met) {
			if (![...this.#held.values()].some((other) => other.met.has(join))) this.#seen.forget(join);
		}
	}

	/** Forgets the server's keys, and refuses them from now on. There is no way back. */
	upgrade() {
		this.#e2ee = true;
		for (const { name } of [...this.#held.values()]) if (name.term === 0) this.drop(name);
	}

	/**
	 * What opens frames of a key identifier, or why there is none. What is derived is kept once a frame has opened.
	 * @param {KID} kid
	 * @returns {Source | "noEpoch" | "noMember" | Promise<Source | "noEpoch" | "noMember">}
	 */
	find(kid) {
		const held = this.#held.get(number(kid.term, kid.epoch));
		if (!held) return this.#isNext(kid) ? this.#soon(kid) : "noEpoch";
		const member = held.seats.get(kid.index);
		if (!member || !this.#newest?.listed.has(member.name)) return "noMember";
		const at = place(kid);
		return held.streams.get(at) ?? held.deriving.get(at) ?? this.#derive(held, member, kid.stream);
	}

	/**
	 * Keeps what has opened a frame.
	 * @param {KID} kid
	 * @param {Source} source
	 */
	opened(kid, source) {
		const streams = this.#held.get(number(kid.term, kid.epoch))?.streams;
		const at = place(kid);
		if (!streams || streams.has(at)) return;
		for (const oldest of streams.keys()) {
			if (streams.size < STREAMS) break;
			streams.delete(oldest);
		}
		streams.set(at, source);
	}

	/**
	 * What seals a stream of this join in the newest epoch, or undefined if there is none that it is a member of.
	 * @param {number} stream
	 */
	own(stream) {
		const held = this.#newest;
		if (!held) return undefined;
		for (const member of held.seats.values()) if (member.name === this.#me) return this.#derive(held, member, stream);
		return undefined;
	}

	/** @param {KID} kid */
	#isNext({ term, epoch }) {
		const now = this.#newest?.name;
		return now !== undefined && (term === now.term ? epoch === now.epoch + 1 : term === now.term + 1 && epoch === 1);
	}

	/**
	 * Waits for an epoch, once: what comes after the wait is refused at once.
	 * @param {KID} kid
	 * @returns {Promise<Source | "noEpoch" | "noMember">}
	 */
	async #soon(kid) {
		const at = number(kid.term, kid.epoch);
		let coming = this.#coming.get(at);
		if (!coming) {
			let come = () => {};
			const done = new Promise((resolve) => (come = () => resolve(undefined)));
			setTimeout(come, SOON);
			this.#coming.set(at, (coming = { come, done: /** @type {Promise<any>} */ (done) }));
		}
		await coming.done;
		return this.#held.has(at) ? this.find(kid) : "noEpoch";
	}

	/**
	 * @param {Held} held
	 * @param {Member & { name: string }} member
	 * @param {number} stream
	 * @returns {Promise<Source | "noEpoch">}
	 */
	#derive(held, member, stream) {
		const { term, epoch, link } = held.name;
		const kid = { term, epoch, index: member.index, stream };
		const derive = async () => {
			const origin = { meeting: this.#meeting, term, epoch, device: member.device, join: member.join, stream };
			const { base, franking } = await deriveKeys(await held.secret, origin, link);
			const key = await Key.derive(base, packKID(kid));
			// What was dropped in the meantime opens nothing.
			return this.#held.get(number(term, epoch)) === held ? { join: member.name, key, franking: new FrankingKey(origin, franking) } : "noEpoch";
		};
		const at = place(kid);
		/** @type {Promise<Source | "noEpoch">} */
		const deriving = derive()
			.catch(() => /** @type {const} */ ("noEpoch"))
			.finally(() => held.deriving.delete(at));
		held.deriving.set(at, deriving);
		return deriving;
	}
}

/**
 * @param {Held} held
 * @param {Member[]} members
 */
function seat(held, members) {
	held.seats = new Map(members.map((m) => [m.index, { ...m, name: hex(m.join) }]));
	held.listed = new Set([...held.seats.values()].map((m) => m.name));
	for (const name of held.listed) held.met.add(name);
}

const number = (/** @type {number} */ term, /** @type {number} */ epoch) => term * 2 ** 24 + epoch;
const place = (/** @type {KID} */ kid) => kid.index * 2 ** 16 + kid.stream;

/** @param {Uint8Array} b */
export const hex = (b) => Array.from(b, (x) => x.toString(16).padStart(2, "0")).join("");

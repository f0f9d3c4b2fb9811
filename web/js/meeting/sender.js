/** Seals the frames of one stream (media/PROTOCOL.md section 6). media/sframe/sender.go is the same in Go, and says why. */
import { Committed } from "./committed.js";
import { LINE, MAX_COUNTER, MAX_TIME, TRAILER, metadataOf, prefixOf, unpackKID } from "./frame.js";

/** Why a frame was not sent. */
export const DROPS = {
	noKey: "there is no key to seal it with",
	badWhat: "codec and source do not go together on this stream",
	shortFrame: "it is shorter than its clear prefix",
	spent: "the stream's counters are used up",
	badClock: "the clock is out of range",
	failed: "the browser could not seal it",
};

/** @typedef {keyof typeof DROPS} Drop */

/** Gives out the stream numbers of one join, each once. A join has one Streams, made with it and lost with it. */
export class Streams {
	/** Every sender so far. @type {Sender[]} */
	senders = [];
	#last = 0;
	#chat = false;

	/** The sender of the next stream. Every transform, worker, simulcast layer and restart needs its own. */
	sender() {
		if (this.#last === 2 ** 16 - 1) throw new Error("this join has used all its stream numbers: join anew");
		const sender = new Sender(++this.#last);
		this.senders.push(sender);
		return sender;
	}

	/** The sender of stream 0, once. */
	chat() {
		if (this.#chat) throw new Error("this join has its chat already");
		this.#chat = true;
		return new Sender(0);
	}
}

/** The only one that may seal on its stream. It is made by Streams; the counter is never set back, not even for a new key. */
export class Sender {
	/** How many frames were not sent, by reason. @type {Partial<Record<Drop, number>>} */
	drops = {};
	#kid = { term: 0, epoch: 0, index: 0, stream: 0 };
	/** @type {import("./sframe.js").Key | undefined} */
	#key;
	/** @type {import("./commitment.js").FrankingKey | undefined} */
	#franking;
	#counter = 0; // of the next frame
	#time = 0; // of the last frame

	/**
	 * @param {number} stream
	 * @param {number} [counter] for tests: the first counter
	 */
	constructor(stream, counter = 0) {
		this.stream = stream;
		this.#counter = counter;
		this.committed = new Committed(counter);
	}

	/**
	 * Makes the sender go on under another key at once. It never goes back to an older epoch, nor from an end-to-end encrypted meeting to a
	 * standard one.
	 * @param {import("./sframe.js").Key} key
	 * @param {import("./commitment.js").FrankingKey} franking
	 */
	use(key, franking) {
		const kid = unpackKID(key.kid);
		if (kid.stream !== this.stream) throw new Error("the key is of another stream");
		if (kid.term < this.#kid.term || (kid.term === this.#kid.term && kid.epoch < this.#kid.epoch)) {
			throw new Error("the key is of an epoch that this stream has left");
		}
		this.#kid = kid;
		this.#key = key;
		this.#franking = franking;
	}

	/** Forgets the key. Frames are dropped until use. */
	stop() {
		this.#key = this.#franking = undefined;
	}

	/**
	 * Seals a frame, or says why it must not be sent at all. It may be called again before it is done; the caller keeps the order.
	 * @param {Uint8Array} frame
	 * @param {number} at when it was captured, in milliseconds by the sender's clock
	 * @param {number} what
	 * @returns {Promise<Uint8Array | Drop>}
	 */
	seal(frame, at, what) {
		const prefix = this.#admit(frame, at, what);
		return typeof prefix === "string" ? Promise.resolve(this.#drop(prefix)) : this.#seal(frame, at, what, prefix);
	}

	/** @param {Drop} why */
	#drop(why) {
		this.drops[why] = (this.drops[why] ?? 0) + 1;
		return why;
	}

	/**
	 * How long the frame's clear prefix is, or why it cannot be sealed.
	 * @param {Uint8Array} frame
	 * @param {number} at
	 * @param {number} what
	 * @returns {number | Drop}
	 */
	#admit(frame, at, what) {
		const prefix = prefixOf(what);
		if (!this.#key) return "noKey";
		if (prefix === undefined || (what === LINE) !== (this.stream === 0)) return "badWhat";
		if (frame.length < prefix) return "shortFrame";
		if (this.#counter >= MAX_COUNTER) return "spent";
		if (!(at >= 0 && Math.max(Math.floor(at), this.#time + 1) < MAX_TIME)) return "badClock";
		return prefix;
	}

	/**
	 * @param {Uint8Array} frame
	 * @param {number} at
	 * @param {number} what
	 * @param {number} prefix
	 * @returns {Promise<Uint8Array | Drop>}
	 */
	#seal(frame, at, what, prefix) {
		const counter = this.#counter++; // before its use: whatever happens from here, it is used
		const time = (this.#time = Math.max(Math.floor(at), this.#time + 1));
		const key = /** @type {import("./sframe.js").Key} */ (this.#key);
		const franking = /** @type {import("./commitment.js").FrankingKey} */ (this.#franking);
		const failed = () => {
			this.committed.add(counter, null); // nothing, if it was committed to before
			return this.#drop("failed");
		};
		const encrypt = (/** @type {import("./commitment.js").Commitment} */ { commitment }) => {
			this.committed.add(counter, commitment);
			const metadata = metadataOf(time, commitment, what, frame, prefix);
			return key.seal(counter, metadata, frame, prefix, TRAILER).then((out) => wrap(out, metadata), failed);
		};
		try {
			const committed = franking.commit(counter, time, what, frame);
			return committed instanceof Promise ? committed.then(encrypt).catch(failed) : encrypt(committed);
		} catch {
			return Promise.resolve(failed());
		}
	}
}

/**
 * Puts trailer and prefix around what was sealed.
 * @param {Uint8Array} out
 * @param {Uint8Array} metadata
 */
function wrap(out, metadata) {
	for (let i = 0, at = out.length - TRAILER; i < TRAILER; i++) out[at + i] = metadata[i];
	for (let i = TRAILER; i < metadata.length; i++) out[i - TRAILER] = metadata[i];
	return out;
}

/** Opens the frames of one track (media/PROTOCOL.md section 6). media/sframe/receiver.go is the same in Go, and says why. */
import { equal } from "./commitment.js";
import { TRAILER, cut, isAudio, isKey, sourceOf } from "./frame.js";

/** Why a frame was dropped, in the order of the checks. The words are those of media/sframe/fault.go. */
export const FAULTS = {
	injected: "put in by the media server when a sender mutes or leaves",
	short: "too short to be a frame",
	layout: "of another version of the layout",
	reserved: "has bits set that mean nothing",
	badHeader: "has no valid SFrame header",
	wrongMode: "under a key of another kind of meeting",
	stale: "long behind what was shown already",
	otherLayer: "of another stream, without a key frame to begin with",
	noEpoch: "of an epoch whose key is not held",
	noMember: "of an index that no member has",
	otherTrack: "of another sender or source than this track's",
	replayed: "seen before, or too old to tell",
	unopened: "does not decrypt",
	uncommitted: "not the frame that its sender committed to",
	timeTurned: "its time does not rise",
};

/** @typedef {keyof typeof FAULTS} Fault */

/** How far a frame may be behind the newest that was accepted of its track, in milliseconds. */
const SLACK = 1000;

/**
 * A stream in an epoch: whose it is (J in hexadecimal) and what opens it.
 * @typedef {{ join: string, key: import("./sframe.js").Key, franking: import("./commitment.js").FrankingKey }} Source
 */

/**
 * The keyring of a meeting. find gives what opens frames of a key identifier, or why there is none. It is asked for whatever the media
 * server sends, before anything has opened, and must not grow with it without bound: what it derives it may keep when opened is called.
 * @typedef {{ find: (kid: import("./frame.js").KID) => Source | "noEpoch" | "noMember" | Promise<Source | "noEpoch" | "noMember">,
 *   opened?: (kid: import("./frame.js").KID, source: Source) => void }} Keys
 */

/**
 * What was accepted. data is the encoded frame. Opening and commitment are what a report needs.
 * @typedef {{ kid: import("./frame.js").KID, join: string, counter: number, time: number, what: number, data: Uint8Array,
 *   opening: Uint8Array, commitment: Uint8Array }} Frame
 */

export class Receiver {
	/** How many frames were dropped, by kind. @type {Partial<Record<Fault, number>>} */
	counts = {};
	#keys;
	#seen;
	#e2ee;
	/** How LiveKit's own frames end. @type {Uint8Array} */
	#injected = new Uint8Array();
	/** The track, once a frame has been accepted. @type {{ join: string, source: number, stream: number, time: number } | undefined} */
	#track;

	/**
	 * @param {Keys} keys
	 * @param {import("./seen.js").Seen} seen
	 * @param {boolean} e2ee whether the server's key is refused
	 */
	constructor(keys, seen, e2ee) {
		this.#keys = keys;
		this.#seen = seen;
		this.#e2ee = e2ee;
	}

	/** Refuses the server's key from now on. There is no way back. */
	upgrade() {
		this.#e2ee = true;
	}

	/** @param {Uint8Array} trailer how the frames end that LiveKit makes itself: they are dropped like others, and counted apart */
	ignoreInjected(trailer) {
		this.#injected = trailer.slice();
	}

	/** Ends the track. Its stream may go on in another Receiver. */
	close() {
		if (this.#track) this.#seen.leave(this.#track.join, this.#track.stream);
	}

	/**
	 * Opens a frame, or says why it must not be shown. It may be called again before it is done; the caller keeps the order. It rejects only
	 * if the keyring does.
	 * @param {Uint8Array} b
	 * @returns {Promise<Frame | Fault>}
	 */
	open(b) {
		const p = this.#cut(b);
		if (typeof p === "string") return Promise.resolve(this.#drop(p));
		const source = this.#keys.find(p.kid);
		return source instanceof Promise ? source.then((found) => this.#decrypt(p, found)) : this.#decrypt(p, source);
	}

	/** @param {Fault} why */
	#drop(why) {
		this.counts[why] = (this.counts[why] ?? 0) + 1;
		return why;
	}

	/**
	 * Takes a frame apart that may be looked at further.
	 * @param {Uint8Array} b
	 * @returns {import("./frame.js").Parts | Fault}
	 */
	#cut(b) {
		if (this.#injected.length > 0 && endsWith(b, this.#injected)) return "injected";
		const p = cut(b);
		return typeof p === "string" ? p : (this.#unexpected(p) ?? p);
	}

	/**
	 * Opens a frame and holds it against its commitment.
	 * @param {import("./frame.js").Parts} p
	 * @param {Source | "noEpoch" | "noMember"} source
	 * @returns {Promise<Frame | Fault>}
	 */
	#decrypt(p, source) {
		if (typeof source === "string") return Promise.resolve(this.#drop(source));
		if (this.#other(p, source)) return Promise.resolve(this.#drop("otherTrack"));
		if (!this.#seen.fresh(source.join, p.kid.stream, p.counter)) return Promise.resolve(this.#drop("replayed"));
		return source.key.openRead(p.sealed, p.size, p.counter, p.metadata).then(
			(plain) => {
				const committed = source.franking.commit(p.counter, p.time, p.what, plain);
				return committed instanceof Promise ? committed.then((c) => this.#take(p, source, plain, c)) : this.#take(p, source, plain, committed);
			},
			() => this.#drop("unopened"),
		);
	}

	/**
	 * Takes a frame that has decrypted, if it is the one that was committed to.
	 * @param {import("./frame.js").Parts} p
	 * @param {Source} source
	 * @param {Uint8Array} plain
	 * @param {import("./commitment.js").Commitment} committed
	 * @returns {Frame | Fault}
	 */
	#take(p, source, plain, { opening, commitment }) {
		const fault = equal(commitment, p.commitment) && begins(plain, p) ? this.#accept(p, source) : "uncommitted";
		if (fault) return this.#drop(fault);
		const { kid, counter, time, what } = p;
		return { kid, join: source.join, counter, time, what, data: plain, opening, commitment };
	}

	/**
	 * The checks that need no key: the mode, the age, and where another stream of the same sender may begin.
	 * @param {import("./frame.js").Parts} p
	 * @returns {"wrongMode" | "stale" | "otherLayer" | undefined}
	 */
	#unexpected(p) {
		if ((p.kid.term === 0) === this.#e2ee) return "wrongMode";
		if (!this.#track) return undefined;
		if (p.time + SLACK < this.#track.time) return "stale";
		const goesOn = p.kid.stream === this.#track.stream || isAudio(p.what) || isKey(p.what);
		return goesOn ? undefined : "otherLayer";
	}

	/**
	 * @param {import("./frame.js").Parts} p
	 * @param {Source} source
	 */
	#other(p, source) {
		return this.#track !== undefined && (source.join !== this.#track.join || sourceOf(p.what) !== this.#track.source);
	}

	/**
	 * Takes a frame that has opened. Others may have been taken since it was looked at first, so everything that they change is looked at again;
	 * from here on nothing waits.
	 * @param {import("./frame.js").Parts} p
	 * @param {Source} source
	 * @returns {Fault | undefined}
	 */
	#accept(p, source) {
		const { join } = source;
		const { stream } = p.kid;
		const unexpected = this.#unexpected(p);
		if (unexpected) return unexpected;
		if (this.#other(p, source)) return "otherTrack";
		const seen = this.#seen.accept(join, stream, p.counter, p.time);
		if (seen) return seen;
		this.#keys.opened?.(p.kid, source);
		if (this.#track && stream !== this.#track.stream) this.#seen.leave(join, this.#track.stream);
		this.#track = { join, source: sourceOf(p.what), stream, time: Math.max(p.time, this.#track?.time ?? 0) };
		return undefined;
	}
}

/**
 * Whether a frame begins with its clear prefix, which is behind the trailer in the metadata.
 * @param {Uint8Array} plain
 * @param {import("./frame.js").Parts} p
 */
function begins(plain, { prefix, metadata }) {
	for (let i = 0; i < prefix; i++) if (plain[i] !== metadata[TRAILER + i]) return false;
	return true;
}

/**
 * @param {Uint8Array} b
 * @param {Uint8Array} end
 */
const endsWith = (b, end) => b.length >= end.length && end.every((x, i) => x === b[b.length - end.length + i]);

/**
 * The keys of a stream and the commitments of its frames (media/PROTOCOL.md sections 5 and 7). media/franking is the same in Go, and says
 * what commitments are for.
 *
 * The first block of what a commitment hashes is the same for all frames of a stream, and is taken once. Short frames are hashed here and long ones
 * by WebCrypto: in Chromium a call takes 3 µs, and 9 µs for 10 kB; a block takes 0.3 µs here. (WebAssembly took 43 µs for 10 kB, and needs a
 * wider Content-Security-Policy.)
 */
import { copy } from "./bytes.js";
import { encode } from "./cbor.js";
import { BLOCK, HASH, begin, compress, finish, sha256, short, wordsOf, write } from "./sha256.js";

const subtle = globalThis.crypto.subtle;
const CONTEXT = new TextEncoder().encode("proffer franking v2");

/** From how many bytes on WebCrypto's hash is faster, which answers later. */
const LONG = 768;

/**
 * Where frames come from: one stream of one join in one epoch of a meeting.
 * @typedef {{ meeting: string, term: number, epoch: number, device: Uint8Array, join: Uint8Array, stream: number }} Origin
 */

/**
 * Takes an epoch's secret into the browser's keeping. The bytes should be overwritten then.
 * @param {Uint8Array} secret
 */
export function importSecret(secret) {
	return subtle.importKey("raw", /** @type {BufferSource} */ (secret), "HKDF", false, ["deriveBits"]);
}

/**
 * The two keys of a stream (section 5): base is for sframe.js, franking for FrankingKey.
 * @param {CryptoKey} secret of the epoch
 * @param {Origin} origin
 * @param {Uint8Array} link the hash of the link that named the epoch first
 */
export async function deriveKeys(secret, origin, link) {
	const derive = async (/** @type {string} */ label) => {
		const info = /** @type {BufferSource} */ (encode([label, origin.meeting, link, origin.join, origin.stream]));
		return new Uint8Array(await subtle.deriveBits({ name: "HKDF", hash: "SHA-512", salt: new Uint8Array(), info }, secret, 256));
	};
	const [base, franking] = await Promise.all([derive("proffer base key v1"), derive("proffer franking key v1")]);
	return { base, franking };
}

// What is hashed, from begin to end without a pause, so that one is enough: the first block, opening, counter, time, what, and the frame.
const OPENING = BLOCK;
const COUNTER = OPENING + HASH;
const TIME = COUNTER + 8;
const WHAT = TIME + 8;
const FRAME = WHAT + 1;
let scratch = new Uint8Array(4096);
const state = begin();

/** @param {number} size of what it has to hold, with room for the end of a hash */
function grow(size) {
	if (size > scratch.length) scratch = new Uint8Array(2 * size);
}

/**
 * Writes eight bytes.
 * @param {number} n below 2^53
 * @param {number} at
 */
function put(n, at) {
	const high = Math.floor(n / 2 ** 32);
	for (let i = 0; i < 4; i++) {
		scratch[at + i] = high >>> (24 - 8 * i);
		scratch[at + 4 + i] = n >>> (24 - 8 * i);
	}
}

/** @typedef {{ opening: Uint8Array, commitment: Uint8Array }} Commitment */

/** Makes the commitments of one stream in one epoch. */
export class FrankingKey {
	#key;
	/** The first block of every commitment, and the hash after it. */
	#first = new Uint8Array(BLOCK);
	#begun = begin();

	/**
	 * @param {Origin} origin
	 * @param {Uint8Array} key what deriveKeys made for the same origin
	 */
	constructor({ meeting, term, epoch, device, join, stream }, key) {
		this.#key = wordsOf(key);
		this.#first.set(CONTEXT);
		this.#first.set(sha256(encode([meeting, term, epoch, device, join, stream])), BLOCK - HASH);
		compress(this.#begun, this.#first, 0);
	}

	/**
	 * Commits to a frame, to a long one in a while. The opening must be kept secret until the frame is reported; it tells nothing about the key
	 * or about other frames.
	 * @param {number} counter
	 * @param {number} time milliseconds, by the sender's clock
	 * @param {number} what
	 * @param {Uint8Array} frame
	 * @returns {Commitment | Promise<Commitment>}
	 */
	commit(counter, time, what, frame) {
		const end = FRAME + frame.length;
		grow(end + 2 * BLOCK);
		const opening = this.#opening(counter);
		put(counter, COUNTER);
		put(time, TIME);
		scratch[WHAT] = what;
		copy(scratch, frame, FRAME);
		if (frame.length >= LONG) return this.#long(opening, end);
		state.set(this.#begun);
		finish(state, scratch, BLOCK, end, end);
		const commitment = new Uint8Array(HASH);
		write(state, commitment, 0);
		return { opening, commitment };
	}

	/**
	 * The one-step key derivation of NIST SP 800-56C revision 2, section 4, with SHA-256. It is written where the commitment needs it, too.
	 * @param {number} counter
	 */
	#opening(counter) {
		short(state, 1, this.#key, Math.floor(counter / 2 ** 32), counter);
		write(state, scratch, OPENING);
		return scratch.slice(OPENING, COUNTER);
	}

	/**
	 * @param {Uint8Array} opening
	 * @param {number} end
	 * @returns {Promise<Commitment>}
	 */
	#long(opening, end) {
		for (let i = 0; i < BLOCK; i++) scratch[i] = this.#first[i];
		const hashed = subtle.digest("SHA-256", scratch.subarray(0, end)); // copies it before it returns
		return hashed.then((commitment) => ({ opening, commitment: new Uint8Array(commitment) }));
	}
}

/**
 * Tells in a time that depends on the length alone whether two byte strings are equal.
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 */
export function equal(a, b) {
	let differ = a.length ^ b.length;
	for (let i = 0; i < a.length; i++) differ |= a[i] ^ b[i];
	return differ === 0;
}

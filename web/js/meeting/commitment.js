/**
 * The keys of a stream and the commitments of its frames (media/PROTOCOL.md sections 5 and 7). media/franking is the same in Go, and says
 * what commitments are for.
 *
 * A commitment takes two HMAC-SHA256 (RFC 2104), the second under a key of its own. Through WebCrypto they would be two signatures and the import
 * of a key, 4 µs each and more; so the blocks at their ends are hashed here, and WebCrypto takes what lies between them in long frames. (In
 * Chromium a call takes 3 µs, and 9 µs for 10 kB; a block takes 0.3 µs here. WebAssembly took 43 µs for 10 kB, and needs a wider
 * Content-Security-Policy.)
 */
import { encode, head } from "./cbor.js";
import { BLOCK, HASH, INNER, OUTER, finish, finishWords, keyed, wordsOf, write } from "./sha256.js";

const subtle = globalThis.crypto.subtle;
const CONTEXT = new TextEncoder().encode("proffer franking v1");
const HEADER = CONTEXT.length + 4; // where the header begins, after its length

/** From how many bytes on WebCrypto's hash is faster. */
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

/** Bytes that are written one after the other to memory that is used again, with room behind them for the end of a hash. */
class Scratch {
	bytes = new Uint8Array(1024);
	length = 0;

	/** @param {number} b */
	push(b) {
		this.bytes[this.length++] = b;
	}

	/** @param {Uint8Array} all */
	add(all) {
		if (this.length + all.length + 2 * BLOCK > this.bytes.length) this.#grow(this.length + all.length + 2 * BLOCK);
		this.bytes.set(all, this.length);
		this.length += all.length;
	}

	/** @param {number} size */
	#grow(size) {
		const old = this.bytes;
		this.bytes = new Uint8Array(2 * size);
		this.bytes.set(old);
	}

	written() {
		return this.bytes.subarray(0, this.length);
	}
}

// They are used from begin to end without a pause, so one of each is enough.
const scratch = new Scratch();
const place = new Int32Array(4); // stream (8) || counter (8)

/**
 * The outer hash of HMAC.
 * @param {import("./sha256.js").State} h after its first block
 * @param {import("./sha256.js").State} inner
 */
function outside(h, inner) {
	finishWords(h, inner);
	return h;
}

/** @param {import("./sha256.js").State} h */
function digest(h) {
	const out = new Uint8Array(HASH);
	write(h, out, 0);
	return out;
}

/** @typedef {{ opening: Uint8Array, commitment: Uint8Array }} Commitment */

/** Makes the commitments of one stream in one epoch. */
export class FrankingKey {
	/** HMAC's two hashes after the key. */
	#inner;
	#outer;
	/** How every message begins: context, room for the length of the header, and six of its fields. @type {Uint8Array} */
	#start;
	#stream;

	/**
	 * @param {Origin} origin
	 * @param {Uint8Array} key what deriveKeys made for the same origin
	 */
	constructor(origin, key) {
		this.#inner = keyed(wordsOf(key), INNER);
		this.#outer = keyed(wordsOf(key), OUTER);
		this.#stream = origin.stream;
		const { meeting, term, epoch, device, join, stream } = origin;
		const fields = encode([meeting, term, epoch, device, join, stream]);
		fields[0] = (4 << 5) | 11; // of an array of eleven
		this.#start = new Uint8Array(HEADER + fields.length);
		this.#start.set(CONTEXT);
		this.#start.set(fields, HEADER);
	}

	/**
	 * Commits to a frame, to a long one in a while. The opening must be kept secret until the frame is reported; it tells nothing about the key
	 * or about other frames.
	 * @param {number} counter
	 * @param {number} time milliseconds, by the sender's clock
	 * @param {number} what
	 * @param {Uint8Array} prefix
	 * @param {Uint8Array} plaintext
	 * @returns {Commitment | Promise<Commitment>}
	 */
	commit(counter, time, what, prefix, plaintext) {
		const r = this.#opening(counter);
		const opening = digest(r);
		this.#begin(counter, time, what, prefix, plaintext.length);
		scratch.add(plaintext);
		if (plaintext.length >= LONG) return long(opening, keyed(r, OUTER));
		const inner = keyed(r, INNER);
		finish(inner, scratch.bytes, BLOCK, scratch.length, scratch.length);
		return { opening, commitment: digest(outside(keyed(r, OUTER), inner)) };
	}

	/** @param {number} counter */
	#opening(counter) {
		place[1] = this.#stream;
		place[2] = counter / 2 ** 32;
		place[3] = counter;
		const inner = this.#inner.slice();
		finishWords(inner, place);
		return outside(this.#outer.slice(), inner);
	}

	/**
	 * Writes what comes before the plaintext, with room before it for the key.
	 * @param {number} counter
	 * @param {number} time
	 * @param {number} what
	 * @param {Uint8Array} prefix
	 * @param {number} length
	 */
	#begin(counter, time, what, prefix, length) {
		scratch.length = BLOCK;
		scratch.add(this.#start);
		head(scratch, 0, counter);
		head(scratch, 0, time);
		head(scratch, 0, what);
		head(scratch, 0, length);
		head(scratch, 2, prefix.length);
		scratch.add(prefix);
		const header = scratch.length - BLOCK - HEADER;
		for (let i = 0; i < 4; i++) scratch.bytes[BLOCK + CONTEXT.length + i] = header >>> (24 - 8 * i);
	}
}

/**
 * @param {Uint8Array} opening
 * @param {import("./sha256.js").State} outer after its first block
 * @returns {Promise<Commitment>}
 */
function long(opening, outer) {
	for (let i = 0; i < HASH; i++) scratch.bytes[i] = opening[i] ^ (INNER & 0xff);
	scratch.bytes.fill(INNER & 0xff, HASH, BLOCK);
	const hashed = subtle.digest("SHA-256", /** @type {BufferSource} */ (scratch.written())); // copies it before it returns
	return hashed.then((inner) => ({ opening, commitment: digest(outside(outer, wordsOf(new Uint8Array(inner)))) }));
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

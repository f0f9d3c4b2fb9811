/**
 * The keys of a stream and the commitments of its frames (media/PROTOCOL.md sections 5 and 7). media/franking is the same in Go, and says
 * what commitments are for.
 *
 * A commitment takes two HMAC-SHA256, the second under a key of its own. They are made with hash-wasm, at once, but for the one hash over a
 * long frame: WebCrypto's is a promise and a way to another thread, and then much faster. Its HMAC would be two of these and the import of
 * a key between them. The WebAssembly needs a worker whose Content-Security-Policy allows it ('wasm-unsafe-eval', as the hashing worker of
 * reports has).
 */
import { createSHA256 } from "hash-wasm";
import { encode, head } from "./cbor.js";

const subtle = globalThis.crypto.subtle;
const CONTEXT = new TextEncoder().encode("proffer franking v1");
const HEADER = CONTEXT.length + 4; // where the header begins, after its length
const BLOCK = 64; // of SHA-256
const HASH = 32;

/** From how many bytes on WebCrypto is faster. */
const LONG = 2048;

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

/** One hash for all keys: it is used from begin to end without a pause. @type {Promise<import("hash-wasm").IHasher> | undefined} */
let hasher;

/** Bytes that are written one after the other to memory that is used again. */
class Scratch {
	bytes = new Uint8Array(1024);
	length = 0;

	/** @param {number} b */
	push(b) {
		this.bytes[this.length++] = b;
	}

	/** @param {Uint8Array} all */
	add(all) {
		if (this.length + all.length > this.bytes.length) this.#grow(this.length + all.length);
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

/** It is used from begin to end without a pause, so one is enough. */
const scratch = new Scratch();

/** @typedef {{ opening: Uint8Array, commitment: Uint8Array }} Commitment */

/** Makes the commitments of one stream in one epoch. */
export class FrankingKey {
	#hasher;
	#key;
	/** How every message begins: context, room for the length of the header, and six of its fields. @type {Uint8Array} */
	#start;
	#stream;
	#outer = new Uint8Array(BLOCK + HASH);

	/**
	 * @param {import("hash-wasm").IHasher} hasher
	 * @param {Origin} origin
	 * @param {Uint8Array} key
	 */
	constructor(hasher, origin, key) {
		this.#hasher = hasher;
		this.#key = key;
		this.#stream = origin.stream;
		const { meeting, term, epoch, device, join, stream } = origin;
		const fields = encode([meeting, term, epoch, device, join, stream]);
		fields[0] = (4 << 5) | 11; // of an array of eleven
		this.#start = new Uint8Array(HEADER + fields.length);
		this.#start.set(CONTEXT);
		this.#start.set(fields, HEADER);
	}

	/**
	 * @param {Origin} origin
	 * @param {Uint8Array} key what deriveKeys made for the same origin
	 */
	static async make(origin, key) {
		hasher ??= createSHA256();
		return new FrankingKey(await hasher, origin, key);
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
		const opening = this.#opening(counter);
		this.#begin(opening, counter, time, what, prefix, plaintext.length);
		if (plaintext.length >= LONG) return this.#long(opening, plaintext);
		const inner = this.#hasher.init().update(scratch.written()).update(plaintext).digest("binary");
		return { opening, commitment: this.#outside(opening, inner) };
	}

	/**
	 * @param {Uint8Array} opening
	 * @param {Uint8Array} plaintext
	 */
	async #long(opening, plaintext) {
		scratch.add(plaintext);
		const inner = await subtle.digest("SHA-256", /** @type {BufferSource} */ (scratch.written())); // copies it before it returns
		return { opening, commitment: this.#outside(opening, new Uint8Array(inner)) };
	}

	/** @param {number} counter */
	#opening(counter) {
		scratch.length = BLOCK;
		eight(this.#stream);
		eight(counter);
		pad(scratch.bytes, this.#key, 0x36);
		return this.#outside(this.#key, this.#hasher.init().update(scratch.written()).digest("binary"));
	}

	/**
	 * Writes what comes before the plaintext.
	 * @param {Uint8Array} opening
	 * @param {number} counter
	 * @param {number} time
	 * @param {number} what
	 * @param {Uint8Array} prefix
	 * @param {number} length
	 */
	#begin(opening, counter, time, what, prefix, length) {
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
		pad(scratch.bytes, opening, 0x36);
	}

	/**
	 * The outer half of HMAC (RFC 2104).
	 * @param {Uint8Array} key
	 * @param {Uint8Array} inner
	 */
	#outside(key, inner) {
		pad(this.#outer, key, 0x5c);
		this.#outer.set(inner, BLOCK);
		return this.#hasher.init().update(this.#outer).digest("binary");
	}
}

/**
 * @param {Uint8Array} block
 * @param {Uint8Array} key of 32 bytes
 * @param {number} byte
 */
function pad(block, key, byte) {
	for (let i = 0; i < HASH; i++) block[i] = key[i] ^ byte;
	for (let i = HASH; i < BLOCK; i++) block[i] = byte;
}

/** @param {number} n */
function eight(n) {
	for (let i = scratch.length + 7, rest = n; i >= scratch.length; i--) {
		scratch.bytes[i] = rest % 256;
		rest = Math.floor(rest / 256);
	}
	scratch.length += 8;
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

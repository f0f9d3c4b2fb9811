/**
 * The keys of a stream and the commitments of its frames (media/PROTOCOL.md sections 5 and 7). media/franking is the same in Go, and says
 * what commitments are for.
 *
 * A commitment takes two HMAC-SHA256, the second under a key of its own, and both are made here with hash-wasm, at once. Through WebCrypto
 * each would be a promise and a way to another thread: two signatures and the import of a key between them. In a worker of Chromium that took
 * 29 µs for 1,200 bytes against 10 µs here, as much at 4 kB, and half at 10 kB and more, which few frames have (@noble/hashes, in Node: more than twice
 * as long). The WebAssembly needs a worker whose Content-Security-Policy allows it ('wasm-unsafe-eval', as the hashing worker of reports has).
 */
import { createSHA256 } from "hash-wasm";
import { encode, head } from "./cbor.js";

const subtle = globalThis.crypto.subtle;
const CONTEXT = new TextEncoder().encode("proffer franking v1");
const HEADER = CONTEXT.length + 4; // where the header begins, after its length
const BLOCK = 64; // of SHA-256
const HASH = 32;

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

	/** @param {...number} all */
	push(...all) {
		for (const b of all) this.bytes[this.length++] = b;
	}

	/** @param {Uint8Array} all */
	add(all) {
		this.bytes.set(all, this.length);
		this.length += all.length;
	}

	written() {
		return this.bytes.subarray(0, this.length);
	}
}

/** Makes the commitments of one stream in one epoch. */
export class FrankingKey {
	#hasher;
	#key;
	/** How every message begins: context, room for the length of the header, and six of its fields. @type {Uint8Array} */
	#start;
	#stream;
	#scratch = new Scratch();
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
	 * Commits to a frame. The opening must be kept secret until the frame is reported; it tells nothing about the key or about other frames.
	 * @param {number} counter
	 * @param {number} time milliseconds, by the sender's clock
	 * @param {number} what
	 * @param {Uint8Array} prefix
	 * @param {Uint8Array} plaintext
	 */
	commit(counter, time, what, prefix, plaintext) {
		const s = this.#scratch;
		s.length = BLOCK;
		eight(s, this.#stream);
		eight(s, counter);
		const opening = this.#mac(this.#key);

		s.length = BLOCK;
		s.add(this.#start);
		for (const n of [counter, time, what, plaintext.length]) head(s, 0, n);
		head(s, 2, prefix.length);
		s.add(prefix);
		new DataView(s.bytes.buffer).setUint32(BLOCK + CONTEXT.length, s.length - BLOCK - HEADER);
		return { opening, commitment: this.#mac(opening, plaintext) };
	}

	/**
	 * HMAC (RFC 2104) over what is in the scratch after the first block, and then more.
	 * @param {Uint8Array} key
	 * @param {Uint8Array} [more]
	 */
	#mac(key, more) {
		const inner = this.#scratch.written();
		pad(inner, key, 0x36);
		this.#hasher.init().update(inner);
		if (more) this.#hasher.update(more);
		pad(this.#outer, key, 0x5c);
		this.#outer.set(this.#hasher.digest("binary"), BLOCK);
		return this.#hasher.init().update(this.#outer).digest("binary");
	}
}

/**
 * @param {Uint8Array} block
 * @param {Uint8Array} key
 * @param {number} byte
 */
function pad(block, key, byte) {
	block.fill(byte, 0, BLOCK);
	for (let i = 0; i < key.length; i++) block[i] ^= key[i];
}

/**
 * @param {Scratch} s
 * @param {number} n
 */
function eight(s, n) {
	for (let i = 7; i >= 0; i--) s.push(Math.floor(n / 2 ** (8 * i)) & 0xff);
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

/**
 * RFC 9605 (SFrame) with its cipher suite 0x0005, AES_256_GCM_SHA512_128, on WebCrypto. media/sframe is the same in Go. What a meeting
 * puts around it is in frame.js.
 */
import { copy } from "./bytes.js";

const SUITE = 0x0005;
const SALT = 12; // Nn
const subtle = globalThis.crypto.subtle;
const encoder = new TextEncoder();

/**
 * The one encoding of a header (section 4.3).
 * @param {bigint} kid
 * @param {bigint} counter
 * @returns {Uint8Array}
 */
export function encodeHeader(kid, counter) {
	const k = bytesOf(kid);
	const c = bytesOf(counter);
	const out = new Uint8Array(1 + k.length + c.length);
	out[0] = (k.length ? 0x80 | ((k.length - 1) << 4) : Number(kid) << 4) | (c.length ? 0x08 | (c.length - 1) : Number(counter));
	out.set(k, 1);
	out.set(c, 1 + k.length);
	return out;
}

/**
 * The bytes that follow for a value: none below 8, else the fewest.
 * @param {bigint} value
 */
function bytesOf(value) {
	const all = new Uint8Array(8);
	new DataView(all.buffer).setBigUint64(0, value);
	return value < 8n ? all.subarray(8) : all.subarray(all.findIndex((b) => b !== 0));
}

/** @typedef {{ kid: bigint, counter: bigint, size: number }} Header size: the bytes that the header takes */

/**
 * Reads what encodeHeader makes, and nothing else.
 * @param {Uint8Array} b
 * @returns {Header | undefined}
 */
export function parseHeader(b) {
	const h = readHeader(b);
	return h && { kid: join64(h.kid), counter: join64(h.counter), size: h.size };
}

/**
 * A number of 64 bits in two halves: BigInt costs microseconds, and this is done for each frame.
 * @typedef {{ high: number, low: number, end: number }} Field end: where its bytes end
 */

/**
 * Reads a header as parseHeader does, without BigInt.
 * @param {Uint8Array} b
 * @returns {{ kid: Field, counter: Field, size: number } | undefined}
 */
export function readHeader(b) {
	if (b.length === 0) return undefined;
	const kid = field(b[0] >> 4, b, 1);
	if (!kid) return undefined;
	const counter = field(b[0] & 0x0f, b, kid.end);
	return counter && { kid, counter, size: counter.end };
}

/**
 * @param {number} nibble the four bits of the config byte
 * @param {Uint8Array} b
 * @param {number} at where its bytes would be
 * @returns {Field | undefined}
 */
function field(nibble, b, at) {
	if (nibble < 8) return { high: 0, low: nibble, end: at };
	const end = at + (nibble & 7) + 1;
	// Section 4.3: the fewest bytes, so no zero before, and none for what fits into the config byte.
	if (end > b.length || b[at] === 0 || (end === at + 1 && b[at] < 8)) return undefined;
	let high = 0;
	let low = 0;
	for (let i = at; i < end; i++) {
		if (i < end - 4) high = high * 256 + b[i];
		else low = low * 256 + b[i];
	}
	return { high, low, end };
}

const join64 = (/** @type {Field} */ { high, low }) => (BigInt(high) << 32n) | BigInt(low);

/** The number in a field; from 2^53 on it is rounded. */
export const numberOf = (/** @type {Field} */ { high, low }) => high * 2 ** 32 + low;

/** How many bytes a counter below 2^53 takes after the config byte. */
function sizeOf(/** @type {number} */ counter) {
	let size = counter < 8 ? 0 : 1;
	for (let n = 2 ** 8; n <= counter; n *= 2 ** 8) size++;
	return size;
}

const bytesIn = (/** @type {ArrayBuffer} */ b) => new Uint8Array(b);

// WebCrypto copies what it is given before it returns, so that these are free again.
const iv = new Uint8Array(SALT);
const aad = new Uint8Array(256);
/** The beginnings of aad, by their length. @type {Uint8Array<ArrayBuffer>[]} */
const views = [];
const parameters = { name: "AES-GCM", iv, additionalData: aad };

/** What one key identifier stands for. It keeps no counter: whoever seals must never use one twice (a Sender sees to it). */
export class Key {
	#aes;
	#salt;
	/** The header of counter 0. */
	#header;

	/**
	 * @param {bigint} kid
	 * @param {CryptoKey} aes
	 * @param {Uint8Array} salt
	 */
	constructor(kid, aes, salt) {
		this.kid = kid;
		this.#aes = aes;
		this.#salt = salt;
		this.#header = encodeHeader(kid, 0n);
	}

	/**
	 * Section 4.4.2. The AES key cannot be taken out of the browser's keeping.
	 * @param {Uint8Array} baseKey
	 * @param {bigint} kid
	 */
	static async derive(baseKey, kid) {
		const base = await subtle.importKey("raw", /** @type {BufferSource} */ (baseKey), "HKDF", false, ["deriveBits", "deriveKey"]);
		const aes = await subtle.deriveKey(expand("key ", kid), base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
		const salt = await subtle.deriveBits(expand("salt ", kid), base, SALT * 8);
		return new Key(kid, aes, new Uint8Array(salt));
	}

	/**
	 * The SFrame ciphertext: header, ciphertext and tag (section 4.4.3), in a buffer of its own.
	 * @param {number} counter below 2^53
	 * @param {Uint8Array} metadata
	 * @param {Uint8Array} plaintext
	 * @param {number} [before] how many bytes of room to leave before it
	 * @param {number} [after] and behind it
	 * @returns {Promise<Uint8Array<ArrayBuffer>>}
	 */
	seal(counter, metadata, plaintext, before = 0, after = 0) {
		const size = this.#header.length + sizeOf(counter);
		this.#writeHeader(counter, aad, size);
		const sealed = subtle.encrypt(this.#parameters(counter, size, metadata), this.#aes, /** @type {BufferSource} */ (plaintext));
		return sealed.then((bytes) => {
			const out = new Uint8Array(before + size + bytes.byteLength + after);
			this.#writeHeader(counter, out, size, before);
			copy(out, new Uint8Array(bytes), before + size);
			return out;
		});
	}

	/**
	 * The plaintext (section 4.4.4). Rejects what does not open.
	 * @param {Uint8Array} frame header, ciphertext and tag
	 * @param {Uint8Array} metadata
	 * @returns {Promise<Uint8Array>}
	 */
	open(frame, metadata) {
		const header = readHeader(frame);
		const counter = header ? numberOf(header.counter) : Infinity;
		if (!header || counter >= 2 ** 53) return Promise.reject(new Error("SFrame: there is no valid header"));
		return this.openRead(frame, header.size, counter, metadata);
	}

	/**
	 * open for a frame whose header has been read.
	 * @param {Uint8Array} frame
	 * @param {number} size of the header
	 * @param {number} counter that is in it, below 2^53
	 * @param {Uint8Array} metadata
	 * @returns {Promise<Uint8Array>}
	 */
	openRead(frame, size, counter, metadata) {
		if (!this.#names(frame)) return Promise.reject(new Error("SFrame: the frame names another key"));
		for (let i = 0; i < size; i++) aad[i] = frame[i];
		const parameters = this.#parameters(counter, size, metadata);
		return subtle.decrypt(parameters, this.#aes, /** @type {BufferSource} */ (frame.subarray(size))).then(bytesIn);
	}

	/**
	 * Whether a header, which is valid, is of this key.
	 * @param {Uint8Array} header
	 */
	#names(header) {
		if (header[0] >> 4 !== this.#header[0] >> 4) return false;
		for (let i = 1; i < this.#header.length; i++) if (header[i] !== this.#header[i]) return false;
		return true;
	}

	/**
	 * @param {number} counter
	 * @param {Uint8Array} out
	 * @param {number} size
	 * @param {number} [at]
	 */
	#writeHeader(counter, out, size, at = 0) {
		const own = this.#header.length;
		for (let i = 0; i < own; i++) out[at + i] = this.#header[i];
		out[at] |= size > own ? 0x08 | (size - own - 1) : counter;
		for (let i = size - 1, rest = counter; i >= own; i--) {
			out[at + i] = rest % 256;
			rest = Math.floor(rest / 256);
		}
	}

	/**
	 * nonce = salt XOR counter, additional data = header || metadata. They are to be used at once.
	 * @param {number} counter
	 * @param {number} size of the header, which is in aad
	 * @param {Uint8Array} metadata
	 */
	#parameters(counter, size, metadata) {
		for (let i = 0; i < SALT; i++) iv[i] = this.#salt[i];
		for (let i = SALT - 1, rest = counter; rest > 0; i--) {
			iv[i] ^= rest % 256;
			rest = Math.floor(rest / 256);
		}
		const length = size + metadata.length;
		if (length > aad.length) return { ...parameters, additionalData: joined(aad.subarray(0, size), metadata) };
		for (let i = 0; i < metadata.length; i++) aad[size + i] = metadata[i];
		parameters.additionalData = views[length] ??= aad.subarray(0, length);
		return parameters;
	}
}

/**
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 */
function joined(a, b) {
	const out = new Uint8Array(a.length + b.length);
	out.set(a);
	out.set(b, a.length);
	return out;
}

/**
 * HKDF with the label "SFrame 1.0 Secret key " || KID (8) || cipher suite (2), or the same for the salt.
 * @param {string} what
 * @param {bigint} kid
 */
function expand(what, kid) {
	const label = encoder.encode(`SFrame 1.0 Secret ${what}`);
	const info = new Uint8Array(label.length + 10);
	info.set(label);
	const rest = new DataView(info.buffer, label.length);
	rest.setBigUint64(0, kid);
	rest.setUint16(8, SUITE);
	return { name: "HKDF", hash: "SHA-512", salt: new Uint8Array(), info };
}

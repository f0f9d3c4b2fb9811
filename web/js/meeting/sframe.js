/**
 * RFC 9605 (SFrame) with its cipher suite 0x0005, AES_256_GCM_SHA512_128, on WebCrypto. media/sframe is the same in Go. What a meeting
 * puts around it is in frame.js.
 */

const SUITE = 0x0005;
const SALT = 12; // Nn
const TAG = 16; // Nt
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
	if (b.length === 0) return undefined;
	const kid = field(b[0] >> 4, b, 1);
	if (!kid) return undefined;
	const counter = field(b[0] & 0x0f, b, kid.end);
	return counter && { kid: kid.value, counter: counter.value, size: counter.end };
}

/**
 * @param {number} nibble the four bits of the config byte
 * @param {Uint8Array} b
 * @param {number} at where its bytes would be
 */
function field(nibble, b, at) {
	if (nibble < 8) return { value: BigInt(nibble), end: at };
	const end = at + (nibble & 7) + 1;
	// Section 4.3: the fewest bytes, so no zero before, and none for what fits into the config byte.
	if (end > b.length || b[at] === 0 || (end === at + 1 && b[at] < 8)) return undefined;
	let high = 0;
	let low = 0;
	for (let i = at; i < end; i++) {
		if (i < end - 4) high = high * 256 + b[i];
		else low = low * 256 + b[i];
	}
	return { value: (BigInt(high) << 32n) | BigInt(low), end };
}

/** What one key identifier stands for. It keeps no counter: whoever seals must never use one twice (a Sender sees to it). */
export class Key {
	#aes;
	#salt;

	/**
	 * @param {bigint} kid
	 * @param {CryptoKey} aes
	 * @param {Uint8Array} salt
	 */
	constructor(kid, aes, salt) {
		this.kid = kid;
		this.#aes = aes;
		this.#salt = salt;
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
	 * The SFrame ciphertext: header, ciphertext and tag (section 4.4.3), with bytes left free around it for the caller, so that nothing has to be
	 * copied again.
	 * @param {bigint} counter
	 * @param {Uint8Array} metadata
	 * @param {Uint8Array} plaintext
	 * @param {number} [before]
	 * @param {number} [after]
	 * @returns {Promise<Uint8Array>}
	 */
	async seal(counter, metadata, plaintext, before = 0, after = 0) {
		const header = encodeHeader(this.kid, counter);
		const out = new Uint8Array(before + header.length + plaintext.length + TAG + after);
		const sealed = await subtle.encrypt(this.#parameters(header, metadata, counter), this.#aes, /** @type {BufferSource} */ (plaintext));
		out.set(header, before);
		out.set(new Uint8Array(sealed), before + header.length);
		return out;
	}

	/**
	 * The plaintext (section 4.4.4). Rejects what does not open.
	 * @param {Uint8Array} frame header, ciphertext and tag
	 * @param {Uint8Array} metadata
	 * @returns {Promise<Uint8Array>}
	 */
	async open(frame, metadata) {
		const header = parseHeader(frame);
		if (!header) throw new Error("SFrame: there is no valid header");
		if (header.kid !== this.kid) throw new Error("SFrame: the frame names another key");
		const parameters = this.#parameters(frame.subarray(0, header.size), metadata, header.counter);
		return new Uint8Array(await subtle.decrypt(parameters, this.#aes, /** @type {BufferSource} */ (frame.subarray(header.size))));
	}

	/**
	 * nonce = salt XOR counter, additional data = header || metadata.
	 * @param {Uint8Array} header
	 * @param {Uint8Array} metadata
	 * @param {bigint} counter
	 */
	#parameters(header, metadata, counter) {
		const iv = this.#salt.slice();
		const last = new DataView(iv.buffer, SALT - 8);
		last.setBigUint64(0, last.getBigUint64(0) ^ counter);
		const additionalData = new Uint8Array(header.length + metadata.length);
		additionalData.set(header);
		additionalData.set(metadata, header.length);
		return { name: "AES-GCM", iv, additionalData, tagLength: TAG * 8 };
	}
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

/**
 * The encoding half of the protocol's CBOR (media/PROTOCOL.md section 1): RFC 8949 section 4.2.1, made of unsigned integers below 2^53,
 * byte strings, text and arrays of them.
 */

const encoder = new TextEncoder();

/** @typedef {number | string | Uint8Array | boolean | { readonly length: number, [Symbol.iterator](): Iterator<Item> }} Item the last is an array */

/**
 * @param {Item} item
 * @returns {Uint8Array}
 */
export function encode(item) {
	/** @type {number[]} */
	const out = [];
	append(out, item);
	return Uint8Array.from(out);
}

/**
 * @param {number[]} out
 * @param {Item} item
 */
function append(out, item) {
	if (typeof item === "boolean") out.push(item ? 0xf5 : 0xf4);
	else if (typeof item === "number") head(out, 0, item);
	else if (typeof item === "string") appendBytes(out, 3, encoder.encode(item.normalize("NFC")));
	else if (item instanceof Uint8Array) appendBytes(out, 2, item);
	else {
		head(out, 4, item.length);
		for (const i of item) append(out, i);
	}
}

/**
 * @param {number[]} out
 * @param {number} major
 * @param {Uint8Array} bytes
 */
function appendBytes(out, major, bytes) {
	head(out, major, bytes.length);
	for (const b of bytes) out.push(b);
}

/**
 * The first byte of an item and the number after it, in the shortest form.
 * @param {{ push: (...bytes: number[]) => unknown }} out
 * @param {number} major
 * @param {number} n
 */
export function head(out, major, n) {
	if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`CBOR: ${n} is not an unsigned integer below 2^53`);
	const size = n < 24 ? 0 : n < 2 ** 8 ? 1 : n < 2 ** 16 ? 2 : n < 2 ** 32 ? 4 : 8;
	out.push((major << 5) | (size === 0 ? n : size === 8 ? 27 : 23 + size - (size >> 2)));
	const low = n >>> 0;
	const high = (n - low) / 2 ** 32;
	for (let i = size - 1; i >= 0; i--) out.push(((i < 4 ? low : high) >>> (8 * (i & 3))) & 0xff);
}

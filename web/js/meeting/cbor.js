/**
 * The protocol's CBOR (media/PROTOCOL.md section 1): RFC 8949 section 4.2.1, made of unsigned integers below 2^53, byte strings, text in normal
 * form C, true, false, and arrays of them. There is one encoding of everything, and decode takes no other.
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @typedef {number | string | Uint8Array | boolean | { readonly length: number, [Symbol.iterator](): Iterator<Item> }} Item the last is an array */

/** Bytes that grow. */
class Writer {
	#bytes = new Uint8Array(256);
	#length = 0;

	/** @param {...number} all */
	push(...all) {
		this.add(all);
	}

	/** @param {ArrayLike<number>} all */
	add(all) {
		const end = this.#length + all.length;
		if (end > this.#bytes.length) {
			const more = new Uint8Array(2 * end);
			more.set(this.#bytes);
			this.#bytes = more;
		}
		this.#bytes.set(all, this.#length);
		this.#length = end;
	}

	written() {
		return this.#bytes.slice(0, this.#length);
	}
}

/**
 * @param {Item} item
 * @returns {Uint8Array}
 */
export function encode(item) {
	const out = new Writer();
	append(out, item);
	return out.written();
}

/**
 * @param {Writer} out
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
 * @param {Writer} out
 * @param {number} major
 * @param {Uint8Array} bytes
 */
function appendBytes(out, major, bytes) {
	head(out, major, bytes.length);
	out.add(bytes);
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

/** @typedef {number | string | Uint8Array | boolean | any[]} Decoded the last is of Decoded */

/** How deep arrays may stand in arrays: a box stands in the boxes of keys. */
const DEPTH = 4;

/**
 * Reads one item, and throws at every input that encode would not have made.
 * @param {Uint8Array} data
 * @returns {Decoded}
 */
export function decode(data) {
	const reader = new Reader(data);
	const item = reader.item(DEPTH);
	if (reader.at !== data.length) throw new Error("CBOR: something follows the item");
	return item;
}

class Reader {
	at = 0;
	#data;

	/** @param {Uint8Array} data */
	constructor(data) {
		this.#data = data;
	}

	/**
	 * @param {number} depth
	 * @returns {Decoded}
	 */
	item(depth) {
		const first = this.#bytes(1)[0];
		if (first === 0xf4 || first === 0xf5) return first === 0xf5;
		const n = this.#number(first & 0x1f);
		switch (first >> 5) {
			case 0:
				return n;
			case 2:
				return this.#bytes(n).slice();
			case 3:
				return normal(decoder.decode(this.#bytes(n)));
			case 4:
				return this.#array(n, depth);
		}
		throw new Error("CBOR: a type that the protocol does not use");
	}

	/**
	 * The number of a head, in its shortest form.
	 * @param {number} low the lowest five bits of its first byte
	 */
	#number(low) {
		if (low < 24) return low;
		if (low > 27) throw new Error("CBOR: a length that is not given");
		const size = 2 ** (low - 24);
		const n = this.#bytes(size).reduce((sum, b) => sum * 256 + b, 0);
		if (!Number.isSafeInteger(n) || n < (size === 1 ? 24 : 2 ** (4 * size))) throw new Error("CBOR: a number that is too large or not in its shortest form");
		return n;
	}

	/** @param {number} n */
	#bytes(n) {
		if (n > this.#data.length - this.at) throw new Error("CBOR: the input is too short");
		return this.#data.subarray(this.at, (this.at += n));
	}

	/**
	 * @param {number} n
	 * @param {number} depth
	 */
	#array(n, depth) {
		if (depth === 0 || n > this.#data.length - this.at) throw new Error("CBOR: arrays too deep or too long");
		/** @type {Decoded[]} */
		const items = [];
		for (let i = 0; i < n; i++) items.push(this.item(depth - 1));
		return items;
	}
}

/** @param {string} s */
function normal(s) {
	if (s.normalize("NFC") !== s) throw new Error("CBOR: a text that is not in normal form C");
	return s;
}

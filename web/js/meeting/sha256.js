/**
 * SHA-256 (FIPS 180-4) block by block, at once. Each call of WebCrypto costs about as much as a dozen blocks here, so short messages, and the keyed
 * blocks at either end of an HMAC, are hashed here, and the long middles there.
 */

export const BLOCK = 64;
export const HASH = 32;

/** Section 4.2.2: of the first primes the cube roots, and section 5.3.3: the square roots; 32 bits behind the point. */
const K = new Int32Array(64);
const START = new Int32Array(8);
for (let n = 0, p = 2; n < 64; p++) {
	let d = 2;
	while (d * d <= p && p % d) d++;
	if (d * d <= p) continue;
	if (n < 8) START[n] = (Math.sqrt(p) % 1) * 2 ** 32;
	K[n++] = (Math.cbrt(p) % 1) * 2 ** 32;
}

const W = new Int32Array(64); // the schedule

/** What a hash is after some blocks. @typedef {Int32Array} State */

/** @returns {State} */
export const begin = () => START.slice();

/**
 * Takes a block (section 6.2.2).
 * @param {State} h
 * @param {Uint8Array} m
 * @param {number} at
 */
export function compress(h, m, at) {
	for (let i = 0; i < 16; i++, at += 4) W[i] = (m[at] << 24) | (m[at + 1] << 16) | (m[at + 2] << 8) | m[at + 3];
	rounds(h);
}

/**
 * Takes the block in the first 16 words of the schedule.
 * @param {State} h
 */
function rounds(h) {
	for (let i = 16; i < 64; i++) {
		const x = W[i - 15];
		const y = W[i - 2];
		const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
		const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
		W[i] = (W[i - 16] + s0 + W[i - 7] + s1) | 0;
	}
	let a = h[0];
	let b = h[1];
	let c = h[2];
	let d = h[3];
	let e = h[4];
	let f = h[5];
	let g = h[6];
	let k = h[7];
	for (let i = 0; i < 64; i++) {
		const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
		const t1 = (k + s1 + (g ^ (e & (f ^ g))) + K[i] + W[i]) | 0;
		const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
		const t2 = (s0 + ((a & b) | (c & (a | b)))) | 0;
		k = g;
		g = f;
		f = e;
		e = (d + t1) | 0;
		d = c;
		c = b;
		b = a;
		a = (t1 + t2) | 0;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
	h[5] += f;
	h[6] += g;
	h[7] += k;
}

/**
 * The hash of a message that fits into one block: a word, 32 bytes and two words.
 * @param {State} h what it is written to
 * @param {number} first
 * @param {State} key
 * @param {number} high
 * @param {number} low
 */
export function short(h, first, key, high, low) {
	W[0] = first;
	for (let i = 0; i < 8; i++) W[1 + i] = key[i];
	W[9] = high;
	W[10] = low;
	W[11] = 1 << 31;
	W[12] = W[13] = W[14] = 0;
	W[15] = 11 * 32;
	h.set(START);
	rounds(h);
}

/**
 * Takes the rest of a message and ends it (section 5.1.1).
 * @param {State} h
 * @param {Uint8Array} b has room for two blocks more than the message
 * @param {number} at where the rest begins, after whole blocks
 * @param {number} end where it ends
 * @param {number} length of the whole message, below 2^29
 */
export function finish(h, b, at, end, length) {
	for (; at + BLOCK <= end; at += BLOCK) compress(h, b, at);
	const blocks = end - at < BLOCK - 8 ? 1 : 2;
	const last = at + blocks * BLOCK;
	b.fill(0, end, last);
	b[end] = 0x80;
	for (let i = 1, bits = length * 8; i <= 4; i++, bits >>>= 8) b[last - i] = bits;
	for (; at < last; at += BLOCK) compress(h, b, at);
}

/**
 * @param {State} h
 * @param {Uint8Array} out
 * @param {number} at
 */
export function write(h, out, at) {
	for (let i = 0; i < 8; i++) for (let j = 0; j < 4; j++) out[at + 4 * i + j] = h[i] >>> (24 - 8 * j);
}

/**
 * A hash, or another 32 bytes, in words.
 * @param {Uint8Array} b
 * @returns {State}
 */
export function wordsOf(b) {
	const h = new Int32Array(8);
	for (let i = 0, at = 0; i < 8; i++, at += 4) h[i] = (b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3];
	return h;
}

const tail = new Uint8Array(2 * BLOCK); // what does not fill a block yet; used from begin to end without a pause

/**
 * The hash of a message in parts.
 * @param {...Uint8Array} parts
 */
export function sha256(...parts) {
	return hashed(begin(), 0, parts);
}

/**
 * HMAC (RFC 2104) of a message in parts.
 * @param {Uint8Array} key of a block at most
 * @param {...Uint8Array} parts
 */
export function hmac(key, ...parts) {
	return hashed(keyedBytes(key, 0x5c), BLOCK, [hashed(keyedBytes(key, 0x36), BLOCK, parts)]);
}

/**
 * keyed for keys of other lengths.
 * @param {Uint8Array} key
 * @param {number} byte
 */
function keyedBytes(key, byte) {
	const h = begin();
	for (let i = 0; i < BLOCK; i++) tail[i] = (key[i] ?? 0) ^ byte;
	compress(h, tail, 0);
	return h;
}

/**
 * @param {State} h
 * @param {number} length of what it has taken, in bytes
 * @param {Uint8Array[]} parts
 */
function hashed(h, length, parts) {
	let held = 0;
	for (const p of parts) {
		length += p.length;
		let at = 0;
		if (held > 0) {
			at = Math.min(BLOCK - held, p.length);
			tail.set(p.subarray(0, at), held);
			held += at;
			if (held < BLOCK) continue;
			compress(h, tail, 0);
		}
		for (; at + BLOCK <= p.length; at += BLOCK) compress(h, p, at);
		tail.set(p.subarray(at));
		held = p.length - at;
	}
	finish(h, tail, 0, held, length);
	const out = new Uint8Array(HASH);
	write(h, out, 0);
	return out;
}

/** Copies bytes. */

/** Up to which length a browser copies bytes to any place at its full pace. */
const PIECE = 1024;

/**
 * Does what to.set(from, at) does. Chromium takes 1.1 µs for 4,000 bytes that go to an address that is aligned in another way than where they come
 * from, and 0.2 µs in pieces.
 * @param {Uint8Array} to
 * @param {Uint8Array} from
 * @param {number} at
 */
export function copy(to, from, at) {
	const { length } = from;
	let i = 0;
	for (; i + PIECE < length; i += PIECE) to.set(from.subarray(i, i + PIECE), at + i);
	to.set(i === 0 ? from : from.subarray(i), at + i);
}

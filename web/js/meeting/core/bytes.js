/** Bytes and their names. What names something (a join, a hash, a key, a nonce) is lower-case hexadecimal in JavaScript, so that it can be compared. */

const digits = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

/** @param {Uint8Array} bytes */
export function hex(bytes) {
	let out = "";
	for (const b of bytes) out += digits[b];
	return out;
}

/** @param {string} name what hex made */
export function unhex(name) {
	const out = new Uint8Array(name.length / 2);
	for (let i = 0; i < out.length; i++) out[i] = parseInt(name.slice(2 * i, 2 * i + 2), 16);
	return out;
}

/** @param {...Uint8Array} parts */
export function concat(...parts) {
	const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
	let at = 0;
	for (const p of parts) {
		out.set(p, at);
		at += p.length;
	}
	return out;
}

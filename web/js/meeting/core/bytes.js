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

/** In base64url without padding (RFC 4648 section 5), as links, certificates' requests and JWKs have it. @param {Uint8Array} bytes */
export const base64 = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

/** It throws on what is not base64, and takes more than one spelling: who needs the one compares with base64. @param {string} text */
export const unbase64 = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

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

/**
 * Hashes, macs and signatures, each under the context string of its one use (media/PROTOCOL.md sections 1 and 12). media/e2ee/context.go is the
 * same in Go. Hashes and macs are made here and at once, not in calls of WebCrypto: the rules of the list need many.
 */
import { equal } from "../commitment.js";
import { hmac, sha256 } from "../sha256.js";
import { concat, hex, unhex } from "./bytes.js";

export const CERTIFICATE = "proffer certificate v1";
export const JOIN = "proffer join v1";
export const JOIN_MAC = "proffer link v1";
export const KEYS = "proffer keys v1";
export const BOX = "proffer epoch secret v1";
export const COMMITMENT = "proffer epoch commitment v1";
export const LIVE = "proffer live v1";
export const LEAVE = "proffer leave v1";
export const DENY = "proffer deny v1";
export const END = "proffer end v1";
export const LEADER = "proffer leader v1";
export const UPGRADE = "proffer upgrade v1";
export const LINK = "proffer link list v1";
export const LINK_MAC = "proffer link list mac v1";
export const CODE = "proffer security code v1";
export const STANDARD = "proffer standard epoch v1";
export const CONNECTOR = "proffer connector v1";
export const PROOF = "proffer proof v1";
export const SESSION = "proffer session v1";
export const TESTIMONY = "proffer testimony v1";

const encoder = new TextEncoder();

/** @type {Map<string, Uint8Array>} */
const contexts = new Map();

/** @param {string} context */
function hashed(context) {
	const h = contexts.get(context) ?? sha256(encoder.encode(context));
	contexts.set(context, h);
	return h;
}

/**
 * hash(context, x) of section 1, as its name.
 * @param {string} context
 * @param {Uint8Array} x
 */
export const hash = (context, x) => hex(sha256(hashed(context), x));

/**
 * mac(key, context, x) of section 1: HMAC (RFC 2104) under a key of 32 bytes.
 * @param {Uint8Array} key
 * @param {string} context
 * @param {Uint8Array} x
 */
export const mac = (key, context, x) => hmac(key, hashed(context), x);

/**
 * @param {Uint8Array} key
 * @param {string} context
 * @param {Uint8Array} x
 * @param {Uint8Array} tag
 */
export const macHolds = (key, context, x, tag) => equal(mac(key, context, x), tag);

/**
 * What Ed25519 signs (section 1).
 * @param {string} context
 * @param {Uint8Array} x
 */
export const toSign = (context, x) => concat(hashed(context), sha256(x));

/**
 * @param {string} key
 * @param {string} context
 * @param {Uint8Array} x
 * @param {Uint8Array} signature
 */
export async function signatureHolds(key, context, x, signature) {
	const { subtle } = globalThis.crypto;
	try {
		const k = await subtle.importKey("raw", unhex(key), "Ed25519", false, ["verify"]);
		return await subtle.verify("Ed25519", k, /** @type {BufferSource} */ (signature), /** @type {BufferSource} */ (toSign(context, x)));
	} catch {
		return false; // the key is not a point
	}
}

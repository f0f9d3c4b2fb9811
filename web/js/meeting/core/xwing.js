/**
 * The sender's half of MLKEM768-X25519 (X-Wing, draft-connolly-cfrg-xwing-kem section 5.4), for a leader who seals to a thousand members at once. The
 * curve is WebCrypto's: in JavaScript it took five times as long as all the rest. The lattice is mlkem's.
 */
import { createMlKem768, sha3_256 } from "mlkem";
import { fail } from "./body.js";
import { concat } from "./bytes.js";

const { subtle } = globalThis.crypto;

/** Where the curve's part of a public key begins. */
const CURVE = 1184;
const LABEL = new TextEncoder().encode("\\.//^\\");

const lattice = createMlKem768();

/** A public key. curve: its second part, where WebCrypto has that curve. @typedef {{ bytes: Uint8Array, curve: CryptoKey | undefined }} Recipient */

/**
 * Makes a public key ready for use.
 * @param {Uint8Array} key
 * @returns {Promise<Recipient>}
 */
export async function recipient(key) {
	const bytes = key.slice();
	const curve = await subtle.importKey("raw", bytes.subarray(CURVE), "X25519", true, []).catch(() => undefined);
	return { bytes, curve };
}

/**
 * Draws a secret and encapsulates it. Rejects where the curve's part is of low order, as WebCrypto does, and so does Go.
 * @param {Uint8Array} bytes of a public key
 * @param {CryptoKey} to its curve
 */
export async function encapsulate(bytes, to) {
	const own = /** @type {CryptoKeyPair} */ (await subtle.generateKey("X25519", false, ["deriveBits"]));
	const [sent, agreed] = await Promise.all([
		subtle.exportKey("raw", own.publicKey),
		subtle.deriveBits({ name: "X25519", public: to }, own.privateKey, 256),
	]);
	const shared = new Uint8Array(agreed);
	if (shared.every((b) => b === 0)) fail("one with an HPKE key of low order");
	const curve = new Uint8Array(sent);
	const [enc, secret] = (await lattice).encap(bytes.subarray(0, CURVE));
	return { enc: concat(enc, curve), secret: sha3_256.create().update(concat(secret, shared, curve, bytes.subarray(CURVE), LABEL)).digest() };
}

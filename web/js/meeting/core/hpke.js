/**
 * seal of media/PROTOCOL.md section 1: HPKE (RFC 9180) in base mode with MLKEM768-X25519, HKDF-SHA256 and AES-256-GCM. No browser has it yet, so the
 * lattice runs in JavaScript; private keys are bytes in this worker's memory. What a join does once, @hpke/core does; what a leader does for each member
 * is written out here, since each call of WebCrypto costs more than the few blocks that most of them are for.
 */
import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";
import { hmac } from "../sha256.js";
import { fail } from "./body.js";
import { concat } from "./bytes.js";
import { encapsulate, recipient } from "./xwing.js";

/** @typedef {import("./xwing.js").Recipient} Recipient */

const { subtle } = globalThis.crypto;
const suite = new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

/** Sizes: of a public key, of what MLKEM768-X25519 encapsulates, and of the lattice's part of a public key before its seed. */
export const PUBLIC = 1216;
export const ENC = 1120;
const COEFFICIENTS = 1152;
const Q = 3329;

/**
 * Reads a public key. One whose coefficients are not reduced is refused here (FIPS 203 section 7.2), so that every client takes the same joins.
 * @param {Uint8Array} key
 */
export async function publicKey(key) {
	if (key.length !== PUBLIC) fail("one with an HPKE key of the wrong size");
	for (let i = 0; i < COEFFICIENTS; i += 3) {
		const low = key[i] | ((key[i + 1] & 0x0f) << 8);
		const high = (key[i + 1] >> 4) | (key[i + 2] << 4);
		if (low >= Q || high >= Q) fail("one with an HPKE key that is not reduced");
	}
	return recipient(key);
}

/**
 * The private key of a seed of 32 bytes, and the bytes of its public key.
 * @param {Uint8Array} seed
 */
export async function keyPair(seed) {
	const kem = /** @type {XWing} */ (suite.kem);
	const pair = await kem.generateKeyPairDerand(seed.slice());
	return { privateKey: pair.privateKey, publicKey: new Uint8Array(await kem.serializePublicKey(pair.publicKey)) };
}

/**
 * @param {Recipient} to
 * @param {Uint8Array} info
 * @param {Uint8Array} plaintext
 */
export async function seal(to, info, plaintext) {
	if (!to.curve) return slowly(to, info, plaintext);
	const { enc, secret } = await encapsulate(to.bytes, to.curve);
	const { key, nonce } = schedule(secret, info);
	const k = await subtle.importKey("raw", /** @type {BufferSource} */ (key), "AES-GCM", false, ["encrypt"]);
	const ciphertext = await subtle.encrypt({ name: "AES-GCM", iv: /** @type {BufferSource} */ (nonce) }, k, /** @type {BufferSource} */ (plaintext));
	return { enc, ciphertext: new Uint8Array(ciphertext) };
}

/**
 * The same in a browser without X25519.
 * @param {Recipient} to
 * @param {Uint8Array} info
 * @param {Uint8Array} plaintext
 */
async function slowly(to, info, plaintext) {
	const recipientPublicKey = await suite.kem.deserializePublicKey(to.bytes);
	const { enc, ct } = await suite.seal({ recipientPublicKey, info }, plaintext);
	return { enc: new Uint8Array(enc), ciphertext: new Uint8Array(ct) };
}

const encoder = new TextEncoder();
const VERSION = encoder.encode("HPKE-v1");
const SUITE = concat(encoder.encode("HPKE"), Uint8Array.of(0x64, 0x7a, 0x00, 0x01, 0x00, 0x02)); // section 5.1: KEM, KDF, AEAD
const NOTHING = new Uint8Array();

/**
 * LabeledExtract of section 4.
 * @param {Uint8Array} salt
 * @param {string} label
 * @param {Uint8Array} ikm
 */
const extract = (salt, label, ikm) => hmac(salt, VERSION, SUITE, encoder.encode(label), ikm);

/**
 * LabeledExpand of section 4, of one block at most.
 * @param {Uint8Array} prk
 * @param {string} label
 * @param {Uint8Array} info
 * @param {number} size
 */
function expand(prk, label, info, size) {
	return hmac(prk, Uint8Array.of(0, size), VERSION, SUITE, encoder.encode(label), info, Uint8Array.of(1)).subarray(0, size);
}

const NO_PSK = extract(NOTHING, "psk_id_hash", NOTHING);

/**
 * KeySchedule of section 5.1 in base mode, for one message.
 * @param {Uint8Array} shared
 * @param {Uint8Array} info
 */
function schedule(shared, info) {
	const context = concat(Uint8Array.of(0), NO_PSK, extract(NOTHING, "info_hash", info));
	const secret = extract(shared, "secret", NOTHING);
	return { key: expand(secret, "key", context, 32), nonce: expand(secret, "base_nonce", context, 12) };
}

/**
 * @param {CryptoKey} key
 * @param {Uint8Array} info
 * @param {Uint8Array} enc
 * @param {Uint8Array} ciphertext
 */
export async function open(key, info, enc, ciphertext) {
	return new Uint8Array(await suite.open({ recipientKey: key, enc, info }, ciphertext));
}

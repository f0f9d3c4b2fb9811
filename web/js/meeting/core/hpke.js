/**
 * seal of media/PROTOCOL.md section 1: HPKE (RFC 9180) in base mode with MLKEM768-X25519, HKDF-SHA256 and AES-256-GCM. No browser has it yet, so the
 * lattice and the curve run in JavaScript; private keys are bytes in this worker's memory.
 */
import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";
import { fail } from "./body.js";

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
	return suite.kem.deserializePublicKey(key);
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
 * @param {CryptoKey} to
 * @param {Uint8Array} info
 * @param {Uint8Array} plaintext
 */
export async function seal(to, info, plaintext) {
	const { enc, ct } = await suite.seal({ recipientPublicKey: to, info }, plaintext);
	return { enc: new Uint8Array(enc), ciphertext: new Uint8Array(ct) };
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

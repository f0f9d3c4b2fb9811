/** One device's key for ever (media/PROTOCOL.md section 2). Its public half, in hexadecimal, is its name. media/e2ee/device.go is the same in Go. */
import { marshal } from "./body.js";
import { hex, unbase64, unhex } from "./bytes.js";
import { equal } from "../commitment.js";
import { PROOF, toSign } from "./context.js";
import { CONTEXTS, encodeMessage, encodeSigned } from "./message.js";

const { subtle } = globalThis.crypto;

/** What stands before the seed in a PKCS #8 Ed25519 key (RFC 8410 section 7). */
const PKCS8 = "302e020100300506032b657004220420";

export class Device {
	#private;

	/**
	 * @param {string} key
	 * @param {CryptoKey} privateKey
	 */
	constructor(key, privateKey) {
		this.key = key;
		this.#private = privateKey;
	}

	/** Makes a key pair whose private half never leaves the browser's keeping. Who keeps it keeps it in IndexedDB. */
	static generate() {
		return /** @type {Promise<CryptoKeyPair>} */ (subtle.generateKey("Ed25519", false, ["sign", "verify"]));
	}

	/** @param {CryptoKeyPair} pair */
	static async of(pair) {
		return new Device(hex(new Uint8Array(await subtle.exportKey("raw", pair.publicKey))), pair.privateKey);
	}

	/**
	 * Makes a device of 32 bytes, for tests.
	 * @param {Uint8Array} seed
	 */
	static async fromSeed(seed) {
		const pkcs8 = unhex(PKCS8 + hex(seed));
		const { x } = await subtle.exportKey("jwk", await subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]));
		const key = unbase64(/** @type {string} */ (x));
		return new Device(hex(key), await subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]));
	}

	/**
	 * Gives the signed bytes of a body, and the body's own bytes.
	 * @template T
	 * @param {import("./body.js").Body<T>} b
	 * @param {T} value
	 */
	async sign(b, value) {
		const raw = marshal(b, value);
		const signature = new Uint8Array(await subtle.sign("Ed25519", this.#private, /** @type {BufferSource} */ (toSign(CONTEXTS[b.kind], raw))));
		return { signed: encodeSigned({ body: raw, signer: this.key, signature }), raw };
	}

	/**
	 * Signs a proof (section 18), and nothing else: what has been made ready begins with that context's hash.
	 * @param {Uint8Array} ready SHA-256 of the context, and of the proof
	 */
	async signProof(ready) {
		const context = toSign(PROOF, new Uint8Array()).subarray(0, 32);
		if (ready.length !== 64 || !equal(ready.subarray(0, 32), context)) throw new Error("This is no proof.");
		return new Uint8Array(await subtle.sign("Ed25519", this.#private, /** @type {BufferSource} */ (ready)));
	}

	/**
	 * Signs a body as a message of the board without a mac.
	 * @template T
	 * @param {import("./body.js").Body<T>} b
	 * @param {T} value
	 */
	async message(b, value) {
		return encodeMessage(b.kind, (await this.sign(b, value)).signed);
	}
}

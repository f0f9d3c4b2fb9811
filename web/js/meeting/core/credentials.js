/** What this client shows for itself and believes others by: its device, the server's certificate of it, and the server's identity keys (media/PROTOCOL.md section 2). */
import { unmarshal } from "./body.js";
import { base64, hex, unbase64, unhex } from "./bytes.js";
import { certificate } from "./certificate.js";
import { decodeSigned } from "./message.js";

/** For how long a certificate must still hold to be shown again, in ms. */
const MARGIN = 60_000;

export class Credentials {
	/** @type {import("./device.js").Device | undefined} */
	device;
	/** @type {Uint8Array | undefined} */
	certificate;
	/** Identity keys of the server that this client knows; a member's config has this very array. @type {string[]} */
	identity = [];
	/** The server has had another identity key before, and nobody has acknowledged that. */
	changed = false;
	#kept;
	#outside;
	#asked;

	/**
	 * @param {import("./kept.js").Kept} kept
	 * @param {Pick<import("./session.js").Outside, "fetch" | "now">} outside
	 * @param {{ meeting: string, url: string, name: string }} asked
	 */
	constructor(kept, outside, asked) {
		this.#kept = kept;
		this.#outside = outside;
		this.#asked = asked;
	}

	/** Whether there is a certificate that still holds for a while. */
	get hold() {
		if (!this.certificate) return false;
		return unmarshal(certificate, decodeSigned(this.certificate).body).expires > this.#outside.now() + MARGIN;
	}

	/** Gets a certificate of this device where there is none that holds, or says why not. */
	async renew() {
		this.device ??= await this.#kept.device();
		if (this.hold) return "";
		const { meeting, url, name } = this.#asked;
		const address = new URL(`/m/${encodeURIComponent(meeting)}/certificate`, url.replace(/^ws/, "http"));
		const body = JSON.stringify({ device: base64(unhex(this.device.key)), name });
		try {
			const answer = await this.#outside.fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body });
			const given = await answer.json();
			if (!answer.ok) return String(given.error ?? "The server did not vouch for this device. Try again.");
			const vouches = unbase64(given.certificate);
			unmarshal(certificate, decodeSigned(vouches).body);
			this.certificate = vouches;
			await this.meet(hex(unbase64(given.identity)));
			return "";
		} catch {
			return "The server cannot be reached. Look at your network and try again.";
		}
	}

	/**
	 * Takes note of an identity key of the server.
	 * @param {string} key
	 */
	async meet(key) {
		const { keys, changed } = await this.#kept.identity(key);
		const another = this.identity.length > 0 && !this.identity.includes(key); // where nothing is kept, this page still knows
		this.identity.splice(0, Infinity, ...new Set([...this.identity, ...keys]));
		this.changed ||= changed || another;
	}

	/** Somebody has read that the identity key is another. */
	async acknowledge() {
		await this.#kept.acknowledgeIdentity();
		this.changed = false;
	}
}

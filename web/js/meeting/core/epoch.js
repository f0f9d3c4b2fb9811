/** One epoch's secret and what its keys are bound to (media/PROTOCOL.md section 5). media/e2ee/epoch.go is the same in Go. */
import { deriveKeys, importSecret } from "../commitment.js";
import { MAX_STREAM } from "./body.js";
import { unhex } from "./bytes.js";

export class Epoch {
	#secret;
	/** When the keys go, in milliseconds; 0 while it is the newest. */
	dropAt = 0;
	/** Whether the secret is erased. */
	gone = false;

	/**
	 * @param {import("./list.js").EpochName} name in a standard meeting, link is the name of section 9
	 * @param {string} meeting
	 * @param {Uint8Array} secret
	 */
	constructor(name, meeting, secret) {
		this.name = name;
		this.meeting = meeting;
		this.#secret = secret;
	}

	/** A copy of the secret, for the worker that seals and opens frames. It must forget it when it is told to drop the epoch. */
	secret() {
		if (this.gone) throw new Error("the epoch's keys are gone");
		return this.#secret.slice();
	}

	/**
	 * Derives the two keys of a stream, unless the epoch has been dropped: keys of an erased secret would be anybody's.
	 * @param {string} j
	 * @param {number} stream
	 */
	async keys(j, stream) {
		if (this.gone || stream > MAX_STREAM) throw new Error("no key for this frame; it must be dropped");
		const { term, epoch, link } = this.name;
		const origin = { meeting: this.meeting, term, epoch, device: new Uint8Array(32), join: unhex(j), stream };
		return deriveKeys(await importSecret(this.#secret), origin, unhex(link));
	}

	erase() {
		this.#secret.fill(0);
		this.gone = true;
	}
}

/**
 * Lines of chat: frames of stream 0 that travel over the control session (media/PROTOCOL.md section 8). The keys are those of frames, and this is the only
 * worker that seals on stream 0. What it is told of epochs is what the frame worker is told.
 */
import { LINE, cut } from "../frame.js";
import { Keyring } from "../frames/keyring.js";
import { Receiver } from "../receiver.js";
import { Seen } from "../seen.js";
import { Streams } from "../sender.js";
import { hex, unhex } from "./bytes.js";
import { decodeLine, encodeLine } from "./control.js";

/** join: whose it is, by the frame's key and the list; to: of whom alone it is for. @typedef {{ join: string, text: string, to: string | null, at: number,
 *   evidence: import("../clip/track.js").Received }} ChatLine evidence: what a report needs */

/** How many lines wait for the key of an epoch that is on its way. */
const EARLY = 50;

export class Chat {
	#seen = new Seen();
	#sender = new Streams().chat();
	#keyring;
	#e2ee;
	/** The epoch of the sender's key. @type {import("../frames/keyring.js").Name | undefined} */
	#in;
	#sending = false;
	/** By the index of who speaks, which an epoch's list gives to one join. @type {Map<string, Receiver>} */
	#receivers = new Map();
	/** @type {Uint8Array[]} */
	#early = [];
	/** Lines go out in the order in which they were written. @type {Promise<unknown>} */
	#last = Promise.resolve();

	/**
	 * @param {string} meeting
	 * @param {string} me J
	 * @param {boolean} e2ee
	 */
	constructor(meeting, me, e2ee) {
		this.#keyring = new Keyring(meeting, unhex(me), this.#seen, e2ee);
		this.#e2ee = e2ee;
	}

	/**
	 * Hears of epochs.
	 * @param {import("../frames/frames.js").FromCore} message
	 */
	told(message) {
		switch (message.type) {
			case "install":
				this.#keyring.install(message.epoch);
				break;
			case "members":
				this.#keyring.replace(message.members);
				break;
			case "drop":
				this.#keyring.drop(message.epoch);
				break;
			case "sending":
				this.#sending = message.on;
				break;
			case "mode":
				this.#e2ee = true;
				this.#keyring.upgrade();
				this.#receivers.clear(); // of the standard time; Seen keeps what was accepted
		}
		if (!this.#sending || !this.#in || !this.#keyring.holds(this.#in)) {
			this.#sender.stop();
			this.#in = undefined;
		}
	}

	/** What this client's lines have committed to since the last time. */
	committed() {
		return this.#sender.committed.take();
	}

	/** Lines that came before the key of their epoch; they may be opened now. */
	takeEarly() {
		return this.#early.splice(0);
	}

	/**
	 * Seals a line, or says in words why it cannot be sent.
	 * @param {string} text
	 * @param {string | null} to
	 * @param {number} now
	 * @returns {Promise<{ frame: Uint8Array } | string>}
	 */
	seal(text, to, now) {
		const sealed = this.#last.then(() => this.#seal(text, to, now));
		this.#last = sealed.catch(() => {});
		return sealed;
	}

	/**
	 * @param {string} text
	 * @param {string | null} to
	 * @param {number} now
	 */
	async #seal(text, to, now) {
		let plain;
		try {
			plain = encodeLine(text, to ? unhex(to) : new Uint8Array());
			decodeLine(plain);
		} catch {
			return "A line has at most 4,000 characters, and no control characters.";
		}
		const frame = (await this.#ready()) ? await this.#sender.seal(plain, now, LINE) : "noKey";
		return typeof frame === "string" ? "You cannot send now. Try again in a moment." : { frame };
	}

	/** Takes the key of the newest epoch, where that may be sent in. */
	async #ready() {
		const name = this.#keyring.sendsIn;
		if (!this.#sending || !name) return false;
		if (name === this.#in) return true;
		const own = await this.#keyring.own(0);
		if (!own || own === "noEpoch" || !this.#sending || this.#keyring.sendsIn !== name) return false;
		this.#sender.use(own.key, own.franking);
		this.#in = name;
		return true;
	}

	/**
	 * Opens a line, or says why it is not shown. Each sender is a track of its own.
	 * @param {Uint8Array} frame
	 * @param {boolean} [again] it has waited for its key
	 * @returns {Promise<ChatLine | string>}
	 */
	async open(frame, again = false) {
		const parts = cut(frame);
		if (typeof parts === "string") return parts;
		if (parts.what !== LINE) return "notLine";
		const source = await this.#keyring.find(parts.kid);
		if (typeof source === "string") {
			if (!again && this.#early.length < EARLY) this.#early.push(frame);
			return source;
		}
		const receiver = this.#receivers.get(source.join) ?? new Receiver(this.#keyring, this.#seen, this.#e2ee);
		const opened = await receiver.open(frame);
		if (typeof opened === "string") return opened;
		this.#receivers.set(source.join, receiver);
		this.#keyring.opened(opened.kid, source);
		try {
			const { text, to } = decodeLine(opened.data);
			const { join, kid, counter, time, what, data, opening, commitment } = opened;
			const evidence = { join, what, stream: kid.stream, term: kid.term, epoch: kid.epoch, counter, time, data, opening, commitment };
			return { join, text, to: to.length > 0 ? hex(to) : null, at: time, evidence };
		} catch {
			return "badLine";
		}
	}
}

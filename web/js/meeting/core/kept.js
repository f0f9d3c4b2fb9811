/**
 * What this client knows from before: its device, the server's identity keys, devices that accounts have used, which meetings are end-to-end
 * encrypted, which codes were compared, and secrets of links (media/PROTOCOL.md sections 2, 4 and 9). Where the browser keeps nothing it does without, but
 * never takes a meeting for a standard one.
 */
import { Device } from "./device.js";

/** @typedef {import("./storage.js").Store} Store */

const device = "device";
const identity = "identity";
const note = (/** @type {string} */ meeting) => `end-to-end ${meeting}`;
const link = (/** @type {string} */ meeting) => `link ${meeting}`;
const made = (/** @type {string} */ meeting) => `made ${meeting}`;
const compared = (/** @type {string} */ meeting, /** @type {string} */ code) => `compared ${meeting} ${code}`;
const met = (/** @type {string} */ account) => `met ${account}`;

/** What an account's devices are: strange until somebody acknowledges it. @typedef {Record<string, "known" | "strange">} Met */

export class Kept {
	#store;

	/** @param {Store} store */
	constructor(store) {
		this.#store = store;
	}

	/** This browser's device, which is made at the first call. It is lost with the page where it cannot be kept. */
	async device() {
		const pair = await this.#store.get(device).catch(() => undefined);
		if (pair) return Device.of(pair);
		const fresh = await Device.generate();
		return Device.of(await this.#store.update(device, (other) => other ?? fresh).catch(() => fresh)); // another tab may have been first
	}

	/**
	 * Takes note of an identity key of the server, and gives all that it has had. changed: there was another before, which nobody has acknowledged.
	 * @param {string} key
	 * @returns {Promise<{ keys: string[], changed: boolean }>}
	 */
	async identity(key) {
		const add = (/** @type {{ keys: string[], changed: boolean } | undefined} */ old) => {
			if (!old) return { keys: [key], changed: false };
			return old.keys.includes(key) ? old : { keys: [...old.keys, key], changed: true };
		};
		return this.#store.update(identity, add).catch(() => ({ keys: [key], changed: false }));
	}

	/** Somebody has read that the identity key is another. */
	async acknowledgeIdentity() {
		await this.#store.update(identity, (old) => old && { ...old, changed: false }).catch(() => {});
	}

	/** @param {string} meeting */
	async remember(meeting) {
		await this.#store.update(note(meeting), () => true);
	}

	/**
	 * Whether a meeting was noted as end-to-end encrypted. When that cannot be known, it was.
	 * @param {string} meeting
	 */
	async remembered(meeting) {
		return this.#store.get(note(meeting)).then(Boolean, () => true);
	}

	/**
	 * Whether this browser can tell what it has noted of a meeting.
	 * @param {string} meeting
	 */
	async knows(meeting) {
		return this.#store.get(note(meeting)).then(() => true, () => false);
	}

	/**
	 * Takes note that an account takes part with a device, and tells whether it had another before and nobody has acknowledged this one.
	 * @param {string} account
	 * @param {string} key
	 */
	async meet(account, key) {
		const add = (/** @type {Met | undefined} */ old) => ({ [key]: old ? "strange" : "known", ...old });
		return this.#store.update(met(account), add).then((all) => all[key] === "strange", () => false);
	}

	/**
	 * @param {string} account
	 * @param {string} key
	 */
	async acknowledge(account, key) {
		await this.#store.update(met(account), (old) => ({ ...old, [key]: "known" })).catch(() => {});
	}

	/**
	 * @param {string} meeting
	 * @param {string} code
	 */
	async compare(meeting, code) {
		await this.#store.update(compared(meeting, code), () => true).catch(() => {});
	}

	/**
	 * @param {string} meeting
	 * @param {string} code
	 */
	async compared(meeting, code) {
		return this.#store.get(compared(meeting, code)).then(Boolean, () => false);
	}

	/**
	 * The secret of a meeting's link, for a page that is loaded again without it.
	 * @param {string} meeting
	 * @returns {Promise<Uint8Array | undefined>}
	 */
	async link(meeting) {
		return this.#store.get(link(meeting)).catch(() => undefined);
	}

	/**
	 * @param {string} meeting
	 * @param {Uint8Array | undefined} secret undefined when the meeting is over
	 */
	async keepLink(meeting, secret) {
		await this.#store.update(link(meeting), () => secret).catch(() => {});
	}

	/**
	 * Notes that this browser made a meeting, or was told by its human to lead it: it makes the first list if there is none. Nobody else's word does.
	 * @param {string} meeting
	 */
	async made(meeting) {
		await this.#store.update(made(meeting), () => true).catch(() => {});
	}

	/** @param {string} meeting */
	async wasMade(meeting) {
		return this.#store.get(made(meeting)).then(Boolean, () => false);
	}
}

/**
 * Reports that are made and not sent yet, with their files. They are kept on this device until they are sent, at most a day, and only encrypted: under
 * a key for each report that the browser does not give out (WebCrypto's, not extractable) and that is erased with it. So what is left on a disk
 * after that is nothing that anybody can read. Where the browser keeps nothing for this page they are in memory, and last as long as the page.
 */

/** @typedef {import("../meeting/core/storage.js").Store} Store */

/** For how long a report waits, in milliseconds. */
export const PATIENCE = 24 * 60 * 60 * 1000;

const LIST = "reports";
const BITS = { name: "AES-GCM", length: 256 };

/**
 * A file of a report. upload: its number with the server, once it is sealed there; "" before.
 * @typedef {{ name: string, type: string, size: number, upload: string }} Item
 *
 * What waits: at is when it was made, in milliseconds; account is who reports, "" a guest.
 * @typedef {{ id: string, account: string, at: number, items: Item[] }} Waiting
 *
 * @typedef {Waiting & { key: CryptoKey }} Entry
 *
 * What is asked of the server (handlers/api.go), without the clips: of each, clips has which of the files it is, and which is its proof (-1: none). guest: of
 * somebody without an account, where its text goes with the proof that it is theirs.
 * @typedef {{ form: Record<string, unknown>, clips: { clip: number, proof: number }[], guest?: { address: string, report: string, proof: string } }} Form
 *
 * @typedef {{ iv: Uint8Array<ArrayBuffer>, sealed: ArrayBuffer }} Sealed
 */

export class Outbox {
	#store;
	/** What could not be kept. @type {Map<string, { waiting: Waiting, form: Form, files: File[] }>} */
	#memory = new Map();

	/** @param {Store} store */
	constructor(store) {
		this.#store = store;
	}

	/**
	 * Takes a report in.
	 * @param {string} account
	 * @param {Form} form
	 * @param {File[]} files
	 * @param {number} now
	 * @returns {Promise<{ id: string, kept: boolean }>} kept: whether it outlives this page
	 */
	async add(account, form, files, now) {
		const waiting = { id: crypto.randomUUID(), account, at: now, items: files.map(({ name, type, size }) => ({ name, type, size, upload: "" })) };
		try {
			await this.#keep(waiting, form, files);
			return { id: waiting.id, kept: true };
		} catch {
			await this.discard(waiting.id).catch(() => {});
			this.#memory.set(waiting.id, { waiting, form, files });
			return { id: waiting.id, kept: false };
		}
	}

	/**
	 * @param {Waiting} waiting
	 * @param {Form} form
	 * @param {File[]} files
	 */
	async #keep(waiting, form, files) {
		const key = await crypto.subtle.generateKey(BITS, false, ["encrypt", "decrypt"]);
		const { id } = waiting;
		// First the list: what is not in it would never be erased.
		await this.#store.update(LIST, (/** @type {Entry[]} */ old = []) => [...old, { ...waiting, key }]);
		const parts = [new TextEncoder().encode(JSON.stringify(form)), ...(await Promise.all(files.map(async (f) => new Uint8Array(await f.arrayBuffer()))))];
		for (const [n, part] of parts.entries()) {
			const sealed = await seal(key, place(id, n), part);
			await this.#store.update(place(id, n), () => sealed);
		}
	}

	/** @returns {Promise<Entry[]>} */
	async #list() {
		return (await this.#store.get(LIST).catch(() => undefined)) ?? [];
	}

	/**
	 * What waits of a person, the oldest first.
	 * @param {string} account
	 * @returns {Promise<(Waiting & { kept: boolean })[]>}
	 */
	async waiting(account) {
		const kept = (await this.#list()).map(({ key, ...waiting }) => ({ ...waiting, kept: true }));
		const held = [...this.#memory.values()].map(({ waiting }) => ({ ...waiting, kept: false }));
		return [...kept, ...held].filter((w) => w.account === account).sort((a, b) => a.at - b.at);
	}

	/**
	 * Everything of a report, or undefined where it is gone, or what was kept is damaged.
	 * @param {string} id
	 * @returns {Promise<{ waiting: Waiting, form: Form, files: File[] } | undefined>}
	 */
	async open(id) {
		const held = this.#memory.get(id);
		if (held) return held;
		const entry = (await this.#list()).find((e) => e.id === id);
		if (!entry) return undefined;
		const { key, ...waiting } = entry;
		try {
			const form = JSON.parse(new TextDecoder().decode(await this.#read(key, place(id, 0))));
			const files = [];
			for (const [n, { name, type }] of waiting.items.entries()) files.push(new File([await this.#read(key, place(id, n + 1))], name, { type }));
			return { waiting, form, files };
		} catch {
			return undefined;
		}
	}

	/** @param {CryptoKey} key @param {string} at */
	async #read(key, at) {
		const { iv, sealed } = /** @type {Sealed} */ (await this.#store.get(at));
		return crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: new TextEncoder().encode(at) }, key, sealed);
	}

	/**
	 * Notes the number of an upload that is sealed; "" forgets it.
	 * @param {string} id
	 * @param {number} item
	 * @param {string} upload
	 */
	async uploaded(id, item, upload) {
		const held = this.#memory.get(id)?.waiting.items[item];
		if (held) held.upload = upload;
		else await this.#store.update(LIST, (/** @type {Entry[]} */ old = []) => old.map((e) => (e.id === id ? { ...e, items: e.items.map((x, n) => (n === item ? { ...x, upload } : x)) } : e)));
	}

	/** Erases a report: its key first, without which the rest is noise. @param {string} id */
	async discard(id) {
		if (this.#memory.delete(id)) return;
		const entry = (await this.#list()).find((e) => e.id === id);
		await this.#store.update(LIST, (/** @type {Entry[]} */ old = []) => old.filter((e) => e.id !== id));
		for (let n = 0; n <= (entry?.items.length ?? 0); n++) await this.#store.update(place(id, n), () => undefined);
	}

	/** Erases what has waited for too long, whoever's it is. @param {number} now */
	async expire(now) {
		const old = (/** @type {Waiting} */ w) => now - w.at >= PATIENCE || w.at > now + PATIENCE; // or the clock was put back
		const gone = [...(await this.#list()), ...[...this.#memory.values()].map((m) => m.waiting)].filter(old);
		for (const { id } of gone) await this.discard(id);
	}
}

/** Where a part is kept. 0 is the form, n the n-th file. @param {string} id @param {number} n */
const place = (id, n) => `${id} ${n}`;

/**
 * @param {CryptoKey} key
 * @param {string} at where it is kept: it opens there only
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<Sealed>}
 */
async function seal(key, at, bytes) {
	const iv = crypto.getRandomValues(new Uint8Array(12));
	return { iv, sealed: await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: new TextEncoder().encode(at) }, key, bytes) };
}

/** What this browser keeps, by key, in IndexedDB. Values may be anything that can be cloned, keys of WebCrypto among them. */

/**
 * get gives undefined where there is nothing. update changes a value in one transaction, and gives the new one once it would outlive a crash; undefined
 * removes it. Both reject where the browser keeps nothing for this page.
 * @typedef {{ get: (key: string) => Promise<any>, update: (key: string, change: (old: any) => any) => Promise<any> }} Store
 */

const MEETINGS = "proffer-meetings";
const KEPT = "kept";

/** @implements {Store} */
export class BrowserStore {
	/** @type {Promise<IDBDatabase> | undefined} */
	#database;
	#name;

	/** @param {string} [name] of the database */
	constructor(name = MEETINGS) {
		this.#name = name;
	}

	/** @param {string} key */
	async get(key) {
		const transaction = (await this.#open()).transaction(KEPT);
		return done(transaction.objectStore(KEPT).get(key));
	}

	/**
	 * @param {string} key
	 * @param {(old: any) => any} change
	 */
	async update(key, change) {
		const transaction = (await this.#open()).transaction(KEPT, "readwrite", { durability: "strict" });
		const kept = transaction.objectStore(KEPT);
		let value;
		const read = kept.get(key);
		read.onsuccess = () => {
			value = change(read.result);
			if (value === undefined) kept.delete(key);
			else kept.put(value, key);
		};
		await new Promise((resolve, reject) => {
			transaction.oncomplete = resolve;
			transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("the browser did not keep it"));
		});
		return value;
	}

	#open() {
		this.#database ??= open(this.#name);
		this.#database.catch(() => (this.#database = undefined)); // it is tried again
		return this.#database;
	}
}

/**
 * @param {string} name
 * @returns {Promise<IDBDatabase>}
 */
async function open(name) {
	const request = indexedDB.open(name, 1);
	request.onupgradeneeded = () => request.result.createObjectStore(KEPT);
	return done(request);
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function done(request) {
	return new Promise((resolve, reject) => {
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(request.error ?? new Error("the browser keeps nothing for this page"));
	});
}

/** Sends a report that waits: its files, one after the other, then what is said of them. It goes on by itself after a lost connection. */
import { size } from "../shared/time.js";
import { Transfer } from "./transfer.js";
import { patience } from "./upload-state.js";

/** @typedef {import("./outbox.js").Outbox} Outbox */
/** @typedef {import("./transfer.js").Route} Route */

/**
 * How far it is. done of total: bytes. words: what goes on. stuck: nothing more happens by itself; what the words say has to be mended first.
 * @typedef {{ done: number, total: number, words: string, stuck: boolean }} Progress
 *
 * What the server has answered.
 * @typedef {{ report: string, url: string, receipt: string }} Filed url: "" of a guest's, who keeps the receipt alone
 */

/** Statuses after which the same request may succeed. */
const LATER = new Set([0, 408, 423, 429, 500, 502, 503, 504, 507]);

const ELSEWHERE = "Another tab of this browser is sending it.";

export class Sending {
	/** @type {Transfer | null} */
	#transfer = null;
	/** @type {(() => void) | null} ends a pause */
	#wake = null;
	#stopped = false;
	#running = false;
	/** @type {Progress} */
	progress = { done: 0, total: 0, words: "", stuck: false };

	/**
	 * @param {Outbox} outbox
	 * @param {string} id
	 * @param {Route} route
	 * @param {(progress: Progress) => void} told
	 */
	constructor(outbox, id, route, told) {
		this.outbox = outbox;
		this.id = id;
		this.route = route;
		this.told = told;
	}

	/**
	 * Sends it. It gives nothing where it is stuck or given up; it can be called again then.
	 * @returns {Promise<Filed | undefined>}
	 */
	async run() {
		if (this.#running) return void this.hurry();
		this.#running = true;
		this.#stopped = false;
		try {
			const lock = navigator.locks;
			if (!lock) return await this.#send();
			return await lock.request(`proffer-report-${this.id}`, { ifAvailable: true }, async (held) => (held ? this.#send() : this.#say(ELSEWHERE, true)));
		} finally {
			this.#running = false;
		}
	}

	/** Ends a pause: the network may be back. */
	hurry() {
		this.#wake?.();
		this.#transfer?.resume();
	}

	/** Gives the report up, here and on the server as far as that goes. */
	async discard() {
		this.#stopped = true;
		this.#transfer?.giveUp();
		this.#wake?.();
		await this.outbox.discard(this.id);
	}

	/** @returns {Promise<Filed | undefined>} */
	async #send() {
		const all = await this.outbox.open(this.id);
		if (!all) {
			await this.outbox.discard(this.id);
			return this.#say("What was kept of it cannot be read any more, and is erased. Report it once more.", true);
		}
		const { waiting, form, files } = all;
		const total = files.reduce((n, f) => n + f.size, 0);
		this.progress = { done: 0, total, words: "", stuck: false };
		/** @type {string[]} */
		const ids = [];
		for (const [n, file] of files.entries()) {
			const id = waiting.items[n].upload || (await this.#upload(file));
			if (!id) return undefined;
			if (!waiting.items[n].upload) await this.outbox.uploaded(this.id, n, id).catch(() => {});
			ids.push(id);
			this.progress.done += file.size;
		}
		const clips = form.clips.map(({ clip, proof }) => ({ upload: ids[clip], proof: proof < 0 ? "" : ids[proof] }));
		return form.guest ? this.#file(form.guest.address, { report: form.guest.report, proof: form.guest.proof }, []) : this.#file(FILES, { ...form.form, clips }, ids);
	}

	/**
	 * Sends a file until it is sealed, or refused.
	 * @param {File} file
	 * @returns {Promise<string>} its number; "" where it came to nothing
	 */
	#upload(file) {
		const before = this.progress.done;
		const bytes = file.size;
		let hashing = performance.now();
		let sending = 0;
		return new Promise((done) => {
			const transfer = new Transfer(this.route, {
				state: (state, words) => {
					if (state === "sending" && sending === 0) {
						sending = performance.now();
						performance.measure("proffer-report-hash", { start: hashing, end: sending });
					}
					if (state === "done") {
						performance.measure("proffer-report-upload", { start: sending, end: performance.now() });
						this.progress.done = before;
						done(transfer.id);
					} else if (state === "refused" || state === "failed") {
						this.#say(words, true);
						done("");
					} else if (state === "removed") done("");
					else if (words) this.#say(words);
				},
				words: () => this.#say(`Sending: ${size(this.progress.done)} of ${size(this.progress.total)}.`),
				progress: (sent, all) => {
					if (transfer.state === "sending") this.progress.done = before + (all > 0 ? Math.round((sent / all) * bytes) : 0);
				},
			});
			this.#transfer = transfer;
			void transfer.send(file);
		});
	}

	/**
	 * Files it; the same key sent twice is one report.
	 * @param {string} address
	 * @param {Record<string, unknown>} report
	 * @param {string[]} uploads
	 * @returns {Promise<Filed | undefined>}
	 */
	async #file(address, report, uploads) {
		this.#transfer = null;
		for (let tries = 0; !this.#stopped; tries++) {
			this.#say("Filing the report.");
			const begun = performance.now();
			const { status, body } = await post(address, report);
			if (status === 201 || status === 200) {
				performance.measure("proffer-report-file", { start: begun, end: performance.now() });
				await this.outbox.discard(this.id);
				return { report: body.report, url: body.url, receipt: body.receipt };
			}
			if (!LATER.has(status)) {
				// Uploads that no report took in time are gone, and so are those that another has taken: they are sent again.
				if (body.fields?.clips || status === 409) for (const n of uploads.keys()) await this.outbox.uploaded(this.id, n, "").catch(() => {});
				return this.#say(refusal(status, body), true);
			}
			const wait = patience(tries);
			this.#say(`${status === 0 ? "The server cannot be reached." : body.error || "The server is not ready for it yet."} The next try is in ${Math.round(wait / 1000)} s.`);
			await this.#pause(wait);
		}
		return undefined;
	}

	/** @param {number} ms */
	#pause(ms) {
		return new Promise((done) => {
			const timer = setTimeout(() => done(undefined), ms);
			this.#wake = () => {
				clearTimeout(timer);
				done(undefined);
			};
		});
	}

	/** @param {string} words @returns {undefined} */
	#say(words, stuck = false) {
		this.progress = { ...this.progress, words, stuck };
		if (!this.#stopped) this.told(this.progress);
		return undefined;
	}
}

/** @typedef {{ report: string, url: string, receipt: string, error?: string, next?: string, fields?: Record<string, string[] | string> }} Answer */

/** Where reports by accounts go. */
const FILES = "/api/v1/reports";

/**
 * @param {string} address
 * @param {Record<string, unknown>} report
 * @returns {Promise<{ status: number, body: Answer }>} status 0 where there was no answer
 */
async function post(address, report) {
	try {
		const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(report) });
		return { status: answer.status, body: await answer.json().catch(() => ({})) };
	} catch {
		return { status: 0, body: { report: "", url: "", receipt: "" } };
	}
}

/**
 * Why a report was not taken, in words.
 * @param {number} status
 * @param {Answer} body
 */
export function refusal(status, body) {
	if (status === 401) return "You are not signed in any more. Sign in in another tab, then try again: the report is still here.";
	const fields = Object.values(body.fields ?? {}).flat();
	const words = [...new Set(fields.length > 0 ? fields : [body.error ?? ""])].join(" ");
	return words || `The server did not take the report (${status}). Try again.`;
}

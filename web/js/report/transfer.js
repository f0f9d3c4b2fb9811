/** One file on its way to the server: hashed in a worker, then sent with tus. It knows nothing of the page: what there is to show, it tells. */
import * as tus from "tus-js-client";
import { size } from "../shared/time.js";
import { hashInWorker } from "./hash.js";
import { fingerprint, mayMove, patience, uploadID } from "./upload-state.js";

/** @typedef {import("./upload-state.js").UploadState} UploadState */
/** worker: the address of the hashing worker. @typedef {{ endpoint: string, account: string, worker: string }} Route */
/** @typedef {{ state: (state: UploadState, words: string) => void, words: (words: string) => void, progress: (done: number, total: number) => void }} Shown */

const CHUNK = 64 * 1024 * 1024;

export class Transfer {
	/** @type {UploadState} */ state = "waiting";
	/** Of the upload, "" before it has begun. */
	id = "";
	/** Lower-case hex; "" before it is known. */
	sha256 = "";
	/** @type {File | null} */ #file = null;
	/** @type {tus.Upload | null} */ #tus = null;
	/** @type {AbortController} */ #hashing = new AbortController();
	#tries = 0;
	/** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

	/**
	 * @param {Route} route
	 * @param {Shown} shown
	 */
	constructor(route, shown) {
		this.route = route;
		this.shown = shown;
	}

	/** The tus library's place for the upload. */
	get url() {
		return this.id ? new URL(this.route.endpoint + this.id, location.href).href : null;
	}

	/**
	 * Sends a file. Of an upload that had begun before, it has to be the same one.
	 * @param {File} file
	 */
	async send(file) {
		this.#file = file;
		this.#hashing = new AbortController();
		const declared = this.sha256;
		this.move("hashing", "Your browser computes the file’s fingerprint. Nothing is sent yet.");
		this.shown.progress(0, file.size);
		try {
			const got = await hashInWorker(this.route.worker, file, (n) => this.shown.progress(n, file.size), this.#hashing.signal);
			if (declared && got !== declared) {
				this.move("unfinished", "That is another file. Choose the one that you began to send, or remove this upload.");
				return;
			}
			this.sha256 = got;
			await this.#transfer(file);
		} catch (err) {
			if (this.state === "hashing") this.move("failed", `The file could not be read: ${err instanceof Error ? err.message : err}. Try again.`);
		}
	}

	/** @param {File} file */
	async #transfer(file) {
		const upload = new tus.Upload(file, {
			endpoint: this.route.endpoint,
			uploadUrl: this.url,
			chunkSize: CHUNK,
			retryDelays: null, // it is tried again here, and that is said
			storeFingerprintForResuming: true,
			removeFingerprintOnSuccess: true,
			fingerprint: async () => fingerprint(this.route.account, this.sha256, file.size),
			metadata: { filename: file.name, filetype: file.type || "application/octet-stream", sha256: this.sha256 },
			onProgress: (sent, total) => this.#sent(sent, total),
			onUploadUrlAvailable: () => { this.id = uploadID(upload.url); },
			onSuccess: () => this.#done(uploadID(upload.url)),
			onError: (err) => this.#failed(err),
		});
		this.#tus = upload;
		if (!this.id) {
			const [before] = await upload.findPreviousUploads();
			if (before) upload.resumeFromPreviousUpload(before);
		}
		this.move("sending", "");
		upload.start();
	}

	/**
	 * @param {number} sent
	 * @param {number | null} total
	 */
	#sent(sent, total) {
		this.#tries = 0;
		if (this.state === "lost") this.move("sending", "");
		this.shown.progress(sent, total ?? 0);
		this.shown.words(sent === total ? "All sent; the server is sealing it." : `${size(sent)} of ${size(total ?? 0)}`);
	}

	/** @param {string} id */
	#done(id) {
		this.id = id;
		this.move("done", "The bytes are locked under the fingerprint that your browser computed.");
		this.shown.progress(1, 1);
	}

	/** @param {Error | tus.DetailedError} err */
	#failed(err) {
		const answer = "originalResponse" in err ? err.originalResponse : null;
		const status = answer?.getStatus() ?? 0;
		if (status >= 400 && status < 500 && status !== 409 && status !== 423 && status !== 429) {
			this.move("refused", answer?.getBody()?.trim().slice(0, 500) || "The server refused the file.");
			return;
		}
		const wait = patience(this.#tries++);
		const why = status === 0 ? "The connection is lost." : [429, 507].includes(status) && answer?.getBody()?.trim().slice(0, 500) || "The server is not ready for it yet.";
		this.move("lost", `${why} The next try is in ${Math.round(wait / 1000)} s; what was sent is safe.`);
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.resume(), wait);
	}

	/** Goes on after a pause, a lost connection or a failure. */
	resume() {
		clearTimeout(this.#timer);
		if (this.state === "failed" && this.#file) this.send(this.#file);
		if (this.state !== "lost" && this.state !== "paused") return;
		this.move("sending", "");
		this.#tus?.start();
	}

	pause() {
		this.#tus?.abort();
		this.move("paused", "Paused. Nothing that was sent is lost.");
	}

	/** Gives it up, also on the server unless it is sealed there. */
	giveUp() {
		this.stop();
		const url = this.#tus?.url ?? this.url;
		if (url && this.state !== "refused" && this.state !== "done") tus.Upload.terminate(url).catch(() => {}); // collected after a day in any case
		this.move("removed", "");
	}

	/** Does nothing more; what was sent stays where it is. */
	stop() {
		clearTimeout(this.#timer);
		this.#hashing.abort();
		this.#tus?.abort();
	}

	/**
	 * @param {UploadState} to
	 * @param {string} words
	 */
	move(to, words) {
		if (to !== this.state && !mayMove(this.state, to)) return;
		this.state = to;
		this.shown.state(to, words);
	}
}

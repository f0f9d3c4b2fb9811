/** One upload: hashed in a worker, then sent with tus, as a row of the form. */
import * as tus from "tus-js-client";
import { must } from "../shared/page.js";
import { size } from "../shared/time.js";
import { hashInWorker } from "./hash.js";
import { BUTTONS, CHIPS, fingerprint, mayMove, patience, uploadID } from "./upload-state.js";

/** @typedef {import("./upload-state.js").UploadState} UploadState */
/** @typedef {{ endpoint: string, account: string, worker: string, changed: () => void }} Surroundings */

const CHUNK = 64 * 1024 * 1024;

export class UploadRow {
	/** @type {UploadState} */ state = "waiting";
	id = "";
	sha256 = "";
	/** @type {File | null} */ #file = null;
	/** @type {tus.Upload | null} */ #tus = null;
	/** @type {AbortController} */ #hashing = new AbortController();
	#tries = 0;
	/** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

	/**
	 * @param {HTMLElement} row
	 * @param {Surroundings} around
	 */
	constructor(row, around) {
		this.row = row;
		this.around = around;
		this.bar = /** @type {HTMLProgressElement} */ (must(row, "progress"));
		row.addEventListener("click", (e) => {
			const button = e.target instanceof Element ? e.target.closest("button[data-do]") : null;
			if (button instanceof HTMLElement) this.#press(button.dataset.do ?? "");
		});
		const picker = row.querySelector("[data-do=pick] input");
		picker?.addEventListener("change", () => {
			const file = /** @type {HTMLInputElement} */ (picker).files?.[0];
			if (file) this.send(file);
		});
	}

	/** Takes over what the server knows of an upload from before this page. @param {boolean} attach */
	adopt(attach) {
		const d = this.row.dataset;
		this.id = d.upload ?? "";
		this.sha256 = d.sha256 ?? "";
		this.state = d.state === "sealed" ? (attach ? "done" : "detached") : d.state === "refused" ? "refused" : "unfinished";
		const why = must(this.row, "[data-words]").textContent ?? "";
		this.#show(why || (this.state === "unfinished" ? `${size(Number(d.offset))} of ${size(Number(d.size))} are here already.` : ""));
	}

	/** The tus library's place for the upload. */
	get url() {
		return this.id ? new URL(this.around.endpoint + this.id, location.href).href : null;
	}

	/** @param {File} file */
	async send(file) {
		this.#file = file;
		this.#hashing = new AbortController();
		const declared = this.sha256;
		this.#move("hashing", "Your browser computes the file’s fingerprint. Nothing is sent yet.");
		this.#progress(0, file.size);
		try {
			const got = await hashInWorker(this.around.worker, file, (n) => this.#progress(n, file.size), this.#hashing.signal);
			if (declared && got !== declared) {
				this.#move("unfinished", "That is another file. Choose the one that you began to send, or remove this upload.");
				return;
			}
			this.sha256 = got;
			await this.#transfer(file);
		} catch (err) {
			if (this.state === "hashing") this.#move("failed", `The file could not be read: ${err instanceof Error ? err.message : err}. Try again.`);
		}
	}

	/** @param {File} file */
	async #transfer(file) {
		const upload = new tus.Upload(file, {
			endpoint: this.around.endpoint,
			uploadUrl: this.url,
			chunkSize: CHUNK,
			retryDelays: null, // the row tries again by itself, and says so
			storeFingerprintForResuming: true,
			removeFingerprintOnSuccess: true,
			fingerprint: async () => fingerprint(this.around.account, this.sha256, file.size),
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
		this.#move("sending", "");
		upload.start();
	}

	/**
	 * @param {number} sent
	 * @param {number | null} total
	 */
	#sent(sent, total) {
		this.#tries = 0;
		if (this.state === "lost") this.#move("sending", "");
		this.#progress(sent, total ?? 0);
		this.#say(sent === total ? "All sent; the server is sealing it." : `${size(sent)} of ${size(total ?? 0)}`);
	}

	/** @param {string} id */
	#done(id) {
		this.id = id;
		this.#move("done", "The bytes are locked under the fingerprint that your browser computed.");
		this.#progress(1, 1);
	}

	/** @param {Error | tus.DetailedError} err */
	#failed(err) {
		const answer = "originalResponse" in err ? err.originalResponse : null;
		const status = answer?.getStatus() ?? 0;
		if (status >= 400 && status < 500 && status !== 409 && status !== 423 && status !== 429) {
			this.#move("refused", answer?.getBody()?.trim().slice(0, 500) || "The server refused the file.");
			return;
		}
		const wait = patience(this.#tries++);
		const why = status === 0 ? "The connection is lost." : [429, 507].includes(status) && answer?.getBody()?.trim().slice(0, 500) || "The server is not ready for it yet.";
		this.#move("lost", `${why} The next try is in ${Math.round(wait / 1000)} s; what was sent is safe.`);
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.resume(), wait);
	}

	/** Goes on after a pause, a lost connection or a failure. */
	resume() {
		clearTimeout(this.#timer);
		if (this.state === "failed" && this.#file) this.send(this.#file);
		if (this.state !== "lost" && this.state !== "paused") return;
		this.#move("sending", "");
		this.#tus?.start();
	}

	/** @param {string} what */
	#press(what) {
		if (what === "pause") {
			this.#tus?.abort();
			this.#move("paused", "Paused. Nothing that was sent is lost.");
		} else if (what === "resume") this.resume();
		else if (what === "attach") this.#move("done", "");
		else if (what === "cancel") this.#remove();
	}

	/** A sealed clip is only taken out of this form; anything else is given up on the server too. */
	#remove() {
		clearTimeout(this.#timer);
		this.#hashing.abort();
		if (this.state === "done") return this.#move("detached", "Sealed, but not part of this report. It is locked, so nobody can delete it now; if no report takes it, it is deleted by itself after seven days.");
		const url = this.#tus?.url ?? this.url;
		const was = this.state;
		this.#tus?.abort();
		if (url && was !== "refused") tus.Upload.terminate(url).catch(() => {}); // collected after a day in any case
		this.#move("removed", "");
		this.row.remove();
	}

	/**
	 * @param {UploadState} to
	 * @param {string} words
	 */
	#move(to, words) {
		if (to !== this.state && !mayMove(this.state, to)) return;
		this.state = to;
		this.#show(words);
	}

	/** @param {string} words */
	#show(words) {
		const [label, tone] = CHIPS[this.state];
		const chip = must(this.row, "[data-chip]");
		chip.textContent = label;
		chip.className = `chip chip-${tone}`;
		this.row.dataset.state = this.state;
		for (const b of this.row.querySelectorAll("[data-do]")) {
			if (b instanceof HTMLElement) b.hidden = !BUTTONS[this.state].includes(b.dataset.do ?? "");
		}
		this.#say(words);
		this.around.changed();
	}

	/** @param {string} words */
	#say(words) {
		must(this.row, "[data-words]").textContent = words;
	}

	/**
	 * @param {number} done
	 * @param {number} total
	 */
	#progress(done, total) {
		this.bar.max = Math.max(1, total);
		this.bar.value = done;
	}
}

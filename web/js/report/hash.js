/** Asks a worker for a file's SHA-256. */

/**
 * @param {string} workerURL
 * @param {File} file
 * @param {(done: number) => void} progress
 * @param {AbortSignal} signal ends the worker
 * @returns {Promise<string>} lower-case hex
 */
export function hashInWorker(workerURL, file, progress, signal) {
	return new Promise((resolve, reject) => {
		const worker = new Worker(workerURL, { type: "module" });
		const end = (/** @type {() => void} */ settle) => {
			worker.terminate();
			settle();
		};
		signal.addEventListener("abort", () => end(() => reject(new DOMException("cancelled", "AbortError"))));
		worker.addEventListener("error", (e) => end(() => reject(new Error(e.message || "the worker did not start"))));
		worker.addEventListener("message", (/** @type {MessageEvent<{ done?: number, sha256?: string, error?: string }>} */ e) => {
			if (e.data.done !== undefined) progress(e.data.done);
			else if (e.data.sha256) end(() => resolve(/** @type {string} */ (e.data.sha256)));
			else end(() => reject(new Error(e.data.error)));
		});
		worker.postMessage({ file });
	});
}

/**
 * The hashing worker. It is sent {file}, answers with {done} while it reads, then with {sha256} or {error}. One worker
 * hashes one file and is then ended by the page.
 */
import { sha256 } from "./sha256.js";
import { hashFile } from "./stream-hash.js";

addEventListener("message", async (/** @type {MessageEvent<{ file: File }>} */ e) => {
	try {
		const digest = await hashFile(e.data.file, await sha256(), (done) => postMessage({ done }));
		postMessage({ sha256: digest });
	} catch (err) {
		postMessage({ error: err instanceof Error ? err.message : String(err) });
	}
});

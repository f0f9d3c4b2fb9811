/**
 * Hashes a file as a stream: only one part is in memory at a time, however long the file is. Pure: the hash is handed
 * in, so that the same code runs in the worker and under node --test.
 */

/** Bytes that are read at once. */
export const PART = 4 * 1024 * 1024;

/** @typedef {{ update: (bytes: Uint8Array) => unknown, hex: () => string }} Hasher */

/**
 * @param {Blob} file
 * @param {Hasher} hasher fresh
 * @param {(done: number) => void} progress called after each part with the bytes hashed so far
 * @param {number} [part] bytes read at once
 * @returns {Promise<string>} the digest in lower-case hex
 */
export async function hashFile(file, hasher, progress, part = PART) {
	for (let at = 0; at < file.size; at += part) {
		const bytes = new Uint8Array(await file.slice(at, at + part).arrayBuffer());
		if (bytes.length !== Math.min(part, file.size - at)) throw new Error("the file changed while it was being read");
		hasher.update(bytes);
		progress(at + bytes.length);
	}
	return hasher.hex();
}

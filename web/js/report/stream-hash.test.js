import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { sha256 } from "./sha256.js";
import { hashFile } from "./stream-hash.js";

/** @param {Uint8Array} bytes */
const expected = (bytes) => createHash("sha256").update(bytes).digest("hex");

test("the digest is node's for every size around part and block borders, however the file is cut", async () => {
	for (const size of [0, 1, 55, 56, 63, 64, 65, 127, 128, 1000, 4095, 4096, 4097, 70_001]) {
		const bytes = randomBytes(size);
		for (const part of [1, 7, 63, 64, 65, 4096, 100_000]) {
			if (size / part > 5000) continue;
			const got = await hashFile(new Blob([bytes]), await sha256(), () => {}, part);
			assert.equal(got, expected(bytes), `size ${size}, part ${part}`);
		}
	}
});

test("progress rises to the size and says each part once", async () => {
	/** @type {number[]} */
	const seen = [];
	await hashFile(new Blob([new Uint8Array(10)]), await sha256(), (n) => seen.push(n), 4);
	assert.deepEqual(seen, [4, 8, 10]);
});

test("a file that shrinks while it is read is refused", async () => {
	const file = /** @type {Blob} */ (/** @type {unknown} */ ({ size: 10, slice: () => new Blob([new Uint8Array(3)]) }));
	await assert.rejects(async () => hashFile(file, await sha256(), () => {}, 4), /changed/);
});

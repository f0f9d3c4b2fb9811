import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { BLOCK, HASH, begin, finish, write } from "./sha256.js";

test("hashes of every length are SHA-256", () => {
	for (let n = 0; n < 400; n++) {
		const message = crypto.getRandomValues(new Uint8Array(n));
		const memory = new Uint8Array(n + 2 * BLOCK).fill(0xff); // what was there before
		memory.set(message);
		const h = begin();
		finish(h, memory, 0, n, n);
		const out = new Uint8Array(HASH);
		write(h, out, 0);
		assert.equal(Buffer.from(out).toString("hex"), createHash("sha256").update(message).digest("hex"), `${n} bytes`);
	}
});

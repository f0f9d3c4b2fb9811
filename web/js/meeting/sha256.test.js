import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";
import { BLOCK, HASH, begin, finish, hmac, sha256, write } from "./sha256.js";

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

test("hashes and macs of messages in parts are those of the whole", () => {
	for (let n = 0; n < 300; n++) {
		const message = crypto.getRandomValues(new Uint8Array(n));
		const key = crypto.getRandomValues(new Uint8Array(n % (BLOCK + 1)));
		const hash = createHash("sha256").update(message).digest("hex");
		const mac = createHmac("sha256", key).update(message).digest("hex");
		for (const cut of [0, 1, 63, 64, 65, 128, n]) {
			const parts = [message.subarray(0, cut), message.subarray(cut, cut + 5), message.subarray(cut + 5)];
			assert.equal(Buffer.from(sha256(...parts)).toString("hex"), hash, `${n} bytes, cut at ${cut}`);
			assert.equal(Buffer.from(hmac(key, ...parts)).toString("hex"), mac, `${n} bytes, cut at ${cut}`);
		}
	}
});

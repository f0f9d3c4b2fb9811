import assert from "node:assert/strict";
import { test } from "node:test";
import { readSecret, writeSecret } from "./link.js";

test("a secret survives its link", () => {
	for (let i = 0; i < 100; i++) {
		const secret = crypto.getRandomValues(new Uint8Array(32));
		assert.deepEqual(readSecret(`#${writeSecret(secret)}`), secret);
	}
});

test("what is no secret is refused", () => {
	assert.equal(readSecret(""), null);
	assert.equal(readSecret("#"), null);
	const good = writeSecret(new Uint8Array(32).fill(7));
	for (const bad of [good.slice(1), `${good}A`, good.replace(/.$/, "="), good.slice(0, 42) + "d", "x".repeat(43) + "=", `${good.slice(0, 42)} `]) {
		assert.equal(readSecret(bad), "damaged", bad);
	}
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { remaining, standing } from "./lease.js";

test("the remaining time is counted by the server's clock", () => {
	assert.equal(remaining("2026-11-23T10:10:00Z", "Mon, 23 Nov 2026 10:00:00 GMT"), 600_000);
	assert.equal(remaining("2026-11-23T09:00:00Z", "Mon, 23 Nov 2026 10:00:00 GMT"), 0);
	assert.equal(remaining(null, "Mon, 23 Nov 2026 10:00:00 GMT"), null);
	assert.equal(remaining("2026-11-23T10:10:00Z", null), null);
});

test("a claim is good, short, or lost", () => {
	assert.deepEqual([500_000, 60_000, 0].map(standing), ["good", "short", "lost"]);
});

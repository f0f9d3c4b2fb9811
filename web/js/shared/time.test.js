import assert from "node:assert/strict";
import { test } from "node:test";
import { parseData } from "./events.js";
import { ago, clock, local, size, span } from "./time.js";

test("lengths of time are written as the server writes them", () => {
	assert.deepEqual([0, 59_000, 60_000, 3_600_000, 47 * 3_600_000, 48 * 3_600_000].map(span), ["under 1 min", "under 1 min", "1 min", "1 h", "47 h", "2 d"]);
	assert.equal(ago(0, 7_200_000), "2 h ago");
	assert.equal(ago(7_200_000, 0), "in 2 h");
});

test("positions and sizes", () => {
	assert.deepEqual([0, 65, 3723, NaN, Infinity, -1].map(clock), ["0:00", "1:05", "1:02:03", "0:00", "0:00", "0:00"]);
	assert.deepEqual([1, 2048, 5 << 20, 3 * 2 ** 30].map(size), ["1 B", "2 KiB", "5.0 MiB", "3.00 GiB"]);
});

test("local time says today", () => {
	const now = new Date("2026-11-23T12:00:00Z");
	assert.equal(local(new Date("2026-11-23T10:00:00Z"), now, "Europe/Berlin"), "today 11:00");
	assert.equal(local(new Date("2026-11-20T10:00:00Z"), now, "UTC"), "20 Nov 10:00");
});

test("event data that is no object is nothing", () => {
	assert.deepEqual(parseData('{"case":"C-1"}'), { case: "C-1" });
	for (const bad of ["", "[]", "null", "1", "{"]) assert.deepEqual(parseData(bad), {});
});

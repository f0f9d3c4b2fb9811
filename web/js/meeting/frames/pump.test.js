import assert from "node:assert/strict";
import { test } from "node:test";
import { pump } from "./pump.js";

/** A transform that is fed with numbers. */
function transform() {
	/** @type {any} */
	const t = { out: [] };
	t.readable = new ReadableStream({ start: (c) => void (t.feed = c) }, { highWaterMark: 1000 });
	t.writable = new WritableStream({ write: (x) => void t.out.push(x) });
	return t;
}

const later = (/** @type {number} */ ms) => new Promise((r) => setTimeout(r, ms));

test("frames leave in their order, and none is worked on before there is room", async () => {
	const t = transform();
	let under = 0;
	let most = 0;
	const ended = pump(
		t,
		async ({ frame }) => {
			most = Math.max(most, ++under);
			await later(Math.random() * 10);
			under--;
			return frame;
		},
		({ frame, result }) => frame === result && Number(frame) % 5 !== 0,
	);
	for (let i = 0; i < 300; i++) t.feed.enqueue(i);
	t.feed.close();
	await ended;
	await later(50);
	assert.deepEqual(t.out, [...Array(300).keys()].filter((i) => i % 5));
	assert.ok(most > 1 && most <= 64 * 2, `${most}`);
});

test("what throws or rejects is one frame dropped", async () => {
	const t = transform();
	/** @type {unknown[]} */
	const results = [];
	const ended = pump(
		t,
		({ frame }) => {
			if (frame === 1) throw new Error("at once");
			return frame === 2 ? Promise.reject(new Error("later")) : Promise.resolve("fine");
		},
		({ result }) => {
			results.push(result);
			return result !== "failed";
		},
	);
	for (let i = 0; i < 4; i++) t.feed.enqueue(i);
	t.feed.close();
	await ended;
	await later(10);
	assert.deepEqual(results, ["fine", "failed", "failed", "fine"]);
	assert.deepEqual(t.out, [0, 3]);
});

test("a sink that has closed stops nothing else", async () => {
	const t = transform();
	t.writable = new WritableStream({ start: (c) => void (t.sink = c) });
	const ended = pump(t, async () => true, () => true);
	t.sink.error(new Error("the track has ended"));
	t.feed.enqueue(1);
	t.feed.close();
	await ended;
	await later(10);
});

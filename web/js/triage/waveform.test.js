import assert from "node:assert/strict";
import { test } from "node:test";
import { HEIGHT, WIDTH, place, readPeaks, wavePath } from "./waveform.js";

test("pairs of least and greatest samples become loudness between 0 and 1", () => {
	assert.deepEqual(readPeaks({ duration_ms: 30, tracks: 1, peaks: [0, 0, -127, 5, -3, 127] }), [0, 1, 1]);
	assert.deepEqual(readPeaks({ peaks: [-128, 0] }), [1]);
	assert.deepEqual(readPeaks({ peaks: [1, "x", null, Infinity, 5] }), [1 / 127, 0]);
	for (const bad of [null, undefined, 5, "x", {}, { peaks: 5 }, []]) assert.deepEqual(readPeaks(bad), []);
});

test("a path stays inside its drawing and a loud moment is never averaged away", () => {
	const peaks = new Array(10_000).fill(0);
	peaks[7777] = 1;
	const d = wavePath(peaks);
	const numbers = [...d.matchAll(/M([\d.]+) ([\d.]+)V([\d.]+)/g)].map((m) => m.slice(1).map(Number));
	assert.equal(numbers.length, 300);
	for (const [x, top, bottom] of numbers) assert.ok(x >= 0 && x <= WIDTH && top >= 0 && bottom <= HEIGHT);
	assert.ok(numbers.some(([, top, bottom]) => bottom - top > HEIGHT * 0.9));
	assert.equal(wavePath([]), `M0 32H${WIDTH}`);
});

test("intervals are clipped to the clip", () => {
	assert.deepEqual(place({ from: 5, to: 10 }, 10), { x: 500, width: 500 });
	assert.deepEqual(place({ from: -5, to: 50 }, 10), { x: 0, width: 1000 });
	assert.deepEqual(place({ from: 0, to: 1 }, 0), { x: 0, width: 0 });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { WatchLog, covered, lookAt, merge } from "./intervals.js";

/** @param {number} from @param {number} to @param {boolean} [clear] @param {boolean} [sound] */
const interval = (from, to, clear = false, sound = false) => ({ from, to, clear, sound });
/** @param {number} position @param {number} time @param {Partial<import("./intervals.js").Sample>} [more] */
const sample = (position, time, more = {}) => ({ position, time, playing: true, seeking: false, visible: true, clear: false, sound: false, rate: 1, ...more });

test("what was played through is one interval", () => {
	const log = new WatchLog();
	for (let t = 0; t <= 4; t++) log.sample(sample(t / 4, t / 4));
	assert.deepEqual(log.take(), [interval(0, 1)]);
	log.sample(sample(1.25, 1.25));
	assert.deepEqual(log.take(), [interval(1, 1.25)], "goes on where the last take ended");
});

test("a jump is not watched, forwards or backwards", () => {
	const log = new WatchLog();
	log.sample(sample(0, 0));
	log.sample(sample(0.25, 0.25));
	log.sample(sample(20, 0.5));
	log.sample(sample(20.25, 0.75));
	log.sample(sample(5, 1));
	log.sample(sample(5.25, 1.25));
	assert.deepEqual(log.take(), [interval(0, 0.25), interval(5, 5.25), interval(20, 20.25)]);
});

test("paused and hidden time is not watched; a higher rate is", () => {
	const log = new WatchLog();
	log.sample(sample(0, 0, { playing: false }));
	log.sample(sample(0, 9));
	log.sample(sample(2, 10, { rate: 2 }));
	log.sample(sample(2.5, 10.25, { rate: 2, visible: false }));
	log.sample(sample(4, 11, { rate: 2 }));
	assert.deepEqual(log.take(), [interval(0, 2.5)], "neither the pause before nor the hidden second after");
	const fast = new WatchLog();
	fast.sample(sample(0, 0, { rate: 2 }));
	fast.sample(sample(2, 1, { rate: 2 }));
	assert.deepEqual(fast.take(), [interval(0, 2)]);
});

test("a change of blur or sound begins a new interval, counted from the change", () => {
	const log = new WatchLog();
	log.sample(sample(0, 0));
	log.sample(sample(1, 1, { clear: true }));
	log.sample(sample(2, 2, { clear: true, sound: true }));
	log.sample(sample(3, 3, { clear: true, sound: true }));
	assert.deepEqual(log.take(), [interval(0, 1), interval(1, 2, true), interval(2, 3, true, true)]);
});

test("what could not be sent comes with the next", () => {
	const log = new WatchLog();
	log.sample(sample(0, 0));
	log.sample(sample(1, 1));
	const first = log.take();
	log.giveBack(first);
	log.sample(sample(2, 2));
	assert.deepEqual(log.take(), [interval(0, 2)]);
});

test("frames that were stepped to are intervals of one frame", () => {
	const log = new WatchLog();
	log.frame(1, 1.04, true);
	log.frame(1.04, 1.08, true);
	assert.deepEqual(log.take(), [interval(1, 1.08, true)]);
});

test("merging joins what touches, keeps kinds apart, and changes nothing when done twice", () => {
	const mixed = [interval(5, 6), interval(0, 2), interval(1, 3), interval(2, 4, true), interval(3, 3.5)];
	const once = merge(mixed);
	assert.deepEqual(once, [interval(0, 3.5), interval(2, 4, true), interval(5, 6)]);
	assert.deepEqual(merge(once), once);
	assert.equal(covered(mixed), 5);
	assert.equal(covered([]), 0);
});

test("random playing: the merged length equals the union, and nothing outside what was played is in it", () => {
	for (let run = 0; run < 200; run++) {
		/** @type {import("./intervals.js").Interval[]} */
		const list = [];
		const seconds = new Set();
		for (let i = 0; i < 12; i++) {
			const from = Math.floor(Math.random() * 30);
			const to = from + 1 + Math.floor(Math.random() * 5);
			list.push(interval(from, to, Math.random() < 0.5, Math.random() < 0.5));
			for (let s = from; s < to; s++) seconds.add(s);
		}
		assert.ok(Math.abs(covered(list) - seconds.size) < 1e-9);
	}
});

test("playback that waits for bytes in between is one interval", () => {
	const log = new WatchLog();
	const look = (/** @type {number} */ currentTime, /** @type {number} */ time, more = {}) =>
		log.sample(lookAt({ currentTime, paused: false, seeking: false, muted: true, volume: 1, playbackRate: 1, ...more }, { time, visible: true, clear: true }));
	look(0, 0);
	look(0.133, 0.14, { readyState: 2 }); // here it ran dry
	look(0.133, 0.9, { readyState: 2 });
	look(0.14, 1.1, { readyState: 4 }); // it went on by itself before the next look
	look(0.727, 1.69, { paused: true });
	look(0.727, 3, { paused: true });
	assert.deepEqual(log.take(), [interval(0, 0.727, true)]);
});

test("a piece leaves no hole, however short it is", () => {
	const log = new WatchLog();
	log.sample(sample(0, 0));
	log.sample(sample(0.133, 0.133));
	assert.deepEqual(log.take(), [interval(0, 0.133)]);
	log.sample(sample(0.14, 0.14, { playing: false }));
	assert.deepEqual(log.take(), [interval(0.133, 0.14)]);
	assert.deepEqual(log.take(), [], "nothing is sent twice");
});

test("what a seek leaps over is not watched, however short the leap is", () => {
	const log = new WatchLog();
	log.sample(sample(0, 0));
	log.sample(sample(0.2, 0.2));
	log.sample(sample(0.4, 0.21, { seeking: true }));
	log.sample(sample(0.4, 0.3));
	log.sample(sample(0.6, 0.5));
	assert.deepEqual(log.take(), [interval(0, 0.2), interval(0.4, 0.6)]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { encode } from "../cbor.js";
import { CAMERA, LINE, MICROPHONE, OPUS, VP8, describe } from "../frame.js";
import { Report } from "./report.js";
import { Ring } from "./ring.js";
import { DEFAULT_WINDOW, MIN_WINDOW } from "./window.js";
import { CHAT } from "./track.js";

setFlagsFromString("--expose-gc");
const collect = /** @type {() => void} */ (runInNewContext("gc"));

/** Numbers from 0 to 1, the same in every run (mulberry32). */
function random(/** @type {number} */ seed) {
	return () => {
		seed = (seed + 0x6d2b79f5) | 0;
		let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
}

const joinOf = (/** @type {number} */ i) => i.toString(16).padStart(64, "0");

/** A stream of a sender that makes frames as a receiver has them. */
class Stream {
	counter = 0;
	constructor(/** @type {string} */ join, /** @type {number} */ stream, /** @type {number} */ codec, /** @type {number} */ source) {
		this.of = { join, stream };
		this.what = (/** @type {boolean} */ key) => (codec === 0 ? LINE : describe(codec, key, source));
	}

	frame(/** @type {number} */ time, /** @type {boolean} */ key, /** @type {Uint8Array} */ data) {
		const opening = new Uint8Array(32).fill(this.counter);
		const commitment = new Uint8Array(32).fill(this.counter + 1);
		return { ...this.of, what: this.what(key), term: 1, epoch: 1, counter: this.counter++, time, data, opening, commitment };
	}

	/** A stamp of the frames from a counter on. */
	run(/** @type {number} */ first, /** @type {number} */ sequence, /** @type {number} */ at) {
		const commitments = Buffer.concat(Array.from({ length: this.counter - first }, (_, i) => Buffer.alloc(32, first + i + 1)));
		return { key: 1, at, stream: this.of.stream, sequence, first, commitments: new Uint8Array(commitments), mac: new Uint8Array(32) };
	}
}

const camera = (/** @type {string} */ join, stream = 1) => new Stream(join, stream, VP8, CAMERA);
const microphone = (/** @type {string} */ join, stream = 2) => new Stream(join, stream, OPUS, MICROPHONE);

/** Memory that JavaScript holds, in bytes. */
function memory() {
	for (let i = 0; i < 3; i++) collect(); // buffers are freed behind the collection that finds them
	const { heapUsed, arrayBuffers } = process.memoryUsage();
	return heapUsed + arrayBuffers;
}

for (const senders of [1, 5, 25]) {
	test(`the ring of ${senders} at 1 Mb/s takes at most 1.3 of the media in its window`, () => {
		const before = memory();
		const ring = new Ring();
		const all = Array.from({ length: senders }, (_, i) => ({ camera: camera(joinOf(i)), microphone: microphone(joinOf(i)), from: [0, 0] }));
		const end = DEFAULT_WINDOW + 4000;
		let inWindow = 0;
		const add = (/** @type {any} */ frame, /** @type {number} */ now) => {
			ring.add(frame, now);
			if (now >= end - DEFAULT_WINDOW) inWindow += frame.data.length;
		};
		for (let now = 0; now < end; now += 20) {
			for (const s of all) {
				const key = now % 2000 === 0;
				if (now % 40 === 0) add(s.camera.frame(now, key, new Uint8Array(new ArrayBuffer(key ? 20_000 : 4500))), now);
				add(s.microphone.frame(now, false, new Uint8Array(new ArrayBuffer(80))), now);
				if (now % 240 === 220) {
					ring.stamped(s.camera.of.join, [s.camera.run(s.from[0], now, now), s.microphone.run(s.from[1], now, now)], now);
					s.from = [s.camera.counter, s.microphone.counter];
				}
			}
		}
		const ratio = (memory() - before) / inWindow;
		assert.ok(ring.bytes >= inWindow);
		assert.ok(ratio > 0.9 && ratio <= 1.3, // what was there before may have gone meanwhile
			 `it takes ${ratio.toFixed(3)} of the media in its window`);
	});
}

/** A meeting in which groups of pictures have random lengths. look is called now and then. */
function meeting(/** @type {Ring} */ ring, /** @type {number} */ senders, /** @type {number} */ ms, /** @type {(now: number) => void} */ look) {
	const next = random(senders);
	const all = Array.from({ length: senders }, (_, i) => ({ camera: camera(joinOf(i)), microphone: microphone(joinOf(i)), key: 0, sequence: 0, from: [0, 0] }));
	for (let now = 0; now < ms; now += 20) {
		for (const s of all) {
			if (now % 40 === 0) {
				const key = now >= s.key;
				if (key) s.key = now + 500 + 4000 * next();
				ring.add(s.camera.frame(1e6 + now, key, new Uint8Array(key ? 200 : 50)), now);
			}
			ring.add(s.microphone.frame(1e6 + now, false, new Uint8Array(8)), now);
			if (now % 240 === 220) {
				ring.stamped(s.camera.of.join, [s.camera.run(s.from[0], s.sequence, now), s.microphone.run(s.from[1], s.sequence++, now)], now);
				s.from = [s.camera.counter, s.microphone.counter];
			}
		}
		if (now % 1700 === 1000) look(now);
	}
}

for (const senders of [1, 5, 25]) {
	test(`of ${senders} there is the whole window, in whole groups, without a gap`, () => {
		const ring = new Ring(MIN_WINDOW);
		meeting(ring, senders, 30_000, (now) => {
			const frozen = ring.freeze(now);
			let bytes = 0;
			for (const [join, tracks] of frozen.senders) {
				const pictures = frozen.pick(join, CAMERA, 0, Infinity);
				const sound = frozen.pick(join, MICROPHONE, 0, Infinity);
				const oldest = Math.max(0, now - MIN_WINDOW);
				assert.ok(pictures[0].key);
				assert.ok(pictures[0].at <= oldest, `the pictures begin ${pictures[0].at - oldest} ms too late`);
				assert.ok(sound[0].at <= pictures[0].at, "the sound begins with the pictures, or before");
				const second = pictures.find((f, i) => i > 0 && f.key);
				assert.ok(!second || second.at >= oldest - 500, "of what is out of the window there is one group");
				for (const frames of [pictures, sound]) assert.ok(frames.every((f, i) => f.counter === frames[0].counter + i), "no frame is missing");
				assert.ok(pictures[pictures.length - 1].at > now - 300 && sound[sound.length - 1].at > now - 300);
				for (const frames of [pictures, sound]) {
					const runs = frozen.covering(join, frames);
					assert.ok(runs[0].first <= frames[0].counter, "the first frame’s stamp is there");
					runs.forEach((run, i) => assert.ok(i === 0 || run.sequence === runs[i - 1].sequence + 1));
				}
				for (const track of tracks.values()) bytes += track.frames().reduce((n, f) => n + f.data.length, 0);
			}
			assert.equal(frozen.senders.size, senders);
			assert.equal(ring.bytes, bytes);
		});
	});
}

test("a frame’s bytes are kept as they were handed over, and a frozen ring is not touched by what comes after", () => {
	const ring = new Ring(MIN_WINDOW);
	const c = camera(joinOf(1));
	const first = c.frame(1, true, new Uint8Array([1, 2, 3]));
	ring.add(first, 0);
	const part = c.frame(2, false, new Uint8Array([9, 4, 5, 9]).subarray(1, 3));
	ring.add(part, 1);
	ring.stamped(joinOf(1), [c.run(0, 0, 0)]);
	const frozen = ring.freeze(10);
	for (let now = 20; now < 60_000; now += 20) ring.add(c.frame(now, now % 1000 === 0, new Uint8Array(9)), now);
	const [held, second, ...more] = frozen.pick(joinOf(1), CAMERA, 0, Infinity);
	assert.deepEqual(second.data, part.data);
	assert.equal(more.length, 0);
	assert.equal(held.data.buffer, first.data.buffer);
	assert.deepEqual(held.data, first.data);
	assert.deepEqual([held.opening, held.commitment], [first.opening, first.commitment]);
	assert.equal(frozen.covering(joinOf(1), [held]).length, 1);
	ring.clear();
	assert.equal(ring.bytes, 0);
	assert.equal(ring.freeze(60_000).senders.size, 0);
});

test("what has stopped is gone after the window, with its stamps and lines", () => {
	const ring = new Ring();
	const [c, m, chat] = [camera(joinOf(1)), microphone(joinOf(1)), new Stream(joinOf(1), 0, 0, 0)];
	ring.add(c.frame(1, true, new Uint8Array(100)), 0);
	ring.add(m.frame(1, false, new Uint8Array(10)), 0);
	ring.add(chat.frame(1, false, encode(["line", "Hello", new Uint8Array()])), 0);
	ring.stamped(joinOf(1), [c.run(0, 0, 0), m.run(0, 0, 0), chat.run(0, 0, 0)]);
	assert.deepEqual([...(ring.freeze(2000).senders.get(joinOf(1)) ?? [])].map(([source]) => source), [CAMERA, MICROPHONE, CHAT]);
	assert.equal(new Report(ring.freeze(2000)).contents()[0].lines[0].text, "Hello");
	const other = microphone(joinOf(2));
	for (let now = 1000; now <= DEFAULT_WINDOW + 20_000; now += 100) ring.add(other.frame(now, false, new Uint8Array(1)), now);
	const frozen = ring.freeze(DEFAULT_WINDOW + 20_000);
	assert.deepEqual([...frozen.senders.keys()], [joinOf(2)]);
	assert.deepEqual(frozen.covering(joinOf(1), [{ ...c.frame(1, true, new Uint8Array(1)), counter: 0, key: true, at: 0 }]), []);
});

test("a ring that is full drops the oldest group of the largest track", () => {
	const ring = new Ring(DEFAULT_WINDOW, 10_000);
	const [large, small] = [camera(joinOf(1)), camera(joinOf(2))];
	for (let now = 0; now < 4000; now += 40) {
		ring.add(large.frame(now, now % 400 === 0, new Uint8Array(250)), now);
		ring.add(small.frame(now, now === 0, new Uint8Array(10)), now);
		assert.ok(ring.bytes <= 10_000);
	}
	const frozen = ring.freeze(10_000);
	const kept = frozen.pick(joinOf(1), CAMERA, 0, Infinity);
	assert.ok(kept[0].key && kept.length >= 30, `${kept.length} frames are left`);
	assert.equal(frozen.pick(joinOf(2), CAMERA, 0, Infinity).length, 100);
});

test("pictures without a key frame before them are not kept", () => {
	const ring = new Ring();
	const c = camera(joinOf(1));
	ring.add(c.frame(1, false, new Uint8Array(100)), 0);
	assert.equal(ring.bytes, 0);
	ring.add(c.frame(2, true, new Uint8Array(100)), 1);
	ring.add(c.frame(3, false, new Uint8Array(100)), 2);
	assert.equal(ring.bytes, 200);
});

test("the window is brought into its bounds, and one that is made shorter counts from the next frame on", () => {
	const ring = new Ring(3_600_000);
	const c = camera(joinOf(1));
	const oldest = (/** @type {number} */ at) => ring.freeze(at).pick(joinOf(1), CAMERA, 0, at)[0].time;
	for (let now = 0; now <= 200_000; now += 500) ring.add(c.frame(now, now % 1000 === 0, new Uint8Array(9)), now);
	assert.ok(oldest(200_000) >= 200_000 - 121_500 && oldest(200_000) <= 80_000, `120 s at most, and not from ${oldest(200_000)}`);
	ring.window = 20_000;
	ring.add(c.frame(200_500, false, new Uint8Array(9)), 200_500);
	assert.ok(oldest(200_500) >= 178_500, `20 s, and not from ${oldest(200_500)}`);
	ring.window = 1;
	for (let now = 201_000; now <= 240_000; now += 500) ring.add(c.frame(now, now % 1000 === 0, new Uint8Array(9)), now);
	assert.ok(oldest(240_000) <= 225_000 && oldest(240_000) >= 223_000, `15 s at least, and not from ${oldest(240_000)}`);
});

/**
 * The bench of clip_bench_test.go, run by node --expose-gc: what the ring costs, and a report from it. Frames are of the sizes of 1 Mb/s; their content is
 * noise, for which no part of this asks.
 */
import { Report } from "../../js/meeting/clip/report.js";
import { Ring } from "../../js/meeting/clip/ring.js";
import { DEFAULT_WINDOW } from "../../js/meeting/clip/window.js";
import { CAMERA, MICROPHONE, OPUS, VP8, describe } from "../../js/meeting/frame.js";

const { gc, process } = /** @type {any} */ (globalThis);
const joinOf = (/** @type {number} */ i) => i.toString(16).padStart(64, "0");
const hash = () => new Uint8Array(32);

function memory() {
	for (let i = 0; i < 3; i++) gc(); // buffers are freed behind the collection that finds them
	const { heapUsed, arrayBuffers } = process.memoryUsage();
	return heapUsed + arrayBuffers;
}

/** A key frame of VP8 of 640 × 360 pixels, as far as its header goes. */
function picture(/** @type {boolean} */ key) {
	const data = new Uint8Array(new ArrayBuffer(key ? 20_000 : 4500)).fill(0x11);
	if (key) data.set([0x10, 2, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1]);
	return data;
}

/** Plays a meeting into a ring. */
function play(/** @type {Ring} */ ring, /** @type {number} */ senders, /** @type {number} */ ms) {
	let [frames, took, media] = [0, 0, 0];
	for (let now = 0; now < ms; now += 20) {
		/** @type {import("../../js/meeting/clip/ring.js").Received[]} */
		const batch = [];
		for (let i = 0; i < senders; i++) {
			const of = { join: joinOf(i), term: 1, epoch: 1, time: 1e12 + now };
			const key = now % 2000 === 0;
			const [what, n] = [describe(VP8, key, CAMERA), now / 40];
			if (now % 40 === 0) batch.push({ ...of, what, stream: 1, counter: n, data: picture(key), opening: hash(), commitment: hash() });
			const sound = new Uint8Array(new ArrayBuffer(80));
			batch.push({ ...of, what: describe(OPUS, false, MICROPHONE), stream: 2, counter: now / 20, data: sound, opening: hash(), commitment: hash() });
		}
		const start = performance.now();
		for (const f of batch) ring.add(f, now);
		if (now % 240 === 220) stamp(ring, senders, now);
		took += performance.now() - start;
		frames += batch.length;
		if (now >= ms - DEFAULT_WINDOW) for (const f of batch) media += f.data.length;
	}
	return { frames, took, media };
}

/** Stamps what was sent in the 240 ms to now. */
function stamp(/** @type {Ring} */ ring, /** @type {number} */ senders, /** @type {number} */ now) {
	const run = (/** @type {number} */ stream, /** @type {number} */ n) => {
		const first = (now - 220) / (stream === 1 ? 40 : 20);
		return { key: 1, at: now, stream, sequence: now / 20, first, commitments: new Uint8Array(32 * n), mac: hash() };
	};
	for (let i = 0; i < senders; i++) ring.stamped(joinOf(i), [run(1, 6), run(2, 12)], now);
}

const senders = Number(process.argv[2]);
play(new Ring(), 1, 20_000); // so that it is compiled
memory();
await new Promise((resolve) => setTimeout(resolve, 100)); // until the first ring is gone
const before = memory();
const ring = new Ring();
const end = DEFAULT_WINDOW + 4000;
const { frames, took, media } = play(ring, senders, end);
const held = memory() - before;

const choice = { sender: joinOf(0), picture: CAMERA, from: 0, to: 1e13 };
const sign = (/** @type {Uint8Array} */ b) => new Uint8Array(64).fill(b[0]);
/** @type {Record<string, number>} */
let report = {};
for (let i = 0; i < 3; i++) {
	const started = performance.now();
	const frozen = new Report(ring.freeze(end));
	const froze = performance.now();
	await frozen.make(choice, { meeting: "M", reporter: hash(), sender: hash(), device: hash(), sign, now: 1 });
	const made = performance.now();
	if (!report.make || made - froze < report.make) report = { freeze: froze - started, make: made - froze };
}

console.log(JSON.stringify({ add: (took * 1e6) / frames, memory: held / media, ...report }));

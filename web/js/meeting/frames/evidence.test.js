import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Device } from "../core/device.js";
import { LINE } from "../frame.js";
import { Evidence } from "./evidence.js";

const VP8_KEY = (1 << 4) | 8; // of a camera
const VP8 = 1 << 4;
const OPUS = (3 << 4) | 1; // of a microphone
const J = "ab".repeat(32);
const SENT = 1_000_000;

let now = 0;
/** @type {any[]} */
let told = [];
/** @type {string[]} */
let asked = [];
/** @type {Evidence} */
let evidence;
beforeEach(async () => {
	now = 0;
	told = [];
	asked = [];
	const device = await Device.fromSeed(new Uint8Array(32).fill(7));
	const { unhex } = await import("../core/bytes.js");
	evidence = new Evidence(
		(message) => told.push(message),
		async (q) => (q.what === "sign" ? device.signProof(q.bytes) : { meeting: "M-1", reporter: new Uint8Array([1]), device: unhex(device.key), senders: q.senders.map(() => new Uint8Array([2])) }),
		() => now,
	);
});

const c = (/** @type {number} */ n) => new Uint8Array(32).fill(n);
const frame = (/** @type {number} */ stream, /** @type {number} */ counter, what = VP8_KEY, time = SENT + now) => ({
	kid: { term: 1, epoch: 1, index: 1, stream }, join: J, counter, time, what,
	data: new Uint8Array([0x10, 2, 0, 0x9d, 1, 0x2a, 160, 0, 120, 0, counter]), opening: c(9), commitment: c(counter + 1),
});
const stamp = (/** @type {number} */ stream, /** @type {number} */ first, n = 1, of = first + 1) => {
	const commitments = new Uint8Array(32 * n);
	for (let i = 0; i < n; i++) commitments.fill(of + i, 32 * i, 32 * i + 32);
	evidence.stamped({ j: J, key: 1, at: SENT + now, runs: [{ run: { stream, sequence: first, first, commitments }, mac: c(5) }] });
};
const opened = (/** @type {any} */ f) => evidence.opened("1", f, () => asked.push("key frame"));
const standings = () => told.filter((m) => m.type === "standing").map((m) => `${m.standing}${m.ours ? " ours" : ""}`);

test("a stream is shown from its first stamp on, and blanked when a frame is over a second old and in none", () => {
	opened(frame(1, 0));
	assert.deepEqual(standings(), ["unproven false"].map(() => "unproven"));
	now = 200;
	stamp(1, 0);
	now = 900;
	opened(frame(1, 1, VP8));
	now = 1800;
	evidence.tick();
	assert.deepEqual(standings(), ["unproven", "proven"]);
	now = 2000;
	evidence.tick();
	stamp(1, 1);
	assert.deepEqual(standings(), ["unproven", "proven", "overdue", "proven"]);
	now = 100_000; // silence is no offence
	evidence.tick();
	assert.equal(standings().length, 4);
});

test("who never has anything stamped is never shown", () => {
	for (let i = 0; i < 100; i++) {
		now = i * 40;
		opened(frame(1, i, i === 0 ? VP8_KEY : VP8));
		evidence.tick();
	}
	assert.ok(!standings().includes("proven"));
});

test("who has something else stamped than it sends is not shown again", () => {
	opened(frame(1, 0));
	stamp(1, 0);
	opened(frame(1, 1, VP8));
	stamp(1, 1, 1, 77);
	opened(frame(1, 2, VP8));
	stamp(1, 2);
	assert.equal(standings().at(-1), "conflicting");
});

test("another layer goes on for a second without a stamp, and no longer", () => {
	opened(frame(1, 0));
	stamp(1, 0);
	now = 5000;
	opened(frame(2, 0));
	assert.equal(standings().at(-1), "proven");
	now = 6100;
	evidence.tick();
	assert.equal(standings().at(-1), "overdue");
});

test("where this client has no stamps of its own, the interruption is the service's", () => {
	opened(frame(1, 0));
	stamp(1, 0);
	evidence.service(false);
	opened(frame(1, 1, VP8));
	now = 900;
	evidence.tick();
	assert.equal(standings().at(-1), "proven");
	now = 1100;
	evidence.tick();
	assert.equal(standings().at(-1), "overdue ours");
});

test("stamps that were missed between two control sessions are held against nobody", () => {
	opened(frame(1, 0));
	stamp(1, 0);
	opened(frame(1, 1, VP8));
	evidence.service(false);
	now = 3000;
	evidence.tick();
	evidence.resumed();
	evidence.service(true);
	opened(frame(1, 2, VP8));
	evidence.tick();
	assert.equal(standings().at(-1), "overdue"); // until something is stamped again
	now = 3200;
	stamp(1, 2);
	assert.deepEqual(standings(), ["unproven", "proven", "overdue ours", "overdue", "proven"]);
});

test("a host's device asks for a key frame where none came for long, and others do not", () => {
	opened(frame(1, 0));
	now = 9000;
	evidence.tick();
	assert.equal(asked.length, 0);
	evidence.keep(true);
	evidence.tick();
	evidence.tick();
	assert.equal(asked.length, 1);
});

test("a report is made of what was frozen, with the stamps that came after, and of chosen lines only", async () => {
	await assert.rejects(evidence.report({ act: "freeze" }), /keeps nothing/);
	evidence.keep(true);
	opened(frame(1, 0));
	evidence.opened("2", { ...frame(2, 0, OPUS), data: new Uint8Array([1, 2]) }, () => {});
	const line = (/** @type {number} */ n) => ({ join: J, what: LINE, stream: 0, term: 1, epoch: 1, counter: n, time: SENT + n,
		data: new Uint8Array([0x83, 0x64, ...Buffer.from("line"), 0x61, 0x61 + n, 0x40]), opening: c(9), commitment: c(n + 1) });
	evidence.line(line(0));
	evidence.line(line(1));
	stamp(0, 0, 2);
	const frozen = await evidence.report({ act: "freeze" });
	assert.deepEqual(Object.keys(frozen.senders[0].sources), ["camera", "microphone"]);
	assert.deepEqual(frozen.senders[0].lines.map((/** @type {any} */ l) => l.text), ["a", "b"]);
	stamp(1, 0);
	evidence.begin(); // the meeting ends for this client
	now = 2000;
	const { clip, proof } = await evidence.report({ act: "clip", of: frozen.id, choice: { j: J, picture: "camera", from: 0, to: 2 ** 52 } });
	assert.equal(Buffer.from(clip.subarray(0, 4)).toString("hex"), "1a45dfa3");
	assert.ok(proof.length > clip.length / 2);
	const file = Buffer.from(await evidence.report({ act: "lines", of: frozen.id, chosen: [{ j: J, indexes: [1] }] }));
	assert.ok(file.includes(Buffer.from([0x61, 0x62, 0x40])) && !file.includes(Buffer.from([0x61, 0x61, 0x40])));
	await evidence.report({ act: "release", of: frozen.id });
	await assert.rejects(evidence.report({ act: "clip", of: frozen.id, choice: {} }), /gone/);
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CAMERA, MICROPHONE, OPUS, SCREEN, VP8, VP9, describe } from "../frame.js";
import { writeClip } from "./layout.js";
import { readLine } from "./line.js";
import { picture } from "./picture.js";
import { NothingThere, Report } from "./report.js";
import { Ring } from "./ring.js";

const bytes = (/** @type {string} */ hex) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (/** @type {Uint8Array} */ b) => Buffer.from(b).toString("hex");

// What Go made (media/clip/vectors_test.go).
const vectors = JSON.parse(readFileSync(new URL("../../../../media/testdata/clips.json", import.meta.url), "utf8"));

/** A vector's reporter: an Ed25519 key that signs and is not to be had, as a device's. */
async function reporterOf(/** @type {any} */ v) {
	const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), bytes(v.seed)]); // RFC 8410 section 7
	const jwk = await crypto.subtle.exportKey("jwk", await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]));
	const key = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
	return {
		meeting: v.meeting,
		reporter: bytes(v.reporter),
		device: new Uint8Array(Buffer.from(/** @type {string} */ (jwk.x), "base64url")),
		sign: async (/** @type {Uint8Array} */ b) => new Uint8Array(await crypto.subtle.sign("Ed25519", key, b)),
		now: v.made,
	};
}

function frameOf(/** @type {any} */ v, /** @type {any} */ r) {
	const { what = 0, stream, term = 0, epoch = 0, counter, time } = r;
	return { join: v.join, what, stream, term, epoch, counter, time, data: bytes(r.data), opening: bytes(r.opening), commitment: bytes(r.commitment) };
}

function runOf(/** @type {any} */ { stream, run: r }) {
	return { key: r.Key, at: r.At, stream, sequence: r.Sequence, first: r.First, commitments: bytes(r.Commitments), mac: bytes(r.MAC) };
}

/** Replays what was received; some stamps may come late. */
function replay(/** @type {any} */ v, /** @type {(r: any) => boolean} */ isLate = () => false) {
	const ring = new Ring(v.window_ms);
	for (const r of v.received) {
		if (!r.run) ring.add(frameOf(v, r), r.at_ms);
		else if (!isLate(r)) ring.stamped(bytes(v.join), [runOf(r)], r.at_ms);
	}
	const report = new Report(ring.freeze(v.frozen_ms));
	for (const r of v.received) if (r.run && isLate(r)) report.stamped(v.join, [runOf(r)]);
	return report;
}

const choiceOf = (/** @type {any} */ v) => ({ sender: v.join, picture: v.picture, from: v.from, to: v.to });

for (const v of vectors) {
	test(`Go's clip and proof are ours: ${v.name}`, async () => {
		const reporter = await reporterOf(v);
		for (const report of [replay(v), replay(v, (r) => r.at_ms > v.frozen_ms - 1200)]) {
			const { clip, proof } = await report.make(choiceOf(v), { ...reporter, sender: bytes(v.sender) });
			assert.equal(hex(clip), v.clip);
			assert.equal(hex(proof), v.proof);
			assert.equal(hex(report.clip(choiceOf(v))), v.clip);
		}
	});
}

test("Go's files of lines are ours", async () => {
	const chats = vectors.filter((/** @type {any} */ v) => v.lines);
	assert.ok(chats.length > 0);
	for (const v of chats) {
		const report = replay(v);
		const lines = await report.lines([{ join: v.join, message: bytes(v.sender) }], v.from, v.to, await reporterOf(v));
		assert.equal(hex(lines), v.lines);
		const shown = report.contents()[0].lines.filter(({ time }) => time >= v.from);
		assert.deepEqual(
			shown.map(({ text }) => text),
			v.text,
		);
	}
});

test("a report says who is in it, with what", () => {
	const v = vectors.find((/** @type {any} */ v) => v.name === "with chat");
	const frames = v.received.filter((/** @type {any} */ r) => !r.run && r.what);
	const [{ join, parts, lines }, ...more] = replay(v).contents();
	assert.equal(more.length, 0);
	assert.equal(join, v.join);
	assert.deepEqual(
		parts,
		[CAMERA, MICROPHONE].map((source) => {
			const all = frames.filter((/** @type {any} */ r) => (r.what & 7) === source);
			const of = source === CAMERA ? all.slice(all.findIndex((/** @type {any} */ r) => r.what & 8)) : all; // it begins with pictures that nobody can decode
			const size = of.reduce((/** @type {number} */ n, /** @type {any} */ r) => n + r.data.length / 2, 0);
			return { source, from: of[0].time, to: of.at(-1).time, frames: of.length, bytes: size };
		}),
	);
	assert.equal(lines.length, 4);
	assert.equal(lines[0].text, "before");
	assert.equal(lines.filter(({ to }) => to !== null).length, 1);
});

test("of nothing no clip is made, and no file of lines", async () => {
	const v = vectors[0];
	const report = replay(v);
	const reporter = await reporterOf(v);
	for (const choice of [{ ...choiceOf(v), sender: v.join.replace(/^../, "00") }, { ...choiceOf(v), picture: SCREEN }, { ...choiceOf(v), to: 1 }]) {
		assert.throws(() => report.clip(choice), NothingThere);
		await assert.rejects(report.make(choice, { ...reporter, sender: bytes(v.sender) }), NothingThere);
	}
	await assert.rejects(report.lines([{ join: v.join, message: bytes(v.sender) }], 0, v.to, reporter), NothingThere);
});

test("sizes of pictures are read from key frames alone", () => {
	const vp8 = bytes("100200" + "9d012a" + "40010f00");
	assert.deepEqual(picture(VP8, vp8), { width: 320, height: 15 });
	const vp9 = bytes("824983420027f02cf0");
	assert.deepEqual(picture(VP9, vp9), { width: 640, height: 720 });
	assert.equal(picture(OPUS, vp8), undefined);
	assert.equal(picture(VP8, vp9), undefined);
	for (const [codec, b] of /** @type {[number, Uint8Array][]} */ ([[VP8, vp8], [VP9, vp9]])) {
		for (let n = 0; n < b.length - 1; n++) assert.equal(picture(codec, b.subarray(0, n)), undefined, `${n} bytes`);
		assert.equal(picture(codec, Uint8Array.from(b, (x, i) => (i === 0 ? x ^ (codec === VP8 ? 1 : 4) : x))), undefined, "no key frame");
	}
});

test("what cannot be in one clip is refused", () => {
	const frame = (/** @type {number} */ time, key = false, n = 4) => ({ time, key, data: new Uint8Array(n) });
	const camera = { source: CAMERA, codec: VP8, width: 4, height: 3, frames: [frame(1, true), frame(2)] };
	const sound = { source: MICROPHONE, codec: OPUS, width: 0, height: 0, frames: [frame(1), frame(2)] };
	assert.ok(writeClip([camera, sound]).length > 0);
	for (const tracks of [
		[],
		[sound, camera],
		[camera, sound, sound],
		[{ ...camera, source: SCREEN }, sound],
		[{ ...camera, codec: OPUS }],
		[{ ...camera, width: 0 }],
		[{ ...camera, height: 2 ** 14 }],
		[{ ...sound, width: 4 }],
		[{ ...camera, frames: [] }],
		[{ ...camera, frames: [frame(1)] }],
		[{ ...camera, frames: [frame(1, true), frame(1)] }],
		[{ ...camera, frames: [frame(1, true), frame(2, false, 0)] }],
		[{ ...camera, frames: [frame(1, true), frame(3_600_002)] }],
		[{ ...sound, frames: [frame(1), frame(2, true)] }],
	]) {
		assert.throws(() => writeClip(tracks), Error, JSON.stringify(tracks));
	}
});

test("what is no line is not shown", () => {
	const encoded = (/** @type {string} */ text) => bytes("83646c696e65" + (0x60 + text.length).toString(16) + hex(new TextEncoder().encode(text)) + "40");
	assert.deepEqual(readLine(encoded("Hi\n\tyou")), { text: "Hi\n\tyou", to: null });
	for (const b of [bytes(""), encoded("a\x1b"), bytes("83646c696d65616140"), bytes("82646c696e656161"), bytes("83646c696e6561614101"), bytes("83646c696e650140")]) {
		assert.equal(readLine(b), undefined);
	}
	assert.equal(describe(0, false, CAMERA), 0); // as what of a line
});

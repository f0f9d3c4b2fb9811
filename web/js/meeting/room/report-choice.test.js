import assert from "node:assert/strict";
import { test } from "node:test";
import { SHOWN, byWriter, choices, clips, fileName, lines, missing, part, span, withLines } from "./report-choice.js";

/** @param {string} join */
const person = (join, more = {}) => ({ join, name: `Name ${join}`, account: "", guest: true, gone: false, me: false, ...more });

const frozen = {
	id: 1, at: 70_000, bytes: 999, senders: [
		{ j: "b", sources: { camera: { from: 10_000, to: 60_000, frames: 1000, bytes: 500 }, microphone: { from: 12_000, to: 62_000, frames: 2500, bytes: 100 } },
			lines: [{ at: 30_000, text: "second", to: null, index: 1 }, { at: 20_000, text: "first", to: "me", index: 0 }] },
		{ j: "c", sources: { screen: { from: 20_000, to: 70_000, frames: 9, bytes: 200 }, microphone: { from: 1_000, to: 2_000, frames: 50, bytes: 20 }, camera: { from: 0, to: 0, frames: 0, bytes: 0 } }, lines: [] },
	],
};

test("of whom there is something comes first, then who is here, then who has left", () => {
	const all = [person("me", { me: true }), person("a", { gone: true }), person("d"), person("c"), person("b")];
	const of = (/** @type {string[]} */ chosen, find = "") => choices(all, frozen, new Set(chosen), find).shown.map((p) => p.join);
	assert.deepEqual(of([]), ["c", "b", "d", "a"]);
	assert.deepEqual(of(["a"]), ["a", "c", "b", "d"]);
	assert.deepEqual(of(["a"], "name D"), ["a", "d"]);
	const many = Array.from({ length: SHOWN + 7 }, (_, i) => person(String(i)));
	const { shown, more } = choices(many, null, new Set(["56"]), "");
	assert.equal(shown.length, SHOWN);
	assert.equal(more, 7);
	assert.equal(shown[0].join, "56");
});

test("the clips are those of the people chosen", () => {
	assert.deepEqual(clips(frozen, new Set()), []);
	assert.deepEqual(clips(null, new Set(["b"])), []);
	assert.deepEqual(clips(frozen, new Set(["b"])), [{ key: "b camera", join: "b", picture: "camera", words: "Camera and microphone", from: 10_000, to: 62_000, bytes: 600 }]);
	assert.deepEqual(clips(frozen, new Set(["c"])).map((c) => [c.key, c.words, c.from, c.to]), [["c camera", "Microphone", 1000, 2000], ["c screen", "Screen", 20_000, 70_000]]);
});

test("a span and what of a clip is in it", () => {
	assert.equal(span([]), null);
	const [clip] = clips(frozen, new Set(["b"]));
	assert.deepEqual(span(clips(frozen, new Set(["b", "c"]))), { from: 1000, to: 70_000 });
	assert.deepEqual(part(clip, { from: 0, to: 99_000 }), { from: 10_000, to: 62_000, bytes: 600 });
	assert.deepEqual(part(clip, { from: 36_000, to: 99_000 }), { from: 36_000, to: 62_000, bytes: 300 });
	assert.equal(part(clip, { from: 63_000, to: 99_000 }), null);
});

test("lines of chat go with the words, as what they are", () => {
	const heard = [{ join: "b", at: 5, text: "x", to: null }, { join: "d", at: 6, text: "y", to: null }];
	assert.deepEqual(lines(frozen, heard, new Set(["b"])).map((l) => l.text), ["first", "second"]);
	assert.deepEqual(lines(null, heard, new Set(["d"])).map((l) => [l.key, l.text]), [["d 1", "y"]]);
	assert.deepEqual(byWriter([{ join: "b", index: 3 }, { join: "c", index: 0 }, { join: "b", index: 1 }]), [{ j: "b", indexes: [1, 3] }, { j: "c", indexes: [0] }]);
	assert.equal(withLines(" He shouted. ", []), "He shouted.");
	assert.equal(withLines("", [{ name: "Gül", at: 0, text: "Boo", to: "me" }]), "Lines of chat, as the reporter’s device showed them (not verified):\n[1970-01-01 00:00:00 UTC] Gül (to one person): Boo");
});

test("what is missing is said field by field", () => {
	const most = { people: 2, clips: 1, words: 5 };
	const fields = (/** @type {object} */ form) => missing({ people: 1, policy: "hate", words: "", clips: 1, declared: true, ...form }, most).map((m) => m.field);
	assert.deepEqual(fields({}), []);
	assert.deepEqual(fields({ people: 0, policy: "", clips: 0, declared: false }), ["people", "policy", "words", "declared"]);
	assert.deepEqual(fields({ people: 3, clips: 2, words: "123456" }), ["people", "clips", "words"]);
	assert.deepEqual(fields({ words: "👋👋👋👋👋" }), []);
});

test("names of files", () => {
	assert.equal(fileName("Gül Gast", "camera.webm"), "Gül-Gast-camera.webm");
	assert.equal(fileName("../../\u202e", "x"), "somebody-x");
});

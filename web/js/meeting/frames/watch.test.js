import assert from "node:assert/strict";
import { test } from "node:test";
import { Batcher } from "../core/batcher.js";
import { Committed } from "../committed.js";
import { Watch } from "./watch.js";

const c = (/** @type {number} */ n) => new Uint8Array(32).fill(n);
const run = (/** @type {number} */ sequence, /** @type {number} */ first, /** @type {number[]} */ ...cs) => {
	const commitments = new Uint8Array(32 * cs.length);
	cs.forEach((n, i) => commitments.set(c(n), 32 * i));
	return { stream: 1, sequence, first, commitments };
};
const SENT = 1_000_000;

/** The cases of media/franking/watch_test.go. @type {[string, (w: Watch) => void, number, string][]} */
const cases = [
	["nothing came", () => {}, 5000, "unproven"],
	["a frame without stamp", (w) => w.frame(0, SENT, c(1), 0), 900, "unproven"],
	["a frame for too long", (w) => w.frame(0, SENT, c(1), 0), 1100, "overdue"],
	["stamped after", (w) => (w.frame(0, SENT, c(1), 0), w.stamped(run(0, 0, 1), SENT + 200)), 9000, "proven"],
	["stamped before", (w) => (w.stamped(run(0, 0, 1), SENT + 200), w.frame(0, SENT, c(1), 300)), 9000, "proven"],
	["stamped, not received", (w) => w.stamped(run(0, 0, 1), SENT + 200), 9000, "unproven"],
	["another commitment", (w) => (w.frame(0, SENT, c(1), 0), w.stamped(run(0, 0, 2), SENT + 200)), 100, "conflicting"],
	["stamped too late", (w) => (w.frame(0, SENT, c(1), 0), w.stamped(run(0, 0, 1), SENT + 2001)), 2100, "outOfTime"],
	["a time from the future", (w) => (w.frame(0, SENT + 9000, c(1), 0), w.stamped(run(0, 0, 1), SENT + 200)), 300, "outOfTime"],
	["an old sequence again", (w) => (w.stamped(run(5, 10, 1), SENT), w.frame(0, SENT, c(9), 0), w.stamped(run(4, 0, 9), SENT + 100)), 1500, "overdue"],
	["silence after a proof", (w) => (w.frame(0, SENT, c(1), 0), w.stamped(run(0, 0, 1), SENT + 200)), 3_600_000, "proven"],
	["lost frames do not matter", (w) => (w.frame(3, SENT, c(4), 0), w.stamped(run(0, 0, 1, 2, 3, 4), SENT + 100)), 2000, "proven"],
	[
		"stamps missed between two sessions",
		(w) => (w.frame(0, SENT, c(1), 0), w.stamped(run(0, 0, 1), SENT + 200), w.frame(1, SENT + 250, c(2), 250), w.resumed(), w.frame(2, SENT + 900, c(3), 900), w.stamped(run(2, 2, 3), SENT + 1000)),
		9000,
		"proven",
	],
	[
		"a hole in one session",
		(w) => (w.frame(0, SENT, c(1), 0), w.stamped(run(0, 0, 1), SENT + 200), w.resumed(), w.stamped(run(1, 1, 9), SENT + 300), w.frame(2, SENT + 400, c(3), 400), w.stamped(run(3, 3, 4), SENT + 600)),
		1500,
		"overdue",
	],
	["nothing stamped in the next session", (w) => (w.frame(0, SENT, c(1), 0), w.resumed()), 1500, "overdue"],
	[
		"a conflict is for good",
		(w) => (w.frame(0, SENT, c(1), 0), w.stamped(run(0, 0, 2), SENT + 200), w.frame(1, SENT, c(3), 300), w.stamped(run(1, 1, 3), SENT + 400)),
		500,
		"conflicting",
	],
];
for (const [what, act, when, want] of cases) {
	test(what, () => {
		const w = new Watch();
		act(w);
		assert.equal(w.standing(when), want);
	});
}

test("commitments are taken in the order of their counters, and holes part them", () => {
	const all = new Committed(5);
	all.add(6, c(6));
	assert.deepEqual(all.take(), []);
	all.add(5, c(5));
	all.add(7, null);
	all.add(8, c(8));
	assert.deepEqual(all.take().map((r) => [r.first, r.commitments.length / 32]), [[5, 2], [8, 1]]);
	assert.deepEqual(all.take(), []);
});

test("what was not stamped is sent again in the next session", () => {
	const b = new Batcher();
	b.add(1, 5, new Uint8Array(32 * 300));
	b.add(2, 0, new Uint8Array(32));
	const runs = b.next();
	assert.deepEqual(runs.map((r) => [r.stream, r.sequence, r.first, r.commitments.length / 32]), [[1, 0, 5, 256], [1, 1, 261, 44], [2, 0, 0, 1]]);
	b.stamped(runs[0]);
	b.add(1, 305, new Uint8Array(32));
	assert.deepEqual(b.next().map((r) => r.sequence), [2]);
	b.lost();
	assert.deepEqual(b.next().map((r) => [r.stream, r.sequence]), [[1, 1], [2, 0], [1, 2]]);
});

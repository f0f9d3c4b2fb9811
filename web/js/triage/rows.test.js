import assert from "node:assert/strict";
import { test } from "node:test";
import { comeBack, compare, readPlace } from "./rows.js";

test("a list is calm while no row that is shown changes its place", () => {
	assert.deepEqual(compare(["a", "b"], ["a", "b"]), { calm: true, gone: [], changes: 0 });
	assert.deepEqual(compare(["a", "b"], ["a", "b", "c"]), { calm: true, gone: [], changes: 1 });
	assert.deepEqual(compare(["a", "b"], ["c", "a", "b"]), { calm: false, gone: [], changes: 1 });
	assert.deepEqual(compare(["a", "b", "c"], ["a", "c"]), { calm: false, gone: ["b"], changes: 1 });
	assert.deepEqual(compare(["a", "b"], ["b", "a"]), { calm: false, gone: [], changes: 2 });
	assert.deepEqual(compare([], ["a"]), { calm: true, gone: [], changes: 1 });
});

test("who comes back finds the row they left, or what took its place", () => {
	assert.equal(comeBack(["a", "b", "c"], { id: "b", index: 0 }), 1);
	assert.equal(comeBack(["a", "c", "d"], { id: "b", index: 1 }), 1);
	assert.equal(comeBack(["a"], { id: "b", index: 7 }), 0);
	assert.equal(comeBack([], { id: "b", index: 0 }), -1);
});

test("a damaged place is none, and only the queue is one", () => {
	for (const bad of [null, "", "{", "[]", "null", '{"address":"/queue"}', '{"address":"//evil.example","id":"a","index":0}', '{"address":"/queues","id":"a","index":0}', '{"address":"/queue","id":"a","index":0.5}']) {
		assert.equal(readPlace(bad), null, String(bad));
	}
	assert.deepEqual(readPlace('{"address":"/queue?tab=mine","id":"a","index":2}'), { address: "/queue?tab=mine", id: "a", index: 2 });
});

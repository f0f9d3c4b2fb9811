import assert from "node:assert/strict";
import { test } from "node:test";
import { keepable, readDraft } from "./draft.js";

test("keys, zones, uploads and files are not kept", () => {
	const file = /** @type {FormDataEntryValue} */ (/** @type {unknown} */ (new Blob()));
	assert.deepEqual(keepable([["key", "k"], ["tz", "UTC"], ["upload[]", "U"], ["words", "w"], ["file", file]]), [["words", "w"]]);
	assert.deepEqual(keepable([["key", "k"], ["tz", "UTC"]], true), [["key", "k"]], "once it was sent, the key is");
});

test("a damaged draft is none", () => {
	for (const bad of [null, "", "{", "{}", "[1]", '[["a"]]', '[["a",1]]']) assert.equal(readDraft(bad), null, String(bad));
	assert.deepEqual(readDraft('[["a","b"]]'), [["a", "b"]]);
});

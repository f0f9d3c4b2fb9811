import assert from "node:assert/strict";
import { test } from "node:test";
import { columns, fitting, initials, order } from "./layout.js";

test("columns make the largest tiles", () => {
	assert.equal(columns(1, 1440, 800), 1);
	assert.equal(columns(2, 1440, 800), 2);
	assert.equal(columns(2, 390, 700), 1);
	assert.equal(columns(4, 1440, 800), 2);
	assert.equal(columns(25, 1440, 800), 5);
	assert.equal(columns(9, 390, 700), 2);
});

test("the large tile is what is pinned, a screen, who spoke, or another than oneself", () => {
	const t = (/** @type {string} */ key, screen = false, me = false) => ({ key, screen, me });
	const tiles = [t("me", false, true), t("a"), t("b"), t("b/2", true)];
	assert.equal(order(tiles, "", "")[0].key, "b/2");
	assert.equal(order(tiles, "a", "b")[0].key, "a");
	assert.equal(order(tiles.slice(0, 3), "", "b")[0].key, "b");
	assert.equal(order(tiles.slice(0, 3), "gone", "me")[0].key, "a");
	assert.deepEqual(order(tiles.slice(0, 1), "", "").map((x) => x.key), ["me"]);
	assert.deepEqual(order([], "", ""), []);
});

test("initials", () => {
	assert.equal(initials("Hanna Holm"), "HH");
	assert.equal(initials("gül"), "G");
	assert.equal(initials("Anna von der Au"), "AA");
	assert.equal(initials("👋"), "?");
	assert.equal(initials("+1 555 0100"), "10");
});

test("of too many tiles those that matter are shown, in their order", () => {
	assert.deepEqual(fitting([1, 2, 3], () => false, 3), [1, 2, 3]);
	assert.deepEqual(fitting([1, 2, 3, 4, 5], (n) => n > 3, 3), [1, 4, 5]);
	assert.deepEqual(fitting([1, 2, 3, 4, 5], () => true, 2), [1, 2]);
});

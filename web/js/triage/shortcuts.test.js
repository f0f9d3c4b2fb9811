import assert from "node:assert/strict";
import { test } from "node:test";
import { SHORTCUTS, actionOf, ariaKeys, keyOf, nameOf } from "./shortcuts.js";

/** @param {string} key @param {Partial<import("./shortcuts.js").Press>} [more] */
const press = (key, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
const inCase = /** @type {const} */ ({ scope: "case", typing: false, on: true });
const inQueue = /** @type {const} */ ({ scope: "queue", typing: false, on: true });

test("within one scope no key has two meanings, and no action stands twice", () => {
	for (const scope of ["queue", "case"]) {
		const seen = new Map();
		for (const s of SHORTCUTS.filter((x) => x.scope === scope || x.scope === "any")) {
			for (const k of s.keys) {
				assert.ok(!seen.has(k), `${k} means ${seen.get(k)} and ${s.action} in the ${scope}`);
				seen.set(k, s.action);
			}
		}
	}
	assert.equal(new Set(SHORTCUTS.map((s) => s.action)).size, SHORTCUTS.length);
});

test("keys mean what their place says", () => {
	assert.equal(actionOf(press("k"), inCase), "play");
	assert.equal(actionOf(press("k"), inQueue), "rowUp");
	assert.equal(actionOf(press(" "), inCase), "play");
	assert.equal(actionOf(press("c"), inQueue), "rowClaim");
	assert.equal(actionOf(press("7"), inCase), "rung");
	assert.equal(actionOf(press("e"), inQueue), null);
	assert.equal(actionOf(press("?", { shiftKey: true }), inQueue), "help");
	assert.equal(actionOf(press("B"), inCase), "blur", "caps lock");
	assert.equal(actionOf(press("X", { shiftKey: true }), inCase), "exhibitBefore");
});

test("single keys rest while somebody types, and when they are switched off", () => {
	assert.equal(actionOf(press("b"), { ...inCase, typing: true }), null);
	assert.equal(actionOf(press("Enter", { ctrlKey: true }), { ...inCase, typing: true }), "decide");
	assert.equal(actionOf(press("b"), { ...inCase, on: false }), null);
	assert.equal(actionOf(press("?"), { ...inCase, on: false }), "help");
});

test("the browser's own keys stay its own", () => {
	for (const key of ["c", "s", "r", "d", "n"]) {
		for (const mod of ["ctrlKey", "metaKey", "altKey"]) assert.equal(actionOf(press(key, { [mod]: true }), inCase), null, `${mod} ${key}`);
	}
});

test("a held key repeats steps, never acts", () => {
	assert.equal(actionOf(press("."  , { repeat: true }), inCase), "frameForward");
	assert.equal(actionOf(press("s", { repeat: true }), inCase), null);
	assert.equal(actionOf(press(" ", { repeat: true }), inCase), null);
});

test("keys are printed", () => {
	assert.equal(keyOf("blur"), "B");
	assert.equal(keyOf("back"), "←");
	assert.equal(keyOf("nothing"), "");
	assert.equal(ariaKeys("decide"), "Control+Enter Meta+Enter");
	assert.equal(nameOf(press("a", { altKey: true })), "Alt+a");
});

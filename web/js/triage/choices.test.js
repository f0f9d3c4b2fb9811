import assert from "node:assert/strict";
import test from "node:test";
import { caseNumber, choices } from "./choices.js";

test("a case's number is read as people type it", () => {
	for (const [typed, want] of [["c-abcde-12345", "C-ABCDE-12345"], ["CABCDE12345", "C-ABCDE-12345"], [" C-OIL00-00000 ", "C-01100-00000"],
		["R-ABCDE-12345", ""], ["C-ABCDU-12345", ""], ["C-ABCDE-1234", ""], ["", ""]]) assert.equal(caseNumber(typed), want, typed);
});

test("what is typed narrows what is offered, and can always be searched for", () => {
	const now = { scope: /** @type {const} */ ("case"), pages: [{ words: "Queue", href: "/queue" }], searches: true, can: (/** @type {string} */ a) => a !== "release" };
	const all = choices("", now).map((c) => c.words);
	assert.ok(all.includes("Claim") && all.includes("Queue") && !all.some((w) => w.includes("Give back") || w.startsWith("Search for")));
	assert.deepEqual(choices("wri note", now).map((c) => c.action ?? c.href), ["note", "/search?q=wri%20note"]);
	assert.equal(choices("C-ABCDE-12345", now)[0].href, "/cases/C-ABCDE-12345");
	assert.equal(choices("a&b", now).at(-1)?.href, "/search?q=a%26b");
	assert.deepEqual(choices("C-ABCDE-12345", { ...now, searches: false }), [], "nothing that would be refused");
});

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { guarantees } from "./guarantees.js";
import { nothing } from "./view.js";

const GOLDEN = new URL("./testdata/guarantees.txt", import.meta.url);

/** @param {Partial<import("./view.js").Member>} m */
const member = (m) => ({ join: "aa", index: 0, kind: /** @type {const} */ ("person"), name: "Hanna Holm", organisation: "Holm Choir", account: "A-1", guest: false, device: "1A2B 3C4D",
	strange: false, heard: 100, me: false, leader: false, host: false, ...m });

const host = member({ leader: true, host: true });
const me = member({ join: "bb", index: 1, name: "Mo Berg", account: "A-2", device: "5E6F 7A8B", me: true });
const guest = member({ join: "cc", index: 2, name: "Gül", account: "", organisation: "", guest: true, device: "9C0D 1E2F" });
const phone = member({ join: "dd", index: 3, kind: "telephone", name: "+1 555 0100", account: "", organisation: "", device: "" });
const visitor = member({ join: "ff", index: 5, kind: "staff", name: "Trust and safety staff", organisation: "" });
const recorder = member({ join: "ee", index: 4, kind: "recorder", name: "Recorder", account: "", organisation: "", device: "" });
const CODE = "123 456 789 012 345 678 901 234 567 890 123 456 789";

/** Every state that a client can be in, with what differs within it. @returns {Generator<[string, Partial<import("./view.js").View> | null]>} */
function* states() {
	yield ["before anything", null];
	yield ["new", { state: "new" }];
	yield ["standard", { state: "standard", sending: true, members: [host, me] }];
	yield ["standard, with connectors and a guest", { state: "standard", sending: true, members: [host, me, guest, phone, recorder] }];
	yield ["standard, with visiting staff", { state: "standard", sending: true, members: [host, me, visitor] }];
	yield ["waiting at a standard meeting", { state: "waiting" }];
	yield ["waiting", { state: "waiting", mode: "e2ee" }];
	yield ["listed", { state: "listed", mode: "e2ee", members: [host, me], code: CODE }];
	for (const state of /** @type {const} */ (["in", "rekeying"])) {
		for (const sending of [true, false]) {
			for (const compared of [false, true]) {
				for (const upgraded of [false, true]) {
					yield [`${state}, sending ${sending}, compared ${compared}, upgraded ${upgraded}`,
						{ state, mode: "e2ee", sending, compared, upgraded, members: [host, me], code: CODE }];
				}
			}
		}
	}
	yield ["in, alone and leading", { state: "in", mode: "e2ee", sending: true, leads: true, members: [{ ...me, leader: true }], code: CODE }];
	yield ["in, with a guest", { state: "in", mode: "e2ee", sending: true, compared: true, members: [host, me, guest], code: CODE }];
	yield ["in, with a new device", { state: "in", mode: "e2ee", sending: true, compared: true, members: [{ ...host, strange: true }, me], code: CODE }];
	yield ["in, the identity key changed", { state: "in", mode: "e2ee", sending: true, compared: true, identityChanged: true, members: [host, me], code: CODE }];
	yield ["in, somebody is not heard of", { state: "in", mode: "e2ee", sending: true, compared: true, members: [host, { ...me, heard: 70_000 }, { ...guest, heard: 70_000 }], code: CODE }];
	yield ["in, lists differ", { state: "in", mode: "e2ee", sending: true, compared: true, differ: true, members: [host, me], code: CODE }];
	yield ["in, not noted", { state: "in", mode: "e2ee", sending: true, compared: true, noted: false, members: [host, me], code: CODE }];
	yield ["waiting, not noted", { state: "waiting", mode: "e2ee", noted: false }];
	yield ["out", { state: "out", mode: "e2ee", cause: "removed", words: "You are no longer on the list of participants." }];
}

/** @param {import("./guarantees.js").Guarantees} g */
function written(g) {
	const list = (/** @type {string} */ mark, /** @type {string[]} */ lines) => lines.map((l) => `  ${mark} ${l}\n`).join("");
	return `  [${g.tone}] ${g.badge}\n  ${g.summary}\n` + (g.who.words ? `  ${g.who.words}\n` : "") + g.who.people.map((p) => `    · ${p.name} – ${p.note} ${p.device}\n`).join("")
		+ list("+", g.holds) + list("-", g.not) + list("off:", g.off) + (g.code ? `  code ${g.code.digits} (${g.code.compared ? "compared" : "not compared"}) ${g.code.words}\n` : "");
}

const here = { bundle: "AB12 CD34", ring: 60, refused: 0 };
const all = () => [...states()].map(([name, v]) => /** @type {const} */ ([name, v && { ...nothing(), ...v }, guarantees(v && { ...nothing(), ...v }, here)]));

test("the words of every state are those of the golden file", () => {
	const got = all().map(([name, , g]) => `${name}\n${written(g)}`).join("\n");
	if (process.env.UPDATE) writeFileSync(GOLDEN, got);
	assert.equal(got, readFileSync(GOLDEN, "utf8"), "if the change is meant, run with UPDATE=1");
});

test("nothing is called end-to-end encrypted without a key of the epoch", () => {
	for (const [name, v, g] of all()) {
		const held = v !== null && (v.state === "in" || v.state === "rekeying");
		assert.equal(["good", "compared"].includes(g.tone), held && v.sending && v.noted && !v.differ && !v.identityChanged && !v.members.some((m) => m.strange || (m.heard ?? 0) > 60_000), name);
		if (!held) assert.ok(!/[Oo]nly the .* can decrypt|never had it/.test(written(g)), name);
		if (v?.state !== "in" || !v.sending) assert.ok(!/[Oo]nly the .* can decrypt|and nothing else/.test(written(g)), name); // the last key is held by those before, too
		if (v?.differ) assert.ok(!written(g).includes("Everybody is shown the same list"), name);
		if (v && !v.noted) assert.ok(!written(g).includes("can not go back to standard encryption on this device"), name);
	}
});

test("that the code was not compared is always said, and never claimed otherwise", () => {
	for (const [name, v, g] of all()) {
		if (!v?.code || v.state === "listed") continue;
		assert.equal(g.not.some((l) => l.includes("has not been compared")), !v.compared, name);
		assert.equal(g.badge.includes("compared"), v.compared, name);
	}
});

test("refused messages are counted in words, without those that come twice or late", () => {
	const v = { ...nothing(), state: /** @type {const} */ ("in"), mode: /** @type {const} */ ("e2ee"), members: [host, me], sending: true };
	const said = (/** @type {Record<string, number>} */ dropped) => guarantees({ ...v, dropped }, here).holds.filter((l) => l.includes("refused"));
	assert.deepEqual(said({ "entry seen before": 9, "live seen before": 2, "line: noEpoch": 1, "cause: keys": 1 }), []);
	assert.match(said({ join: 1 })[0], /^1 message from the server or from others did not hold and was/);
	assert.match(said({ form: 1, "link: the link's mac does not hold": 2, "grant or roster in an end-to-end encrypted meeting": 4 })[0], /^7 messages .* were/);
});

test("refused frames are counted in words", () => {
	const v = { ...nothing(), state: /** @type {const} */ ("in"), mode: /** @type {const} */ ("e2ee"), members: [host, me], sending: true };
	assert.ok(guarantees(v, { ...here, refused: 1 }).holds.some((l) => l.startsWith("1 frame did not hold and was")));
	assert.ok(guarantees(v, { ...here, refused: 7 }).holds.some((l) => l.startsWith("7 frames did not hold and were")));
});

test("everyone in a meeting is told for how long hosts' devices keep what they received", () => {
	for (const ring of [15, 60, 120]) {
		const said = guarantees({ ...nothing(), state: "standard", members: [guest, host] }, { ...here, ring }).holds.filter((l) => l.includes("keep the last"));
		assert.equal(said.length, 1);
		assert.ok(said[0].includes(`the last ${ring} seconds`), said[0]);
	}
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { unmarshal } from "./body.js";
import { hex, unhex } from "./bytes.js";
import { decodeControl } from "./control.js";
import { Device } from "./device.js";
import { keys } from "./keys.js";
import { Member } from "./member.js";
import { decodeMessage, decodeSigned } from "./message.js";
import { ENDINGS, STATES, WARNINGS, apply } from "./state.js";

// What happened to members in the worlds of Go's tests, and what they did (media/e2ee/replay_test.go): this member must do the same, step by step.
const book = JSON.parse(readFileSync(new URL("../../../../media/testdata/histories.json", import.meta.url), "utf8"));
const messages = book.messages.map((/** @type {string} */ m) => new Uint8Array(Buffer.from(m, "base64")));
const TICK = 250;

test("states, causes and words are Go's", () => {
	const all = STATES.flatMap((s) => [...new Set(book.lifecycle.map((/** @type {string[]} */ l) => l[1]))].map((c) => [s, c, apply(s, /** @type {any} */ (c))]));
	assert.deepEqual(all.filter(([, , to]) => to).sort(), book.lifecycle.sort());
	assert.deepEqual(ENDINGS, book.endings);
	assert.deepEqual(WARNINGS, book.warnings);
});

const short = (/** @type {string} */ name) => name.slice(0, 16);
const word = (/** @type {import("./list.js").EpochName} */ { term, epoch, link }) => `${term}.${epoch}.${short(link)}`;

/** A message by its hash, keys by how many boxes they have: those are sealed with another randomness. @param {Uint8Array} message */
function digest(message) {
	try {
		const m = decodeMessage(message);
		if (m.kind === "keys") return `keys ${unmarshal(keys, decodeSigned(m.signed).body).boxes.length}`;
	} catch {
		// a sign of life
	}
	return short(createHash("sha256").update(message).digest("hex"));
}

/** @param {Member} m @param {import("./member.js").Action} a */
async function described(m, a) {
	switch (a.type) {
		case "post":
			return `post ${digest(a.message)}`;
		case "live":
			return `live ${digest(a.signed)}`;
		case "fetch":
			return `fetch ${a.from}`;
		case "install":
			return `install ${word(a.epoch.name)} ${a.epoch.gone ? "gone" : short(hex((await a.epoch.keys(m.j, 1)).base))}`;
		case "drop":
			return `drop ${word(a.name)}`;
		case "sending":
			return `sending ${a.on}`;
		case "changed":
			return `changed ${a.from} ${a.to} ${a.cause}`;
		case "knock":
			return `knock ${short(a.join.j)}`;
		case "list":
			return `list ${short(a.list.hash)}`;
		case "warning":
			return `warning ${a.code} ${short(a.about)}`;
	}
}

/** @param {Member} m */
function shown(m) {
	const out = {
		state: m.state,
		cause: m.cause,
		sending: String(m.sending),
		leads: String(m.leads),
		list: m.list ? `${m.list.body.version} ${short(m.list.hash)}` : "",
		code: m.code.slice(0, 7),
		epochs: m.epochs.map((e) => word(e.name)).join(" "),
		lobby: m.lobby.map((j) => short(j.j)).join(" "),
		...Object.fromEntries(Object.entries(m.dropped).map(([kind, n]) => [`dropped ${kind}`, String(n)])),
	};
	return Object.fromEntries(Object.entries(out).filter(([, v]) => v !== ""));
}

/** @param {any[]} e @returns {import("./member.js").Event} */
function happened([type, ...parts]) {
	switch (type) {
		case "entry":
			return { type, number: parts[0], at: 0, message: messages[parts[1]] };
		case "live":
			return { type, signed: messages[parts[0]] };
		case "grant":
		case "roster":
			return /** @type {any} */ (decodeControl(messages[parts[0]]));
		case "lock":
			return { type, on: parts[0] };
		case "succession":
			return { type, order: parts[0] };
		case "upgrade":
			return { type, carry: parts[0] };
		default:
			return /** @type {any} */ ({ type, j: parts[0] });
	}
}

/** A memory that says again what one said. */
class Answers {
	/** @param {string} left */
	constructor(left) {
		this.left = left;
	}

	#next() {
		const c = this.left[0];
		this.left = this.left.slice(1);
		return c;
	}

	async remember() {
		if (this.#next() !== "+") throw new Error("the disk is full");
	}

	async remembered() {
		return this.#next() === "1";
	}

	async meet() {
		return this.#next() === "s";
	}
}

/** @param {any} h */
async function play(h) {
	const memory = new Answers(h.memory);
	let drawn = 0;
	const rand = (/** @type {number} */ size) => unhex(h.rand.slice(2 * drawn, 2 * (drawn += size)));
	const { member, actions: first } = await Member.join(
		{
			meeting: h.meeting,
			device: await Device.fromSeed(unhex(h.seed)),
			certificate: messages[h.certificate],
			identity: h.identity,
			secret: h.secret ? unhex(h.secret) : undefined,
			host: h.host === true,
			rand,
			memory,
		},
		h.start,
	);
	let now = h.start;
	/** @type {Record<string, string>} */
	let expected = {};
	let actions = first;
	for (const [i, s] of h.steps.entries()) {
		const step = typeof s === "number" ? { t: TICK, e: ["tick"] } : s;
		for (let n = typeof s === "number" ? s : 1; n > 0; n--) {
			now += step.t ?? 0;
			if (step.e) actions = await member.step(now, happened(step.e));
			const at = `${h.name}, step ${i}, ${step.e}`;
			expected = Object.fromEntries(Object.entries({ ...expected, ...step.o }).filter(([, v]) => v !== ""));
			assert.deepEqual(await Promise.all(actions.map((a) => described(member, a))), step.a ?? [], at);
			assert.deepEqual(shown(member), expected, at);
		}
	}
	assert.equal(drawn, h.rand.length / 2, `${h.name}: what was drawn`);
	assert.equal(memory.left, "", `${h.name}: what was asked of the memory`);
}

/** Histories by the test whose world they are of. @type {Map<string, any[]>} */
const worlds = new Map();
for (const h of book.histories) {
	const name = h.name.split("/").slice(1).join("/").split(" ")[0].replaceAll("_", " ");
	worlds.set(name, [...(worlds.get(name) ?? []), h]);
}

assert.ok(worlds.size > 40);
for (const [name, all] of worlds) {
	test(`as in Go: ${name}`, async () => {
		for (const h of all) await play(h);
	});
}

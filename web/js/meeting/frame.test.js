import assert from "node:assert/strict";
import { createHash, hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { encode } from "./cbor.js";
import { FrankingKey, deriveKeys, equal, importSecret } from "./commitment.js";
import { CAMERA, MICROPHONE, OPUS, VP8, cut, describe, packKID, prefixOf, unpackKID } from "./frame.js";
import { FAULTS, Receiver } from "./receiver.js";
import { Seen, Window } from "./seen.js";
import { Sender, Streams } from "./sender.js";
import { Key, encodeHeader, parseHeader } from "./sframe.js";

const bytes = (/** @type {string} */ hex) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (/** @type {Uint8Array} */ b) => Buffer.from(b).toString("hex");
const text = (/** @type {string} */ s) => new TextEncoder().encode(s);

// What Go made (media/sframe/testdata_test.go), and a keyring over its epochs and members.
const vectors = JSON.parse(readFileSync(new URL("../../../media/testdata/frames.json", import.meta.url), "utf8"));

/** @typedef {import("./frame.js").KID} KID */

const epochOf = (/** @type {KID} */ kid) => vectors.epochs.find((/** @type {any} */ e) => e.term === kid.term && e.epoch === kid.epoch);
const memberOf = (/** @type {KID} */ kid) => vectors.members.find((/** @type {any} */ m) => m.index === kid.index);

function originOf(/** @type {KID} */ kid) {
	const { join, device } = memberOf(kid);
	return { meeting: vectors.meeting, term: kid.term, epoch: kid.epoch, device: bytes(device), join: bytes(join), stream: kid.stream };
}

async function derived(/** @type {KID} */ kid) {
	const { secret, link } = epochOf(kid);
	return deriveKeys(await importSecret(bytes(secret)), originOf(kid), bytes(link));
}

async function source(/** @type {KID} */ kid) {
	const { base, franking } = await derived(kid);
	const origin = originOf(kid);
	return { join: hex(origin.join), key: await Key.derive(base, packKID(kid)), franking: new FrankingKey(origin, franking) };
}

const keys = { find: (/** @type {KID} */ kid) => (!epochOf(kid) ? "noEpoch" : !memberOf(kid) ? "noMember" : source(kid)) };

async function senderOf(/** @type {KID} */ kid, counter = 0) {
	const s = new Sender(kid.stream, counter);
	const { key, franking } = await source(kid);
	s.use(key, franking);
	return s;
}

const mic = { term: 1, epoch: 7, index: 3, stream: 1 };
const opus = describe(OPUS, false, MICROPHONE);

test("Go's headers and key identifiers are ours", () => {
	for (const v of vectors.headers) {
		const kid = BigInt("0x" + v.kid);
		const counter = BigInt("0x" + v.counter);
		assert.equal(hex(encodeHeader(kid, counter)), v.encoded);
		assert.deepEqual(parseHeader(bytes(v.encoded)), { kid, counter, size: v.encoded.length / 2 });
	}
	for (const { packed = "0000000000000000", ...kid } of vectors.kids) {
		assert.equal(packKID(kid), BigInt("0x" + packed));
		assert.deepEqual(unpackKID(BigInt("0x" + packed)), kid);
	}
	for (const kid of [{ ...mic, term: 2 ** 12 }, { ...mic, epoch: 2 ** 24 }, { ...mic, index: 2 ** 12 }, { ...mic, stream: 2 ** 16 }]) {
		assert.throws(() => packKID(kid), RangeError);
	}
});

test("Go's derived keys are ours", async () => {
	for (const v of vectors.keys) {
		const { base, franking } = await derived(v.kid);
		assert.equal(hex(base), v.base);
		assert.equal(hex(franking), v.franking);
		// The salt comes out of no Key: derive it apart, by RFC 9605 section 4.4.2.
		const kid = Buffer.alloc(10);
		kid.writeBigUInt64BE(packKID(v.kid));
		kid.writeUInt16BE(5, 8);
		assert.equal(hex(new Uint8Array(hkdfSync("sha512", base, "", Buffer.concat([Buffer.from("SFrame 1.0 Secret salt "), kid]), 12))), v.salt);
	}
});

/**
 * What section 7 says, by Node's SHA-256.
 * @param {ReturnType<typeof originOf>} o
 * @param {Uint8Array} opening
 * @param {number} counter
 * @param {number} time
 * @param {number} what
 * @param {Uint8Array} frame
 */
function committed(o, opening, counter, time, what, frame) {
	const sha256 = (/** @type {Uint8Array[]} */ ...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
	const context = Buffer.concat([Buffer.from("proffer franking v2"), Buffer.alloc(13)]);
	const numbers = Buffer.alloc(17);
	numbers.writeBigUInt64BE(BigInt(counter));
	numbers.writeBigUInt64BE(BigInt(time), 8);
	numbers[16] = what;
	return sha256(context, sha256(encode([o.meeting, o.term, o.epoch, o.device, o.join, o.stream])), opening, numbers, frame).toString("hex");
}

test("Go's commitments are ours", async () => {
	for (const v of vectors.commitments) {
		const { franking } = await derived(v.kid);
		const key = new FrankingKey(originOf(v.kid), franking);
		const { opening, commitment } = await key.commit(v.counter, v.time, v.what, bytes(v.frame));
		assert.equal(hex(opening), v.opening);
		assert.equal(hex(commitment), v.commitment);
		assert.equal(committed(originOf(v.kid), opening, v.counter, v.time, v.what, bytes(v.frame)), v.commitment);
	}
});

test("commitments of short and long frames are the same hash", async () => {
	const origin = originOf(mic);
	const key = new FrankingKey(origin, (await derived(mic)).franking);
	const all = [];
	for (const length of [0, 1, 100, 767, 768, 1000, 2047, 2048, 10_000, 2100]) {
		const plain = crypto.getRandomValues(new Uint8Array(length));
		all.push({ length, plain, made: key.commit(length, 5, opus, plain) }); // all under way at once
	}
	for (const { length, plain, made } of all) {
		const { opening, commitment } = await made;
		assert.equal(hex(commitment), committed(origin, opening, length, 5, opus, plain));
	}
});

test("Go's frames open, and sealing them again gives the same bytes", async () => {
	for (const v of vectors.frames) {
		const sealed = await (await senderOf(v.kid, v.counter)).seal(bytes(v.frame), v.at, v.what);
		assert.equal(typeof sealed === "string" ? sealed : hex(sealed), v.sealed);
		const f = await new Receiver(keys, new Seen(), v.kid.term !== 0).open(bytes(v.sealed));
		if (typeof f === "string") assert.fail(f);
		assert.equal(hex(f.data), v.frame);
		assert.deepEqual([f.kid, f.counter, f.time, f.what, f.join], [v.kid, v.counter, v.at, v.what, memberOf(v.kid).join]);
	}
});

test("Go's scenario comes out the same here", async () => {
	const r = new Receiver(keys, new Seen(), true);
	r.ignoreInjected(bytes(vectors.injected));
	const met = new Set();
	for (const step of vectors.scenario) {
		const f = await r.open(bytes(step.frame));
		assert.equal(typeof f === "string" ? FAULTS[f] : "", step.fault, step.name);
		if (typeof f === "string") met.add(f);
		else assert.equal(hex(f.data), step.plain, step.name);
	}
	assert.deepEqual([...met].sort(), Object.keys(FAULTS).sort());
	assert.equal(Object.values(r.counts).reduce((a, b) => a + b), vectors.scenario.filter((/** @type {any} */ s) => s.fault).length);
});

test("frames that are opened at once are accepted once, and one track is fixed", async () => {
	const seen = new Seen();
	const r = new Receiver(keys, seen, true);
	const s = await senderOf(mic);
	const other = await senderOf({ ...mic, index: 4 });
	const frames = [];
	for (let i = 0; i < 20; i++) frames.push(await s.seal(text("sound"), 1, opus));
	frames.push(await other.seal(text("sound"), 1, opus));
	const again = new Receiver(keys, seen, true);
	const open = (/** @type {Receiver} */ r) => [...frames, ...frames].map((f) => r.open(/** @type {Uint8Array} */ (f)));
	const got = await Promise.all([Promise.all(open(r)), Promise.all(open(again))]);
	const accepted = got.map((all) => all.flatMap((f) => (typeof f === "string" ? [] : [f])));
	const names = accepted.flat().map((f) => `${f.join} ${f.counter}`);
	assert.ok(names.length > 0);
	assert.equal(new Set(names).size, names.length, "a frame was accepted twice");
	for (const all of accepted) assert.ok(new Set(all.map((f) => f.join)).size <= 1, "a track has two senders");
	assert.ok((r.counts.otherTrack ?? 0) > 0);
});

test("a track that is taken anew shows nothing twice, and nothing from before its end", async () => {
	const seen = new Seen();
	const s = await senderOf(mic);
	const frames = [];
	for (let i = 0; i < 5; i++) frames.push(/** @type {Uint8Array} */ (await s.seal(text("sound"), 1, opus)));
	const first = new Receiver(keys, seen, true);
	for (const i of [0, 1, 3]) assert.equal(typeof (await first.open(frames[i])), "object");
	first.close();
	const second = new Receiver(keys, seen, true);
	for (const i of [0, 1, 2, 3]) assert.equal(await second.open(frames[i]), "replayed");
	assert.equal(typeof (await second.open(frames[4])), "object");
});

test("an upgrade refuses the server's key for good", async () => {
	const standard = await senderOf({ term: 0, epoch: 9, index: 3, stream: 1 });
	const r = new Receiver(keys, new Seen(), false);
	const open = async (/** @type {Sender} */ s) => r.open(/** @type {Uint8Array} */ (await s.seal(text("sound"), 1, opus)));
	assert.equal(await open(await senderOf(mic)), "wrongMode");
	assert.equal(typeof (await open(standard)), "object");
	r.upgrade();
	assert.equal(await open(standard), "wrongMode");
	const next = await source(mic);
	standard.use(next.key, next.franking);
	assert.equal(typeof (await open(standard)), "object");
	const back = await source({ term: 0, epoch: 9, index: 3, stream: 1 });
	assert.throws(() => standard.use(back.key, back.franking), /left/);
});

test("a sender drops what it cannot seal, and says why", async () => {
	const s = new Sender(1, 2 ** 48 - 1);
	assert.equal(await s.seal(text("sound"), 1, opus), "noKey");
	const { key, franking } = await source(mic);
	s.use(key, franking);
	assert.equal(await s.seal(text("sound"), 1, 0x51), "badWhat");
	assert.equal(await s.seal(text("hello"), 1, 0), "badWhat");
	assert.equal(await s.seal(text("ninebytes"), 1, describe(VP8, true, CAMERA)), "shortFrame");
	for (const at of [2 ** 53, -1, NaN]) assert.equal(await s.seal(text("sound"), at, opus), "badClock");
	assert.equal(typeof (await s.seal(text("sound"), 1.5, opus)), "object");
	assert.equal(await s.seal(text("sound"), 1, opus), "spent");
	s.stop();
	assert.equal(await s.seal(text("sound"), 1, opus), "noKey");
	assert.deepEqual(s.drops, { noKey: 2, badWhat: 2, shortFrame: 1, badClock: 3, spent: 1 });
	const broken = new Sender(1);
	broken.use(/** @type {any} */ ({ kid: key.kid, seal: () => Promise.reject(new Error("no")) }), franking);
	assert.equal(await broken.seal(text("sound"), 1, opus), "failed");
	const other = await source({ ...mic, stream: 2 });
	assert.throws(() => s.use(other.key, other.franking), /another stream/);
});

test("streams give each number once", () => {
	const s = new Streams();
	for (let n = 1; n < 2 ** 16; n++) assert.equal(s.sender().stream, n);
	assert.throws(() => s.sender(), /join anew/);
	assert.equal(s.chat().stream, 0);
	assert.throws(() => s.chat(), /already/);
});

// The same histories as in media/sframe/nonce_test.go: pages come again, transforms and layers come and go, keys change, and the leader at
// times draws a secret that it drew before.
test("no nonce repeats under a key", async () => {
	const random = (/** @type {number} */ n) => Math.floor(Math.random() * n);
	const some32 = () => crypto.getRandomValues(new Uint8Array(32));
	/** @type {Set<string>} */
	const seals = new Set();
	let twice = 0;
	let epoch = { term: 1, epoch: 1, secret: some32(), link: some32() };
	const load = () => ({ join: some32(), streams: new Streams(), senders: /** @type {Sender[]} */ ([]) });
	const joins = [load()];
	const bases = new Map();

	const use = async (/** @type {ReturnType<typeof load>} */ j, /** @type {Sender} */ s) => {
		const { term, epoch: number, secret, link } = epoch;
		const origin = { meeting: vectors.meeting, term, epoch: number, device: some32(), join: j.join, stream: s.stream };
		const { base, franking } = await deriveKeys(await importSecret(secret), origin, link);
		const kid = packKID({ term, epoch: number, index: 1, stream: s.stream });
		bases.set(s, hex(base) + kid); // which AES key and salt are a function of
		s.use(await Key.derive(base, kid), new FrankingKey(origin, franking));
	};
	const seal = async (/** @type {Sender} */ s) => {
		const b = await s.seal(text("sound"), random(100), opus);
		if (typeof b === "string") return;
		const p = cut(b);
		if (typeof p === "string") return assert.fail(p);
		const pair = `${bases.get(s)} ${p.counter}`;
		if (seals.has(pair)) twice++;
		seals.add(pair);
	};
	for (let i = 0; i < 1500; i++) {
		const j = joins[random(joins.length)];
		if (j.senders.length === 0) j.senders.push(j.streams.sender());
		const s = j.senders[random(j.senders.length)];
		const n = random(100);
		if (n < 60) await Promise.all([seal(s), seal(s)]);
		else if (n < 80) await use(j, s);
		else if (n < 87) j.senders.push(j.streams.sender());
		else if (n < 92) s.stop();
		else if (n < 96) epoch = { term: epoch.term, epoch: epoch.epoch + 1, secret: random(4) ? some32() : epoch.secret, link: some32() };
		else joins.push(load());
	}
	assert.equal(twice, 0);
	assert.ok(seals.size > 100, `${seals.size}`);
	// And the check sees it when a second sender has the stream of the first.
	const j = load();
	for (const s of [new Sender(1), new Sender(1)]) {
		await use(j, s);
		await seal(s);
	}
	assert.equal(twice, 1);
});

test("the window is the rule in its plainest form", () => {
	const w = new Window();
	/** @type {Map<number, number>} */
	const accepted = new Map();
	const plainly = (/** @type {number} */ counter, /** @type {number} */ time) => {
		for (const c of accepted.keys()) if (c === counter || c >= counter + 1024) return "replayed";
		for (const [c, at] of accepted) if (c < counter ? at >= time : at <= time) return "timeTurned";
		accepted.set(counter, time);
		return undefined;
	};
	let head = 500;
	for (let i = 0; i < 3000; i++) {
		head += Math.floor(Math.random() * 3) + (i % 400 === 399 ? Math.floor(Math.random() * 2000) : 0);
		const counter = Math.max(0, head - Math.floor(Math.random() * Math.random() * 2000));
		const time = 1 + counter * 2 + Math.floor(Math.random() * 3);
		assert.equal(w.accept(counter, time), plainly(counter, time), `counter ${counter} at ${time}`);
	}
});

test("nothing that was changed or cut is accepted, and nothing throws", async () => {
	const video = { term: 1, epoch: 7, index: 3, stream: 1 };
	const good = /** @type {Uint8Array} */ (await (await senderOf(video)).seal(text("ten bytes of prefix and a picture"), 5, describe(VP8, true, CAMERA)));
	for (let i = 0; i < good.length; i++) {
		const changed = good.slice();
		changed[i] ^= 1 << i % 8;
		assert.equal(typeof (await new Receiver(keys, new Seen(), true).open(changed)), "string", `byte ${i}`);
		assert.equal(typeof (await new Receiver(keys, new Seen(), true).open(good.subarray(i + 1))), "string");
		assert.equal(typeof (await new Receiver(keys, new Seen(), true).open(good.subarray(0, i))), "string");
	}
	for (let i = 0; i < 500; i++) {
		assert.equal(typeof (await new Receiver(keys, new Seen(), true).open(crypto.getRandomValues(new Uint8Array(i)))), "string");
	}
});

test("codec and source go together", () => {
	let valid = 0;
	for (let what = 0; what < 256; what++) if (prefixOf(what) !== undefined) valid++;
	assert.equal(valid, 1 + 2 * 2 * 2 + 2 + 1); // chat; two codecs, key or not, two sources; Opus of two sources; PCMU of one
});

test("byte strings are compared whole", () => {
	assert.ok(equal(bytes("0102"), bytes("0102")));
	for (const other of ["0103", "0202", "01", "010203", ""]) assert.ok(!equal(bytes("0102"), bytes(other)));
});

test("CBOR takes the shortest form, and nothing that it should not", () => {
	for (const [n, want] of /** @type {[number, string][]} */ ([[0, "00"], [23, "17"], [24, "1818"], [255, "18ff"], [256, "190100"], [65536, "1a00010000"], [2 ** 32, "1b0000000100000000"], [2 ** 53 - 1, "1b001fffffffffffff"]])) {
		assert.equal(hex(encode(n)), want);
	}
	assert.equal(hex(encode(["é", bytes("00ff"), true, false, [], "e\u0301"])), "8662c3a94200fff5f48062c3a9");
	for (const n of [-1, 0.5, 2 ** 53, NaN]) assert.throws(() => encode(n), RangeError);
});

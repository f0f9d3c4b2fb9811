import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decode, encode } from "../cbor.js";
import { deriveKeys, importSecret } from "../commitment.js";
import { packKID, unpackKID } from "../frame.js";
import { marshal, unmarshal } from "./body.js";
import { hex, unhex } from "./bytes.js";
import { certificate } from "./certificate.js";
import { securityCode } from "./code.js";
import { hash, mac } from "./context.js";
import * as control from "./control.js";
import { Device } from "./device.js";
import { Epoch } from "./epoch.js";
import { keyPair, open as hpkeOpen, publicKey, seal } from "./hpke.js";
import { join, openJoin } from "./join.js";
import { commitment, infoOf, keys, openBox, sealBox } from "./keys.js";
import { link, openLink } from "./link.js";
import { CONTEXTS, decodeMessage, decodeSigned, encodeMessage, open } from "./message.js";
import * as moves from "./moves.js";
import { connectorJ, grant, roster, standardEpoch } from "./standard.js";

// What Go made (media/e2ee/vectors_test.go).
const vectors = JSON.parse(readFileSync(new URL("../../../../media/testdata/e2ee.json", import.meta.url), "utf8"));
const of = (/** @type {string} */ kind) => vectors.signed.filter((/** @type {any} */ v) => v.kind === kind);

/** @type {Record<string, import("./body.js").Body<any>>} */
const signed = { certificate, join, keys, link, ...moves };

/** Bodies that are not signed; two kinds have a body for each direction, and a chat line is a third. */
const { hello, post, fetch, liveMessage, line, lineFrom, chatLine, welcome, entry, ticket, refused, order, lobby, terms, phone, over, batch, stamped } = control;
const plain = [hello, post, fetch, liveMessage, line, lineFrom, chatLine, welcome, entry, ticket, refused, order, lobby, terms, phone, over, grant, roster, batch, stamped];

/** A value with its bytes in hexadecimal, as the vectors have them. @param {any} v @returns {any} */
function shown(v) {
	if (v instanceof Uint8Array) return hex(v);
	if (Array.isArray(v)) return v.map(shown);
	return typeof v === "object" ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, shown(x)])) : v;
}

/** The body among the unsigned ones that has the vector's kind and fields. @param {any} v */
const plainOf = (v) => /** @type {import("./body.js").Body<any>} */ (plain.find((b) => b.kind === v.kind && b.fields.every(([name]) => name in v.fields) && b.fields.length === Object.keys(v.fields).length));

test("Go's signed bodies are read, made and signed alike", async () => {
	const devices = new Map();
	for (const [name, seed] of Object.entries(vectors.seeds)) {
		const d = await Device.fromSeed(unhex(/** @type {string} */ (seed)));
		assert.equal(d.key, vectors.keys[name]);
		devices.set(name, d);
	}
	assert.deepEqual([...new Set(vectors.signed.map((/** @type {any} */ v) => v.kind))].sort(), Object.keys(signed).sort());
	for (const v of vectors.signed) {
		const b = signed[v.kind];
		const opened = await open(unhex(v.signed), b);
		assert.equal(hex(opened.signed.body), v.body);
		assert.equal(hex(opened.signed.signature), v.signature);
		assert.deepEqual(shown(opened.value), v.fields);
		assert.equal(CONTEXTS[v.kind], v.context);
		assert.equal(hex(marshal(b, opened.value)), v.body);
		const again = await devices.get(v.signer).sign(b, opened.value);
		assert.equal(hex(again.signed), v.signed);
		if (v.hash) assert.equal(hash(v.context, unhex(v.body)), v.hash);
	}
});

test("a signature holds under its own kind, key and body only", async () => {
	for (const v of vectors.signed) {
		for (const [kind, b] of Object.entries(signed)) {
			if (kind !== v.kind) await assert.rejects(open(unhex(v.signed), b));
		}
		const bytes = unhex(v.signed);
		for (const at of [6, bytes.length - 100, bytes.length - 40, bytes.length - 1]) {
			const changed = bytes.slice();
			changed[at] ^= 1;
			await assert.rejects(open(changed, signed[v.kind]));
		}
	}
});

test("Go's messages of the board, and their macs", () => {
	const secret = unhex(vectors.secrets.link);
	for (const v of vectors.messages) {
		const m = decodeMessage(unhex(v.message));
		assert.equal(m.kind, v.kind);
		assert.equal(hex(m.mac), v.mac ?? "");
		assert.equal(hex(encodeMessage(m.kind, m.signed, m.mac)), v.message);
		if (v.mac_context) assert.equal(hex(mac(secret, v.mac_context, decodeSigned(m.signed).body)), v.mac);
	}
	for (const [kind, size] of [["live", 0], ["link", 0], ["leave", 32], ["join", 31], ["keys", 32], ["constructor", 0]]) {
		assert.throws(() => decodeMessage(encodeMessage(/** @type {string} */ (kind), Uint8Array.of(1), new Uint8Array(/** @type {number} */ (size)))), `${kind} with a mac of ${size}`);
	}
	assert.throws(() => decodeMessage(encodeMessage("leave", new Uint8Array(64 << 10))));
	assert.throws(() => decodeMessage(encodeMessage("keys", new Uint8Array(2 << 20))));
});

test("Go's unsigned messages", () => {
	assert.equal(vectors.plain.length, plain.length + 2); // two lines of chat, two orders
	for (const v of vectors.plain) {
		const b = plainOf(v);
		const value = unmarshal(b, unhex(v.message));
		assert.deepEqual(shown(value), v.fields);
		assert.equal(hex(marshal(b, value)), v.message);
	}
	for (const kind of ["welcome", "entry", "grant", "roster", "ticket", "refused", "lobby", "terms", "phone", "over", "stamped"]) {
		const v = vectors.plain.find((/** @type {any} */ p) => p.kind === kind);
		assert.deepEqual(shown(control.decodeControl(unhex(v.message))), { type: kind, ...v.fields });
	}
	for (const v of vectors.plain.filter((/** @type {any} */ p) => ["hello", "post", "fetch", "order", "batch"].includes(p.kind))) assert.throws(() => control.decodeControl(unhex(v.message)));
	assert.throws(() => control.decodeControl(encode(["constructor"])));
});

test("what a decoder must refuse", () => {
	assert.ok(vectors.refused.length > 25);
	for (const v of vectors.refused) assert.throws(() => unmarshal(signed[v.kind], unhex(v.body)), `${v.kind}: ${v.why}`);
});

test("Go's box opens, and its keys are derived alike", async () => {
	const { private_seed, public: pub, info, enc, ciphertext, plaintext } = vectors.box;
	const pair = await keyPair(unhex(private_seed));
	assert.equal(hex(pair.publicKey), pub);
	assert.equal(hex(await hpkeOpen(pair.privateKey, unhex(info), unhex(enc), unhex(ciphertext))), plaintext);
	const [, guest] = of("join");
	const [list] = of("link");
	assert.equal(guest.fields.hpke, pub);
	assert.equal(hex(infoOf(list.fields, list.hash, vectors.j.guest)), info);

	const box = await sealBox(await publicKey(pair.publicKey), unhex(info), "00", "01", unhex(vectors.secrets.epoch), unhex(vectors.secrets.link));
	assert.equal(box.enc.length, 1120);
	assert.equal(box.ciphertext.length, 80);
	const secrets = await openBox(box, pair.privateKey, unhex(info));
	assert.equal(hex(secrets.epoch), vectors.secrets.epoch);
	assert.equal(hex(secrets.link), vectors.secrets.link);
	for (const part of /** @type {const} */ (["enc", "ciphertext"])) {
		const changed = { ...box, [part]: box[part].slice() };
		changed[part][7] ^= 1;
		await assert.rejects(openBox(changed, pair.privateKey, unhex(info)));
	}
	await assert.rejects(openBox(box, pair.privateKey, unhex(info).slice(1)));
});

test("boxes open that were sealed with and without X25519 of the browser", async () => {
	const pair = await keyPair(new Uint8Array(32).fill(5));
	const to = await publicKey(pair.publicKey);
	assert.ok(to.curve);
	const info = new Uint8Array(200).fill(1);
	const plaintext = new Uint8Array(64).fill(2);
	for (const r of [to, { ...to, curve: undefined }]) {
		const { enc, ciphertext } = await seal(r, info, plaintext);
		assert.deepEqual(await hpkeOpen(pair.privateKey, info, enc, ciphertext), plaintext);
	}
});

test("hostile HPKE keys take no box", async () => {
	const good = (await keyPair(new Uint8Array(32))).publicKey;
	const unreduced = good.slice();
	unreduced.fill(0xff, 3, 6);
	await assert.rejects(publicKey(unreduced));
	await assert.rejects(publicKey(good.slice(1)));
	const low = good.slice();
	low.fill(0, 1184);
	const to = await publicKey(low);
	await assert.rejects(seal(to, new Uint8Array(), new Uint8Array()));
	await assert.rejects(seal({ ...to, curve: undefined }, new Uint8Array(), new Uint8Array()));
});

test("commitments, names, key identifiers and codes are Go's", () => {
	for (const v of vectors.commitments) assert.equal(commitment(v.meeting, v.term, v.epoch, unhex(v.secret)), v.commitment);
	for (const v of vectors.standard) {
		assert.equal(standardEpoch({ meeting: v.meeting, epoch: v.epoch, key: new Uint8Array(32) }).name.link, v.name);
		assert.equal(connectorJ(v.connector), v.connector_j);
	}
	for (const { kid, ...parts } of vectors.kids) {
		assert.equal(packKID(parts), BigInt("0x" + kid));
		assert.deepEqual(unpackKID(BigInt("0x" + kid)), parts);
	}
	for (const v of vectors.codes) assert.equal(securityCode(v.meeting, v.device, v.j), v.code);
});

test("the keys of streams are Go's, until the epoch is dropped", async () => {
	for (const v of vectors.streams) {
		assert.equal(hex(encode(["proffer base key v1", v.meeting, unhex(v.link), unhex(v.j), v.stream])), v.base_info);
		const epoch = new Epoch({ term: 1, epoch: 3, link: v.link }, v.meeting, unhex(v.secret));
		const { base, franking } = await epoch.keys(v.j, v.stream);
		assert.equal(hex(base), v.base_key);
		assert.equal(hex(franking), v.franking_key);
		await assert.rejects(epoch.keys(v.j, 2 ** 16));
		epoch.erase();
		await assert.rejects(epoch.keys(v.j, v.stream));
		assert.throws(() => epoch.secret());
	}
	const origin = { meeting: "M", term: 1, epoch: 1, device: new Uint8Array(32), join: new Uint8Array(32), stream: 1 };
	const derived = await deriveKeys(await importSecret(new Uint8Array(32)), origin, new Uint8Array(32));
	assert.notDeepEqual(derived.base, derived.franking);
});

test("joins and links open with their macs and certificates", async () => {
	const identity = [vectors.keys.identity];
	const secret = unhex(vectors.secrets.link);
	const messages = vectors.messages.filter((/** @type {any} */ m) => m.kind === "join").map((/** @type {any} */ m) => decodeMessage(unhex(m.message)));
	for (const [i, name] of ["host", "guest"].entries()) {
		const j = await openJoin(messages[i], "M-3K9QA-77ZPW", identity);
		assert.equal(j.j, vectors.j[name]);
		assert.equal(j.device, vectors.keys[name]);
		assert.ok(j.lettered(secret));
		assert.ok(!j.lettered(new Uint8Array(32)));
		assert.ok(await j.sealable());
		await assert.rejects(openJoin(messages[i], "M-3K9QA-77ZPX", identity), /another meeting/);
		await assert.rejects(openJoin(messages[i], "M-3K9QA-77ZPW", [vectors.keys.guest]), /identity key/);
	}
	const m = vectors.messages.find((/** @type {any} */ v) => v.kind === "link");
	const l = await openLink(decodeMessage(unhex(m.message)));
	assert.equal(l.hash, of("link")[0].hash);
	assert.ok(l.macHolds(secret));
	assert.ok(!l.macHolds(new Uint8Array(32)));
});

// Random changes of every valid message, and random bytes: refused, or the one encoding of what is read.

/** @param {Uint8Array} data */
function mutate(data) {
	const out = [...data];
	for (let n = 1 + Math.floor(Math.random() * 3); n > 0; n--) {
		const at = Math.floor(Math.random() * out.length);
		const edge = [0, 0x17, 0x18, 0x19, 0x1b, 0x1f, 0x20, 0x40, 0x58, 0x60, 0x78, 0x80, 0x98, 0x9f, 0xa0, 0xc1, 0xf4, 0xf5, 0xf6, 0xf9, 0xff];
		const byte = Math.random() < 0.5 ? Math.floor(Math.random() * 256) : edge[Math.floor(Math.random() * edge.length)];
		const kind = Math.floor(Math.random() * 4);
		if (kind === 0) out.splice(at, 1);
		else if (kind === 1) out.splice(at, 0, byte);
		else if (kind === 2) out[at] ^= 1 << Math.floor(Math.random() * 8);
		else out[at] = byte;
	}
	return Uint8Array.from(out);
}

test("what was changed at random is refused, or is the one encoding of what it says", () => {
	/** @type {[import("./body.js").Body<any>, Uint8Array][]} */
	const seeds = [
		...vectors.signed.map((/** @type {any} */ v) => [signed[v.kind], unhex(v.body)]),
		...vectors.plain.map((/** @type {any} */ v) => [plainOf(v), unhex(v.message)]),
	];
	let taken = 0;
	for (const [b, data] of seeds) {
		for (let i = 0; i < (data.length > 600 ? 300 : 1500); i++) {
			const changed = mutate(data);
			let value;
			try {
				value = unmarshal(b, changed);
			} catch {
				continue;
			}
			taken++;
			assert.equal(hex(marshal(b, value)), hex(changed));
		}
	}
	assert.ok(taken > 1000);
	for (const v of vectors.messages) {
		for (let i = 0; i < 200; i++) {
			const changed = mutate(unhex(v.message));
			let m;
			try {
				m = decodeMessage(changed);
			} catch {
				continue;
			}
			assert.equal(hex(encodeMessage(m.kind, m.signed, m.mac)), hex(changed));
		}
	}
	for (let i = 0; i < 20_000; i++) {
		const b = crypto.getRandomValues(new Uint8Array(1 + (i % 12)));
		let item;
		try {
			item = decode(b);
		} catch {
			continue;
		}
		assert.equal(hex(encode(item)), hex(b));
	}
});

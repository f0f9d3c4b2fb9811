import assert from "node:assert/strict";
import { test } from "node:test";
import { Seen } from "../seen.js";
import { Keyring } from "./keyring.js";

const fill = (/** @type {number} */ n) => new Uint8Array(32).fill(n);
const member = (/** @type {number} */ n) => ({ index: n, join: fill(n), device: fill(100 + n) });
const epoch = (/** @type {number} */ n, members = [member(1), member(2)]) => ({ term: 1, epoch: n, link: fill(n), secret: fill(50 + n), members });
const kid = (/** @type {Partial<import("../frame.js").KID>} */ changed = {}) => ({ term: 1, epoch: 1, index: 2, stream: 1, ...changed });

function ring() {
	const k = new Keyring("M-1", fill(1), new Seen(), true);
	k.install(epoch(1));
	return k;
}

test("the secret's bytes are overwritten, and the key is of what they were", async () => {
	const a = new Keyring("M-1", fill(1), new Seen(), true);
	const given = epoch(1);
	a.install(given);
	assert.deepEqual(given.secret, new Uint8Array(32));
	const one = await a.find(kid());
	const other = await ring().find(kid());
	if (typeof one === "string" || typeof other === "string") return assert.fail("no key");
	const out = await one.key.seal(0, new Uint8Array(), fill(9).subarray(0, 1));
	assert.deepEqual(await other.key.open(out, new Uint8Array()), fill(9).subarray(0, 1));
});

test("nothing is kept of a stream of which no frame has opened", async () => {
	const k = ring();
	const [one, same] = await Promise.all([k.find(kid()), k.find(kid())]);
	assert.equal(one, same, "what is being derived is derived once");
	const again = await k.find(kid());
	assert.notEqual(again, one, "it was kept");
	k.opened(kid(), /** @type {any} */ (again));
	assert.equal(k.find(kid()), again);
	// Many streams of one sender push out those that opened first.
	const source = /** @type {any} */ (again);
	for (let stream = 2; stream < 3000; stream++) k.opened(kid({ stream }), source);
	assert.notEqual(k.find(kid()), again);
	assert.equal(k.find(kid({ stream: 2999 })), source);
	await k.find(kid());
});

test("what is derived while its epoch is dropped opens nothing", async () => {
	const k = ring();
	const under = k.find(kid());
	k.drop({ term: 1, epoch: 1, link: fill(1) });
	assert.equal(await under, "noEpoch");
	assert.equal(k.find(kid()), "noEpoch");
	k.opened(kid(), /** @type {any} */ ({})); // too late
	k.install(epoch(1));
	assert.notEqual(typeof (await k.find(kid())), "string");
});

test("who is unknown is named", () => {
	const k = ring();
	assert.equal(k.find(kid({ epoch: 3 })), "noEpoch");
	assert.equal(k.find(kid({ term: 3 })), "noEpoch");
	assert.equal(k.find(kid({ index: 3 })), "noMember");
});

test("an epoch of a number that is held is another one, and an older one is not sent in", () => {
	const k = ring();
	const before = k.sendsIn;
	k.install({ ...epoch(1), link: fill(77) });
	assert.notEqual(k.sendsIn, before);
	assert.equal(before && k.holds(before), false);
	k.install(epoch(5));
	k.install(epoch(4));
	assert.equal(k.sendsIn?.epoch, 5);
	assert.equal(new Keyring("M-1", fill(8), new Seen(), true).own(1), undefined);
});

test("what was seen of somebody is forgotten with the last epoch that knew them", async () => {
	const seen = new Seen();
	const k = new Keyring("M-1", fill(1), seen, true);
	const two = "02".repeat(32);
	k.install(epoch(1));
	k.install(epoch(2, [member(1)]));
	seen.accept(two, 1, 5, 5);
	k.drop({ term: 1, epoch: 2, link: fill(2) });
	assert.equal(seen.fresh(two, 1, 5), false);
	k.drop({ term: 1, epoch: 1, link: fill(1) });
	assert.equal(seen.fresh(two, 1, 5), true);
});

test("what cannot be derived is no key", async () => {
	const k = ring();
	assert.equal(await k.find(kid({ stream: 2 ** 16 })), "noEpoch");
});

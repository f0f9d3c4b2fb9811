import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Key, encodeHeader, parseHeader } from "./sframe.js";

const bytes = (/** @type {string} */ hex) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (/** @type {Uint8Array} */ b) => Buffer.from(b).toString("hex");

// The vectors of the SFrame working group. Their numbers go up to 2^64 - 1, so they are read as text.
const file = new URL("../../../../shared/vectors/sframe-rfc9605.json", import.meta.url);
const skip = !existsSync(file) && !process.env.CI && "the shared vectors are not here";
const rfc = () => JSON.parse(readFileSync(file, "utf8").replace(/"(kid|ctr)": (\d+)/g, '"$1": "$2"'));

test("headers are those of RFC 9605's vectors", { skip }, () => {
	const { header } = rfc();
	assert.ok(header.length > 200);
	for (const v of header) {
		const kid = BigInt(v.kid);
		const counter = BigInt(v.ctr);
		assert.equal(hex(encodeHeader(kid, counter)), v.encoded);
		assert.deepEqual(parseHeader(bytes(v.encoded + "ffff")), { kid, counter, size: v.encoded.length / 2 });
	}
});

test("suite 5 is that of RFC 9605's vectors", { skip }, async () => {
	const of5 = rfc().sframe.filter((/** @type {any} */ v) => v.cipher_suite === 5);
	assert.ok(of5.length > 0);
	for (const v of of5) {
		const key = await Key.derive(bytes(v.base_key), BigInt(v.kid));
		assert.equal(hex(await key.seal(Number(v.ctr), bytes(v.metadata), bytes(v.pt))), v.ct);
		const out = await key.seal(Number(v.ctr), bytes(v.metadata), bytes(v.pt), 2, 3);
		assert.equal(hex(out), "0000" + v.ct + "000000");
		assert.equal(out.buffer.byteLength, out.length);
		assert.equal(hex(await key.open(bytes(v.ct), bytes(v.metadata))), v.pt);
	}
});

test("a Key's headers are those of encodeHeader, and so are their sizes", async () => {
	for (const kid of [3n, 300n, 2n ** 64n - 1n]) {
		const key = await Key.derive(bytes("00"), kid);
		for (const counter of [0, 7, 8, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1, 2 ** 53 - 1]) {
			const header = encodeHeader(kid, BigInt(counter));
			const sealed = await key.seal(counter, new Uint8Array(), new Uint8Array());
			assert.equal(sealed.length, header.length + 16);
			assert.equal(hex(sealed.subarray(0, header.length)), hex(header));
			assert.equal((await key.open(sealed, new Uint8Array())).length, 0);
		}
	}
});

test("a header has one encoding", () => {
	let accepted = 0;
	for (let config = 0; config < 256; config++) {
		for (const field of ["00", "07", "08", "ff", "010000000000000000"]) {
			const b = bytes((config.toString(16).padStart(2, "0") + field.repeat(16)).slice(0, 60));
			const h = parseHeader(b);
			if (!h) continue;
			accepted++;
			assert.equal(hex(encodeHeader(h.kid, h.counter)), hex(b.subarray(0, h.size)));
		}
	}
	assert.ok(accepted > 0);
});

test("random bytes are refused as headers, or are the one encoding of what they say", () => {
	for (let i = 0; i < 20_000; i++) {
		const b = crypto.getRandomValues(new Uint8Array(i % 20));
		if (i % 3 === 0) b.fill(0, 1, 1 + (i % 5));
		const h = parseHeader(b);
		if (h) assert.equal(hex(encodeHeader(h.kid, h.counter)), hex(b.subarray(0, h.size)));
	}
});

test("what was changed, cut or is another key's does not open", async () => {
	const key = await Key.derive(bytes("00"), 300n);
	const metadata = bytes("0102");
	const sealed = await key.seal(5, metadata, bytes("706c61696e"));
	assert.equal(hex(await key.open(sealed, metadata)), "706c61696e");
	for (let i = 0; i < sealed.length; i++) {
		const changed = sealed.slice();
		changed[i] ^= 0x40;
		await assert.rejects(key.open(changed, metadata));
		await assert.rejects(key.open(sealed.subarray(0, i), metadata));
	}
	await assert.rejects(key.open(sealed, bytes("0103")));
	await assert.rejects((await Key.derive(bytes("01"), 300n)).open(sealed, metadata));
	await assert.rejects((await Key.derive(bytes("00"), 301n)).open(sealed, metadata), /another key/);
});

test("metadata of any length is authenticated", async () => {
	const key = await Key.derive(bytes("00"), 300n);
	for (const n of [0, 1, 52, 240, 256, 1000]) {
		const metadata = crypto.getRandomValues(new Uint8Array(n));
		const sealed = await key.seal(n, metadata, bytes("706c61696e"));
		await assert.rejects(key.open(sealed, new Uint8Array(n + 1)));
		assert.equal(hex(await key.open(sealed, metadata)), "706c61696e");
		if (n > 0) await assert.rejects(key.open(sealed, metadata.with(n - 1, metadata[n - 1] ^ 1)));
	}
});

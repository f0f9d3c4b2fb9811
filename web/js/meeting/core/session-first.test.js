import assert from "node:assert/strict";
import { test } from "node:test";
import { marshal } from "./body.js";
import { certificate } from "./certificate.js";
import { kindOf, welcome } from "./control.js";
import { encodeSigned } from "./message.js";
import { Session } from "./session.js";

// A process of its own, in which nothing else has used the core before.
test("a session says hello, join and fetch in that order", async () => {
	const socket = { binaryType: /** @type {BinaryType} */ ("blob"), readyState: 1, onmessage: /** @type {any} */ (null), onclose: null, close: () => {}, send: (/** @type {any} */ b) => void sent.push(kindOf(b)) };
	/** @type {string[]} */
	const sent = [];
	/** @type {any[]} */
	const told = [];
	const vouches = { device: "22".repeat(32), account: "", name: "Zoë", organisation: "", meeting: "M-1", issued: 0, expires: Number.MAX_SAFE_INTEGER };
	const signed = encodeSigned({ body: marshal(certificate, vouches), signer: "11".repeat(32), signature: new Uint8Array(64) });
	const given = { certificate: Buffer.from(signed).toString("base64url"), identity: Buffer.from(new Uint8Array(32)).toString("base64url") };
	const session = new Session(
		{ meeting: "M-1", url: "ws://localhost/m/M-1/session", secret: null, made: false, name: "Zoë" },
		{
			socket: () => socket,
			fetch: async () => new Response(JSON.stringify(given)),
			store: { get: async () => undefined, update: async (_, change) => change(undefined) },
			toPage: (m) => told.push(m),
			toFrames: () => {},
			now: Date.now,
		},
	);
	await session.open();
	const data = marshal(welcome, { meeting: "M-1", mode: 0, nonce: "00".repeat(16), identity: "11".repeat(32), window: 60 });
	socket.onmessage({ data: data.buffer.slice(0, data.length) });
	while (sent.length < 3 && told.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
	assert.deepEqual(told, []);
	assert.deepEqual(sent, ["hello", "post", "fetch"]);
});

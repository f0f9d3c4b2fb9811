import assert from "node:assert/strict";
import { test } from "node:test";
import { CAMERA, MICROPHONE, SCREEN } from "../frame.js";
import { Frames } from "./frames.js";
import { hex } from "./keyring.js";

const fill = (/** @type {number} */ n) => new Uint8Array(32).fill(n);
const text = (/** @type {string} */ s) => new TextEncoder().encode(s);
const member = (/** @type {number} */ n) => ({ index: n, join: fill(n), device: fill(100 + n) });
const all = [member(1), member(2), member(3)];
const name = (/** @type {number} */ term, /** @type {number} */ epoch) => ({ term, epoch, link: fill(term * 16 + epoch) });
const epoch = (/** @type {number} */ term, /** @type {number} */ n, members = all, secret = 7) => ({ ...name(term, n), secret: fill(secret + n), members });

/** A client: the frame worker without a worker, and what it said. */
class Client {
	/** @type {any[]} */
	said = [];
	lost = 0;
	done = 0; // frames that came to an end, whichever

	constructor(/** @type {number} */ n, /** @type {"standard" | "e2ee"} */ mode = "e2ee") {
		this.n = n;
		this.frames = new Frames(
			(m) => this.said.push(m),
			() => this.lost++,
		);
		for (const kind of /** @type {const} */ (["sealed", "opened", "unsent", "dropped"])) {
			const count = this.frames.counts[kind].bind(this.frames.counts);
			this.frames.counts[kind] = (/** @type {any} */ why) => (this.done++, count(why));
		}
		this.tell({ type: "begin", meeting: "M-1", join: fill(n), mode });
	}

	tell(/** @type {import("./frames.js").FromCore} */ message) {
		this.frames.fromCore(message);
		return this;
	}

	ready() {
		return this.tell({ type: "install", epoch: epoch(1, 1) }).tell({ type: "sending", on: true });
	}

	/** A transform of this client, and what comes out of it. */
	transform(/** @type {any} */ options) {
		/** @type {any} */
		const t = { options, out: [], asked: 0 };
		t.readable = new ReadableStream({ start: (c) => void (t.feed = c) });
		t.writable = new WritableStream({ write: (f) => void t.out.push(f) });
		if (options.side === "receive") t.sendKeyFrameRequest = async () => t.asked++;
		t.ended = this.frames.transform(t);
		/** Puts frames in, and gives what came out when all have come to an end. */
		t.put = async (/** @type {any[]} */ ...frames) => {
			const before = this.done;
			for (const f of frames) t.feed.enqueue(f);
			await until(() => this.done >= before + frames.length);
			return t.out.splice(0);
		};
		return t;
	}

	send(/** @type {number} */ source, /** @type {string} */ mime = "") {
		return this.transform({ side: "send", source, mime });
	}

	receive(/** @type {"audio" | "video"} */ kind, track = "1") {
		return this.transform({ side: "receive", track, kind });
	}

	get counts() {
		return this.frames.counts.totals;
	}
}

const later = (/** @type {number} */ ms) => new Promise((r) => setTimeout(r, ms));

/** Waits for something, and then for what follows from it at once. */
async function until(/** @type {() => boolean} */ done) {
	for (let i = 0; !done(); i++) {
		if (i > 2000) assert.fail("it never comes to an end");
		await later(5);
	}
	await later(5);
}

/** An encoded frame, as browsers have them. */
class Encoded {
	constructor(/** @type {Uint8Array} */ bytes, /** @type {any} */ metadata, /** @type {string | undefined} */ type) {
		this.data = bytes.slice().buffer;
		this.metadata = metadata;
		if (type) this.type = type;
	}

	getMetadata() {
		return this.metadata;
	}

	/** The frame as it arrives elsewhere. */
	arrives(/** @type {any} */ changed = {}) {
		return new Encoded(new Uint8Array(this.data), { ...this.metadata, ...changed }, changed.type ?? this.type);
	}

	get text() {
		return new TextDecoder().decode(this.data);
	}
}

const sound = (/** @type {string} */ s) => new Encoded(text(s), { mimeType: "audio/opus", synchronizationSource: 1 }, undefined);
const picture = (/** @type {string} */ s, type = "delta", ssrc = 1, mimeType = "video/VP8") => new Encoded(text(s.padEnd(12)), { mimeType, synchronizationSource: ssrc }, type);
const arrive = (/** @type {Encoded[]} */ frames) => frames.map((f) => f.arrives());
const texts = (/** @type {Encoded[]} */ frames) => frames.map((f) => f.text.trim());

test("what goes in at one end comes out at the other, in order, under its sender's name", async () => {
	const a = new Client(1).ready();
	const b = new Client(2).ready();
	const sealed = await a.send(MICROPHONE).put(...["frame one", "frame two", "frame three"].map(sound));
	assert.ok(sealed.every((/** @type {Encoded} */ f) => !f.text.includes("frame")), "a frame left as it was");
	const track = b.receive("audio", "17");
	assert.deepEqual(texts(await track.put(...arrive(sealed))), ["frame one", "frame two", "frame three"]);
	assert.deepEqual(b.said.filter((m) => m.type === "shown"), [{ type: "shown", track: "17", join: hex(fill(1)), source: MICROPHONE }]);
	assert.deepEqual(b.counts, { sealed: 0, opened: 3, unsent: {}, dropped: {} });
	assert.deepEqual(a.counts, { sealed: 3, opened: 0, unsent: {}, dropped: {} });
});

test("nothing leaves without a join, without the core's word, without a key, or of another codec", async () => {
	/** @type {[Client, any, string][]} */
	const cases = [
		[new Client(1), sound("x"), "off"],
		[new Client(1).tell({ type: "sending", on: true }), sound("x"), "noKey"],
		[new Client(9).ready(), sound("x"), "noKey"], // not a member
		[new Client(1).ready(), new Encoded(text("x"), { mimeType: "audio/red", synchronizationSource: 1 }, undefined), "badWhat"],
		[new Client(1).ready(), new Encoded(text("x"), { synchronizationSource: 1 }, undefined), "badWhat"],
		[new Client(1).ready(), picture("x"), "badWhat"], // on the microphone's sender
	];
	for (const [client, frame, why] of cases) {
		assert.deepEqual(await client.send(MICROPHONE).put(frame), [], why);
		assert.deepEqual(client.counts.unsent, { [why]: 1 });
	}
	const none = new Frames(() => {}, () => {});
	const t = { readable: new ReadableStream({ start: (c) => c.enqueue(/** @type {any} */ (sound("x"))) }), writable: new WritableStream({ write: () => assert.fail("it left") }) };
	none.transform(/** @type {any} */ ({ ...t, options: { side: "send", source: MICROPHONE } }));
	await later(50);
});

test("a browser that does not report codecs is told them", async () => {
	const a = new Client(1).ready();
	const b = new Client(2).ready();
	const bare = new Encoded(text("sound"), {}, undefined);
	const sealed = await a.send(MICROPHONE, "audio/opus").put(bare);
	assert.deepEqual(texts(await b.receive("audio").put(...arrive(sealed))), ["sound"]);
});

test("sending stops at once and goes on at a key frame, which is asked for", async () => {
	const a = new Client(1).ready();
	const b = new Client(2).ready();
	const out = a.send(CAMERA);
	const track = b.receive("video");
	assert.deepEqual(texts(await track.put(...arrive(await out.put(picture("k1", "key"), picture("d1"))))), ["k1", "d1"]);
	a.tell({ type: "sending", on: false });
	assert.deepEqual(await out.put(picture("d2")), []);
	a.tell({ type: "sending", on: true });
	assert.deepEqual(await out.put(picture("d3")), [], "a frame left behind a gap that nobody can see");
	assert.ok(a.said.some((m) => m.type === "keyframe" && m.source === CAMERA));
	assert.deepEqual(texts(await track.put(...arrive(await out.put(picture("k2", "key"), picture("d4"))))), ["k2", "d4"]);
	// What is being sealed when the core says so does not leave either.
	const under = out.put(picture("d5"));
	await Promise.resolve();
	a.tell({ type: "sending", on: false });
	assert.deepEqual(await under, []);
	assert.deepEqual(a.counts.unsent, { off: 2, afterGap: 1 });
});

test("each layer is a stream of its own, and a track goes from one to the other at a key frame", async () => {
	const a = new Client(1).ready();
	const b = new Client(2).ready();
	const [low1, , low2, , high3] = await a
		.send(CAMERA)
		.put(picture("low 1", "key", 5), picture("high 1", "key", 6), picture("low 2", "delta", 5), picture("high 2", "delta", 6), picture("high 3", "key", 6));
	const track = b.receive("video");
	assert.deepEqual(texts(await track.put(...arrive([low1, low2, high3]))), ["low 1", "low 2", "high 3"]);
	assert.deepEqual(await track.put(...arrive([low2])), [], "it goes back");
	assert.ok(track.asked > 0);
	const other = b.receive("video", "2");
	assert.deepEqual(await other.put(...arrive([low1])), [], "it is shown twice");
	// A key frame of another layer and what follows it may arrive together.
	const out = a.send(CAMERA);
	const again = await out.put(picture("k", "key", 7), picture("d", "delta", 7));
	assert.deepEqual(texts(await track.put(...arrive(again))), ["k", "d"]);
	// And in another order, when packets were lost; but the key frame has to come, and soon.
	const [k, d1, d2, , e] = await out.put(picture("k2", "key", 8), picture("d3", "delta", 8), picture("d4", "delta", 8), picture("k3", "key", 9), picture("d5", "delta", 9));
	assert.deepEqual(texts(await track.put(...arrive([d1, d2, k]))).sort(), ["d3", "d4", "k2"]);
	assert.deepEqual(await track.put(e.arrives()), []);
	assert.deepEqual(b.counts.dropped, { otherLayer: 2, replayed: 1 });
});

test("behind a frame that was dropped, a video waits for a key frame, and asks for one", async () => {
	const a = new Client(1).ready();
	const b = new Client(2).ready();
	const [k1, d1, d2, k2, d3] = await a.send(SCREEN).put(picture("k1", "key"), picture("d1"), picture("d2"), picture("k2", "key"), picture("d3"));
	new Uint8Array(d1.data)[20] ^= 1;
	const track = b.receive("video");
	assert.deepEqual(texts(await track.put(...arrive([k1, d1, d2, k2, d3]))), ["k1", "k2", "d3"]);
	assert.equal(track.asked, 1, "it asks no more than twice a second");
	assert.deepEqual(b.counts.dropped, { unopened: 1, afterGap: 1 });
});

test("what the media server says of a frame has to be what its sender says", async () => {
	const a = new Client(1).ready();
	const b = new Client(2).ready();
	const out = a.send(CAMERA);
	const [k, d, e] = await out.put(picture("k", "key"), picture("d"), picture("e", "key"));
	const track = b.receive("video");
	assert.deepEqual(await track.put(k.arrives({ mimeType: "video/VP9" }), d.arrives({ type: "key" }), e.arrives({ mimeType: undefined, type: "delta" })), []);
	const [s] = await a.send(MICROPHONE).put(sound("s"));
	assert.deepEqual(await b.receive("audio", "2").put(s.arrives({ mimeType: "audio/PCMU" })), []);
	assert.deepEqual(b.counts.dropped, { mislabelled: 4 });
	assert.equal(b.said.filter((m) => m.type === "shown").length, 0);
});

test("what LiveKit puts in is dropped and is no gap", async () => {
	const a = new Client(1).ready();
	const b = new Client(2).ready();
	const trailer = new Uint8Array([1, 2, 3, 4]);
	const [k, d] = await a.send(CAMERA).put(picture("k", "key"), picture("d"));
	const track = b.receive("video");
	assert.equal((await track.put(k.arrives())).length, 1);
	b.frames.ignoreInjected(trailer);
	const injected = new Encoded(new Uint8Array([...text("an 8 by 8 picture"), ...trailer]), { mimeType: "video/VP8" }, "key");
	assert.deepEqual(await track.put(injected), []);
	assert.deepEqual(texts(await track.put(d.arrives())), ["d"]);
	assert.equal(track.asked, 0);
	const later = b.receive("video", "2");
	assert.deepEqual(await later.put(injected.arrives()), []);
	assert.deepEqual(b.counts.dropped, { injected: 2 });
});

test("epochs are gone in when they come, and opened until they are dropped", async () => {
	const a = new Client(1).ready();
	const b = new Client(2).ready();
	const out = a.send(MICROPHONE);
	const track = b.receive("audio");
	const first = await out.put(sound("1"), sound("2"));
	assert.deepEqual(texts(await track.put(first[0].arrives())), ["1"]);
	a.tell({ type: "install", epoch: epoch(1, 2) }).tell({ type: "drop", epoch: name(1, 1) });
	b.tell({ type: "install", epoch: epoch(1, 2) });
	const second = await out.put(sound("3"));
	assert.deepEqual(texts(await track.put(first[1].arrives(), second[0].arrives())), ["2", "3"]);
	const kept = (await out.put(sound("4"))).concat(first[1].arrives());
	b.tell({ type: "drop", epoch: { ...name(1, 2), link: fill(99) } }); // of another name
	b.tell({ type: "drop", epoch: name(1, 1) });
	assert.deepEqual(texts(await track.put(...kept)), ["4"]);
	a.tell({ type: "drop", epoch: name(1, 2) });
	assert.deepEqual(await out.put(sound("5")), []);
	assert.deepEqual(a.counts.unsent, { noKey: 1 });
	assert.deepEqual(b.counts.dropped, { noEpoch: 1 });
});

test("frames of the next epoch wait for its key, and those of others do not", async () => {
	const a = new Client(1).ready();
	const b = new Client(2).ready();
	const out = a.send(MICROPHONE);
	const track = b.receive("audio");
	assert.equal((await track.put(...arrive(await out.put(sound("1"))))).length, 1);
	a.tell({ type: "install", epoch: epoch(1, 2) }).tell({ type: "drop", epoch: name(1, 1) }); // so that nothing leaves under the old key
	const soon = await out.put(sound("2"), sound("3"));
	a.tell({ type: "install", epoch: epoch(1, 4) }).tell({ type: "drop", epoch: name(1, 2) });
	const far = await out.put(sound("far"));
	const waiting = track.put(...arrive([...soon, ...far]));
	await later(20);
	assert.deepEqual(track.out, []);
	b.tell({ type: "install", epoch: epoch(1, 2) });
	assert.deepEqual(texts(await waiting), ["2", "3"]);
	assert.deepEqual(b.counts.dropped, { noEpoch: 1 });
	// A key that never comes holds a track up once, and no longer than it said.
	a.tell({ type: "install", epoch: epoch(2, 1) }).tell({ type: "drop", epoch: name(1, 4) });
	const never = await out.put(sound("never"), sound("never"));
	assert.deepEqual(await track.put(never[0].arrives()), []);
	const start = performance.now();
	await track.put(never[1].arrives());
	assert.ok(performance.now() - start < 900);
	assert.deepEqual(b.counts.dropped, { noEpoch: 3 });
});

test("who is not on the newest list is not opened, in older epochs either", async () => {
	const a = new Client(1).ready();
	const b = new Client(2).ready();
	const sealed = await a.send(MICROPHONE).put(sound("1"), sound("2"), sound("3"));
	const track = b.receive("audio");
	assert.equal((await track.put(sealed[0].arrives())).length, 1);
	b.tell({ type: "install", epoch: epoch(1, 2, all.slice(1)) });
	assert.deepEqual(await track.put(sealed[1].arrives()), []);
	b.tell({ type: "members", members: all });
	assert.equal((await track.put(sealed[2].arrives())).length, 1);
	assert.deepEqual(b.counts.dropped, { noMember: 1 });
});

test("an upgrade drops the server's key and everything under it, for good", async () => {
	const a = new Client(1, "standard").tell({ type: "install", epoch: epoch(0, 1) }).tell({ type: "sending", on: true });
	const b = new Client(2, "standard").tell({ type: "install", epoch: epoch(0, 1) });
	const out = a.send(MICROPHONE);
	const track = b.receive("audio");
	const sealed = await out.put(sound("1"), sound("2"), sound("3"));
	assert.equal((await track.put(sealed[0].arrives())).length, 1);
	for (const c of [a, b]) c.tell({ type: "mode", mode: "e2ee" }).tell({ type: "install", epoch: epoch(0, 1) });
	assert.deepEqual(await out.put(sound("4")), []);
	assert.deepEqual(await track.put(sealed[1].arrives()), []);
	for (const c of [a, b]) c.tell({ type: "install", epoch: epoch(1, 1) }).tell({ type: "install", epoch: epoch(0, 2) });
	assert.deepEqual(texts(await track.put(...arrive(await out.put(sound("5"))))), ["5"]);
	assert.deepEqual(await track.put(sealed[2].arrives()), []);
	assert.deepEqual(a.counts.unsent, { noKey: 1 });
	assert.deepEqual(b.counts.dropped, { wrongMode: 2 });
	// And a standard meeting takes no other key than the server's.
	const c = new Client(3, "standard").ready();
	assert.deepEqual(await c.send(MICROPHONE).put(sound("6")), []);
});

test("a new join begins anew: other streams, other keys, nothing seen", async () => {
	const a = new Client(1).ready();
	const b = new Client(2).ready();
	const out = a.send(MICROPHONE);
	const track = b.receive("audio");
	const first = await out.put(sound("1"));
	assert.equal((await track.put(first[0].arrives())).length, 1);
	a.tell({ type: "begin", meeting: "M-1", join: fill(3), mode: "e2ee" });
	assert.deepEqual(await out.put(sound("2")), []);
	a.ready();
	const sealed = await out.put(sound("3"));
	assert.deepEqual(await track.put(...arrive(sealed)), [], "a track changed its sender");
	assert.equal((await b.receive("audio", "2").put(...arrive(sealed))).length, 1);
	b.tell({ type: "begin", meeting: "M-1", join: fill(2), mode: "e2ee" });
	assert.deepEqual(await track.put(first[0].arrives()), []);
	b.ready();
	assert.equal((await track.put(first[0].arrives())).length, 1);
	assert.equal(b.said.filter((m) => m.type === "shown").length, 3);
});

test("a track that is forgotten shows nothing from before its end", async () => {
	const a = new Client(1).ready();
	const b = new Client(2).ready();
	const sealed = await a.send(MICROPHONE).put(sound("1"), sound("2"), sound("3"));
	const track = b.receive("audio");
	assert.deepEqual(texts(await track.put(sealed[1].arrives())), ["2"]);
	b.frames.forget("1");
	assert.deepEqual(texts(await b.receive("audio", "2").put(...arrive(sealed))), ["3"]);
	track.feed.close();
	await track.ended;
});

test("counts are told once a second at most, and to the last frame", async () => {
	const a = new Client(1).ready();
	const out = a.send(MICROPHONE);
	const told = () => a.said.filter((m) => m.type === "counts");
	for (let i = 0; i < 5; i++) await out.put(sound("x"));
	await later(50);
	assert.equal(told().length, 1);
	await until(() => told().length === 2);
	assert.deepEqual(told()[1], { type: "counts", sealed: 5, opened: 0, unsent: {}, dropped: {} });
});

test("a worker that knows nothing of its join says so", () => {
	let lost = 0;
	const frames = new Frames(() => {}, () => lost++);
	frames.fromCore({ type: "sending", on: true });
	frames.fromCore({ type: "install", epoch: epoch(1, 1) });
	assert.equal(lost, 2);
});

// Whatever the core says and however the frames fall between, what leaves is sealed under an epoch that was held and allowed when it was
// put in, and B shows nothing but what A put in, each once, in order.
test("random histories: nothing unsealed leaves, nothing strange is shown", async () => {
	const a = new Client(1);
	const b = new Client(2);
	const out = a.send(MICROPHONE);
	const track = b.receive("audio");
	const random = (/** @type {number} */ n) => Math.floor(Math.random() * n);
	let epochs = 0;
	let put = 0;
	let on = false;
	/** @type {number[]} */
	const shown = [];
	for (let i = 0; i < 400; i++) {
		const n = random(10);
		if (n < 2) a.tell({ type: "sending", on: (on = !on) });
		else if (n < 3) {
			epochs++;
			a.tell({ type: "install", epoch: epoch(1, epochs) });
			if (random(4)) b.tell({ type: "install", epoch: epoch(1, epochs) });
			if (random(2)) b.tell({ type: "drop", epoch: name(1, epochs - 1) });
		} else if (n < 4 && epochs) a.tell({ type: "drop", epoch: name(1, epochs - random(2)) });
		else out.feed.enqueue(sound(`number ${put++}`));
		if (random(3) === 0) await later(random(3));
		for (const f of out.out.splice(0)) {
			assert.ok(!f.text.includes("number"), "it left unsealed");
			track.feed.enqueue(f.arrives());
			if (random(20) === 0) track.feed.enqueue(sound("number 9999"));
			if (random(20) === 0) track.feed.enqueue(f.arrives()); // again
		}
	}
	await later(1500);
	for (const f of track.out) shown.push(Number(/^number (\d+)$/.exec(f.text)?.[1]));
	assert.ok(shown.length > 5, `${shown.length} of ${put}`);
	for (let i = 1; i < shown.length; i++) assert.ok(shown[i] > shown[i - 1] && shown[i] < put, `${shown}`);
});

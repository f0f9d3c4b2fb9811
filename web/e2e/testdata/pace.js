/**
 * The pace of a frame worker: real encoded frames, made from one of Chromium's camera and one of its microphone, go through a transform of it
 * that has its streams from here. Used by pace-ours-worker.js and pace-livekit-worker.js, so that both do the same with the same.
 */

/** @typedef {{ transform: (transformer: any) => void, send: any, receive: any }} Way how frames go through a worker's code, and its options */

const BATCH = 100;

/** @type {Map<string, any>} */
const originals = new Map();
let rtp = 0;

/** Keeps the first frame of a sender, to make others from. */
export async function capture(/** @type {any} */ transformer) {
	const reader = transformer.readable.getReader();
	const { value } = await reader.read();
	originals.set(transformer.options.capture, value);
	postMessage({ captured: transformer.options.capture });
	for (;;) if ((await reader.read()).done) return;
}

/** A frame of that many bytes, which the browser takes for one that it encoded. */
function frame(/** @type {string} */ kind, /** @type {ArrayBuffer} */ data) {
	const original = originals.get(kind);
	const make = original.constructor;
	const made = new make(original, { metadata: { ...original.getMetadata(), rtpTimestamp: (rtp += 960) } });
	made.data = data;
	return made;
}

/** A transformer that is fed from here. */
function through(/** @type {Way} */ way, /** @type {any} */ options) {
	/** @type {ReadableStreamDefaultController} */
	let feed;
	const readable = new ReadableStream({ start: (c) => void (feed = c) });
	/** @type {any[]} */
	let out = [];
	let wanted = 0;
	let done = () => {};
	const writable = new WritableStream({
		write: (f) => {
			if (out.push(f) === wanted) done();
		},
	});
	way.transform({ options, readable, writable });
	/** Puts frames through; at once, or each when the one before is out. */
	return async (/** @type {any[]} */ frames, /** @type {boolean} */ atOnce) => {
		out = [];
		const start = performance.now();
		for (const group of atOnce ? [frames] : frames.map((f) => [f])) {
			wanted = out.length + group.length;
			const all = new Promise((resolve) => void (done = () => resolve(undefined)));
			for (const f of group) feed.enqueue(f);
			await all;
		}
		return { out, each: ((performance.now() - start) / frames.length) * 1000 };
	};
}

/** Bare AES-256-GCM of the browser over as many bytes. */
async function bare(/** @type {number} */ size, /** @type {boolean} */ atOnce) {
	const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
	const plain = new Uint8Array(size);
	const iv = new Uint8Array(12);
	const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain);
	const run = async (/** @type {() => Promise<any>} */ one) => {
		const start = performance.now();
		if (atOnce) await Promise.all(Array.from({ length: BATCH }, one));
		else for (let i = 0; i < BATCH; i++) await one();
		return ((performance.now() - start) / BATCH) * 1000;
	};
	return {
		seal: await run(() => crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain)),
		open: await run(() => crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, sealed)),
	};
}

/** @type {Map<string, { seal: ReturnType<typeof through>, open: ReturnType<typeof through> }>} */
const ways = new Map();

/** Answers with microseconds a frame: best of one round each. */
export function serve(/** @type {Way} */ way) {
	addEventListener("message", async ({ data }) => {
		if (!data.pace) return;
		const { kind, size, atOnce, id } = data.pace;
		let both = ways.get(kind);
		if (!both) ways.set(kind, (both = { seal: through(way, way.send(kind)), open: through(way, way.receive(kind)) }));
		const first = new Uint8Array(originals.get(kind).data); // the clear prefix of a key frame has to be one
		const plains = Array.from({ length: BATCH }, () => {
			const b = new Uint8Array(size);
			b.set(first.subarray(0, 10));
			return frame(kind, b.buffer);
		});
		const sealed = await both.seal(plains, atOnce);
		const opened = await both.open(sealed.out, atOnce);
		const b = await bare(size, atOnce);
		postMessage({ id, seal: sealed.each, open: opened.each, bareSeal: b.seal, bareOpen: b.open, bytes: opened.out[0].data.byteLength });
	});
}

/**
 * The pace of a frame worker: real encoded frames, made from one of Chromium's camera and one of its microphone, go through a transform of it
 * that has its streams from here. Used by all pace-*-worker.js, so that all do the same with the same.
 */

/**
 * How frames go through a worker's code, and its options for a track of that kind and number.
 * @typedef {{ transform: (transformer: any) => void, send: (kind: string, track: number) => any, receive: (kind: string, track: number) => any,
 *   opened?: () => void }} Way opened: what is to be done after every batch of frames, and is a part of their time
 */

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
	const made = new original.constructor(original, { metadata: { ...original.getMetadata(), rtpTimestamp: (rtp += 960) } });
	made.data = data;
	return made;
}

/**
 * Transforms of the worker that are fed from here, one for each of the options.
 * @param {Way} way
 * @param {any[]} options
 */
function through(way, options) {
	/** @type {any[]} */
	let out = [];
	let begin = 0;
	let under = 0;
	let done = () => {};
	const feeds = options.map((o, track) => {
		/** @type {ReadableStreamDefaultController} */
		let feed;
		const readable = new ReadableStream({ start: (c) => void (feed = c) });
		const writable = new WritableStream({
			write: (f) => {
				out[begin + track] = f;
				if (--under === 0) done();
			},
		});
		way.transform({ options: o, readable, writable });
		return (/** @type {any} */ f) => feed.enqueue(f);
	});
	/** Puts frames through, one for each transform at once, and the next when they are out. */
	return async (/** @type {any[]} */ frames) => {
		out = [];
		for (begin = 0; begin < frames.length; begin += feeds.length) {
			under = feeds.length;
			const all = new Promise((resolve) => void (done = () => resolve(undefined)));
			for (let i = 0; i < feeds.length; i++) feeds[i](frames[begin + i]);
			await all;
		}
		return out;
	};
}

const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
const iv = new Uint8Array(12);

/** By kind and number of tracks. @type {Map<string, { seal: ReturnType<typeof through>, open: ReturnType<typeof through> }>} */
const ways = new Map();
/** @type {any[]} */
let frames = [];
/** @type {ArrayBuffer} */
let plain;
/** @type {ArrayBuffer} */
let cipher;

/** What the test may ask for; the frames go from one to the next. */
const acts = {
	/** Makes frames that were never sealed. */
	async make(/** @type {Way} */ way, /** @type {any} */ { kind, size, n, tracks }) {
		const numbers = Array.from({ length: tracks }, (_, i) => i);
		const options = (/** @type {Way["send"]} */ side) => numbers.map((i) => side(kind, tracks * 100 + i));
		if (!ways.has(kind + tracks)) ways.set(kind + tracks, { seal: through(way, options(way.send)), open: through(way, options(way.receive)) });
		const start = new Uint8Array(originals.get(kind).data, 0, 10); // what stays clear of a key frame has to be one
		frames = Array.from({ length: n }, () => {
			const b = new Uint8Array(size);
			b.set(start);
			return frame(kind, b.buffer);
		});
		plain = new ArrayBuffer(size);
		cipher = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain);
	},
	async seal(/** @type {Way} */ _, /** @type {any} */ { kind, tracks }) {
		frames = await /** @type {any} */ (ways.get(kind + tracks)).seal(frames);
	},
	async open(/** @type {Way} */ way, /** @type {any} */ { kind, size, tracks }) {
		frames = await /** @type {any} */ (ways.get(kind + tracks)).open(frames);
		way.opened?.();
		if (frames.some((f) => f.data.byteLength !== size)) throw new Error("a frame did not come out as it went in");
	},
	async "bare seal"(/** @type {Way} */ _, /** @type {any} */ { n }) {
		for (let i = 0; i < n; i++) await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain);
	},
	async "bare open"(/** @type {Way} */ _, /** @type {any} */ { n }) {
		for (let i = 0; i < n; i++) await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, cipher);
	},
};

/** Does what it is asked, and answers with how many microseconds it took. */
export function serve(/** @type {Way} */ way) {
	addEventListener("message", async ({ data }) => {
		if (!data.act) return;
		const start = performance.now();
		await /** @type {any} */ (acts)[data.act](way, data);
		postMessage({ id: data.id, took: (performance.now() - start) * 1000 });
	});
}

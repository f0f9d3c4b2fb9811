/**
 * The pace of a frame worker: real encoded frames, made from one of Chromium's camera and one of its microphone, go through a transform of it
 * that has its streams from here. Used by pace-ours-worker.js and pace-livekit-worker.js, so that both do the same with the same.
 */

/** @typedef {{ transform: (transformer: any) => void, send: any, receive: any }} Way how frames go through a worker's code, and its options */

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

/** A transform of the worker that is fed from here. */
function through(/** @type {Way} */ way, /** @type {any} */ options) {
	/** @type {ReadableStreamDefaultController} */
	let feed;
	const readable = new ReadableStream({ start: (c) => void (feed = c) });
	/** @type {any[]} */
	let out = [];
	let done = () => {};
	const writable = new WritableStream({
		write: (f) => {
			out.push(f);
			done();
		},
	});
	way.transform({ options, readable, writable });
	/** Puts frames through, each when the one before is out. */
	return async (/** @type {any[]} */ frames) => {
		out = [];
		for (const f of frames) {
			const through = new Promise((resolve) => void (done = () => resolve(undefined)));
			feed.enqueue(f);
			await through;
		}
		return out;
	};
}

const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
const iv = new Uint8Array(12);

/** @type {Map<string, { seal: ReturnType<typeof through>, open: ReturnType<typeof through> }>} */
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
	async make(/** @type {Way} */ way, /** @type {any} */ { kind, size, n }) {
		if (!ways.has(kind)) ways.set(kind, { seal: through(way, way.send(kind)), open: through(way, way.receive(kind)) });
		const start = new Uint8Array(originals.get(kind).data, 0, 10); // what stays clear of a key frame has to be one
		frames = Array.from({ length: n }, () => {
			const b = new Uint8Array(size);
			b.set(start);
			return frame(kind, b.buffer);
		});
		plain = new ArrayBuffer(size);
		cipher = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain);
	},
	async seal(/** @type {Way} */ _, /** @type {any} */ { kind }) {
		frames = await /** @type {any} */ (ways.get(kind)).seal(frames);
	},
	async open(/** @type {Way} */ _, /** @type {any} */ { kind, size }) {
		frames = await /** @type {any} */ (ways.get(kind)).open(frames);
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

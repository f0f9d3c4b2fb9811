/**
 * The frame worker: every encoded frame of a meeting passes here on its way out and in (media/PROTOCOL.md section 6). Keys come from the core
 * worker, over a port that the page hands to both; the page itself never sees one.
 *
 * The page sends {type: "port"} with the port, {type: "trailer", trailer}, and {type: "forget", track}, {type: "report", id, question}, and makes transforms with the options
 * of frames/frames.js, where what it is told stands too.
 */
import { Frames } from "./frames/frames.js";

/** @type {MessagePort | undefined} */
let core;
const frames = new Frames(
	(message) => postMessage(message),
	(message) => core?.postMessage(message),
);

addEventListener("message", (/** @type {MessageEvent} */ e) => {
	switch (e.data.type) {
		case "port":
			core = e.ports[0];
			core.onmessage = (m) => frames.fromCore(m.data);
			break;
		case "trailer":
			frames.ignoreInjected(e.data.trailer);
			break;
		case "forget":
			frames.forget(e.data.track);
			break;
		case "report":
			void report(e.data.id, e.data.question);
	}
});

/**
 * @param {number} id
 * @param {any} question
 */
async function report(id, question) {
	try {
		const answer = /** @type {any} */ (await frames.evidence.report(question));
		const buffers = answer?.clip ? [answer.clip.buffer, answer.proof.buffer] : [];
		postMessage({ type: "reported", id, answer }, { transfer: buffers });
	} catch (err) {
		postMessage({ type: "reported", id, failed: err instanceof Error ? err.message : String(err) });
	}
}

/** How often commitments go to the core, and stamps are looked at, in ms (media/PROTOCOL.md section 15). */
const BATCH = 250;
let seconds = 0;
setInterval(() => {
	frames.tick();
	const { bytes } = frames.evidence;
	if (bytes !== undefined && ++seconds % 4 === 0) postMessage({ type: "ring", bytes });
}, BATCH);

addEventListener("rtctransform", (e) => {
	frames.transform(/** @type {{ transformer: import("./frames/frames.js").Transformer }} */ (/** @type {unknown} */ (e)).transformer);
});

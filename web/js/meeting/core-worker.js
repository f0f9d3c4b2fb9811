/**
 * The core worker: the meeting core, its control session, the chat, and what this browser keeps (media/PROTOCOL.md). Keys of meetings are here and in the
 * frame worker, never on the page.
 *
 * The page sends {type: "port"} with the frame worker's port, then {type: "open"}, and then what its human wants; it is told what it may show. The
 * messages are those of core/session.js.
 */
import { Clock } from "./core/clock.js";
import { Session } from "./core/session.js";
import { BrowserStore } from "./core/storage.js";

/** How often the member looks at the clock, in ms. */
const TICK = 250;

/** @type {MessagePort | undefined} */
let frames;
/** @type {Session | undefined} */
let session;
const clock = new Clock();

/** @param {unknown} err */
const broken = (err) => postMessage({ type: "error", words: `Something in this page broke: ${err instanceof Error ? err.message : err}. Open the meeting again.` });

/** @param {import("./core/session.js").Opened} opened */
async function open(opened) {
	session = new Session(opened, {
		socket: (url, protocol) => new WebSocket(url, protocol),
		fetch: (address, init) => fetch(address, init),
		store: new BrowserStore(),
		toPage: (message) => postMessage(message),
		toFrames: (message) => frames?.postMessage(message),
		now: () => clock.now(),
	});
	await session.open();
	setInterval(() => void session?.tick().catch(broken), TICK);
}

/** @param {{ id: number, question: any }} asked by the frame worker */
async function answer({ id, question }) {
	try {
		frames?.postMessage({ type: "answer", id, answer: await session?.answer(question) });
	} catch (err) {
		frames?.postMessage({ type: "answer", id, failed: err instanceof Error ? err.message : String(err) });
	}
}

addEventListener("message", (/** @type {MessageEvent} */ e) => {
	if (e.data.type === "port") {
		frames = e.ports[0];
		frames.onmessage = (m) => {
			if (m.data.type === "lost") session?.lost().catch(broken);
			else if (m.data.type === "committed") session?.committed(m.data);
			else if (m.data.type === "ask") void answer(m.data);
		};
	} else if (e.data.type === "open") {
		if (!session) open(e.data).catch(broken);
	} else {
		session?.asked(e.data).catch(broken);
	}
});

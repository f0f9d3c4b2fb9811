import { Frames } from "../../js/meeting/frames/frames.js";
import { hex } from "../../js/meeting/frames/keyring.js";
import { capture, serve } from "./pace.js";

const join = new Uint8Array(32).fill(1);
let sequence = 0;
const frames = new Frames(() => {}, stamp);
frames.fromCore({ type: "begin", meeting: "M-pace", join, mode: "e2ee" });
const members = [{ index: 1, join, device: new Uint8Array(32).fill(2) }];
frames.fromCore({ type: "install", epoch: { term: 1, epoch: 1, link: new Uint8Array(32), secret: new Uint8Array(32).fill(3), members } });
frames.fromCore({ type: "sending", on: true });

addEventListener("rtctransform", (/** @type {any} */ e) => capture(e.transformer));
/** Has what was committed to stamped at once, as the core and the notary do four times a second. */
function stamp(/** @type {any} */ { type, runs }) {
	if (type !== "committed") return;
	const stamped = runs.map((/** @type {any} */ run) => ({ run: { ...run, sequence: sequence++ }, mac: join }));
	frames.fromCore({ type: "stamped", j: hex(join), key: 0, at: Date.now(), runs: stamped });
}

serve({
	opened: () => frames.tick(),
	transform: (t) => frames.transform(t),
	send: (kind) => ({ side: "send", source: kind === "audio" ? 1 : 0 }),
	receive: (kind, track) => ({ side: "receive", track: `${kind} ${track}`, kind: /** @type {"audio" | "video"} */ (kind) }),
});

import { Frames } from "../../js/meeting/frames/frames.js";
import { capture, serve } from "./pace.js";

const frames = new Frames(() => {}, () => {});
const join = new Uint8Array(32).fill(1);
frames.fromCore({ type: "begin", meeting: "M-pace", join, mode: "e2ee" });
const members = [{ index: 1, join, device: new Uint8Array(32).fill(2) }];
frames.fromCore({ type: "install", epoch: { term: 1, epoch: 1, link: new Uint8Array(32), secret: new Uint8Array(32).fill(3), members } });
frames.fromCore({ type: "sending", on: true });

addEventListener("rtctransform", (/** @type {any} */ e) => capture(e.transformer));
serve({
	transform: (t) => frames.transform(t),
	send: (kind) => ({ side: "send", source: kind === "audio" ? 1 : 0 }),
	receive: (kind, track) => ({ side: "receive", track: `${kind} ${track}`, kind: /** @type {"audio" | "video"} */ (kind) }),
});

import "../../node_modules/livekit-client/dist/livekit-client.e2ee.worker.mjs";
import { capture, serve } from "./pace.js";

const worker = /** @type {any} */ (self);
const { onmessage, onrtctransform } = worker;
worker.onmessage = null;
worker.onrtctransform = (/** @type {any} */ e) => capture(e.transformer);
const tell = (/** @type {string} */ kind, /** @type {any} */ data) => onmessage({ data: { kind, data } });
const key = await crypto.subtle.importKey("raw", new Uint8Array(32), "HKDF", false, ["deriveBits", "deriveKey"]);
tell("init", { loglevel: 4, keyProviderOptions: { sharedKey: true, ratchetSalt: "LKFrameEncryptionKey", ratchetWindowSize: 0, failureTolerance: 10, keyringSize: 16, keySize: 128 } });
tell("setKey", { key, keyIndex: 0, updateCurrentKeyIndex: true });
tell("enable", { enabled: true, participantIdentity: "somebody" });

serve({
	transform: (transformer) => onrtctransform({ transformer }),
	send: (kind, track) => ({ kind: "encode", participantIdentity: "somebody", trackId: `${kind} ${track} out`, codec: kind === "audio" ? undefined : "vp8" }),
	receive: (kind, track) => ({ kind: "decode", participantIdentity: "somebody", trackId: `${kind} ${track} in`, codec: kind === "audio" ? undefined : "vp8" }),
});

/** What encoded frames are, in the words of media/PROTOCOL.md and in those of the browser. */
import { CAMERA, OPUS, PCMU, SCREEN, VP8, VP9 } from "../frame.js";

/**
 * @typedef {RTCEncodedVideoFrame | RTCEncodedAudioFrame} Encoded
 * @typedef {{ mimeType?: string, synchronizationSource?: number, captureTime?: number }} Metadata what is asked of a frame's; browsers differ
 */

/** @type {Map<string | undefined, number>} */
const CODECS = new Map([
	["video/VP8", VP8],
	["video/VP9", VP9],
	["audio/opus", OPUS],
	["audio/PCMU", PCMU],
]);

/**
 * The codec of a MIME type as browsers write it: 0 for one that may not be sent, undefined where a browser reports none.
 * @param {string | undefined} mime
 */
export const codecNamed = (mime) => CODECS.get(mime) ?? (mime === undefined ? undefined : 0);

/** @param {Encoded} frame of a video */
export const isKeyFrame = (frame) => /** @type {RTCEncodedVideoFrame} */ (frame).type === "key";

/** @param {number} source */
export const isVideo = (source) => source === CAMERA || source === SCREEN;

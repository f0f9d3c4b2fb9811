/** What encoded frames are, in the words of media/PROTOCOL.md and in those of the browser. */
import { CAMERA, OPUS, PCMU, SCREEN, VP8, VP9 } from "../frame.js";

/**
 * @typedef {RTCEncodedVideoFrame | RTCEncodedAudioFrame} Encoded
 * @typedef {{ mimeType?: string, synchronizationSource?: number, captureTime?: number }} Metadata what is asked of a frame's; browsers differ
 */

/** @type {Record<string, number>} */
const CODECS = { "video/vp8": VP8, "video/vp9": VP9, "audio/opus": OPUS, "audio/pcmu": PCMU };

/**
 * The codec of a MIME type: undefined where the browser reports none, 0 for one that may not be sent.
 * @param {string | undefined} mime
 */
export const codecNamed = (mime) => (mime ? (CODECS[mime.toLowerCase()] ?? 0) : undefined);

/** @param {Encoded} frame */
export const isKeyFrame = (frame) => "type" in frame && frame.type === "key";

/** @param {number} source */
export const isVideo = (source) => source === CAMERA || source === SCREEN;

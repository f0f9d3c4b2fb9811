/** The layout of a frame and of its key identifier (media/PROTOCOL.md sections 5 and 6). media/sframe is the same in Go. */
import { numberOf, readHeader } from "./sframe.js";

export const VP8 = 1;
export const VP9 = 2;
export const OPUS = 3;
/** G.711 µ-law at 8 kHz, of telephones. */
export const PCMU = 4;

export const CAMERA = 0;
export const MICROPHONE = 1;
export const SCREEN = 2;
export const SCREEN_SOUND = 3;

/** What a line of chat is. */
export const LINE = 0;

export const TIME = 8;
export const HASH = 32;
export const TRAILER = TIME + HASH + 2;
export const MAX_COUNTER = 2 ** 48;
export const MAX_TIME = 2 ** 53;
const TAG = 16;
const VERSION = 2;

/** @typedef {{ term: number, epoch: number, index: number, stream: number }} KID */

/**
 * @param {number} codec
 * @param {boolean} key whether it is a key frame, of video
 * @param {number} source
 */
export const describe = (codec, key, source) => (codec << 4) | (key ? 8 : 0) | source;
export const codecOf = (/** @type {number} */ what) => what >> 4;
export const isKey = (/** @type {number} */ what) => (what & 8) !== 0;
export const sourceOf = (/** @type {number} */ what) => what & 7;
export const isAudio = (/** @type {number} */ what) => (what & 1) !== 0;

/**
 * How many bytes stay clear; undefined where bits are set that mean nothing, or codec and source do not go together.
 * @param {number} what
 * @returns {number | undefined}
 */
export function prefixOf(what) {
	if (what === LINE) return 0;
	const source = sourceOf(what);
	const audio = source === MICROPHONE || source === SCREEN_SOUND;
	const video = source === CAMERA || source === SCREEN;
	switch (codecOf(what)) {
		case VP8:
			return video ? (isKey(what) ? 10 : 3) : undefined;
		case VP9:
			return video ? 0 : undefined;
		case OPUS:
			return audio && !isKey(what) ? 0 : undefined;
		case PCMU:
			return source === MICROPHONE && !isKey(what) ? 0 : undefined;
	}
	return undefined;
}

/**
 * term (12 bits) || epoch (24) || index (12) || stream (16)
 * @param {KID} kid
 */
export function packKID({ term, epoch, index, stream }) {
	if (term >= 2 ** 12 || epoch >= 2 ** 24 || index >= 2 ** 12 || stream >= 2 ** 16) throw new RangeError("the meeting has outgrown its key identifiers");
	return (BigInt(term) << 52n) | (BigInt(epoch) << 28n) | (BigInt(index) << 16n) | BigInt(stream);
}

/**
 * @param {bigint} kid
 * @returns {KID}
 */
export const unpackKID = (kid) => split(Number(kid >> 32n), Number(kid & 0xffffffffn));

/**
 * @param {number} high
 * @param {number} low
 * @returns {KID}
 */
function split(high, low) {
	return { term: high >>> 20, epoch: (high & 0xfffff) * 16 + (low >>> 28), index: (low >>> 16) & 0xfff, stream: low & 0xffff };
}

/**
 * trailer || prefix, which is SFrame's metadata; the prefix is the beginning of the frame.
 * @param {number} time
 * @param {Uint8Array} commitment
 * @param {number} what
 * @param {Uint8Array} frame
 * @param {number} prefix its length
 */
export function metadataOf(time, commitment, what, frame, prefix) {
	const out = new Uint8Array(TRAILER + prefix); // not set and subarray: it is so small that it needs no buffer of its own
	const low = time >>> 0;
	const high = (time - low) / 2 ** 32;
	for (let i = 0; i < 4; i++) {
		out[i] = high >>> (24 - 8 * i);
		out[4 + i] = low >>> (24 - 8 * i);
	}
	for (let i = 0; i < HASH; i++) out[TIME + i] = commitment[i];
	out[TRAILER - 2] = what;
	out[TRAILER - 1] = VERSION;
	for (let i = 0; i < prefix; i++) out[TRAILER + i] = frame[i];
	return out;
}

/**
 * A frame that has been cut, and not been believed. prefix: how many bytes of it are clear; sealed: header (of size bytes), ciphertext and tag; metadata: trailer || prefix.
 * @typedef {{ prefix: number, sealed: Uint8Array, size: number, metadata: Uint8Array, commitment: Uint8Array,
 *   kid: KID, counter: number, time: number, what: number }} Parts
 */

/**
 * Takes a frame apart, in the order of the checks of PROTOCOL.md section 6. It accepts one encoding of everything.
 * @param {Uint8Array} b
 * @returns {Parts | "short" | "layout" | "reserved" | "badHeader"}
 */
export function cut(b) {
	if (b.length < 1 + TAG + TRAILER) return "short";
	const end = b.length - TRAILER;
	if (b[b.length - 1] !== VERSION) return "layout";
	const what = b[b.length - 2];
	const time = timeAt(b, end);
	const n = prefixOf(what);
	if (n === undefined || time >= MAX_TIME) return "reserved";
	if (end < n + 1 + n + TAG) return "short";
	const sealed = b.subarray(n, end);
	const header = readHeader(sealed);
	const counter = header ? numberOf(header.counter) : MAX_COUNTER;
	if (!header || counter >= MAX_COUNTER) return "badHeader";
	const kid = split(header.kid.high, header.kid.low);
	if ((what === LINE) !== (kid.stream === 0)) return "reserved";
	const commitment = b.slice(end + TIME, end + TIME + HASH);
	const metadata = new Uint8Array(TRAILER + n);
	for (let i = 0; i < TRAILER; i++) metadata[i] = b[end + i];
	for (let i = 0; i < n; i++) metadata[TRAILER + i] = b[i];
	return { prefix: n, sealed, size: header.size, metadata, commitment, kid, counter, time, what };
}

/**
 * @param {Uint8Array} b
 * @param {number} at
 */
function timeAt(b, at) {
	let high = 0;
	let low = 0;
	for (let i = 0; i < 4; i++) {
		high = high * 256 + b[at + i];
		low = low * 256 + b[at + 4 + i];
	}
	return high * 2 ** 32 + low; // from 2^53 on it is rounded, and refused
}

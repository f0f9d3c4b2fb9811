/**
 * Width and height of a key frame, from its header: RFC 6386 section 9.1 for VP8, section 6.2 of the VP9 bitstream specification for VP9.
 * media/clip/picture.go is the same in Go.
 */
import { VP8, VP9 } from "../frame.js";

/** Pixels that a picture must have less of, in width and height. */
export const MAX_PIXELS = 2 ** 14;

/**
 * @param {number} codec
 * @param {Uint8Array} frame
 * @returns {{ width: number, height: number } | undefined} pixels; undefined if it is no key frame of that codec
 */
export function picture(codec, frame) {
	if (codec === VP8) return pictureVP8(frame);
	return codec === VP9 ? pictureVP9(frame) : undefined;
}

/** @param {Uint8Array} b */
function pictureVP8(b) {
	if (b.length < 10 || (b[0] & 1) !== 0 || b[3] !== 0x9d || b[4] !== 0x01 || b[5] !== 0x2a) return undefined;
	const width = (b[6] | (b[7] << 8)) & 0x3fff;
	const height = (b[8] | (b[9] << 8)) & 0x3fff;
	return width > 0 && height > 0 ? { width, height } : undefined;
}

/** Reads bytes bit by bit; past their end there are zeros, and short is set. */
class Bits {
	short = false;
	#bytes;
	#at = 0;

	/** @param {Uint8Array} bytes */
	constructor(bytes) {
		this.#bytes = bytes;
	}

	/** @param {number} n */
	read(n) {
		let v = 0;
		for (; n > 0; n--, this.#at++) {
			const byte = this.#bytes[this.#at >> 3];
			if (byte === undefined) this.short = true;
			v = (v << 1) | (((byte ?? 0) >> (7 - (this.#at & 7))) & 1);
		}
		return v;
	}
}

const SYNC = 0x498342;

/** @param {Uint8Array} b */
function pictureVP9(b) {
	const r = new Bits(b);
	const marker = r.read(2);
	const profile = r.read(1) | (r.read(1) << 1);
	if (profile === 3 && r.read(1) !== 0) return undefined;
	const showExisting = r.read(1);
	const delta = r.read(1);
	r.read(2); // show_frame, error_resilient_mode
	if (marker !== 2 || showExisting !== 0 || delta !== 0 || r.read(24) !== SYNC) return undefined;
	skipColour(r, profile);
	const width = r.read(16) + 1;
	const height = r.read(16) + 1;
	return !r.short && width < MAX_PIXELS && height < MAX_PIXELS ? { width, height } : undefined;
}

/**
 * Reads color_config.
 * @param {Bits} r
 * @param {number} profile
 */
function skipColour(r, profile) {
	const sRGB = 7;
	const odd = (profile & 1) === 1;
	if (profile >= 2) r.read(1); // ten_or_twelve_bit
	if (r.read(3) !== sRGB) r.read(odd ? 4 : 1); // color_range; subsampling_x, subsampling_y, reserved
	else if (odd) r.read(1); // reserved
}

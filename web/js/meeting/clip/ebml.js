/**
 * The part of EBML (RFC 8794) and Matroska (RFC 9559) that the one form of a clip needs. Numbers and sizes are in the fewest bytes.
 * media/clip/ebml.go is the same in Go.
 */

/** Identifiers of elements. */
export const ID = {
	EBML: 0x1a45dfa3,
	EBMLVersion: 0x4286,
	EBMLReadVersion: 0x42f7,
	EBMLMaxID: 0x42f2,
	EBMLMaxSize: 0x42f3,
	DocType: 0x4282,
	DocTypeVersion: 0x4287,
	DocTypeRead: 0x4285,
	Segment: 0x18538067,
	SeekHead: 0x114d9b74,
	Seek: 0x4dbb,
	SeekID: 0x53ab,
	SeekPosition: 0x53ac,
	Info: 0x1549a966,
	TimestampScale: 0x2ad7b1,
	MuxingApp: 0x4d80,
	WritingApp: 0x5741,
	Duration: 0x4489,
	Tracks: 0x1654ae6b,
	TrackEntry: 0xae,
	TrackNumber: 0xd7,
	TrackUID: 0x73c5,
	TrackType: 0x83,
	FlagLacing: 0x9c,
	CodecID: 0x86,
	CodecPrivate: 0x63a2,
	SeekPreRoll: 0x56bb,
	Video: 0xe0,
	PixelWidth: 0xb0,
	PixelHeight: 0xba,
	Audio: 0xe1,
	SamplingRate: 0xb5,
	Channels: 0x9f,
	Cluster: 0x1f43b675,
	Timestamp: 0xe7,
	SimpleBlock: 0xa3,
	Cues: 0x1c53bb6b,
	CuePoint: 0xbb,
	CueTime: 0xb3,
	CuePositions: 0xb7,
	CueTrack: 0xf7,
	CuePosition: 0xf1,
};

/**
 * A number in that many bytes.
 * @param {number} n below 2^53
 * @param {number} length
 */
function bigEndian(n, length) {
	const out = new Array(length);
	for (let i = length - 1; i >= 0; i--) {
		out[i] = n % 256;
		n = Math.floor(n / 256);
	}
	return out;
}

/**
 * A number, or an identifier, which has its length in its first bits, in the fewest bytes, at least one.
 * @param {number} n
 * @returns {number[]}
 */
export function least(n) {
	let length = 1;
	while (n >= 256 ** length) length++;
	return bigEndian(n, length);
}

/**
 * How many bytes an element's size takes; all ones is kept for unknown sizes (RFC 8794 section 6.2).
 * @param {number} n
 */
export function sizeLength(n) {
	let length = 1;
	while (n >= 128 ** length - 1) length++;
	return length;
}

/**
 * A size, in that many bytes.
 * @param {number} n
 * @param {number} [length]
 * @returns {number[]}
 */
export function size(n, length = sizeLength(n)) {
	const out = bigEndian(n, length);
	out[0] |= 1 << (8 - length);
	return out;
}

/**
 * A whole element.
 * @param {number} id
 * @param {...number[]} content
 * @returns {number[]}
 */
export function element(id, ...content) {
	const inside = content.flat();
	return [least(id), size(inside.length), inside].flat();
}

/** @param {number} id @param {number} n */
export const uint = (id, n) => element(id, least(n));

/** It has its number in eight bytes, so that its length is known before its value. @param {number} id @param {number} n */
export const uint8 = (id, n) => element(id, bigEndian(n, 8));

/** @param {number} id @param {number} x */
export function float(id, x) {
	const b = new Uint8Array(8);
	new DataView(b.buffer).setFloat64(0, x);
	return element(id, [...b]);
}

/** @param {number} id @param {string} s of ASCII */
export const text = (id, s) => element(id, ascii(s));

/** @param {string} s */
export const ascii = (s) => Array.from(s, (c) => c.charCodeAt(0));

/**
 * The one form of a clip (media/PROTOCOL.md section 17): WebM as a function of tracks and frames. media/clip/layout.go is the same in Go, and by it the
 * platform compares every byte.
 */
import { CAMERA, MICROPHONE, PCMU, SCREEN, VP8, VP9, describe, prefixOf } from "../frame.js";
import { ID, ascii, element, float, least, size, sizeLength, text, uint, uint8 } from "./ebml.js";
import { MAX_PIXELS } from "./picture.js";

/** From which time past its own, in milliseconds, a Cluster takes no more frames. */
const CLUSTER_TIME = 5000;
/** What a clip is longer than its last time, in milliseconds. */
const TAIL = 20;
/** How many bytes a SimpleBlock has before its frame: track, time, flags. */
const BLOCK_HEAD = 4;

export const MAX_FRAMES = 60_000; // of one track
const MAX_FRAME = 4 * 2 ** 20; // bytes
const MAX_LENGTH = 60 * 60 * 1000; // of a clip, in milliseconds

/**
 * What the form of a clip takes from a frame. time: the sender's, in milliseconds; key: a key frame, of pictures; data: the whole encoded frame
 * @typedef {{ time: number, key: boolean, data: Uint8Array }} Frame
 *
 * The pictures or the sound of one sender. width and height: of the first key frame, in pixels; 0 for sound
 * @typedef {{ source: number, codec: number, width: number, height: number, frames: Frame[] }} Track
 *
 * Frames that a player can begin with. time: from the clip's first; content: bytes
 * @typedef {{ time: number, content: number, blocks: { track: Track, frame: Frame }[] }} Cluster
 */

/** @param {Track} track */
const isVideo = ({ codec }) => codec === VP8 || codec === VP9;

/** The track's number in the clip. @param {Track} track */
const numberOf = (track) => (isVideo(track) ? 1 : 2);

/**
 * Writes a clip. It throws where the tracks cannot be in one.
 * @param {Track[]} tracks pictures first
 * @returns {Uint8Array}
 */
export function writeClip(tracks) {
	check(tracks);
	const { first, last } = span(tracks);
	const clusters = clustersOf(tracks, first);
	const { head, cues, length } = around(tracks, clusters, last - first + TAIL);
	const out = new Uint8Array(length);
	let at = 0;
	const put = (/** @type {ArrayLike<number>} */ b) => {
		out.set(b, at);
		at += b.length;
	};
	put(head);
	for (const cluster of clusters) {
		put(least(ID.Cluster));
		put(size(cluster.content));
		put(uint(ID.Timestamp, cluster.time));
		for (const { track, frame } of cluster.blocks) {
			put(blockHead(track, frame, frame.time - first - cluster.time));
			put(frame.data);
		}
	}
	put(cues);
	return out;
}

/**
 * A SimpleBlock up to its frame.
 * @param {Track} track
 * @param {Frame} frame
 * @param {number} time from its Cluster's
 */
function blockHead(track, frame, time) {
	const plays = frame.key || !isVideo(track);
	return [ID.SimpleBlock, ...size(BLOCK_HEAD + frame.data.length), 0x80 | numberOf(track), time >> 8, time & 0xff, plays ? 0x80 : 0];
}

/**
 * Puts the frames of all tracks into clusters, in the order of their times, at equal times the first track's first.
 * @param {Track[]} tracks
 * @param {number} first
 */
function clustersOf(tracks, first) {
	/** @type {Cluster[]} */
	const clusters = [];
	const all = tracks.flatMap((track) => track.frames.map((frame) => ({ track, frame })));
	for (const block of all.sort((a, b) => a.frame.time - b.frame.time)) {
		const time = block.frame.time - first;
		let cluster = clusters.at(-1);
		if (!cluster || block.frame.key || time - cluster.time >= CLUSTER_TIME) {
			cluster = { time, content: uint(ID.Timestamp, time).length, blocks: [] };
			clusters.push(cluster);
		}
		cluster.blocks.push(block);
		const content = BLOCK_HEAD + block.frame.data.length;
		cluster.content += 1 + sizeLength(content) + content;
	}
	return clusters;
}

/**
 * Makes what stands around the clusters.
 * @param {Track[]} tracks
 * @param {Cluster[]} clusters
 * @param {number} duration
 */
function around(tracks, clusters, duration) {
	const info = [uint(ID.TimestampScale, 1_000_000), text(ID.MuxingApp, "Proffer"), text(ID.WritingApp, "Proffer"), float(ID.Duration, duration)];
	const after = [element(ID.Info, ...info), element(ID.Tracks, ...tracks.map(entry))].flat();
	const seek = (/** @type {number} */ position) =>
		element(ID.SeekHead, element(ID.Seek, element(ID.SeekID, least(ID.Cues)), uint8(ID.SeekPosition, position)));
	let position = seek(0).length + after.length;
	const points = clusters.map((cluster) => {
		const point = cue(cluster, position);
		position += 4 + sizeLength(cluster.content) + cluster.content;
		return point;
	});
	const cues = element(ID.Cues, ...points);
	const start = [ebml(tracks), least(ID.Segment), size(position + cues.length, 8)].flat();
	return { head: [start, seek(position), after].flat(), cues, length: start.length + position + cues.length };
}

/**
 * @param {Cluster} cluster
 * @param {number} position in the Segment
 */
function cue({ time, blocks }, position) {
	const where = element(ID.CuePositions, uint(ID.CueTrack, numberOf(blocks[0].track)), uint8(ID.CuePosition, position));
	return element(ID.CuePoint, uint(ID.CueTime, time), where);
}

/** @param {Track[]} tracks */
function ebml(tracks) {
	const webm = tracks.every(({ codec }) => codec !== PCMU); // which WebM has not
	return element(
		ID.EBML,
		uint(ID.EBMLVersion, 1),
		uint(ID.EBMLReadVersion, 1),
		uint(ID.EBMLMaxID, 4),
		uint(ID.EBMLMaxSize, 8),
		text(ID.DocType, webm ? "webm" : "matroska"),
		uint(ID.DocTypeVersion, 4),
		uint(ID.DocTypeRead, 2),
	);
}

// What stands in CodecPrivate: of Opus its head (RFC 7845 section 5.1) for two channels, into which decoders put one too, without pre-skip and
// gain; of PCMU a WAVEFORMATEX.
const OPUS_HEAD = [...ascii("OpusHead"), 1, 2, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0];
const PCMU_HEAD = [7, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x40, 0x1f, 0, 0, 1, 0, 8, 0, 0, 0];

/** @param {Track} track */
function entry(track) {
	const number = numberOf(track);
	const start = [uint(ID.TrackNumber, number), uint(ID.TrackUID, number), uint(ID.TrackType, number), uint(ID.FlagLacing, 0)];
	return element(ID.TrackEntry, ...start, ...codecOf(track));
}

/** @param {Track} track */
function codecOf({ codec, width, height }) {
	if (codec === VP8 || codec === VP9) {
		return [text(ID.CodecID, codec === VP8 ? "V_VP8" : "V_VP9"), element(ID.Video, uint(ID.PixelWidth, width), uint(ID.PixelHeight, height))];
	}
	if (codec === PCMU) {
		return [text(ID.CodecID, "A_MS/ACM"), element(ID.CodecPrivate, PCMU_HEAD), element(ID.Audio, float(ID.SamplingRate, 8000), uint(ID.Channels, 1))];
	}
	const audio = element(ID.Audio, float(ID.SamplingRate, 48_000), uint(ID.Channels, 2));
	return [text(ID.CodecID, "A_OPUS"), element(ID.CodecPrivate, OPUS_HEAD), uint(ID.SeekPreRoll, 80_000_000), audio];
}

/**
 * The first and the last time of all tracks.
 * @param {Track[]} tracks
 */
export function span(tracks) {
	const times = tracks.map(({ frames }) => ({ first: frames[0].time, last: frames[frames.length - 1].time }));
	return { first: Math.min(...times.map((t) => t.first)), last: Math.max(...times.map((t) => t.last)) };
}

/**
 * Holds tracks against section 17: the camera with the microphone, or the screen with its sound.
 * @param {Track[]} tracks
 */
function check(tracks) {
	const together = tracks.length === 1 || (tracks.length === 2 && isVideo(tracks[0]) && tracks[1].source === tracks[0].source + 1);
	if (!together) throw new Error("A clip has one or two tracks of one kind, pictures first.");
	tracks.forEach(checkTrack);
	const { first, last } = span(tracks);
	if (last - first > MAX_LENGTH) throw new Error("A clip has at most an hour.");
}

/** @param {Track} track */
function checkTrack(track) {
	const { source, codec, width, height, frames } = track;
	const video = isVideo(track);
	if (![CAMERA, MICROPHONE, SCREEN, SCREEN + 1].includes(source) || prefixOf(describe(codec, false, source)) === undefined) {
		throw new Error("A track’s codec and source do not go together.");
	}
	const fits = (/** @type {number} */ n) => (video ? n > 0 && n < MAX_PIXELS : n === 0);
	if (!fits(width) || !fits(height)) throw new Error("Width and height are 1 to 16,383 pixels for pictures, and 0 for sound.");
	if (frames.length < 1 || frames.length > MAX_FRAMES) throw new Error("A track has 1 to 60,000 frames.");
	if (frames[0].key !== video) throw new Error("Pictures begin with a key frame, and sound has none.");
	frames.forEach(({ time, key, data }, i) => {
		if (data.length < 1 || data.length > MAX_FRAME) throw new Error("A frame has 1 byte to 4 MiB.");
		if (key && !video) throw new Error("Sound has no key frames.");
		if (!Number.isSafeInteger(time) || (i > 0 && time <= frames[i - 1].time)) throw new Error("The times of a track rise.");
	});
}

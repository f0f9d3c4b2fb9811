/** What a ring held when it was frozen, and the choice of frames from it (media/PROTOCOL.md section 16). media/clip/ring.go is the same in Go. */
import { equal } from "../commitment.js";
import { HASH, codecOf } from "../frame.js";
import { readLine } from "./line.js";
import { CHAT, isVideo } from "./track.js";

/** How long a frame may be in no stamp, in milliseconds (section 15). */
const STAMP_TIME = 1000;

/**
 * @typedef {import("./ring.js").StampedRun} StampedRun
 * @typedef {import("./track.js").Track} Track
 * @typedef {import("./track.js").Held} Held
 */

export class Frozen {
	/** By J and source. @type {Map<string, Map<number, Track>>} */
	#tracks = new Map();
	/** By J and stream. @type {Map<string, Map<number, StampedRun[]>>} */
	#runs = new Map();
	#at;

	/** @param {number} at */
	constructor(at) {
		this.#at = at;
	}

	/**
	 * @param {string} join
	 * @param {number} source
	 * @param {Track} track
	 */
	hold(join, source, track) {
		const tracks = this.#tracks.get(join) ?? new Map();
		this.#tracks.set(join, tracks.set(source, track));
	}

	/**
	 * Takes stamps, also such as came after the ring was frozen.
	 * @param {string} join
	 * @param {StampedRun[]} runs
	 */
	stamped(join, runs) {
		const streams = this.#runs.get(join) ?? new Map();
		this.#runs.set(join, streams);
		for (const run of runs) {
			const of = streams.get(run.stream);
			if (of) of.push(run);
			else streams.set(run.stream, [run]);
		}
	}

	/** Everyone of whom there is something, with the tracks by their source. */
	get senders() {
		return this.#tracks;
	}

	/**
	 * Takes the frames of a source from a time to another: pictures from the key frame at or before it, each later than the one before.
	 * @param {string} join
	 * @param {number} source
	 * @param {number} from the sender's time, in milliseconds
	 * @param {number} to
	 */
	pick(join, source, from, to) {
		const video = isVideo(source);
		const frames = this.#frames(join, source).sort((a, b) => a.time - b.time);
		/** @type {Held[]} */
		const out = [];
		for (const x of frames.slice(video ? firstKey(frames, from) : firstFrom(frames, from))) {
			if (x.time > to) break;
			const last = out.at(-1);
			if (last && (x.time <= last.time || codecOf(x.what) !== codecOf(out[0].what))) continue;
			if (video && x.stream !== last?.stream && !x.key) continue; // of a layer that was left, or behind a key frame that is not there
			if (this.#conflicts(join, x)) continue; // the sender's doing; nobody was shown it
			out.push(x);
		}
		return this.#trim(join, out);
	}

	/**
	 * Takes the lines of chat of a sender from a time to another, in the order of their counters.
	 * @param {string} join
	 * @param {number} from the sender's time, in milliseconds
	 * @param {number} to
	 */
	written(join, from, to) {
		const lines = this.#frames(join, CHAT).filter((x) => x.time >= from && x.time <= to && readLine(x.data) !== undefined && !this.#conflicts(join, x));
		return this.#trim(
			join,
			lines.sort((a, b) => a.counter - b.counter),
		);
	}

	/**
	 * The runs in which frames are, by stream and sequence.
	 * @param {string} join
	 * @param {Held[]} frames
	 */
	covering(join, frames) {
		/** @type {Map<number, Set<number>>} */
		const counters = new Map();
		for (const { stream, counter } of frames) counters.set(stream, (counters.get(stream) ?? new Set()).add(counter));
		const runs = [...counters].flatMap(([stream, wanted]) => this.#runsOf(join, stream).filter((run) => covers(run, wanted)));
		return runs.sort((a, b) => a.stream - b.stream || a.sequence - b.sequence);
	}

	/**
	 * @param {string} join
	 * @param {number} source
	 */
	#frames(join, source) {
		return this.#tracks.get(join)?.get(source)?.frames() ?? [];
	}

	/**
	 * @param {string} join
	 * @param {number} stream
	 */
	#runsOf(join, stream) {
		return this.#runs.get(join)?.get(stream) ?? [];
	}

	/**
	 * Leaves out the newest frames if their stamps have not come: they had no time to.
	 * @param {string} join
	 * @param {Held[]} frames
	 */
	#trim(join, frames) {
		let n = frames.length;
		while (n > 0 && frames[n - 1].at > this.#at - STAMP_TIME && !this.#isStamped(join, frames[n - 1])) n--;
		return frames.slice(0, n);
	}

	/**
	 * @param {string} join
	 * @param {Held} frame
	 */
	#isStamped(join, { stream, counter }) {
		return this.#runsOf(join, stream).some((run) => has(run, counter));
	}

	/**
	 * Whether the sender had another commitment stamped than the frame came with.
	 * @param {string} join
	 * @param {Held} frame
	 */
	#conflicts(join, { stream, counter, commitment }) {
		return this.#runsOf(join, stream).some((run) => has(run, counter) && !equal(commitmentOf(run, counter), commitment));
	}
}

/** @param {StampedRun} run @param {number} counter */
const has = (run, counter) => counter >= run.first && counter < run.first + run.commitments.length / HASH;

/** @param {StampedRun} run @param {number} counter one that it has */
const commitmentOf = ({ first, commitments }, counter) => commitments.subarray((counter - first) * HASH, (counter - first + 1) * HASH);

/**
 * Whether a run is about one of the frames.
 * @param {StampedRun} run
 * @param {Set<number>} counters
 */
function covers({ first, commitments }, counters) {
	for (let i = 0; i < commitments.length / HASH; i++) if (counters.has(first + i)) return true;
	return false;
}

/**
 * Where the last key frame at or before a time is, or else the first one.
 * @param {Held[]} frames by time
 * @param {number} from
 */
function firstKey(frames, from) {
	const before = frames.findLastIndex((f) => f.key && f.time <= from);
	if (before >= 0) return before;
	const first = frames.findIndex((f) => f.key);
	return first < 0 ? frames.length : first;
}

/**
 * @param {Held[]} frames by time
 * @param {number} from
 */
function firstFrom(frames, from) {
	const first = frames.findIndex((f) => f.time >= from);
	return first < 0 ? frames.length : first;
}

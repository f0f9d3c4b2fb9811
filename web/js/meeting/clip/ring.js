/**
 * The ring (media/PROTOCOL.md section 16): what a host's device received in the last seconds, in memory, from which a report is made. It holds openings
 * of frames and never a key. media/clip/ring.go is the same in Go.
 */
import { hex } from "../core/bytes.js";
import { CAMERA, HASH, LINE, MICROPHONE, SCREEN, SCREEN_SOUND, isKey, sourceOf } from "../frame.js";
import { Frozen } from "./frozen.js";
import { CHAT, Track, isVideo } from "./track.js";
import { DEFAULT_WINDOW, windowOf } from "./window.js";

/** Bytes of frames; beyond, the oldest go before their time. */
export const MAX_RING = 512 * 2 ** 20;

/** How often what is out of the window is looked for: the ring may hold that much more. In milliseconds. */
const PRUNE_EVERY = 500;
/** The same for stamps, for which all frames have to be looked at. */
const STAMPS_EVERY = 5000;
/** How much longer than the window stamps are kept whose frames have not come, in milliseconds. */
const STAMP_WAIT = 10_000;

const PICTURES = [CAMERA, SCREEN];
const OTHERS = [MICROPHONE, SCREEN_SOUND, CHAT];

/** @param {string | Uint8Array} join */
const nameOf = (join) => (typeof join === "string" ? join : hex(join));

/**
 * A run with the notary's stamp (section 18).
 * @typedef {{ key: number, at: number, stream: number, sequence: number, first: number, commitments: Uint8Array, mac: Uint8Array }} StampedRun
 *
 * arrived: by this receiver's clock
 * @typedef {{ tracks: Map<number, Track>, stamps: Map<number, { run: StampedRun, arrived: number }[]> }} Sender tracks by source, stamps by stream
 *
 * @typedef {import("./track.js").Received} Received
 */

export class Ring {
	#window;
	/** By J, in hexadecimal. @type {Map<string, Sender>} */
	#senders = new Map();
	#bytes = 0;
	#limit;
	#now = 0;
	#pruned = -Infinity;
	#swept = -Infinity;

	/**
	 * @param {number} [window] milliseconds; it is brought into its bounds
	 * @param {number} [limit] bytes of frames
	 */
	constructor(window = DEFAULT_WINDOW, limit = MAX_RING) {
		this.#window = windowOf(window);
		this.#limit = limit;
	}

	/** In milliseconds; brought into its bounds. What is too old by then goes when the next frame comes. @param {number} window */
	set window(window) {
		this.#window = windowOf(window);
		this.#pruned = this.#swept = -Infinity;
	}

	/** How much media the ring holds, in bytes. */
	get bytes() {
		return this.#bytes;
	}

	/**
	 * Keeps a frame, and forgets what is out of the window now. Pictures before a key frame, which nobody could decode, are not kept.
	 * @param {Received} frame
	 * @param {number} now milliseconds, by a clock that does not go back
	 */
	add(frame, now) {
		const source = frame.what === LINE ? CHAT : sourceOf(frame.what);
		const { tracks } = this.#sender(nameOf(frame.join));
		let track = tracks.get(source);
		if (!track && (!isVideo(source) || isKey(frame.what))) {
			track = new Track();
			tracks.set(source, track);
		}
		if (track) {
			track.push(frame, now);
			this.#bytes += frame.data.byteLength;
		}
		this.#pass(now);
		while (this.#bytes > this.#limit) this.#shed();
	}

	/**
	 * Keeps the stamps of a sender's runs. They may come before or after the frames.
	 * @param {string | Uint8Array} join
	 * @param {StampedRun[]} runs
	 * @param {number} [now] as in add; without it the time of the newest frame
	 */
	stamped(join, runs, now = this.#now) {
		const { stamps } = this.#sender(nameOf(join));
		for (const run of runs) {
			const of = stamps.get(run.stream);
			if (of) of.push({ run, arrived: now });
			else stamps.set(run.stream, [{ run, arrived: now }]);
		}
		this.#pass(now);
	}

	/** Forgets everything; the client leaves. */
	clear() {
		this.#senders.clear();
		this.#bytes = 0;
	}

	/**
	 * What the ring holds now; the ring goes on. Stamps of the newest frames come up to a second later, by Frozen.stamped.
	 * @param {number} now as in add
	 */
	freeze(now) {
		const frozen = new Frozen(now);
		for (const [join, { tracks, stamps }] of this.#senders) {
			for (const [source, track] of tracks) frozen.hold(join, source, track.frozen());
			for (const of of stamps.values()) {
				frozen.stamped(
					join,
					of.map((s) => s.run),
				);
			}
		}
		return frozen;
	}

	/** @param {string} join */
	#sender(join) {
		let sender = this.#senders.get(join);
		if (!sender) {
			sender = { tracks: new Map(), stamps: new Map() };
			this.#senders.set(join, sender);
		}
		return sender;
	}

	/**
	 * Time goes on.
	 * @param {number} now
	 */
	#pass(now) {
		this.#now = now;
		if (now - this.#pruned < PRUNE_EVERY) return;
		this.#pruned = now;
		const oldest = now - this.#window;
		const sweep = now - this.#swept >= STAMPS_EVERY;
		if (sweep) this.#swept = now;
		for (const [join, sender] of this.#senders) {
			this.#prune(sender, oldest);
			if (sweep) sweepStamps(sender, oldest - STAMP_WAIT);
			if (sender.tracks.size === 0 && sender.stamps.size === 0) this.#senders.delete(join);
		}
	}

	/**
	 * Drops groups of pictures that are out of the window with the key frame that follows them, and sound with the pictures before it.
	 * @param {Sender} sender
	 * @param {number} oldest
	 */
	#prune({ tracks }, oldest) {
		for (const source of PICTURES) {
			const track = tracks.get(source);
			if (track) this.#drop(tracks, source, freshGroup(track, oldest));
		}
		for (const source of OTHERS) {
			const track = tracks.get(source);
			if (!track) continue;
			const pictures = tracks.get(source - 1); // lines have none
			const until = pictures ? pictures.time(pictures.first) : Infinity;
			let to = track.first;
			while (to < track.end && track.at(to) < oldest && track.time(to) < until) to++;
			this.#drop(tracks, source, to);
		}
	}

	/**
	 * @param {Map<number, Track>} tracks
	 * @param {number} source
	 * @param {number} to
	 */
	#drop(tracks, source, to) {
		const track = /** @type {Track} */ (tracks.get(source));
		this.#bytes -= track.drop(to);
		if (track.first === track.end) tracks.delete(source);
	}

	/** Drops the oldest group of the largest track. */
	#shed() {
		/** @type {Sender | undefined} */
		let of;
		let largest = CHAT;
		let most = 0;
		for (const sender of this.#senders.values()) {
			for (const [source, { bytes }] of sender.tracks) if (bytes > most) [of, largest, most] = [sender, source, bytes];
		}
		const tracks = /** @type {Sender} */ (of).tracks;
		const track = /** @type {Track} */ (tracks.get(largest));
		this.#drop(tracks, largest, isVideo(largest) ? (track.keys[1] ?? track.end) : track.first + 1);
	}
}

/**
 * Where the last group of pictures begins whose key frame is out of the window, or else the first one.
 * @param {Track} track
 * @param {number} oldest
 */
function freshGroup(track, oldest) {
	if (track.at(track.end - 1) < oldest) return track.end; // nothing has come for a whole window
	let to = track.first;
	for (const key of track.keys) {
		if (track.at(key) >= oldest) break;
		to = key;
	}
	return to;
}

/**
 * Drops the stamps that are older than any frame they could be of.
 * @param {Sender} sender
 * @param {number} late stamps of streams of which there is no frame are kept from then on
 */
function sweepStamps({ tracks, stamps }, late) {
	/** The lowest counter of each stream. @type {Map<number, number>} */
	const lowest = new Map();
	for (const track of tracks.values()) {
		for (let i = track.first; i < track.end; i++) {
			const stream = track.stream(i);
			const counter = track.counter(i);
			if (counter < (lowest.get(stream) ?? Infinity)) lowest.set(stream, counter);
		}
	}
	for (const [stream, of] of stamps) {
		const low = lowest.get(stream);
		const kept = of.filter(({ run, arrived }) => (low === undefined ? arrived >= late : run.first + run.commitments.length / HASH > low));
		if (kept.length === 0) stamps.delete(stream);
		else if (kept.length < of.length) stamps.set(stream, kept);
	}
}

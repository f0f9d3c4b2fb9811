/**
 * A report from a frozen ring: who is in it, the clip to look at before it is sent, and the files that are sent (media/PROTOCOL.md sections 16 to 18).
 * media/clip/report.go is the same in Go.
 */
import { codecOf } from "../frame.js";
import { writeClip } from "./layout.js";
import { readLine } from "./line.js";
import { picture } from "./picture.js";
import { signLines, signProof } from "./proof.js";
import { CHAT } from "./track.js";

/**
 * @typedef {import("./frozen.js").Frozen} Frozen
 * @typedef {import("./proof.js").Parties} Parties
 * @typedef {import("./proof.js").Reporter} Reporter
 * @typedef {import("./proof.js").ProofTrack} ProofTrack
 * @typedef {import("./track.js").Held} Held
 * @typedef {import("./track.js").Track} Track
 *
 * What is reported: the camera with the microphone, or the screen with its sound, of one sender. sender: J, in hexadecimal; picture: CAMERA or
 * SCREEN; from, to: the sender's times, in milliseconds
 * @typedef {{ sender: string, picture: number, from: number, to: number }} Choice
 *
 * What the ring has of one source: from when to when (the sender's times), how many frames and bytes.
 * @typedef {{ source: number, from: number, to: number, frames: number, bytes: number }} Part
 *
 * time: the sender's; to: J of whom alone it was for, or null
 * @typedef {{ time: number, text: string, to: string | null }} Line
 *
 * What the ring has of a sender, whose J join is.
 * @typedef {{ join: string, parts: Part[], lines: Line[] }} Contents
 */

/** There is nothing of this person in that time. */
export class NothingThere extends Error {
	name = "NothingThere";
}

export class Report {
	#frozen;

	/** @param {Frozen} frozen */
	constructor(frozen) {
		this.#frozen = frozen;
	}

	/**
	 * Takes stamps that come after the ring was frozen.
	 * @param {string} join
	 * @param {import("./ring.js").StampedRun[]} runs
	 */
	stamped(join, runs) {
		this.#frozen.stamped(join, runs);
	}

	/**
	 * Who is in it, with what.
	 * @returns {Contents[]}
	 */
	contents() {
		return [...this.#frozen.senders].map(([join, tracks]) => ({
			join,
			parts: [...tracks].filter(([source]) => source !== CHAT).map(part).sort((a, b) => a.source - b.source),
			lines: this.#frozen.written(join, 0, Infinity).map(shown),
		}));
	}

	/**
	 * The clip of a choice. It throws NothingThere.
	 * @param {Choice} choice
	 * @returns {Uint8Array}
	 */
	clip(choice) {
		return writeClip(this.#tracks(choice));
	}

	/**
	 * The clip of a choice, and its proof. It throws NothingThere.
	 * @param {Choice} choice
	 * @param {Parties} parties
	 * @returns {Promise<{ clip: Uint8Array, proof: Uint8Array }>}
	 */
	async make(choice, parties) {
		const tracks = this.#tracks(choice);
		const clip = writeClip(tracks);
		return { clip, proof: await signProof(clip, tracks, parties) };
	}

	/**
	 * The file of what people wrote from a time to another (theirs, in milliseconds). Who wrote nothing then is left out. It throws NothingThere.
	 * @param {{ join: string, message: Uint8Array, times?: Set<number> }[]} writers J, the message of the join, and which lines by their times, if not all
	 * @param {number} from
	 * @param {number} to
	 * @param {Reporter} reporter
	 * @returns {Promise<Uint8Array>}
	 */
	async lines(writers, from, to, reporter) {
		const senders = writers
			.map(({ join, message, times }) => ({ join, sender: message, lines: this.#frozen.written(join, from, to).filter((l) => !times || times.has(l.time)) }))
			.filter(({ lines }) => lines.length > 0)
			.map((s) => ({ ...s, runs: this.#frozen.covering(s.join, s.lines) }));
		if (senders.length === 0) throw new NothingThere("There is nothing that these people wrote in that time.");
		return signLines(senders, reporter);
	}

	/**
	 * @param {Choice} choice
	 * @returns {ProofTrack[]}
	 */
	#tracks({ sender, picture: source, from, to }) {
		const pictures = this.#frozen.pick(sender, source, from, to);
		const sound = this.#frozen.pick(sender, source + 1, pictures[0]?.time ?? from, to);
		const tracks = [pictures, sound].flatMap((frames, i) => (frames.length > 0 ? [this.#track(sender, source + i, frames)] : []));
		if (tracks.length === 0) throw new NothingThere("There is nothing of this person in that time.");
		return tracks;
	}

	/**
	 * What the proof says of one track.
	 * @param {string} join
	 * @param {number} source
	 * @param {Held[]} frames
	 * @returns {ProofTrack}
	 */
	#track(join, source, frames) {
		const codec = codecOf(frames[0].what);
		const { width, height } = picture(codec, frames[0].data) ?? { width: 0, height: 0 };
		return { source, codec, width, height, frames, runs: this.#frozen.covering(join, frames) };
	}
}

/**
 * @param {[number, Track]} of
 * @returns {Part}
 */
function part([source, track]) {
	let from = Infinity;
	let to = 0;
	for (let i = track.first; i < track.end; i++) {
		from = Math.min(from, track.time(i));
		to = Math.max(to, track.time(i));
	}
	return { source, from, to, frames: track.end - track.first, bytes: track.bytes };
}

/**
 * @param {Held} line
 * @returns {Line}
 */
const shown = ({ time, data }) => ({ time, .../** @type {{ text: string, to: string | null }} */ (readLine(data)) });

/** The receiving side of one track: nothing goes on to the decoder that has not opened. */
import { OPUS, PCMU, codecOf, cut, isKey } from "../frame.js";
import { Receiver } from "../receiver.js";
import { codecNamed, isKeyFrame } from "./codecs.js";
import { Continuity } from "./continuity.js";

/**
 * Why a frame was not shown: what a Receiver says, or
 * - noJoin: this client is in no meeting
 * - failed: the browser could not
 * - mislabelled: its sender says another codec or kind than the media server
 * - afterGap: of a video, behind a frame that was dropped
 * @typedef {import("../receiver.js").Fault | "noJoin" | "failed" | "mislabelled" | "afterGap"} Dropped
 *
 * @typedef {import("./codecs.js").Encoded} Encoded
 * @typedef {import("../receiver.js").Frame} Opened
 * @typedef {import("./pump.js").Passage<Encoded, Opened | Dropped, undefined>} Passage
 */

/**
 * How long frames of another layer wait for the key frame that it begins with, in milliseconds. Browsers hand frames over when they are whole: where
 * packets are lost, a large key frame comes after smaller ones that follow it.
 */
const HOLD = 500;

const NO_JOIN = Promise.resolve(/** @type {const} */ ("noJoin"));

export class Incoming {
	#frames;
	#track;
	#video;
	#askForKey;
	#continuity;
	#shown = false;
	/** The key frame that is being opened. @type {Promise<unknown> | undefined} */
	#turn;
	/** What frames of a layer wait for that has not begun. @type {{ begin: () => void, begun: Promise<void> } | undefined} */
	#layer;
	#time = 0; // the highest of a frame that has opened
	/** @type {import("./join.js").Join | undefined} */
	#join;
	/** @type {Receiver | undefined} */
	#receiver;

	/**
	 * @param {import("./frames.js").Frames} frames
	 * @param {string} track the page's name for it
	 * @param {boolean} video
	 * @param {() => void} askForKey asks the sender for a key frame
	 */
	constructor(frames, track, video, askForKey) {
		this.#frames = frames;
		this.#track = track;
		this.#video = video;
		this.#askForKey = askForKey;
		this.#continuity = new Continuity(askForKey);
	}

	/** Refuses the server's key from now on. */
	upgrade() {
		this.#receiver?.upgrade();
	}

	/** @param {Uint8Array} trailer */
	ignoreInjected(trailer) {
		this.#receiver?.ignoreInjected(trailer);
	}

	/** Ends the track. Its stream may go on in another. */
	close() {
		this.#receiver?.close();
	}

	/**
	 * Opens a frame.
	 * @param {Passage} passage
	 * @returns {Promise<Opened | Dropped>}
	 */
	work(passage) {
		const { join } = this.#frames;
		if (!join) return NO_JOIN;
		if (join !== this.#join) this.#begin(join);
		passage.key = this.#video && isKeyFrame(passage.frame);
		return this.#turn ? this.#turn.then(() => this.#open(passage)) : this.#open(passage);
	}

	/** @param {Passage} passage */
	#open({ frame, key }) {
		const receiver = /** @type {Receiver} */ (this.#receiver);
		const bytes = new Uint8Array(frame.data);
		if (!this.#video) return receiver.open(bytes);
		const opening = this.#picture(receiver, bytes);
		if (key) this.#wait(opening);
		return opening;
	}

	/**
	 * Opens a frame of a video, when its layer has begun.
	 * @param {Receiver} receiver
	 * @param {Uint8Array} bytes
	 */
	#picture(receiver, bytes) {
		return receiver.open(bytes).then((opened) => {
			if (opened !== "otherLayer" || !this.#isEarly(bytes)) return this.#seen(opened);
			return this.#beginning().then(() => receiver.open(bytes)).then((again) => this.#seen(again));
		});
	}

	/** @param {Opened | Dropped} opened */
	#seen(opened) {
		if (typeof opened === "string") return opened;
		this.#time = Math.max(this.#time, opened.time);
		if (isKey(opened.what)) this.#layer?.begin();
		return opened;
	}

	/**
	 * Whether a frame may be of a layer that is about to begin, and not of the one that was left.
	 * @param {Uint8Array} bytes
	 */
	#isEarly(bytes) {
		const parts = cut(bytes);
		return typeof parts !== "string" && parts.time > this.#time;
	}

	/** Waits for a key frame. */
	#beginning() {
		if (!this.#layer) {
			let begin = () => {};
			const begun = /** @type {Promise<void>} */ (new Promise((resolve) => (begin = resolve)));
			const timer = setTimeout(begin, HOLD);
			this.#layer = { begin, begun };
			begun.then(() => {
				clearTimeout(timer);
				this.#layer = undefined;
			});
		}
		return this.#layer.begun;
	}

	/**
	 * Lets what follows a key frame wait for it: another layer may begin there, and is refused before.
	 * @param {Promise<unknown>} opening
	 */
	#wait(opening) {
		const turn = opening.finally(() => {
			if (this.#turn === turn) this.#turn = undefined;
		});
		this.#turn = turn;
	}

	/**
	 * Says whether a frame may go on to the decoder; it is called in the order of the frames.
	 * @param {Passage & { result: Opened | Dropped }} passage
	 */
	deliver({ frame, key, result }) {
		const opened = this.#checked(frame, key, result);
		if (typeof opened === "string") {
			this.#frames.counts.dropped(opened);
			return false;
		}
		this.#frames.counts.opened();
		if (!this.#shown) this.#frames.shown(this.#track, opened); // before its standing, which the page would not know what to do with
		this.#shown = true;
		this.#frames.evidence.opened(this.#track, opened, this.#askForKey);
		frame.data = /** @type {ArrayBuffer} */ (opened.data.buffer);
		return true;
	}

	/** @param {import("./join.js").Join} join */
	#begin(join) {
		this.#join = join;
		this.#receiver = new Receiver(join.keyring, join.seen, join.e2ee);
		this.#receiver.ignoreInjected(this.#frames.trailer);
		this.#shown = false;
		this.#time = 0;
	}

	/**
	 * @param {Encoded} frame
	 * @param {boolean} key
	 * @param {Opened | Dropped} result
	 * @returns {Opened | Dropped}
	 */
	#checked(frame, key, result) {
		if (result === "injected") return result;
		const opened = typeof result !== "string" && mislabelled(frame, key, result) ? "mislabelled" : result;
		if (!this.#video) return opened;
		if (typeof opened === "string") this.#continuity.broke();
		else if (!this.#continuity.takes(isKey(opened.what))) return "afterGap";
		return opened;
	}
}

/**
 * Whether the browser, which has it from the media server, takes the frame for another than its sender says. Its word on the codec costs a
 * microsecond, and a decoder of pictures begins with key frames alone, so it is not asked behind them.
 * @param {Encoded} frame
 * @param {boolean} key
 * @param {Opened} opened
 */
function mislabelled(frame, key, { what }) {
	const codec = codecOf(what);
	const picture = codec !== OPUS && codec !== PCMU;
	if (picture && key !== isKey(what)) return true;
	if (picture && !key) return false;
	const { mimeType } = /** @type {import("./codecs.js").Metadata} */ (frame.getMetadata());
	return (codecNamed(mimeType) ?? codec) !== codec;
}

/** The sending side of one track: every layer of it is a stream of its own, and nothing leaves that was not sealed. */
import { describe } from "../frame.js";
import { codecNamed, isKeyFrame, isVideo } from "./codecs.js";
import { Continuity } from "./continuity.js";

/**
 * Why a frame was not sent: what a Sender says, or
 * - off: the core has not allowed it
 * - afterGap: of a video, behind a frame that was not sent
 * @typedef {import("../sender.js").Drop | "off" | "afterGap"} Unsent
 *
 * @typedef {import("./join.js").Join} Join
 * @typedef {import("./pump.js").Passage<import("./codecs.js").Encoded, Uint8Array | Unsent, Layer>} Passage
 */

const OFF = Promise.resolve(/** @type {const} */ ("off"));

export class Outgoing {
	#frames;
	#source;
	#video;
	#codec;
	#askForKey;
	/** @type {Join | undefined} */
	#join;
	/** By the browser's number (SSRC). @type {Map<number | undefined, Layer>} */
	#layers = new Map();

	/**
	 * @param {import("./frames.js").Frames} frames
	 * @param {number} source
	 * @param {string | undefined} mime the codec, where the browser does not report it
	 * @param {() => void} askForKey asks the encoder for a key frame
	 */
	constructor(frames, source, mime, askForKey) {
		this.#frames = frames;
		this.#source = source;
		this.#video = isVideo(source);
		this.#codec = codecNamed(mime) ?? 0;
		this.#askForKey = askForKey;
	}

	/** Goes on in the newest epoch, and forgets the keys of those that are gone. */
	renew() {
		for (const layer of this.#layers.values()) layer.renew();
	}

	/**
	 * Seals a frame.
	 * @param {Passage} passage
	 * @returns {Promise<Uint8Array | Unsent>}
	 */
	work(passage) {
		const { join } = this.#frames;
		if (!join?.sending) return OFF;
		const { frame } = passage;
		const metadata = /** @type {import("./codecs.js").Metadata} */ (frame.getMetadata());
		const layer = this.#layer(join, metadata.synchronizationSource);
		if (!layer) return OFF;
		passage.by = layer;
		passage.key = this.#video && isKeyFrame(frame);
		const what = describe(codecNamed(metadata.mimeType) ?? this.#codec, passage.key, this.#source);
		return layer.seal(new Uint8Array(frame.data), join.clock.at(metadata.captureTime), what);
	}

	/**
	 * Puts the sealed frame in the place of the other, if it may leave.
	 * @param {Passage & { result: Uint8Array | Unsent }} passage
	 */
	deliver({ frame, by: layer, key, result }) {
		const { counts, join } = this.#frames;
		// What was sealed before the core's word does not leave after it.
		const sealed = layer && layer.join === join && join.sending ? result : "off";
		const why = typeof sealed === "string" ? sealed : this.#video && !layer?.continuity.takes(key) ? "afterGap" : undefined;
		if (why) {
			for (const broken of layer ? [layer] : this.#layers.values()) broken.continuity.broke();
			counts.unsent(why);
			return false;
		}
		frame.data = /** @type {ArrayBuffer} */ (/** @type {Uint8Array} */ (sealed).buffer);
		counts.sealed();
		return true;
	}

	/**
	 * The stream of a layer; undefined when the join has used all its numbers.
	 * @param {Join} join
	 * @param {number | undefined} ssrc
	 */
	#layer(join, ssrc) {
		if (join !== this.#join) this.#layers.clear(); // a new join numbers its streams anew
		this.#join = join;
		return this.#layers.get(ssrc) ?? this.#begin(join, ssrc);
	}

	/**
	 * @param {Join} join
	 * @param {number | undefined} ssrc
	 */
	#begin(join, ssrc) {
		const sender = this.#frames.nextStream(join);
		if (!sender) return undefined;
		const layer = new Layer(join, sender, new Continuity(this.#video ? this.#askForKey : () => {}));
		this.#layers.set(ssrc, layer);
		return layer;
	}
}

/** One layer: its stream, and the key that it has or waits for. */
class Layer {
	/** Until its first key is derived; frames wait for it. @type {Promise<void> | undefined} */
	#loading;
	/** The epoch that it sends in. @type {import("./keyring.js").Name | undefined} */
	#name;
	#sender;

	/**
	 * @param {Join} join
	 * @param {import("../sender.js").Sender} sender
	 * @param {Continuity} continuity
	 */
	constructor(join, sender, continuity) {
		this.join = join;
		this.#sender = sender;
		this.continuity = continuity;
		this.renew();
	}

	renew() {
		const { keyring } = this.join;
		if (this.#name && !keyring.holds(this.#name)) {
			this.#sender.stop();
			this.#name = undefined;
		}
		if (this.#name && this.#name === keyring.sendsIn) return;
		const loading = this.#load().then(() => {
			if (this.#loading === loading) this.#loading = undefined;
		});
		if (!this.#name) this.#loading = loading;
	}

	async #load() {
		const { keyring } = this.join;
		const name = keyring.sendsIn;
		const source = await keyring.own(this.#sender.stream);
		if (!name || !source || source === "noEpoch" || name !== keyring.sendsIn) return; // there is none, or another is under way
		this.#sender.use(source.key, source.franking);
		this.#name = name;
	}

	/**
	 * @param {Uint8Array} frame
	 * @param {number} at
	 * @param {number} what
	 */
	seal(frame, at, what) {
		return this.#loading ? this.#loading.then(() => this.#sender.seal(frame, at, what)) : this.#sender.seal(frame, at, what);
	}
}

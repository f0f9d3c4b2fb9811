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
 * @typedef {import("./codecs.js").Encoded} Encoded
 * @typedef {import("./join.js").Join} Join
 * @typedef {{ layer: Layer, sealed: Uint8Array | import("../sender.js").Drop }} Sealed
 */

export class Outgoing {
	#frames;
	#source;
	#codec;
	#askForKey;
	/** @type {Join | undefined} */
	#join;
	/** By the browser's number (SSRC). @type {Map<number, Layer>} */
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
		this.#codec = codecNamed(mime);
		this.#askForKey = askForKey;
	}

	/** Goes on in the newest epoch, and forgets the keys of those that are gone. */
	renew() {
		for (const layer of this.#layers.values()) layer.renew();
	}

	/**
	 * Seals a frame.
	 * @param {Encoded} frame
	 * @returns {Promise<Sealed | "off">}
	 */
	async work(frame) {
		const { join } = this.#frames;
		if (!join?.sending) return "off";
		const metadata = /** @type {import("./codecs.js").Metadata} */ (frame.getMetadata());
		const at = join.clock.at(metadata);
		const layer = this.#layer(join, metadata.synchronizationSource ?? 0);
		if (!layer) return "off";
		if (layer.loading) await layer.loading;
		const what = describe(codecNamed(metadata.mimeType) ?? this.#codec ?? 0, isKeyFrame(frame), this.#source);
		return { layer, sealed: await layer.sender.seal(new Uint8Array(frame.data), at, what) };
	}

	/**
	 * Says whether a frame may leave; it is called in the order of the frames.
	 * @param {Encoded} frame
	 * @param {Sealed | "off"} result
	 */
	deliver(frame, result) {
		const why = this.#unsent(frame, result);
		if (why) this.#frames.counts.unsent(why);
		else this.#frames.counts.sealed();
		return !why;
	}

	/**
	 * Puts the sealed frame in the place of the other, or says why it may not leave.
	 * @param {Encoded} frame
	 * @param {Sealed | "off"} result
	 * @returns {Unsent | undefined}
	 */
	#unsent(frame, result) {
		const layers = result === "off" ? this.#layers.values() : [result.layer];
		// What was sealed before the core's word does not leave after it.
		const off = result === "off" || result.layer.join !== this.#frames.join || !result.layer.join.sending;
		if (off || typeof result.sealed === "string") {
			for (const layer of layers) layer.continuity.broke();
			return off ? "off" : /** @type {import("../sender.js").Drop} */ (result.sealed);
		}
		if (isVideo(this.#source) && !result.layer.continuity.takes(isKeyFrame(frame))) return "afterGap";
		frame.data = /** @type {ArrayBuffer} */ (result.sealed.buffer);
		return undefined;
	}

	/**
	 * The stream of a layer; undefined when the join has used all its numbers.
	 * @param {Join} join
	 * @param {number} ssrc
	 */
	#layer(join, ssrc) {
		if (join !== this.#join) this.#layers.clear(); // a new join numbers its streams anew
		this.#join = join;
		let layer = this.#layers.get(ssrc);
		if (!layer) {
			const sender = this.#frames.nextStream(join);
			if (!sender) return undefined;
			layer = new Layer(join, sender, new Continuity(isVideo(this.#source) ? this.#askForKey : () => {}));
			this.#layers.set(ssrc, layer);
		}
		return layer;
	}
}

/** One layer: its stream, and the key that it has or waits for. */
class Layer {
	/** Until its first key is derived; frames wait for it. @type {Promise<void> | undefined} */
	loading;
	/** The epoch that it sends in. @type {import("./keyring.js").Name | undefined} */
	#name;

	/**
	 * @param {Join} join
	 * @param {import("../sender.js").Sender} sender
	 * @param {Continuity} continuity
	 */
	constructor(join, sender, continuity) {
		this.join = join;
		this.sender = sender;
		this.continuity = continuity;
		this.renew();
	}

	renew() {
		const { keyring } = this.join;
		if (this.#name && !keyring.holds(this.#name)) {
			this.sender.stop();
			this.#name = undefined;
		}
		if (this.#name && this.#name === keyring.sendsIn) return;
		const loading = this.#load().then(() => {
			if (this.loading === loading) this.loading = undefined;
		});
		if (!this.#name) this.loading = loading;
	}

	async #load() {
		const { keyring } = this.join;
		const name = keyring.sendsIn;
		const source = await keyring.own(this.sender.stream);
		if (!name || !source || source === "noEpoch" || name !== keyring.sendsIn) return; // there is none, or another is under way
		this.sender.use(source.key, source.franking);
		this.#name = name;
	}
}

/** How often a key frame may be asked for, in milliseconds. */
const PAUSE = 500;

/**
 * Whether the frames of a video follow each other. Where one was dropped, what follows it would be decoded to garbage (a decoder sees a gap
 * in packets, not one that a sender left before it numbered them), so nothing goes on until the next key frame, which is asked for.
 */
export class Continuity {
	#ask;
	#gap = false;
	#asked = -PAUSE;

	/** @param {() => void} ask asks for a key frame */
	constructor(ask) {
		this.#ask = ask;
	}

	/** A frame was dropped. */
	broke() {
		this.#gap = true;
		this.#want();
	}

	/**
	 * Whether a frame may go on.
	 * @param {boolean} key
	 */
	takes(key) {
		if (key) this.#gap = false;
		if (this.#gap) this.#want();
		return !this.#gap;
	}

	#want() {
		const now = performance.now();
		if (now - this.#asked < PAUSE) return;
		this.#asked = now;
		this.#ask();
	}
}

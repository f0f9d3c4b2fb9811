/**
 * The sender's clock (media/PROTOCOL.md section 6): the time of day, read once and carried on by a monotonic clock, so that it does not jump when
 * the machine's clock is set.
 */
export class Clock {
	#start = Date.now() - performance.now();

	/** @param {number} by milliseconds: once, to be near the stamps' time (section 15) */
	move(by) {
		this.#start += by;
	}

	/**
	 * When a frame was captured, in milliseconds: as the browser reports it, or else now.
	 * @param {number} [captured]
	 */
	at(captured) {
		const now = performance.now();
		// What cannot be is not believed.
		return this.#start + (captured !== undefined && captured <= now && captured > now - 1000 ? captured : now);
	}
}

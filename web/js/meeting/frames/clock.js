/**
 * The sender's clock (media/PROTOCOL.md section 6): the time of day, read once and carried on by a monotonic clock, so that it does not jump when
 * the machine's clock is set.
 */
export class Clock {
	#start = Date.now() - performance.now();

	/**
	 * When a frame was captured, in milliseconds: as the browser reports it, or else now.
	 * @param {{ captureTime?: number }} metadata
	 */
	at({ captureTime }) {
		const now = performance.now();
		const late = captureTime === undefined ? 0 : now - captureTime;
		return this.#start + (late >= 0 && late < 1000 ? now - late : now); // what cannot be is not believed
	}
}

/** The time by which a member goes: it never goes back, and goes on while the computer sleeps, whatever is done to the clock on the wall. */
export class Clock {
	#wall = Date.now();
	#steady = performance.now();
	#now = this.#wall;

	now() {
		const wall = Date.now();
		const steady = performance.now();
		this.#now += Math.max(0, Math.round(wall - this.#wall), Math.round(steady - this.#steady)); // of a sleep only the wall knows
		this.#wall = wall;
		this.#steady = steady;
		return this.#now;
	}
}

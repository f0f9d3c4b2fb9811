/**
 * How many frames went through the transforms and how many were dropped, by kind, since the join began.
 * @typedef {{ sealed: number, opened: number, unsent: Record<string, number>, dropped: Record<string, number> }} Totals
 */

/** How often counts are told, in milliseconds. */
const EVERY = 1000;

/** Counts, and tells the page of it once a second at most. */
export class Counts {
	#tell;
	#told = -EVERY;
	#due = false;
	/** @type {Totals} */
	#totals = none();

	/** @param {(totals: Totals) => void} tell */
	constructor(tell) {
		this.#tell = tell;
	}

	get totals() {
		return structuredClone(this.#totals);
	}

	/** Begins anew. */
	clear() {
		this.#totals = none();
		this.#changed();
	}

	sealed() {
		this.#totals.sealed++;
		this.#changed();
	}

	opened() {
		this.#totals.opened++;
		this.#changed();
	}

	/** @param {string} why */
	unsent(why) {
		this.#totals.unsent[why] = (this.#totals.unsent[why] ?? 0) + 1;
		this.#changed();
	}

	/** @param {string} why */
	dropped(why) {
		this.#totals.dropped[why] = (this.#totals.dropped[why] ?? 0) + 1;
		this.#changed();
	}

	#changed() {
		if (this.#due) return;
		this.#due = true;
		setTimeout(() => this.#now(), Math.max(0, this.#told + EVERY - performance.now()));
	}

	#now() {
		this.#due = false;
		this.#told = performance.now();
		this.#tell(this.totals);
	}
}

const none = () => ({ sealed: 0, opened: 0, unsent: {}, dropped: {} });

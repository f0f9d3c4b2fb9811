/** What a sender has committed to, in the order of its counters, for the notary (media/PROTOCOL.md section 15). */

/** A minute and more of any stream. What comes then, while nobody asks, is in no batch. */
const MOST = 8192;

export class Committed {
	#next;
	/** By counter; null where nothing was sent. @type {Map<number, Uint8Array | null>} */
	#waiting = new Map();

	/** @param {number} first the first counter */
	constructor(first) {
		this.#next = first;
	}

	/**
	 * Commitments may come in another order than their counters: long frames take longer.
	 * @param {number} counter
	 * @param {Uint8Array | null} commitment null: nothing was sent
	 */
	add(counter, commitment) {
		if (counter < this.#next || this.#waiting.has(counter)) return;
		if (this.#waiting.size >= MOST) {
			this.#waiting.clear();
			this.#next = counter;
		}
		this.#waiting.set(counter, commitment);
	}

	/**
	 * Takes what there is, up to the first counter that is still under work.
	 * @returns {{ first: number, commitments: Uint8Array }[]} frames whose counters follow each other, 32 bytes for each
	 */
	take() {
		/** @type {{ first: number, commitments: Uint8Array }[]} */
		const runs = [];
		/** @type {Uint8Array[]} */
		let run = [];
		const end = () => {
			if (run.length > 0) runs.push({ first: this.#next - run.length, commitments: joined(run) });
			run = [];
		};
		for (;;) {
			const commitment = this.#waiting.get(this.#next);
			if (!commitment) end();
			if (commitment === undefined) return runs;
			this.#waiting.delete(this.#next++);
			if (commitment) run.push(commitment);
		}
	}
}

/** @param {Uint8Array[]} all */
function joined(all) {
	const out = new Uint8Array(32 * all.length);
	all.forEach((c, i) => out.set(c, 32 * i));
	return out;
}

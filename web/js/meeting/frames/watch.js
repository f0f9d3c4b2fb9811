/** What was received of one stream against what was stamped (media/PROTOCOL.md section 15). media/franking/watch.go is the same in Go. */
import { equal } from "../commitment.js";

/**
 * Whether a stream may be shown.
 * - unproven: none of its frames has been found in a stamp yet
 * - proven: it may
 * - overdue: a frame is over a second old and in no stamp
 * - outOfTime: the newest frame that was stamped says a time over two seconds from its stamp's
 * - conflicting: its sender committed to something else than it sent; for good
 * @typedef {"unproven" | "proven" | "overdue" | "outOfTime" | "conflicting"} Standing
 */

/** What a stamp says of one frame. @typedef {"proven" | "outOfTime" | "conflicting"} Judged */

/** How long a received frame may be in no stamp, in ms. */
export const STAMP_TIME = 1000;
const DRIFT = 2000; // ms
/** More than half a minute of any stream. */
const MOST = 4096;

/** @template V A map that forgets what came first when it is full. */
class Fifo {
	/** @type {Map<number, V>} */
	#all = new Map();
	/** The keys in their order from #first on, those that were taken too: a Map is slow to find its first when many before it are gone. @type {number[]} */
	#order = [];
	#first = 0;

	/** @param {number} key @param {V} value the first one counts */
	put(key, value) {
		if (this.#all.has(key)) return;
		this.#all.set(key, value);
		this.#order.push(key);
		if (this.#all.size > MOST) this.#all.delete(this.#oldest());
		if (this.#order.length < 2 * MOST) return;
		this.#order = [...this.#all.keys()];
		this.#first = 0;
	}

	/** @param {number} key */
	take(key) {
		const value = this.#all.get(key);
		this.#all.delete(key);
		return value;
	}

	/** @param {number} key takes all that is below it */
	drop(key) {
		for (const k of this.#all.keys()) if (k < key) this.#all.delete(k);
	}

	/** What came first of all that is there. */
	oldest() {
		return this.#all.size > 0 ? this.#all.get(this.#oldest()) : undefined;
	}

	/** Its key. There has to be one. */
	#oldest() {
		while (!this.#all.has(this.#order[this.#first])) this.#first++;
		return this.#order[this.#first];
	}
}

export class Watch {
	/** When its first frame came. */
	began = Infinity;
	#sequence = 0; // the next that is taken
	#missed = false; // stamps may have been missed before the next run
	/** @type {Standing} */
	#standing = "unproven";
	/** Received, in no stamp yet. @type {Fifo<{ commitment: Uint8Array, time: number, at: number }>} */
	#waiting = new Fifo();
	/** Stamped, not received yet. @type {Fifo<{ commitment: Uint8Array, at: number }>} */
	#stamped = new Fifo();
	#judged;

	/** @param {(counter: number, standing: Judged) => void} [judged] hears of each frame that was held against its stamp */
	constructor(judged = () => {}) {
		this.#judged = judged;
	}

	/**
	 * Takes note of a frame that was opened.
	 * @param {number} counter
	 * @param {number} time the sender's
	 * @param {Uint8Array} commitment
	 * @param {number} now by a clock that does not go back
	 */
	frame(counter, time, commitment, now) {
		this.began = Math.min(this.began, now);
		const promised = this.#stamped.take(counter);
		if (promised) this.#judge(counter, commitment, promised.commitment, time, promised.at);
		else this.#waiting.put(counter, { commitment, time, at: now });
	}

	/**
	 * Takes a run of the stream. Runs of old sequences are not taken.
	 * @param {import("../core/control.js").Run} run
	 * @param {number} at the stamp's
	 */
	stamped({ sequence, first, commitments }, at) {
		if (sequence < this.#sequence) return;
		this.#sequence = sequence + 1;
		if (this.#missed) this.#waiting.drop(first);
		this.#missed = false;
		for (let i = 0; i < commitments.length / 32; i++) {
			const commitment = commitments.subarray(32 * i, 32 * i + 32);
			const heard = this.#waiting.take(first + i);
			if (heard) this.#judge(first + i, heard.commitment, commitment, heard.time, at);
			else this.#stamped.put(first + i, { commitment, at });
		}
	}

	/**
	 * @param {number} counter
	 * @param {Uint8Array} sent
	 * @param {Uint8Array} stamped
	 * @param {number} time
	 * @param {number} at
	 */
	#judge(counter, sent, stamped, time, at) {
		const turned = this.#standing === "conflicting" || !equal(sent, stamped);
		const now = turned ? "conflicting" : Math.abs(time - at) > DRIFT ? "outOfTime" : "proven";
		this.#standing = now;
		this.#judged(counter, now);
	}

	/** Another control session has begun: what was stamped between the two is not said again, so frames before the next run are owed no stamp. */
	resumed() {
		this.#missed = true;
	}

	/**
	 * @param {number} now
	 * @returns {Standing}
	 */
	standing(now) {
		const oldest = this.#waiting.oldest();
		return oldest && this.#standing !== "conflicting" && now - oldest.at > STAMP_TIME ? "overdue" : this.#standing;
	}
}

/**
 * What a client has accepted, of every stream (media/PROTOCOL.md section 6). media/sframe/seen.go is the same in Go. There is one Seen in
 * the life of a join, shared by all its Receivers.
 */
import { MAX_TIME } from "./frame.js";

/** How far below the highest counter of a stream a frame may still be accepted. */
const REORDER = 1024;

export class Seen {
	/** @type {Map<string, Map<number, Window>>} by join, then by stream */
	#joins = new Map();

	/**
	 * Whether a counter could be accepted. It changes nothing: what claims it has not been opened yet.
	 * @param {string} join
	 * @param {number} stream
	 * @param {number} counter
	 */
	fresh(join, stream, counter) {
		return this.#joins.get(join)?.get(stream)?.fresh(counter) ?? true;
	}

	/**
	 * Takes a counter that has opened, or says why not.
	 * @param {string} join
	 * @param {number} stream
	 * @param {number} counter
	 * @param {number} time
	 * @returns {"replayed" | "timeTurned" | undefined}
	 */
	accept(join, stream, counter, time) {
		const streams = this.#joins.get(join) ?? new Map();
		const w = streams.get(stream) ?? new Window();
		const fault = w.accept(counter, time);
		if (fault) return fault;
		this.#joins.set(join, streams);
		streams.set(stream, w);
		return undefined;
	}

	/**
	 * Shrinks what is kept of a stream that is not shown any more: what is older than its highest counter is not accepted later.
	 * @param {string} join
	 * @param {number} stream
	 */
	leave(join, stream) {
		this.#joins.get(join)?.get(stream)?.leave();
	}

	/**
	 * Drops everything about a join. Only one whose keys are all erased may be forgotten: nothing of it opens any more.
	 * @param {string} join
	 */
	forget(join) {
		this.#joins.delete(join);
	}
}

/** One stream's record: the counters accepted among the last ones, and their times, which rise with them. */
export class Window {
	#next = 0; // the highest counter plus one
	#last = 0; // its time
	#floor = 0; // no counter below is accepted
	#low = 0; // the highest time that has fallen out of the slots
	/** Counter plus one and time, by counter modulo REORDER; 0 is an empty slot. @type {Float64Array | undefined} */
	#slots;

	/** @param {number} counter */
	fresh(counter) {
		if (counter >= this.#next) return true;
		if (counter < this.#floor || counter + REORDER < this.#next) return false;
		return this.#slots?.[(counter % REORDER) * 2] !== counter + 1;
	}

	/**
	 * @param {number} counter
	 * @param {number} time
	 * @returns {"replayed" | "timeTurned" | undefined}
	 */
	accept(counter, time) {
		if (!this.fresh(counter)) return "replayed";
		const [low, high] = this.#around(counter);
		if (time <= low || time >= high) return "timeTurned";
		this.#slots ??= new Float64Array(2 * REORDER);
		const at = (counter % REORDER) * 2;
		this.#low = Math.max(this.#low, this.#slots[at + 1]);
		this.#slots[at] = counter + 1;
		this.#slots[at + 1] = time;
		if (counter >= this.#next) {
			this.#next = counter + 1;
			this.#last = time;
		}
		return undefined;
	}

	leave() {
		this.#floor = this.#next;
		this.#low = this.#last;
		this.#slots = undefined;
	}

	/**
	 * The times of the nearest accepted counters below and above. Times start at 1, so 0 is below all.
	 * @param {number} counter
	 */
	#around(counter) {
		if (counter >= this.#next) return [this.#last, MAX_TIME];
		let low = this.#low;
		let high = MAX_TIME;
		const slots = this.#slots ?? new Float64Array();
		for (let i = 0; i < slots.length; i += 2) {
			if (slots[i] === 0) continue;
			if (slots[i] <= counter) low = Math.max(low, slots[i + 1]);
			else high = Math.min(high, slots[i + 1]);
		}
		return [low, high];
	}
}

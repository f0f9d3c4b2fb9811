/** Puts a join's commitments into batches, and sends again what was not stamped when a session broke (media/PROTOCOL.md section 15). media/franking/batch.go is the same in Go. */

const MAX_RUN = 256; // commitments
const MAX_RUNS = 64; // of a batch
/** Five minutes of four streams. Beyond, the oldest go. */
const MOST = 4800;

/** @typedef {import("./control.js").Run} Run */

export class Batcher {
	/** The next sequence of each stream. @type {Map<number, number>} */
	#sequences = new Map();
	/** In order. @type {Run[]} */
	#unstamped = [];
	/** So many of them were given out in this session. */
	#sent = 0;

	/** Whether something that was sent has not come back. */
	get waits() {
		return this.#sent > 0;
	}

	/**
	 * Takes the commitments of frames of a stream whose counters follow each other.
	 * @param {number} stream
	 * @param {number} first
	 * @param {Uint8Array} commitments 32 bytes each
	 */
	add(stream, first, commitments) {
		for (let at = 0; at < commitments.length; at += 32 * MAX_RUN) {
			const sequence = this.#sequences.get(stream) ?? 0;
			this.#sequences.set(stream, sequence + 1);
			this.#unstamped.push({ stream, sequence, first: first + at / 32, commitments: commitments.slice(at, at + 32 * MAX_RUN) });
		}
		const over = this.#unstamped.length - MOST;
		if (over > 0) {
			this.#unstamped.splice(0, over);
			this.#sent = Math.max(0, this.#sent - over);
		}
	}

	/** The runs of the next batch; none where all were sent. */
	next() {
		const runs = this.#unstamped.slice(this.#sent, this.#sent + MAX_RUNS);
		this.#sent += runs.length;
		return runs;
	}

	/** @param {Run} run that has come back */
	stamped({ stream, sequence }) {
		const i = this.#unstamped.findIndex((u) => u.stream === stream && u.sequence === sequence);
		if (i < 0) return;
		this.#unstamped.splice(i, 1);
		if (i < this.#sent) this.#sent--;
	}

	/** The session broke: what has not come back is sent again in the next one. */
	lost() {
		this.#sent = 0;
	}
}

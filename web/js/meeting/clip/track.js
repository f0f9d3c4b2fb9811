/**
 * What a ring holds of one sender's source, in order of arrival. In a large meeting that is over 100,000 frames; an object with its hashes for each would
 * weigh more than the sound itself. So numbers and hashes stand in blocks, and only the encoded frame is kept as it was handed over: its buffer, without
 * the Uint8Array around it where that has all of it.
 */
import { CAMERA, HASH, SCREEN, isKey } from "../frame.js";

/** Stands for the source of the lines of chat, which have none. */
export const CHAT = 7;

/** @param {number} source */
export const isVideo = (source) => source === CAMERA || source === SCREEN;

const BLOCK = 128; // frames
const [WHAT, STREAM, TERM, EPOCH, COUNTER, TIME, AT] = [0, 1, 2, 3, 4, 5, 6];
const NUMBERS = 7;

/**
 * A frame as a receiver opened it, or a line of chat: a frame of stream 0 whose what is 0 and whose data is its plaintext. join is J, in hexadecimal
 * or not; data the whole encoded frame, which the ring keeps.
 * @typedef {{ join: string | Uint8Array, what: number, stream: number, term: number, epoch: number, counter: number, time: number,
 *   data: Uint8Array, opening: Uint8Array, commitment: Uint8Array }} Received
 *
 * What a ring held of it. at: when it came, by this receiver's clock
 * @typedef {Omit<Received, "join"> & { key: boolean, at: number }} Held
 */

class Block {
	/** @param {Block} [other] */
	constructor(other) {
		this.numbers = other?.numbers ?? new Float64Array(BLOCK * NUMBERS);
		this.hashes = other?.hashes ?? new Uint8Array(BLOCK * 2 * HASH);
		/** @type {(ArrayBufferLike | Uint8Array | undefined)[]} */
		this.data = other?.data.slice() ?? [];
	}
}

export class Track {
	/** Bytes of the frames. */
	bytes = 0;
	/** Frames are counted from the first that ever came; from first on, and below end, they are held. */
	first = 0;
	end = 0;
	/** Which of the frames that are held are key frames. @type {number[]} */
	keys = [];
	/** @type {Block[]} */
	#blocks = [];
	#base = 0; // the first block's first frame

	/**
	 * @param {Omit<Received, "join">} f
	 * @param {number} at
	 */
	push(f, at) {
		const slot = (this.end - this.#base) % BLOCK;
		if (slot === 0) this.#blocks.push(new Block());
		const { numbers, hashes, data } = this.#blocks[this.#blocks.length - 1];
		const n = slot * NUMBERS;
		numbers[n + WHAT] = f.what;
		numbers[n + STREAM] = f.stream;
		numbers[n + TERM] = f.term;
		numbers[n + EPOCH] = f.epoch;
		numbers[n + COUNTER] = f.counter;
		numbers[n + TIME] = f.time;
		numbers[n + AT] = at;
		hashes.set(f.opening, slot * 2 * HASH);
		hashes.set(f.commitment, slot * 2 * HASH + HASH);
		data[slot] = f.data.byteLength === f.data.buffer.byteLength ? f.data.buffer : f.data;
		if (isKey(f.what)) this.keys.push(this.end);
		this.bytes += f.data.byteLength;
		this.end++;
	}

	/**
	 * Forgets the frames below one.
	 * @param {number} to
	 * @returns {number} how many bytes they had
	 */
	drop(to) {
		const before = this.bytes;
		for (; this.first < to; this.first++) {
			const { data } = this.#block(this.first);
			const slot = (this.first - this.#base) % BLOCK;
			this.bytes -= /** @type {ArrayBufferLike} */ (data[slot]).byteLength;
			data[slot] = undefined; // so that it can be collected
			if (slot === BLOCK - 1) {
				this.#blocks.shift();
				this.#base += BLOCK;
			}
		}
		while (this.keys.length > 0 && this.keys[0] < this.first) this.keys.shift();
		return before - this.bytes;
	}

	/** @param {number} i */
	#block(i) {
		return this.#blocks[Math.floor((i - this.#base) / BLOCK)];
	}

	/**
	 * @param {number} i
	 * @param {number} which
	 */
	#number(i, which) {
		return this.#block(i).numbers[((i - this.#base) % BLOCK) * NUMBERS + which];
	}

	/** When a frame came. @param {number} i */
	at(i) {
		return this.#number(i, AT);
	}

	/** The sender's time of a frame. @param {number} i */
	time(i) {
		return this.#number(i, TIME);
	}

	/** @param {number} i */
	stream(i) {
		return this.#number(i, STREAM);
	}

	/** @param {number} i */
	counter(i) {
		return this.#number(i, COUNTER);
	}

	/**
	 * @param {number} i
	 * @returns {Held}
	 */
	frame(i) {
		const { numbers, hashes, data } = this.#block(i);
		const slot = (i - this.#base) % BLOCK;
		const [what, stream, term, epoch, counter, time, at] = numbers.subarray(slot * NUMBERS, (slot + 1) * NUMBERS);
		const opening = hashes.subarray(slot * 2 * HASH, slot * 2 * HASH + HASH);
		const commitment = hashes.subarray(slot * 2 * HASH + HASH, (slot + 1) * 2 * HASH);
		const kept = /** @type {ArrayBufferLike | Uint8Array} */ (data[slot]);
		const whole = kept instanceof Uint8Array ? kept : new Uint8Array(kept);
		return { what, key: isKey(what), stream, term, epoch, counter, time, at, data: whole, opening, commitment };
	}

	/** @returns {Held[]} */
	frames() {
		return Array.from({ length: this.end - this.first }, (_, i) => this.frame(this.first + i));
	}

	/** What is held now. The track goes on; it writes no number and no hash a second time, so these are shared. */
	frozen() {
		const copy = new Track();
		copy.bytes = this.bytes;
		copy.first = this.first;
		copy.end = this.end;
		copy.#base = this.#base;
		copy.#blocks = this.#blocks.map((b) => new Block(b));
		return copy;
	}
}

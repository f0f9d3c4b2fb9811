/**
 * Bookkeeping of what was really watched. Pure: positions and flags come in, intervals come out. The log that they end
 * in decides what counts as viewed, so nothing is counted that was skipped, hidden, or not played.
 */

/** @typedef {{ from: number, to: number, clear: boolean, sound: boolean }} Interval seconds in the clip */
/** @typedef {{ position: number, time: number, playing: boolean, seeking: boolean, visible: boolean, clear: boolean, sound: boolean, rate: number }} Sample time is in seconds of a steady clock */
/** @typedef {{ currentTime: number, paused: boolean, seeking: boolean, muted: boolean, volume: number, playbackRate: number }} Playback what a video element says of itself */

/** How much further than the clock allows a position may come before it counts as a jump, in seconds. */
const SLACK = 0.35;

/**
 * One look at a player. That it plays says only that nobody paused it: while it waits for bytes its position stands still,
 * and it goes on by itself between two looks, so that asking whether it waits would leave holes in what was seen.
 * @param {Playback} v
 * @param {{ time: number, visible: boolean, clear: boolean }} around
 * @returns {Sample}
 */
export function lookAt(v, around) {
	return { ...around, position: v.currentTime, playing: !v.paused, seeking: v.seeking, sound: !v.muted && v.volume > 0, rate: v.playbackRate };
}

export class WatchLog {
	/** @type {Interval[]} */ #closed = [];
	/** @type {Interval | null} */ #open = null;
	/** @type {Sample | null} */ #last = null;

	/** @param {Sample} s one look at the player, a few times a second and at every change */
	sample(s) {
		const last = this.#last;
		this.#last = s;
		if (!last || !last.playing || !last.visible || last.seeking || s.seeking) return this.#close();
		const moved = s.position - last.position;
		const most = (s.time - last.time) * Math.max(last.rate, s.rate) + SLACK;
		if (moved < 0 || moved > most) return this.#close(); // a jump: what lies between was not seen
		if (this.#open && (this.#open.clear !== last.clear || this.#open.sound !== last.sound)) this.#close();
		this.#open ??= { from: last.position, to: last.position, clear: last.clear, sound: last.sound };
		this.#open.to = s.position;
		if (!s.playing || !s.visible) this.#close();
	}

	/**
	 * A single frame that was looked at while the clip stood still.
	 * @param {number} from
	 * @param {number} to
	 * @param {boolean} clear
	 */
	frame(from, to, clear) {
		this.#closed.push({ from, to, clear, sound: false });
	}

	/**
	 * Takes what has been watched since the last call; what is open goes on from here.
	 * @returns {Interval[]}
	 */
	take() {
		const open = this.#open;
		this.#close();
		if (open) this.#open = { ...open, from: open.to };
		const out = merge(this.#closed.filter((i) => i.to > i.from));
		this.#closed = [];
		return out;
	}

	/** Puts back what could not be sent. @param {Interval[]} intervals */
	giveBack(intervals) {
		this.#closed.unshift(...intervals);
	}

	#close() {
		if (this.#open) this.#closed.push(this.#open);
		this.#open = null;
	}
}

/**
 * Joins intervals of the same kind that touch or overlap; the result is ordered by its beginnings.
 * @param {Interval[]} intervals
 * @param {number} [gap] seconds that are not counted as a gap
 * @returns {Interval[]}
 */
export function merge(intervals, gap = 0.001) {
	/** @type {Interval[]} */
	const out = [];
	/** @type {Map<string, Interval>} */
	const open = new Map();
	for (const i of [...intervals].sort((a, b) => a.from - b.from || a.to - b.to)) {
		const kind = `${i.clear}/${i.sound}`;
		const last = open.get(kind);
		if (last && i.from <= last.to + gap) {
			last.to = Math.max(last.to, i.to);
		} else {
			const copy = { ...i };
			open.set(kind, copy);
			out.push(copy);
		}
	}
	return out;
}

/**
 * How many seconds of the clip the intervals cover, whatever their kind.
 * @param {{ from: number, to: number }[]} intervals
 */
export function covered(intervals) {
	return merge(intervals.map((i) => ({ from: i.from, to: i.to, clear: false, sound: false }))).reduce((sum, i) => sum + i.to - i.from, 0);
}

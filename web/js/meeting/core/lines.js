/**
 * Lines of chat wait for the notary's word before they are shown, as pictures do (media/PROTOCOL.md section 15): a line that everybody has read and no report
 * can prove would be worth writing. What has no stamp after a second is handed on as withheld, with the reason, and proven if its stamp still comes.
 */
import { STAMP_TIME, Watch } from "../frames/watch.js";

/** Why a line is withheld: the standings of streams, and ours: the service of stamps is interrupted for this client. @typedef {"overdue" | "ours" | "outOfTime" | "conflicting"} Withheld */

/** id: of this line, for "proven". @typedef {{ id: string, join: string, name: string, text: string, to: string | null, at: number }} Line */

/** @typedef {{ type: "line", withheld: Withheld | null } & Line} LineMessage */
/** @typedef {LineMessage | { type: "proven", id: string }} Told */

/** How many lines wait. */
const MOST = 500;

export class Lines {
	#tell;
	/** By J. @type {Map<string, Watch>} */
	#watches = new Map();
	/** In the order in which they came. late: handed on as withheld. @type {Map<string, { line: Line, since: number, late: boolean }>} */
	#waiting = new Map();

	/** @param {(message: Told) => void} tell */
	constructor(tell) {
		this.#tell = tell;
	}

	/**
	 * Takes a line that was opened.
	 * @param {Omit<Line, "id">} line
	 * @param {Pick<import("../clip/track.js").Received, "counter" | "time" | "commitment">} evidence
	 * @param {number} now in ms
	 */
	add(line, { counter, time, commitment }, now) {
		const id = idOf(line.join, counter);
		this.#waiting.set(id, { line: { id, ...line }, since: now, late: false });
		this.#watch(line.join).frame(counter, time, commitment, now);
		if (this.#waiting.size > MOST) this.#late([...this.#waiting.values()][0], "overdue", true);
	}

	/** @param {import("./control.js").Stamped} message */
	stamped({ j, at, runs }) {
		for (const { run } of runs) if (run.stream === 0) this.#watch(j).stamped(run, at);
	}

	/** Another control session has begun. */
	resumed() {
		for (const w of this.#watches.values()) w.resumed();
	}

	/**
	 * To be called four times a second: hands on what has waited long enough.
	 * @param {number} now
	 * @param {boolean} serves whether the service of stamps works for this client
	 */
	tick(now, serves) {
		for (const w of this.#waiting.values()) if (now - w.since > STAMP_TIME) this.#late(w, serves ? "overdue" : "ours", false);
	}

	/** Hands everything on: no stamp can come any more. */
	close() {
		for (const w of this.#waiting.values()) this.#late(w, "ours", true);
	}

	/**
	 * @param {{ line: Line, late: boolean }} waiting
	 * @param {Withheld} why
	 * @param {boolean} over it waits no longer
	 */
	#late(waiting, why, over) {
		if (!waiting.late) this.#tell({ type: "line", ...waiting.line, withheld: why });
		waiting.late = true;
		if (over) this.#waiting.delete(waiting.line.id);
	}

	/** @param {string} join */
	#watch(join) {
		const known = this.#watches.get(join);
		if (known) return known;
		const watch = new Watch((counter, standing) => this.#judged(idOf(join, counter), standing));
		this.#watches.set(join, watch);
		return watch;
	}

	/**
	 * @param {string} id
	 * @param {import("../frames/watch.js").Judged} standing
	 */
	#judged(id, standing) {
		const waiting = this.#waiting.get(id);
		if (!waiting) return;
		if (standing !== "proven") return this.#late(waiting, standing, true);
		this.#waiting.delete(id);
		this.#tell(waiting.late ? { type: "proven", id } : { type: "line", ...waiting.line, withheld: null });
	}
}

/**
 * @param {string} join
 * @param {number} counter
 */
const idOf = (join, counter) => `${join}:${counter}`;

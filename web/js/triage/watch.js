/** Sends what was watched of one exhibit, every few seconds and when the page goes away. */
import { heed } from "./exposure.js";
import { WatchLog, merge } from "./intervals.js";

const EVERY = 5_000;

/** @typedef {import("./intervals.js").Interval} Interval */

export class Watcher {
	log = new WatchLog();
	/** @type {Interval[]} */ seen;

	/**
	 * @param {string} exhibit
	 * @param {string} session of this opening of the page
	 * @param {Interval[]} before what was watched at earlier times
	 * @param {(seen: Interval[]) => void} changed
	 * @param {() => void} spent called when nothing more may be watched
	 */
	constructor(exhibit, session, before, changed, spent) {
		this.spent = spent;
		this.url = `/exhibits/${exhibit}/watch`;
		this.session = session;
		this.seen = merge(before);
		this.changed = changed;
		setInterval(() => this.send(), EVERY);
		addEventListener("pagehide", () => this.sendLast());
		document.addEventListener("visibilitychange", () => { if (document.hidden) this.sendLast(); });
	}

	/** @returns {Interval[]} */
	#take() {
		const intervals = this.log.take();
		if (intervals.length > 0) {
			this.seen = merge([...this.seen, ...intervals]);
			this.changed(this.seen);
		}
		return intervals;
	}

	async send() {
		const intervals = this.#take();
		if (intervals.length === 0) return;
		try {
			const answer = await fetch(this.url, { method: "POST", headers: { "Content-Type": "application/json" }, body: this.#body(intervals), keepalive: true });
			if (answer.status >= 500) this.log.giveBack(intervals);
			else heed(answer.headers, this.spent);
		} catch {
			this.log.giveBack(intervals); // offline: it comes with the next
		}
	}

	sendLast() {
		const intervals = this.#take();
		if (intervals.length === 0) return;
		const sent = navigator.sendBeacon(this.url, new Blob([this.#body(intervals)], { type: "application/json" }));
		if (!sent) this.log.giveBack(intervals);
	}

	/** @param {Interval[]} intervals */
	#body(intervals) {
		return JSON.stringify({ session: this.session, intervals });
	}
}

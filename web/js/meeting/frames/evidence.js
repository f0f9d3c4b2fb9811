/**
 * What makes frames evidence (media/PROTOCOL.md sections 15 to 18): each is held against the notary's stamps, so that the page shows no stream without
 * them, and on a host's device the last seconds are kept, from which a report is made. Clips are made here; the core worker signs them.
 */
import { isKey, sourceOf } from "../frame.js";
import { Report } from "../clip/report.js";
import { Ring } from "../clip/ring.js";
import { DEFAULT_WINDOW } from "../clip/window.js";
import { Watch } from "./watch.js";

/**
 * @typedef {import("../receiver.js").Frame} Frame
 * @typedef {import("./watch.js").Standing} Standing
 * @typedef {import("../clip/track.js").Received} Received
 *
 * A track that the page may show: whose stream it shows now, and what the page was told of it.
 * @typedef {{ join: string, source: number, stream: number, told: string, keyed: number, ask: () => void, watch: Watch }} Track
 */

/** How long a stream that follows a proven one of the same source, as another layer does, is shown before its first stamp, in ms. */
const FOLLOWS = 1000;
/** How long a group of pictures may be on a device with a ring, in ms. */
const GROUP = 4000;
/** Bounds what a server can make this client remember of streams that do not exist. */
const STREAMS = 4096;
/** How long the stamps of the newest frames are waited for, in ms. */
const STAMPS = 1000;

export class Evidence {
	/** By J and stream. @type {Map<string, Watch>} */
	#watches = new Map();
	/** By the page's name for it. @type {Map<string, Track>} */
	#tracks = new Map();
	/** @type {Ring | undefined} */
	#ring;
	/** @type {Map<number, { report: Report, at: number }>} */
	#frozen = new Map();
	#numbers = 0;
	/** Whether stamps of this client's own frames come back: if not, the interruption is the service's. */
	#service = true;
	#toPage;
	#ask;
	#now;

	/**
	 * @param {(message: any) => void} toPage
	 * @param {(question: any) => Promise<any>} ask the core
	 * @param {() => number} [now] a clock that does not go back, in ms
	 */
	constructor(toPage, ask, now = () => performance.now()) {
		this.#toPage = toPage;
		this.#ask = ask;
		this.#now = now;
	}

	/** Another join: nothing of the one before is of use, but what was frozen. */
	begin() {
		this.#watches.clear();
		this.#tracks.clear();
		this.keep(false);
	}

	/**
	 * Keeps a ring, or no longer.
	 * @param {boolean} on
	 * @param {number} [window] in ms
	 */
	keep(on, window = DEFAULT_WINDOW) {
		if (!on) this.#ring?.clear();
		this.#ring = on ? (this.#ring ?? new Ring()) : undefined;
		if (this.#ring) this.#ring.window = window;
	}

	/** @param {boolean} up whether the service of stamps works for this client */
	service(up) {
		this.#service = up;
	}

	/** Another control session has begun: stamps may have been missed. */
	resumed() {
		for (const watch of this.#watches.values()) watch.resumed();
	}

	/**
	 * Takes note of a frame that goes on to its decoder, which gets data's buffer.
	 * @param {string} name of the track
	 * @param {Frame} frame
	 * @param {() => void} ask asks its sender for a key frame
	 */
	opened(name, { kid, join, counter, time, what, data, opening, commitment }, ask) {
		const now = this.#now();
		let track = this.#tracks.get(name);
		const other = track?.stream !== kid.stream || track.join !== join;
		if (!track || other) {
			track = { join, source: sourceOf(what), stream: kid.stream, told: track?.told ?? "", keyed: now, ask, watch: this.#watch(join, kid.stream) };
			this.#tracks.set(name, track);
		}
		if (isKey(what)) track.keyed = now;
		track.watch.frame(counter, time, commitment, now);
		this.#ring?.add({ join, what, stream: kid.stream, term: kid.term, epoch: kid.epoch, counter, time, data: data.slice(), opening, commitment }, now);
		if (other) this.#tell(name, track, now);
	}

	/** @param {Received} line of chat, which this client shows */
	line(line) {
		this.#ring?.add(line, this.#now());
	}

	/** @param {import("../core/control.js").Stamped} stamped */
	stamped({ j, key, at, runs }) {
		const now = this.#now();
		const all = runs.map(({ run, mac }) => ({ ...run, key, at, mac }));
		for (const run of all) this.#watch(j, run.stream).stamped(run, at);
		this.#ring?.stamped(j, all, now);
		for (const { report } of this.#frozen.values()) report.stamped(j, all);
		this.tick();
	}

	/** To be called four times a second: what is overdue is noticed, and groups of pictures are kept short. */
	tick() {
		const now = this.#now();
		for (const [name, track] of this.#tracks) {
			this.#tell(name, track, now);
			if (!this.#ring || now - track.keyed < GROUP || track.source % 2 === 1) continue;
			track.keyed = now; // it is asked once each time
			track.ask();
		}
	}

	/** How much media is kept, in bytes; undefined where no ring is. */
	get bytes() {
		return this.#ring?.bytes;
	}

	/** @param {string} name of a track that has ended */
	forget(name) {
		this.#tracks.delete(name);
	}

	/**
	 * @param {string} join
	 * @param {number} stream
	 */
	#watch(join, stream) {
		const key = `${join}/${stream}`;
		let watch = this.#watches.get(key);
		if (!watch) {
			if (this.#watches.size >= STREAMS) this.#watches.delete(/** @type {string} */ (this.#watches.keys().next().value));
			this.#watches.set(key, (watch = new Watch()));
		}
		return watch;
	}

	/**
	 * Tells the page whether a track may be shown, if that has changed.
	 * @param {string} name
	 * @param {Track} track
	 * @param {number} now
	 */
	#tell(name, track, now) {
		const { watch } = track;
		let standing = watch.standing(now);
		if (standing === "unproven" && track.told.startsWith("proven") && now - watch.began < FOLLOWS) standing = "proven";
		const ours = standing === "overdue" && !this.#service;
		const told = `${standing} ${ours}`;
		if (told === track.told) return;
		track.told = told;
		this.#toPage({ type: "standing", track: name, j: track.join, source: track.source, standing, ours });
	}

	// Reports.

	/**
	 * Does what the page's report dialog asks for.
	 * @param {{ act: "freeze" | "clip" | "lines" | "release", of?: number, choice?: any, chosen?: any }} question
	 */
	async report({ act, of = 0, choice, chosen }) {
		if (act === "freeze") return this.#freeze();
		if (act === "release") return void this.#frozen.delete(of);
		const frozen = this.#frozen.get(of);
		if (!frozen) throw new Error("What was frozen is gone.");
		await new Promise((resolve) => setTimeout(resolve, Math.max(0, frozen.at + STAMPS - this.#now())));
		if (act === "clip") {
			const parties = await this.#parties([choice.j]);
			const picture = choice.picture === "screen" ? 2 : 0;
			return frozen.report.make({ sender: choice.j, picture, from: choice.from, to: choice.to }, { ...parties, sender: parties.senders[0] });
		}
		return this.#lines(frozen.report, chosen);
	}

	#freeze() {
		if (!this.#ring) throw new Error("This device keeps nothing to report from.");
		const now = this.#now();
		const report = new Report(this.#ring.freeze(now));
		const id = ++this.#numbers;
		this.#frozen.set(id, { report, at: now });
		const senders = report.contents().map(({ join, parts, lines }) => ({
			j: join,
			sources: Object.fromEntries(parts.map(({ source, ...part }) => [SOURCES[source], part])),
			lines: lines.map(({ time, text, to }, index) => ({ at: time, text, to, index })),
		}));
		return { id, at: Date.now(), senders, bytes: this.#ring.bytes };
	}

	/**
	 * @param {Report} report
	 * @param {{ j: string, indexes: number[] }[]} chosen
	 */
	async #lines(report, chosen) {
		const contents = report.contents();
		const { senders, ...reporter } = await this.#parties(chosen.map((c) => c.j));
		const writers = chosen.map(({ j, indexes }, i) => {
			const lines = contents.find((c) => c.join === j)?.lines ?? [];
			return { join: j, message: senders[i], times: new Set(indexes.map((n) => lines[n]?.time)) };
		});
		return report.lines(writers, 0, Infinity, reporter);
	}

	/** @param {string[]} senders J */
	async #parties(senders) {
		const found = await this.#ask({ what: "parties", senders });
		return { ...found, now: Date.now(), sign: (/** @type {Uint8Array} */ bytes) => this.#ask({ what: "sign", bytes }) };
	}
}

const SOURCES = ["camera", "microphone", "screen", "screenSound"];

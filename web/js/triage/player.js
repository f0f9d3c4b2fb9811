/** The player of one exhibit: softened until a key undoes it, never playing by itself. */
import { all, must } from "../shared/page.js";
import { clock } from "../shared/time.js";
import { covered, lookAt } from "./intervals.js";
import { Watcher } from "./watch.js";
import { place, readPeaks, wavePath } from "./waveform.js";

const RATES = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4];
const SVG = "http://www.w3.org/2000/svg";

/** @typedef {import("./intervals.js").Interval} Interval */

export class Player {
	#loaded = false;

	/**
	 * @param {HTMLElement} exhibit
	 * @param {string} session
	 * @param {string[]} soft what is on at first: blur, grey, mute, small, stills
	 */
	constructor(exhibit, session, soft) {
		this.exhibit = exhibit;
		this.id = exhibit.dataset.exhibit ?? "";
		this.video = /** @type {HTMLVideoElement | null} */ (exhibit.querySelector("[data-video]"));
		this.fps = Number(exhibit.dataset.fps) || 30;
		/** @type {Interval[]} */
		const before = JSON.parse(exhibit.dataset.watched ?? "[]");
		this.watcher = new Watcher(this.id, session, before, (seen) => this.#drawWatched(seen), () => this.#spent());
		for (const t of ["blur", "grey", "mute"]) this.#toggle(t, soft.includes(t));
		exhibit.dataset.small = soft.includes("small") ? "on" : "off";
		if (!soft.includes("stills")) this.#stage(true);
		exhibit.addEventListener("click", (e) => this.#click(e));
		if (this.video) this.#wire(this.video);
	}

	get duration() {
		const d = this.video?.duration ?? NaN;
		return Number.isFinite(d) && d > 0 ? d : Number(this.exhibit.dataset.duration) || 0;
	}

	/** @param {HTMLVideoElement} video */
	#wire(video) {
		const bar = this.#bar();
		for (const name of ["play", "pause", "seeking", "seeked", "timeupdate", "ratechange", "volumechange", "ended", "loadedmetadata"]) {
			video.addEventListener(name, () => this.#tick());
		}
		setInterval(() => { if (!video.paused) this.#tick(); }, 200);
		document.addEventListener("visibilitychange", () => this.#tick());
		bar.addEventListener("input", () => this.seek(Number(bar.value)));
		video.addEventListener("click", () => this.do("play"));
		video.addEventListener("error", () => this.#trouble(), true);
		video.querySelector("source")?.addEventListener("error", () => this.#trouble());
		this.#drawWatched(this.watcher.seen);
	}

	#bar() {
		return /** @type {HTMLInputElement} */ (must(this.exhibit, "[data-seekbar]"));
	}

	/** Loads the waveform; called when the exhibit is first shown. */
	async show() {
		const wave = this.exhibit.querySelector("[data-wave]");
		if (this.#loaded || !(wave instanceof HTMLElement) || wave.dataset.hasWave !== "true") return;
		this.#loaded = true;
		try {
			const answer = await fetch(`/exhibits/${this.id}/waveform`);
			if (answer.ok) must(wave, "[data-wave-path]").setAttribute("d", wavePath(readPeaks(await answer.json())));
		} catch {
			this.#loaded = false; // tried again when the exhibit is shown again
		}
	}

	/**
	 * @param {string} action
	 * @returns {boolean} whether there was something to do
	 */
	do(action) {
		const v = this.video;
		if (["blur", "grey", "mute"].includes(action)) {
			this.#toggle(action, !this.#is(action));
			return true;
		}
		if (!v) return false;
		/** @type {Record<string, () => void>} */
		const acts = {
			play: () => (v.paused ? this.#play(v) : v.pause()),
			stills: () => this.#stage(this.exhibit.dataset.show !== "clip"),
			back: () => this.seek(v.currentTime - 5),
			forward: () => this.seek(v.currentTime + 5),
			frameBack: () => this.#step(-1),
			frameForward: () => this.#step(1),
			slower: () => this.#rate(-1),
			faster: () => this.#rate(1),
			start: () => this.seek(0),
			end: () => this.seek(this.duration),
		};
		if (!acts[action]) return false;
		acts[action]();
		return true;
	}

	/** Shows the clip or the stills, one in the other's place. @param {boolean} clip */
	#stage(clip) {
		if (!clip) this.video?.pause();
		this.exhibit.dataset.show = clip ? "clip" : "stills";
		for (const b of all(this.exhibit, `[data-control="stills"]`)) b.setAttribute("aria-pressed", String(!clip));
	}

	/** @param {HTMLVideoElement} v */
	#play(v) {
		this.#stage(true);
		v.play().catch((/** @type {Error} */ err) => { if (err.name !== "AbortError") this.#trouble(); });
	}

	/** @param {number} to seconds */
	seek(to) {
		const v = this.video;
		if (!v) return;
		this.#stage(true);
		const at = Math.min(Math.max(0, to), this.duration || to);
		if (v.readyState === 0) {
			v.preload = "metadata";
			v.load();
			v.addEventListener("loadedmetadata", () => { v.currentTime = at; }, { once: true });
		} else {
			v.currentTime = at;
		}
	}

	/** @param {1 | -1} by */
	#step(by) {
		const v = this.video;
		if (!v) return;
		v.pause();
		const to = Math.min(Math.max(0, v.currentTime + by / this.fps), this.duration);
		v.addEventListener("seeked", () => {
			if (!document.hidden) this.watcher.log.frame(to, Math.min(to + 1 / this.fps, this.duration), !this.#is("blur"));
		}, { once: true });
		this.seek(to);
	}

	/** @param {1 | -1} by */
	#rate(by) {
		const v = this.video;
		if (!v) return;
		const at = RATES.findIndex((r) => r >= v.playbackRate);
		v.playbackRate = RATES[Math.min(RATES.length - 1, Math.max(0, (at < 0 ? 3 : at) + by))];
	}

	/** @param {string} what blur, grey or mute */
	#is(what) {
		return this.exhibit.dataset[what] === "on";
	}

	/**
	 * @param {string} what
	 * @param {boolean} on
	 */
	#toggle(what, on) {
		this.exhibit.dataset[what] = on ? "on" : "off";
		if (what === "mute" && this.video) this.video.muted = on;
		for (const b of all(this.exhibit, `[data-control="${what}"]`)) b.setAttribute("aria-pressed", String(on));
		this.#tick();
	}

	/** @param {Event} e */
	#click(e) {
		if (!(e.target instanceof Element)) return;
		const control = e.target.closest("[data-control]");
		if (control instanceof HTMLElement) this.do(control.dataset.control ?? "");
		const still = e.target.closest("[data-seek]");
		if (still instanceof HTMLElement) this.seek(Number(still.dataset.seek));
	}

	/** One look at the player: for the log and for the eye. */
	#tick() {
		const v = this.video;
		if (!v || !this.watcher) return;
		this.watcher.log.sample(lookAt(v, {
			time: performance.now() / 1000, visible: !document.hidden && !this.exhibit.hidden, clear: !this.#is("blur"),
		}));
		const bar = this.#bar();
		bar.max = String(this.duration);
		bar.value = String(v.currentTime);
		const words = `${clock(v.currentTime)} / ${clock(this.duration)}`;
		bar.setAttribute("aria-valuetext", words);
		must(this.exhibit, "[data-position]").textContent = words;
		must(this.exhibit, "[data-rate]").textContent = `${v.playbackRate}×`;
		must(this.exhibit, "[data-control=play] [data-label]").textContent = v.paused ? "Play" : "Pause";
		const { x } = place({ from: v.currentTime, to: v.currentTime }, this.duration);
		const head = must(this.exhibit, "[data-wave-head]");
		head.setAttribute("x1", x.toFixed(1));
		head.setAttribute("x2", x.toFixed(1));
	}

	/** @param {Interval[]} seen */
	#drawWatched(seen) {
		const strip = this.exhibit.querySelector("[data-wave-watched]");
		if (!strip) return;
		strip.replaceChildren(...seen.map((i) => {
			const { x, width } = place(i, this.duration);
			const rect = document.createElementNS(SVG, "rect");
			for (const [k, v] of Object.entries({ x: x.toFixed(1), width: width.toFixed(1), y: "58", height: "6" })) rect.setAttribute(k, v);
			rect.setAttribute("class", i.clear ? "seen-clear" : "seen-soft");
			return rect;
		}));
		const share = this.duration > 0 ? Math.min(100, Math.round((covered(seen) / this.duration) * 100)) : 0;
		must(this.exhibit, "[data-watched-words]").textContent = share > 0 ? `You have watched ${share} % of this clip. The log keeps it.` : "Not watched yet. What you watch is logged, as intervals.";
	}

	/** The budget of the shift is spent: what plays stops, and the server says the rest. */
	#spent() {
		if (this.video?.paused !== false) return;
		this.video.pause();
		this.#trouble();
	}

	async #trouble() {
		const message = must(this.exhibit, "[data-screen-message]");
		message.hidden = false;
		message.textContent = "Your browser cannot play this clip, or the connection was lost. Reload the page to try again; the stills may be enough.";
		const src = this.video?.querySelector("source")?.src;
		if (!src) return;
		try { // the browser does not tell why; the server does
			const answer = await fetch(src, { headers: { Accept: "application/json", Range: "bytes=0-0" } });
			if (!answer.ok) message.textContent = (await answer.json()).error;
		} catch {
			// The connection is lost, as the message says.
		}
	}
}

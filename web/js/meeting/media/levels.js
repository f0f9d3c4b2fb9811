/** Who speaks, by what is heard here: the media server sees no sound, and its word would be nobody's. */

/** How often it is looked at, in milliseconds. */
const EVERY = 300;

/** The least level that counts as speech, of 1. */
const LEAST = 0.01;

/** @typedef {{ join: string, end: RTCRtpReceiver | RTCRtpSender, energy: number, duration: number }} Heard end: whose statistics are read */

export class Levels {
	#tell;
	/** @type {Map<string, Heard>} */
	#heard = new Map();
	/** @type {ReturnType<typeof setInterval> | undefined} */
	#timer;
	#told = "";

	/** @param {(levels: Map<string, number>) => void} tell */
	constructor(tell) {
		this.#tell = tell;
	}

	start() {
		this.stop();
		this.#timer = setInterval(() => this.#look(), EVERY);
	}

	stop() {
		clearInterval(this.#timer);
	}

	/**
	 * @param {string} name of the track
	 * @param {string} join
	 * @param {RTCRtpReceiver} receiver
	 */
	remote(name, join, receiver) {
		this.#heard.set(name, { join, end: receiver, energy: 0, duration: 0 });
	}

	/** @param {RTCRtpSender | undefined} sender of this device's microphone */
	local(sender) {
		if (sender) this.#heard.set("", { join: "", end: sender, energy: 0, duration: 0 });
	}

	/** @param {string} name */
	forget(name) {
		this.#heard.delete(name);
	}

	async #look() {
		/** @type {Map<string, number>} */
		const levels = new Map();
		for (const heard of [...this.#heard.values()]) {
			const level = await since(heard);
			if (level >= LEAST) levels.set(heard.join, Math.max(level, levels.get(heard.join) ?? 0));
		}
		const now = [...levels.keys()].sort().join(" ");
		if (levels.size > 0 || this.#told !== now) this.#tell(levels);
		this.#told = now;
	}
}

/**
 * The level since it was asked for last: the root of the mean square, of 1.
 * @param {Heard} heard
 */
async function since(heard) {
	for (const s of (await heard.end.getStats()).values()) {
		if (s.totalAudioEnergy === undefined) continue;
		const energy = s.totalAudioEnergy - heard.energy;
		const duration = s.totalSamplesDuration - heard.duration;
		heard.energy = s.totalAudioEnergy;
		heard.duration = s.totalSamplesDuration;
		return duration > 0 && energy > 0 ? Math.sqrt(energy / duration) : 0;
	}
	return 0;
}

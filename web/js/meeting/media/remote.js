import { Track } from "livekit-client";

/** A track that comes from the media server. Whose it is comes from the first of its frames that opened. */
export class Remote {
	/** J of its sender, in hexadecimal; "" until a frame has opened. */
	join = "";
	/** 0 camera, 1 microphone, 2 screen, 3 sound of the screen; of no meaning before. */
	source = 0;
	#track;

	/**
	 * @param {string} name the worker's name for it
	 * @param {import("livekit-client").RemoteTrack} track
	 */
	constructor(name, track) {
		this.name = name;
		this.#track = track;
	}

	get kind() {
		return this.#track.kind === Track.Kind.Audio ? "audio" : "video";
	}

	get receiver() {
		return /** @type {RTCRtpReceiver} */ (this.#track.receiver);
	}

	/** @param {Track | undefined} track */
	is(track) {
		return this.#track === track;
	}

	/**
	 * @param {string} join
	 * @param {number} source
	 */
	opened(join, source) {
		this.join = join;
		this.source = source;
	}

	/**
	 * Shows or plays the track in an element, once a frame has opened.
	 * @param {HTMLMediaElement} element
	 */
	attach(element) {
		if (!this.join) throw new Error("no frame of this track has opened: it is nobody's yet");
		this.#track.attach(element);
	}

	/** @param {HTMLMediaElement} element */
	detach(element) {
		this.#track.detach(element);
	}
}

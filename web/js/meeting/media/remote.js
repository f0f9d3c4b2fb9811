import { Track, VideoQuality } from "livekit-client";

const QUALITIES = { low: VideoQuality.LOW, medium: VideoQuality.MEDIUM, high: VideoQuality.HIGH };

/** A track that comes from the media server. Whose it is comes from the first of its frames that opened. */
export class Remote {
	/** J of its sender, in hexadecimal; "" until a frame has opened. */
	join = "";
	/** 0 camera, 1 microphone, 2 screen, 3 sound of the screen; of no meaning before. */
	source = 0;
	#track;
	#publication;

	/**
	 * @param {string} name the worker's name for it
	 * @param {import("livekit-client").RemoteTrack} track
	 * @param {import("livekit-client").RemoteTrackPublication} publication
	 */
	constructor(name, track, publication) {
		this.name = name;
		this.#track = track;
		this.#publication = publication;
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

	/**
	 * Asks for another layer of a video, as large as it is shown. Not with adaptive media, which see for themselves.
	 * @param {"low" | "medium" | "high"} quality
	 */
	want(quality) {
		this.#publication.setVideoQuality(QUALITIES[quality]);
	}

	/** @param {HTMLMediaElement} element */
	detach(element) {
		this.#track.detach(element);
	}
}

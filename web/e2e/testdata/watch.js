/** Watches what a remote track shows: how many frames, whether they move, and whether any is not a picture of Chromium's fake camera. */

const WIDTH = 32;
const HEIGHT = 18;

export class Watch {
	frames = 0;
	moved = 0;
	strange = 0;
	gone = false;
	longest = 0; // between two frames, in milliseconds
	/** @type {number | undefined} */
	#last;
	/** @type {Uint8ClampedArray | undefined} */
	#before;

	/** @param {import("../../js/meeting/media/remote.js").Remote} remote */
	constructor(remote) {
		this.remote = remote;
		const kind = remote.kind;
		this.element = document.createElement(kind);
		this.element.autoplay = true;
		if (kind === "video") /** @type {HTMLVideoElement} */ (this.element).muted = true;
		document.body.append(this.element);
		remote.attach(this.element);
		if (kind === "video") this.#watch(/** @type {HTMLVideoElement} */ (this.element));
	}

	/** @param {HTMLVideoElement} video */
	#watch(video) {
		const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
		const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
		const look = (/** @type {number} */ now) => {
			context.drawImage(video, 0, 0, WIDTH, HEIGHT);
			this.#picture(context.getImageData(0, 0, WIDTH, HEIGHT).data, now);
			video.requestVideoFrameCallback(look);
		};
		video.requestVideoFrameCallback(look);
	}

	/**
	 * @param {Uint8ClampedArray} pixels
	 * @param {number} now
	 */
	#picture(pixels, now) {
		this.frames++;
		if (this.#last !== undefined) this.longest = Math.max(this.longest, now - this.#last);
		this.#last = now;
		if (this.#before?.some((x, i) => Math.abs(x - pixels[i]) > 24)) this.moved++;
		this.#before = pixels;
	}

	pixels() {
		return [...(this.#before ?? [])].join(",");
	}

	restart() {
		this.longest = 0;
		this.#last = undefined;
	}

	end() {
		this.gone = true;
		this.element.remove();
	}

	state() {
		const { frames, moved, strange, gone, longest } = this;
		const { name, join, source, kind } = this.remote;
		const video = /** @type {HTMLVideoElement} */ (this.element);
		return { name, join, source, kind, frames, moved, strange, gone, longest, width: video.videoWidth ?? 0, since: this.#last === undefined ? -1 : performance.now() - this.#last };
	}
}

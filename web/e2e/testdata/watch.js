/** Watches what a remote track shows: how many frames, whether they move, and whether any is not a picture of Chromium's fake camera. */

const WIDTH = 32;
const HEIGHT = 18;
const STILL = [3, 8, 13, 14]; // columns from and to, and rows, where the fake camera shows nothing but its green

export class Watch {
	frames = 0;
	moved = 0;
	strange = 0;
	example = "";
	gone = false;
	longest = 0; // between two frames, in milliseconds
	#last = performance.now();
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
		if (pixels[3] === 0) return; // there is none yet
		this.frames++;
		this.longest = Math.max(this.longest, now - this.#last);
		this.#last = now;
		if (this.remote.source === 0 && !isFakeCamera(pixels)) {
			this.strange++;
			this.example ||= [...pixels.subarray(0, 12), ...pixels.subarray(4 * WIDTH * 13 + 12, 4 * WIDTH * 13 + 24)].join(" ");
		}
		if (this.#before?.some((x, i) => Math.abs(x - pixels[i]) > 24)) this.moved++;
		this.#before = pixels;
	}

	/** Forgets how it was. */
	restart() {
		this.frames = this.moved = this.strange = this.longest = 0;
		this.#last = performance.now();
	}

	end() {
		this.gone = true;
		this.element.remove();
	}

	state() {
		const { frames, moved, strange, example, gone, longest } = this;
		const { name, join, source, kind } = this.remote;
		const video = /** @type {HTMLVideoElement} */ (this.element);
		return { name, join, source, kind, frames, moved, strange, example, gone, longest, width: video.videoWidth ?? 0, since: performance.now() - this.#last };
	}
}

/** The green that the fake camera shows where nothing moves: the same numbers in the colours of VP8 and of VP9. */
const GREENS = [135, 77];

/**
 * Whether a picture is one of Chromium's fake camera: nothing but greens, and one green where nothing moves.
 * @param {Uint8ClampedArray} pixels
 */
function isFakeCamera(pixels) {
	for (let i = 0; i < pixels.length; i += 4) if (pixels[i] > 130 || pixels[i + 1] < 60 || pixels[i + 2] > 60) return false;
	const [left, right, top, bottom] = STILL;
	const greens = [];
	for (let y = top; y <= bottom; y++) for (let x = left; x <= right; x++) greens.push(pixels[4 * (y * WIDTH + x) + 1]);
	return GREENS.some((green) => greens.every((g) => Math.abs(g - green) < 20));
}

/** The door: name, devices, a look at oneself, and what is promised. Nothing is sent before one has pressed Join. */
import { must } from "../../shared/page.js";
import { kept } from "../../shared/storage.js";
import { chosen, refusal } from "./devices.js";

/** @typedef {{ name: string, camera: boolean, mic: boolean }} Choice */

/**
 * @param {HTMLElement} door
 * @param {() => Promise<void>} named is called when devices may have names
 * @param {(choice: Choice) => Promise<void>} join rejects with words for people
 */
export function door(door, named, join) {
	const video = /** @type {HTMLVideoElement} */ (must(door, "[data-preview]"));
	const form = /** @type {HTMLFormElement} */ (must(door, "[data-door-form]"));
	const problem = must(door, "[data-door-problem]");
	const name = /** @type {HTMLInputElement | null} */ (form.elements.namedItem("name"));
	if (name && !name.value) name.value = kept.get("proffer.guest") ?? "";
	const visits = "visitor" in document.body.dataset; // who comes for a report shows neither face nor voice unless they mean to
	const wants = visits ? { camera: false, mic: false } : { camera: kept.get("proffer.door.camera") !== "off", mic: kept.get("proffer.door.mic") !== "off" };
	const tell = (/** @type {string} */ words) => {
		problem.textContent = words;
		problem.hidden = words === "";
	};
	const preview = new Preview(video, /** @type {HTMLMeterElement} */ (must(door, "[data-level]")));
	const show = async () => {
		for (const which of /** @type {const} */ (["camera", "mic"])) must(door, `[data-door="${which}"]`).setAttribute("aria-pressed", String(wants[which]));
		const failed = await preview.show(wants);
		for (const which of failed) wants[which.what] = false;
		for (const which of /** @type {const} */ (["camera", "mic"])) must(door, `[data-door="${which}"]`).setAttribute("aria-pressed", String(wants[which]));
		must(door, "[data-preview-off]").hidden = wants.camera;
		if (failed.length > 0) tell(failed.map((f) => refusal(f.err, f.what === "mic" ? "microphone" : "camera")).join(" "));
		await named();
	};
	door.addEventListener("click", (e) => {
		const button = e.target instanceof Element ? e.target.closest("[data-door]") : null;
		if (!(button instanceof HTMLElement)) return;
		const which = /** @type {"camera" | "mic"} */ (button.dataset.door);
		wants[which] = !wants[which];
		if (!visits) kept.set(`proffer.door.${which}`, wants[which] ? "on" : "off");
		tell("");
		void show();
	});
	form.addEventListener("submit", async (e) => {
		e.preventDefault();
		tell("");
		const button = /** @type {HTMLButtonElement} */ (must(form, "[data-join]"));
		button.setAttribute("aria-busy", "true");
		button.disabled = true;
		if (name) kept.set("proffer.guest", name.value.trim());
		try {
			await join({ name: name?.value.trim().normalize("NFC") ?? "", ...wants });
			preview.stop();
		} catch (err) {
			tell(err instanceof Error ? err.message : String(err));
		}
		button.disabled = false;
		button.removeAttribute("aria-busy");
	});
	return { show, stop: () => preview.stop(), tell };
}

class Preview {
	/** @type {MediaStream | null} */
	#stream = null;
	/** @type {AudioContext | null} */
	#sound = null;
	#timer = 0;
	#turn = 0;

	/** @param {HTMLVideoElement} video @param {HTMLMeterElement} level */
	constructor(video, level) {
		this.video = video;
		this.level = level;
	}

	/**
	 * Shows what is wanted, and gives what could not be had.
	 * @param {{ camera: boolean, mic: boolean }} wants
	 * @returns {Promise<{ what: "camera" | "mic", err: unknown }[]>}
	 */
	async show(wants) {
		this.stop();
		const turn = ++this.#turn;
		const stream = new MediaStream();
		/** @type {{ what: "camera" | "mic", err: unknown }[]} */
		const failed = [];
		for (const [what, kind] of /** @type {const} */ ([["camera", "videoinput"], ["mic", "audioinput"]])) {
			if (!wants[what]) continue;
			const id = chosen(kind);
			const limits = id ? { deviceId: { ideal: id } } : true;
			try {
				const got = await navigator.mediaDevices.getUserMedia(what === "camera" ? { video: limits } : { audio: limits });
				for (const t of got.getTracks()) stream.addTrack(t);
			} catch (err) {
				failed.push({ what, err });
			}
		}
		if (turn !== this.#turn) { // pressed again meanwhile
			for (const t of stream.getTracks()) t.stop();
			return [];
		}
		this.#stream = stream;
		this.video.srcObject = stream.getVideoTracks().length > 0 ? new MediaStream(stream.getVideoTracks()) : null;
		if (stream.getAudioTracks().length > 0) this.#listen(stream);
		return failed;
	}

	/** @param {MediaStream} stream */
	#listen(stream) {
		this.#sound = new AudioContext();
		const ear = this.#sound.createAnalyser();
		this.#sound.createMediaStreamSource(stream).connect(ear);
		const wave = new Float32Array(ear.fftSize);
		this.#timer = window.setInterval(() => {
			ear.getFloatTimeDomainData(wave);
			const power = wave.reduce((sum, x) => sum + x * x, 0) / wave.length;
			this.level.value = Math.min(1, Math.sqrt(power) * 4);
		}, 100);
	}

	stop() {
		this.#turn++;
		clearInterval(this.#timer);
		this.level.value = 0;
		void this.#sound?.close();
		this.#sound = null;
		for (const t of this.#stream?.getTracks() ?? []) t.stop();
		this.#stream = null;
		this.video.srcObject = null;
	}
}

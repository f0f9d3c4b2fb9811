/** Asks the frame worker for what a report is made of (media/PROTOCOL.md sections 16 to 18). It outlives the meeting, as what was frozen does. */

/**
 * @typedef {{ from: number, to: number, frames: number, bytes: number }} Part from, to: the sender's times in ms
 * @typedef {{ j: string, sources: Partial<Record<"camera" | "microphone" | "screen" | "screenSound", Part>>,
 *   lines: { at: number, text: string, to: string | null, index: number }[] }} Sender
 * @typedef {{ id: number, at: number, senders: Sender[], bytes: number }} Frozen
 */

export class Reporting {
	#worker;
	#number = 0;
	/** @type {Map<number, { done: (answer: any) => void, failed: (why: Error) => void }>} */
	#asked = new Map();

	/** @param {Worker} worker the frame worker */
	constructor(worker) {
		this.#worker = worker;
		worker.addEventListener("message", ({ data }) => {
			if (data.type !== "reported") return;
			const asked = this.#asked.get(data.id);
			this.#asked.delete(data.id);
			if (data.failed === undefined) asked?.done(data.answer);
			else asked?.failed(new Error(data.failed));
		});
	}

	/** Keeps what the ring holds now, while a human decides. @returns {Promise<Frozen>} */
	freeze() {
		return this.#ask({ act: "freeze" });
	}

	/**
	 * The clip of one person's camera and microphone, or screen and its sound, and the proof beside it.
	 * @param {number} of
	 * @param {{ j: string, picture: "camera" | "screen", from: number, to: number }} choice
	 * @returns {Promise<{ clip: Uint8Array, proof: Uint8Array }>}
	 */
	clip(of, choice) {
		return this.#ask({ act: "clip", of, choice });
	}

	/**
	 * The file of chosen lines of chat.
	 * @param {number} of
	 * @param {{ j: string, indexes: number[] }[]} chosen
	 * @returns {Promise<Uint8Array>}
	 */
	lines(of, chosen) {
		return this.#ask({ act: "lines", of, chosen });
	}

	/** Forgets what was frozen. @param {number} of */
	release(of) {
		void this.#ask({ act: "release", of });
	}

	/** @param {any} question @returns {Promise<any>} */
	#ask(question) {
		return new Promise((done, failed) => {
			const id = ++this.#number;
			this.#asked.set(id, { done, failed });
			this.#worker.postMessage({ type: "report", id, question });
		});
	}
}

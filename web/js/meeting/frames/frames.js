/** The frame worker without the worker: the join of the moment, the transforms, and what the core and the page tell it. */
import { sourceOf } from "../frame.js";
import { Counts } from "./counts.js";
import { Evidence } from "./evidence.js";
import { Incoming } from "./incoming.js";
import { Join } from "./join.js";
import { Outgoing } from "./outgoing.js";
import { pump } from "./pump.js";

/**
 * What the core says, over its port.
 * @typedef {{ type: "begin", meeting: string, join: Uint8Array, mode: "standard" | "e2ee" }
 *   | { type: "install", epoch: import("./keyring.js").Epoch } | { type: "members", members: import("./keyring.js").Member[] }
 *   | { type: "drop", epoch: import("./keyring.js").Name } | { type: "sending", on: boolean } | { type: "mode", mode: "e2ee" }
 *   | { type: "clock", by: number } | { type: "ring", on: boolean, window?: number } | { type: "service", up: boolean } | { type: "resumed" }
 *   | { type: "line", line: import("../clip/track.js").Received } | ({ type: "stamped" } & import("../core/control.js").Stamped)
 *   | { type: "answer", id: number, answer?: any, failed?: string }} FromCore
 *
 * What the page is told.
 * - shown: the first frame of a track has opened; it may be attached now. Whose and what it is comes from the frame.
 * - keyframe: the encoders of a source should make a key frame; the browser lets only the page ask
 * @typedef {{ type: "shown", track: string, join: string, source: number } | { type: "keyframe", source: number }
 *   | ({ type: "counts" } & import("./counts.js").Totals)} ToPage
 *
 * What a transform is made with; mime: the codec, where the browser does not report it.
 * @typedef {{ side: "send", source: number, mime?: string } | { side: "receive", track: string, kind: "audio" | "video" }} Options
 *
 * @typedef {{ readable: ReadableStream<import("./codecs.js").Encoded>, writable: WritableStream<import("./codecs.js").Encoded>, options: Options,
 *   generateKeyFrame?: () => Promise<unknown>, sendKeyFrameRequest?: () => Promise<unknown> }} Transformer
 */

export class Frames {
	/** @type {Join | undefined} */
	join;
	/** How LiveKit's own frames end. */
	trailer = new Uint8Array();
	#toPage;
	#toCore;
	/** @type {Set<Outgoing>} */
	#outgoing = new Set();
	#questions = 0;
	/** By number. @type {Map<number, (answer: any) => void>} */
	#asked = new Map();
	/** By the page's name for the track. @type {Map<string, Incoming>} */
	#incoming = new Map();

	/**
	 * @param {(message: ToPage) => void} toPage
	 * @param {(message: { type: "lost" } | { type: "committed", join: Uint8Array, runs: { stream: number, first: number, commitments: Uint8Array }[] }
	 *   | { type: "ask", id: number, question: any }) => void} toCore
	 */
	constructor(toPage, toCore) {
		this.#toPage = toPage;
		this.#toCore = toCore;
		this.evidence = new Evidence(/** @type {(message: any) => void} */ (toPage), (question) => this.#ask(question));
		this.counts = new Counts((totals) => toPage({ type: "counts", ...totals }));
	}

	/** @param {FromCore} message */
	fromCore(message) {
		if (message.type === "begin") {
			this.join = new Join(message.meeting, message.join, message.mode !== "standard");
			this.counts.clear();
			this.evidence.begin();
		} else if (message.type === "answer") {
			const { id, answer, failed } = message;
			this.#asked.get(id)?.(failed === undefined ? answer : Promise.reject(new Error(failed)));
			this.#asked.delete(id);
		} else if (this.join) this.#obey(this.join, message);
		else this.#toCore({ type: "lost" }); // this worker is another than the one where the join began
	}

	/**
	 * @param {Join} join
	 * @param {Exclude<FromCore, { type: "begin" } | { type: "answer" }>} message
	 */
	#obey(join, message) {
		switch (message.type) {
			case "install":
				join.keyring.install(message.epoch);
				break;
			case "members":
				join.keyring.replace(message.members);
				break;
			case "drop":
				join.keyring.drop(message.epoch);
				break;
			case "sending":
				join.sending = message.on;
				break;
			case "clock":
				join.clock.move(message.by);
				return;
			case "ring":
				return this.evidence.keep(message.on, message.window);
			case "service":
				return this.evidence.service(message.up);
			case "resumed":
				return this.evidence.resumed();
			case "line":
				return this.evidence.line(message.line);
			case "stamped":
				return this.evidence.stamped(message);
			case "mode":
				join.upgrade();
				for (const track of this.#incoming.values()) track.upgrade();
		}
		for (const track of this.#outgoing) track.renew();
	}

	/** To be called four times a second: what was committed to goes to the core, which has it stamped. */
	tick() {
		this.evidence.tick();
		if (!this.join) return;
		const runs = this.join.streams.senders.flatMap((s) => s.committed.take().map((run) => ({ stream: s.stream, ...run })));
		if (runs.length > 0) this.#toCore({ type: "committed", join: this.join.me, runs });
	}

	/**
	 * Asks the core something that only it knows or can.
	 * @param {any} question
	 * @returns {Promise<any>}
	 */
	#ask(question) {
		return new Promise((resolve) => {
			const id = ++this.#questions;
			this.#asked.set(id, resolve);
			this.#toCore({ type: "ask", id, question });
		});
	}

	/** @param {Uint8Array<ArrayBuffer>} trailer how the frames end that LiveKit makes itself */
	ignoreInjected(trailer) {
		this.trailer = trailer;
		for (const track of this.#incoming.values()) track.ignoreInjected(trailer);
	}

	/** @param {Transformer} transformer */
	async transform(transformer) {
		const { options } = transformer;
		await (options.side === "send" ? this.#send(transformer, options) : this.#receive(transformer, options));
	}

	/**
	 * Ends a track that the page does not show any more.
	 * @param {string} name
	 */
	forget(name) {
		this.evidence.forget(name);
		this.#incoming.get(name)?.close();
		this.#incoming.delete(name);
	}

	/**
	 * The next stream of a join; undefined when it has used all its numbers, which the core is told.
	 * @param {Join} join
	 */
	nextStream(join) {
		try {
			return join.streams.sender();
		} catch {
			this.#toCore({ type: "lost" });
			return undefined;
		}
	}

	/**
	 * @param {string} track
	 * @param {import("../receiver.js").Frame} frame
	 */
	shown(track, { join, what }) {
		this.#toPage({ type: "shown", track, join, source: sourceOf(what) });
	}

	/**
	 * @param {Transformer} transformer
	 * @param {Extract<Options, { side: "send" }>} options
	 */
	async #send(transformer, { source, mime }) {
		const ask = () => {
			if (transformer.generateKeyFrame) transformer.generateKeyFrame().catch(() => {});
			else this.#toPage({ type: "keyframe", source });
		};
		const track = new Outgoing(this, source, mime, ask);
		this.#outgoing.add(track);
		await pump(transformer, (passage) => track.work(passage), (passage) => track.deliver(passage));
		this.#outgoing.delete(track);
	}

	/**
	 * @param {Transformer} transformer
	 * @param {Extract<Options, { side: "receive" }>} options
	 */
	async #receive(transformer, { track: name, kind }) {
		const track = new Incoming(this, name, kind === "video", () => void transformer.sendKeyFrameRequest?.().catch(() => {}));
		this.#incoming.set(name, track);
		await pump(transformer, (passage) => track.work(passage), (passage) => track.deliver(passage));
		this.forget(name);
	}
}

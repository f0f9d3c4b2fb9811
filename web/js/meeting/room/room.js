/**
 * One meeting, from Join to the end: starts the two workers, joins them by a channel of their own, and shows what they say. Keys live in the
 * workers; the page has none, but for the link's secret, which its human opened it with.
 */
import { Media, missing } from "../media.js";
import { frames } from "./refused.js";
import { CAMERA, MICROPHONE, SCREEN } from "../frame.js";
import { own, remote } from "./tracks.js";
import { nothing } from "./view.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./chat.js").Line} Line */

/**
 * What the room tells the page.
 * @typedef {{
 *   view: (view: View) => void, line: (line: Line) => void, proven: (id: string) => void, warning: (words: string, about: string, code: string) => void,
 *   refused: (why: string, what: string) => void, over: (words: string) => void,
 *   shown: (t: import("./stage.js").Shown) => void, gone: (id: string) => void, muted: (id: string, muted: boolean) => void,
 *   standing: (id: string, proven: boolean, why: string) => void, ring: (bytes: number) => void,
 *   speaking: (joins: Set<string>) => void, state: (s: string) => void,
 *   local: (on: { camera: boolean, mic: boolean, screen: boolean }) => void, counted: (refused: number) => void,
 * }} Heard
 */

/** Why this browser cannot take part, or nothing. */
export { missing };

/** Why a stream is not shown (media/PROTOCOL.md section 15): never the sender's fault where it may be ours. */
const STANDINGS = {
	proven: "",
	unproven: "",
	ours: "The service that vouches for what you see is interrupted. It is ours to mend; the picture comes back by itself.",
	overdue: "Not shown: nothing vouches for what this device sends now. Its connection to the server may be broken.",
	outOfTime: "Not shown: the times of what this device sends are not those at which it came. Its clock may be wrong.",
	conflicting: "Not shown any more: this device told the server that it sends something else than it does.",
};

export class Room {
	/** @type {View | null} */
	view = null;
	/** What this device sends. */
	on = { camera: false, mic: false, screen: false };
	/** @type {((secret: string) => void)[]} */
	#links = [];
	/** By the number of the question. @type {Map<number, (proof: string) => void>} */
	#testimonies = new Map();
	#asked = 0;

	/**
	 * @param {{ meeting: string, core: string, frame: string, secret: Uint8Array | null, made: boolean, name: string, ring: boolean }} opened
	 * @param {Heard} heard
	 */
	constructor(opened, heard) {
		this.heard = heard;
		this.core = new Worker(opened.core, { type: "module", name: "core" });
		this.frame = new Worker(opened.frame, { type: "module", name: "frames" });
		const channel = new MessageChannel();
		this.core.postMessage({ type: "port" }, [channel.port1]);
		this.frame.postMessage({ type: "port" }, [channel.port2]);
		this.media = new Media(this.frame, this.#handlers(), { adaptive: !opened.ring });
		this.core.addEventListener("message", (e) => void this.#said(e.data));
		for (const worker of [this.core, this.frame]) worker.addEventListener("error", (e) => this.#broken(e.message));
		const url = new URL(`/m/${opened.meeting}/session`, location.href);
		url.protocol = url.protocol.replace("http", "ws");
		this.core.postMessage({ type: "open", meeting: opened.meeting, url: url.href, secret: opened.secret, made: opened.made, name: opened.name });
	}

	/** @returns {import("../media.js").Handlers} */
	#handlers() {
		const { heard } = this;
		return {
			shown: (t) => heard.shown(remote(t)),
			gone: (t) => heard.gone(t.name),
			muted: (t, muted) => heard.muted(t.name, muted),
			standing: (t, standing, ours) => heard.standing(t.name, standing === "proven", STANDINGS[ours && standing === "overdue" ? "ours" : standing]),
			ring: (bytes) => heard.ring(bytes),
			local: (source, track) => {
				if (source === CAMERA) this.on.camera = Boolean(track);
				if (source === MICROPHONE) this.on.mic = Boolean(track);
				if (source === SCREEN) this.on.screen = Boolean(track);
				heard.gone(`own ${source}`);
				if (track && this.view) heard.shown(own(source, track, this.view.me));
				heard.local(this.on);
			},
			speaking: (levels) => heard.speaking(new Set([...levels.keys()].map((j) => j || (this.view?.me ?? "")))),
			state: (s) => heard.state(s),
			counts: (c) => heard.counted(frames(c.dropped)),
			failed: (words) => this.#broken(words),
		};
	}

	/**
	 * Turns a source on or off.
	 * @param {"camera" | "mic" | "screen"} which
	 * @param {boolean} wanted
	 * @param {string} [device]
	 */
	async turn(which, wanted, device) {
		await this.media.turn(which === "mic" ? "microphone" : which, wanted, { device, sound: true });
	}

	/** @param {any} said */
	async #said(said) {
		switch (said.type) {
			case "view":
				this.view = said.view;
				this.heard.view(said.view);
				if (said.view.state === "out") await this.media.disconnect();
				break;
			case "ticket":
				await this.media.connect(said.livekit, said.token).catch((/** @type {Error} */ err) => this.heard.refused(err.message, "media"));
				break;
			case "rejoin": // another join of this device begins: its ticket comes next, and until its first view nothing holds
				if (this.view) this.heard.view((this.view = { ...nothing(), mode: this.view.mode }));
				await this.media.disconnect();
				break;
			case "line":
				this.heard.line(said);
				break;
			case "proven":
				this.heard.proven(said.id);
				break;
			case "warning":
				this.heard.warning(said.words, said.about, said.code);
				break;
			case "refused":
				this.heard.refused(said.why, said.what);
				break;
			case "link":
				for (const done of this.#links.splice(0)) done(said.secret);
				break;
			case "testimony":
				this.#testimonies.get(said.id)?.(said.proof);
				this.#testimonies.delete(said.id);
				break;
			case "error":
				this.#broken(said.words);
		}
	}

	/** @param {string} words */
	#broken(words) {
		this.heard.over(words || "Something in this page broke. Open the meeting again.");
		this.close();
	}

	/** @param {string} what @param {{ join?: string, on?: boolean, joins?: string[] }} [about] */
	decide(what, about = {}) {
		if (what === "acknowledge") this.core.postMessage({ type: "acknowledge", join: about.join });
		else this.core.postMessage({ type: "decide", what, ...about });
	}

	/** @param {string} text @param {string | null} to */
	say(text, to) {
		this.core.postMessage({ type: "say", text, to });
	}

	/** @param {string} code */
	compared(code) {
		this.core.postMessage({ type: "compared", code });
	}

	/** The link's secret, in base64url; "" where there is none. @returns {Promise<string>} */
	link() {
		return new Promise((done) => {
			this.#links.push(done);
			this.core.postMessage({ type: "link" });
		});
	}

	/**
	 * A guest's proof that a report in words is theirs, in base64url; "" where this device has no part in the meeting.
	 * @param {string} report as it is sent
	 * @returns {Promise<string>}
	 */
	testify(report) {
		return new Promise((done) => {
			const id = ++this.#asked;
			this.#testimonies.set(id, done);
			this.core.postMessage({ type: "testify", id, report });
		});
	}

	async leave() {
		this.core.postMessage({ type: "leave" });
		await this.media.disconnect();
	}

	/** Ends the workers, and with them every key. */
	close() {
		void this.media.disconnect();
		this.core.terminate();
		this.frame.terminate();
	}
}

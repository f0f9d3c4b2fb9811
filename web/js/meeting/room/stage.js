/** The pictures: one tile a person, one more for each shared screen. Names come from the list, never from the media server. */
import { must } from "../../shared/page.js";
import { CAMERA, MICROPHONE, SCREEN, SCREEN_SOUND } from "../frame.js";
import { el, keepFocus, named, reconcile, say, iconOf } from "./dom.js";
import { colour, columns, fitting, initials, order } from "./layout.js";

/** @typedef {import("./view.js").View} View */
/**
 * A track of which a frame has opened, or one's own.
 * @typedef {{ id: string, join: string, source: number, kind: string, muted: boolean, proven: boolean, why: string, attach: (element: HTMLMediaElement) => void,
 *   detach: (element: HTMLMediaElement) => void }} Shown
 */
/** @typedef {{ key: string, join: string, name: string, screen: boolean, me: boolean, guest: boolean, silent: boolean }} Tile */

export class Stage {
	/** @type {Map<string, Shown>} */
	#tracks = new Map();
	/** @type {Map<string, HTMLAudioElement>} */
	#sounds = new Map();
	/** @type {View | null} */
	#view = null;
	#pinned = "";
	#spoke = "";
	/** @type {Set<string>} */
	#speaking = new Set();
	#speaker = "";
	/** How large the stage is. To measure it while it is changed would lay out the whole page each time. */
	#box = { width: 0, height: 0 };
	/** Which track is in which element. @type {WeakMap<HTMLVideoElement, Shown>} */
	#in = new WeakMap();

	/**
	 * @param {HTMLElement} stage
	 * @param {HTMLElement} sounds where audio elements live
	 */
	constructor(stage, sounds) {
		this.stage = stage;
		this.sounds = sounds;
		this.tiles = must(stage, "[data-tiles]");
		this.rest = must(stage, "[data-rest]");
		new ResizeObserver(() => {
			this.#box = stage.getBoundingClientRect();
			this.#arrange();
		}).observe(stage);
		const pin = (/** @type {Event} */ e) => {
			const tile = e.target instanceof Element ? e.target.closest(".tile") : null;
			if (tile instanceof HTMLElement) this.pin(tile.dataset.key ?? "");
		};
		this.tiles.addEventListener("dblclick", pin);
		this.tiles.addEventListener("click", (e) => {
			if (e.target instanceof Element && e.target.closest(".tile-pin")) pin(e);
		});
	}

	/** @param {View} view */
	update(view) {
		this.#view = view;
		this.#render();
	}

	/** @param {Shown} shown */
	add(shown) {
		this.#tracks.set(shown.id, shown);
		if (shown.kind === "audio") this.#play(shown);
		this.#render();
	}

	/** @param {string} id */
	remove(id) {
		const shown = this.#tracks.get(id);
		this.#tracks.delete(id);
		const sound = this.#sounds.get(id);
		if (sound) shown?.detach(sound);
		sound?.remove();
		this.#sounds.delete(id);
		this.#render();
	}

	/** @param {string} id @param {boolean} muted */
	mute(id, muted) {
		const shown = this.#tracks.get(id);
		if (!shown) return;
		shown.muted = muted;
		this.#render();
	}

	/**
	 * Shows a track, or blanks it: the picture is hidden and the sound is muted while the notary's stamps do not vouch for it.
	 * @param {string} id
	 * @param {boolean} proven
	 * @param {string} why not, in words
	 */
	stands(id, proven, why) {
		const shown = this.#tracks.get(id);
		if (!shown) return;
		Object.assign(shown, { proven, why });
		const sound = this.#sounds.get(id);
		if (sound) sound.muted = !proven;
		this.#render();
	}

	clear() {
		for (const id of [...this.#tracks.keys()]) this.remove(id);
	}

	/** @param {Set<string>} joins who speaks now */
	speaking(joins) {
		this.#speaking = joins;
		const other = [...joins].find((j) => j !== this.#view?.me);
		if (other) this.#spoke = other;
		this.#render();
	}

	/** @param {string} key of a tile; the same again lets go */
	pin(key) {
		this.#pinned = this.#pinned === key ? "" : key;
		if (this.#pinned) this.layout("speaker");
		this.#render();
	}

	/** @param {"grid" | "speaker"} which */
	layout(which) {
		this.stage.dataset.layout = which;
		if (which === "grid") this.#pinned = "";
		this.#render();
	}

	/** @param {string} id of the speakers */
	speakers(id) {
		this.#speaker = id;
		for (const sound of this.#sounds.values()) void useSpeaker(sound, id);
	}

	/** @param {Shown} shown */
	#play(shown) {
		if (shown.join === this.#view?.me) return; // one's own voice
		const sound = el("audio", { autoplay: true });
		sound.muted = !shown.proven;
		shown.attach(sound);
		this.sounds.append(sound);
		this.#sounds.set(shown.id, sound);
		if (this.#speaker) void useSpeaker(sound, this.#speaker);
		sound.play().catch(() => this.stage.dispatchEvent(new CustomEvent("silenced", { bubbles: true })));
	}

	/** Plays what a browser did not let start by itself. */
	unsilence() {
		for (const sound of this.#sounds.values()) void sound.play();
	}

	/** @param {string} join @param {number} source */
	#track(join, source) {
		for (const t of this.#tracks.values()) if (t.join === join && t.source === source) return t;
		return undefined;
	}

	/** Whether there is a picture of somebody. @param {string} join */
	#seen(join) {
		return this.#track(join, CAMERA)?.muted === false;
	}

	/** @returns {Tile[]} */
	#list() {
		const view = this.#view;
		if (!view) return [];
		const tiles = [];
		const people = [...view.members].sort((a, b) => Number(a.me) - Number(b.me) || a.index - b.index);
		for (const m of people) {
			const base = { join: m.join, name: m.name, me: m.me, guest: m.guest };
			if (this.#track(m.join, SCREEN)) tiles.push({ ...base, key: `${m.join}/2`, screen: true, silent: false });
			const sound = this.#track(m.join, MICROPHONE);
			tiles.push({ ...base, key: m.join, screen: false, silent: !sound || sound.muted });
		}
		return tiles.sort((a, b) => Number(b.screen) - Number(a.screen));
	}

	#render() {
		const large = this.stage.dataset.layout === "speaker";
		const all = this.#list();
		const fit = fitting(all, (t) => t.screen || t.me || t.key === this.#pinned || t.join === this.#spoke || this.#speaking.has(t.join) || this.#seen(t.join));
		const tiles = large ? order(fit, this.#pinned, this.#spoke) : fit;
		const rest = all.length - fit.length;
		this.rest.hidden = rest === 0;
		say(this.rest, rest === 0 ? "" : `${rest} more: People lists them all.`);
		keepFocus(this.tiles, () => this.tiles.querySelector("button") ?? this.stage,
			() => reconcile(this.tiles, tiles, (t) => t.key, make, (element, t) => this.#fill(element, t)));
		this.tiles.firstElementChild?.classList.toggle("tile-first", large);
		for (const rest of [...this.tiles.children].slice(1)) rest.classList.remove("tile-first");
		this.#arrange();
	}

	#arrange() {
		const n = Math.max(1, this.tiles.childElementCount);
		const { width, height } = this.#box;
		if (width > 0) {
			const most = String(columns(n, width, height));
			set(this.tiles, "--columns", most);
			set(this.tiles, "--columns-narrow", most);
		}
		set(this.tiles, "--strip", String(Math.max(1, n - 1)));
	}

	/** @param {HTMLElement} element @param {Tile} t */
	#fill(element, t) {
		const picture = this.#track(t.join, t.screen ? SCREEN : CAMERA);
		const video = /** @type {HTMLVideoElement} */ (must(element, "video"));
		const shown = picture && !picture.muted && picture.proven ? picture : undefined;
		const blank = [picture, this.#track(t.join, t.screen ? SCREEN_SOUND : MICROPHONE)].find((track) => track && !track.proven && track.why)?.why ?? "";
		const note = must(element, ".tile-blank");
		note.hidden = blank === "";
		say(note, blank);
		const now = this.#in.get(video);
		if (shown !== now) {
			now?.detach(video);
			shown?.attach(video);
			if (shown) this.#in.set(video, shown);
			else this.#in.delete(video);
		}
		video.hidden = !shown;
		must(element, ".tile-face").hidden = Boolean(shown);
		const words = `${t.name}${t.me ? " (you)" : ""}${t.screen ? "’s screen" : ""}`;
		say(must(element, ".tile-name .name"), words);
		must(element, ".tile-mic").hidden = !t.silent || t.screen;
		must(element, ".tile-guest").hidden = !t.guest;
		const enlarge = must(element, ".tile-pin");
		label(enlarge, "aria-label", `Enlarge ${words}`);
		label(enlarge, "aria-pressed", String(t.key === this.#pinned));
		label(element, "aria-label", `${words}${t.guest ? ", guest" : ""}${t.silent && !t.screen ? `, ${off(t.me)}` : ""}`);
		element.classList.toggle("tile-me", t.me);
		element.classList.toggle("tile-screen", t.screen);
		element.classList.toggle("tile-speaks", !t.screen && this.#speaking.has(t.join));
		element.dataset.join = t.join;
	}
}

/**
 * Sets an attribute, if it is another.
 * @param {HTMLElement} element
 * @param {string} name
 * @param {string} value
 */
function label(element, name, value) {
	if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * Sets a property of style, if it is another: all that inherits it is styled anew.
 * @param {HTMLElement} element
 * @param {string} name
 * @param {string} value
 */
function set(element, name, value) {
	if (element.style.getPropertyValue(name) !== value) element.style.setProperty(name, value);
}

/**
 * That somebody's microphone is off is known of oneself; of others the media server says it.
 * @param {boolean} me
 */
const off = (me) => (me ? "microphone off" : "microphone off, by the server’s word");

/** @param {Tile} t */
function make(t) {
	const face = el("span", { class: "tile-face", "aria-hidden": "true" }, initials(t.name));
	face.style.setProperty("--face", colour(t.join));
	const mic = el("span", { class: "tile-mic", title: off(t.me) }, iconOf("mic", "off"));
	const video = el("video", { autoplay: true, playsinline: true, "aria-hidden": "true" });
	video.muted = true; // sounds have elements of their own
	const enlarge = el("button", { type: "button", class: "tile-pin", "aria-pressed": "false" }, "Enlarge");
	return el("div", { class: "tile", role: "group" }, video, face, el("div", { class: "tile-name" }, mic, named(t.name), el("small", { class: "tile-guest" }, "guest")), el("p", { class: "tile-blank", role: "status", hidden: true }), enlarge);
}

/** @param {HTMLAudioElement} sound @param {string} id */
async function useSpeaker(sound, id) {
	if ("setSinkId" in sound) await sound.setSinkId(id).catch(() => undefined); // unplugged: the default goes on
}

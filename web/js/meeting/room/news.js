/** Turns what changes in a view into banners, sounds and words for screen readers. */
import { must, toast } from "../../shared/page.js";
import { chime } from "./chime.js";
import { commands } from "./view.js";

/** @typedef {import("./view.js").View} View */

/** Warnings that stay until somebody has read them. */
const LASTING = new Set(["leader", "split", "apart", "stale", "downgrade", "not noted", "needs link", "no keys", "bad keys"]);

/** What it means that somebody is here who is no ordinary participant. @param {import("./view.js").Member} m */
function presence(m) {
	if (m.kind === "recorder") return "This meeting is being recorded on the server.";
	if (m.kind === "telephone") return `${m.name} listens and speaks by telephone.`;
	return m.me ? "You are here as staff of this service, and everybody sees that." : "Staff of this service are in this meeting because of a report. They see and hear what you do.";
}

export class News {
	/** @type {View | null} */
	#last = null;

	/**
	 * @param {import("./banners.js").Banners} banners
	 * @param {() => void} showPeople
	 */
	constructor(banners, showPeople) {
		this.banners = banners;
		this.showPeople = showPeople;
	}

	/** @param {View} view */
	update(view) {
		const before = this.#last;
		this.#last = view;
		if (view.state === "out" || view.state === "new") return;
		this.#lobby(view, before);
		this.#connectors(view, before);
		if (before && before.mode === "standard" && view.mode === "e2ee") {
			this.banners.put({ key: "upgraded", tone: "note", words: "This meeting is end-to-end encrypted from now on. What came before was readable by the server." });
			chime("up");
		}
		if (!before || before.state === "new" || before.state === "waiting") return;
		const were = new Set(before.members.map((m) => m.join));
		const are = new Set(view.members.map((m) => m.join));
		const came = view.members.filter((m) => !were.has(m.join) && !m.me).map((m) => m.name);
		const went = before.members.filter((m) => !are.has(m.join) && !m.me).map((m) => m.name);
		if (came.length > 0) this.#say(`${came.join(", ")} joined.`);
		if (went.length > 0) this.#say(`${went.join(", ")} left.`);
	}

	/** @param {View} view @param {View | null} before */
	#lobby(view, before) {
		const waits = commands(view) ? view.waiting : [];
		const words = waits.length === 1 ? `${waits[0].name}${waits[0].guest ? ", a guest," : ""} waits to be let in.` : `${waits.length} people wait to be let in.`;
		this.banners.when("lobby", waits.length > 0, { tone: "note", words, button: "Look", press: this.showPeople, stays: true });
		if (waits.length > (before?.waiting.length ?? 0)) chime("knock");
	}

	/** Connectors are never silent (DESIGN I4). @param {View} view @param {View | null} before */
	#connectors(view, before) {
		const here = view.members.filter((m) => m.kind !== "person");
		const words = [...new Set(here.map(presence))].join(" ");
		if (here.length === 0) this.banners.take("connectors");
		else this.banners.put({ key: "connectors", tone: "warn", words, button: "Who?", press: this.showPeople, stays: true });
		const were = new Set(before?.members.map((m) => m.join));
		if (here.some((m) => !were.has(m.join))) chime("connector");
	}

	/** @param {string} words */
	#say(words) {
		must(document, "#live").textContent = words;
	}

	/**
	 * @param {string} words
	 * @param {string} about J of whom it is about
	 * @param {string} code
	 * @param {View | null} view
	 */
	warn(words, about, code, view) {
		const name = view?.members.find((m) => m.join === about)?.name;
		const said = name ? `${name}: ${words}` : words;
		if (LASTING.has(code)) this.banners.put({ key: `${code} ${about}`, tone: code === "leader" ? "warn" : "problem", words: said });
		else toast(said, "problem");
	}

	/** @param {string} s LiveKit's word for the connection's state */
	media(s) {
		this.banners.when("media", ["reconnecting", "signalReconnecting", "disconnected"].includes(s), { tone: "warn", button: "Dismiss",
			words: s === "disconnected" ? "Pictures and sound cannot be reached. They come back by themselves; if not, open the meeting again." : "The network is away. Pictures and sound come back by themselves." });
	}
}

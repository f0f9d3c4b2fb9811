/** What can be chosen for a report, and what follows from a choice. Pure. */

/**
 * What the frame worker has frozen of one source, and of one sender; times are the sender's, in milliseconds.
 * @typedef {{ from: number, to: number, frames: number, bytes: number }} Part
 * @typedef {"camera" | "microphone" | "screen" | "screenSound"} Source
 * @typedef {{ at: number, text: string, to: string | null, index: number }} FrozenLine
 * @typedef {{ j: string, sources: Partial<Record<Source, Part>>, lines: FrozenLine[] }} Sender
 * @typedef {{ id: number | string, at: number, senders: Sender[], bytes: number }} Frozen
 */
/**
 * Somebody of the meeting, who may have left it.
 * @typedef {{ join: string, name: string, account: string, guest: boolean, gone: boolean, me: boolean }} Person
 */
/** One clip that can be sent: the camera with the microphone, or the screen with its sound. @typedef {{ key: string, join: string, picture: "camera" | "screen", from: number, to: number, bytes: number, words: string }} Clip */

const KINDS = /** @type {const} */ ([
	["camera", "microphone", "Camera and microphone", "Camera", "Microphone"],
	["screen", "screenSound", "Screen and its sound", "Screen", "Sound of the screen"],
]);

/** How many people the list shows at once. */
export const SHOWN = 50;

/**
 * The people to choose from: of whom there is something first, then the others as they came; who is chosen is always there.
 * @param {Iterable<Person>} all
 * @param {Frozen | null} frozen
 * @param {Set<string>} chosen
 * @param {string} find
 * @returns {{ shown: Person[], more: number }}
 */
export function choices(all, frozen, chosen, find) {
	const there = new Set(frozen?.senders.map((s) => s.j));
	const sought = find.trim().toLocaleLowerCase();
	const fit = [...all].filter((p) => !p.me && (chosen.has(p.join) || p.name.toLocaleLowerCase().includes(sought)));
	const rank = (/** @type {Person} */ p) => (chosen.has(p.join) ? 0 : there.has(p.join) ? 1 : p.gone ? 3 : 2);
	fit.sort((a, b) => rank(a) - rank(b));
	return { shown: fit.slice(0, Math.max(SHOWN, chosen.size)), more: Math.max(0, fit.length - Math.max(SHOWN, chosen.size)) };
}

/**
 * The clips that there are of the people chosen.
 * @param {Frozen | null} frozen
 * @param {Set<string>} chosen
 * @returns {Clip[]}
 */
export function clips(frozen, chosen) {
	return (frozen?.senders ?? []).filter((s) => chosen.has(s.j)).flatMap(({ j, sources }) => KINDS.flatMap(([picture, sound, both, one, other]) => {
		const parts = [sources[picture], sources[sound]].flatMap((p) => (p && p.frames > 0 ? [p] : []));
		if (parts.length === 0) return [];
		return [{
			key: `${j} ${picture}`, join: j, picture, words: parts.length === 2 ? both : sources[picture]?.frames ? one : other,
			from: Math.min(...parts.map((p) => p.from)), to: Math.max(...parts.map((p) => p.to)), bytes: parts.reduce((n, p) => n + p.bytes, 0),
		}];
	}));
}

/**
 * From when to when there is something.
 * @param {Clip[]} list
 * @returns {{ from: number, to: number } | null}
 */
export function span(list) {
	if (list.length === 0) return null;
	return { from: Math.min(...list.map((c) => c.from)), to: Math.max(...list.map((c) => c.to)) };
}

/**
 * Of a clip, the part within a span: nothing where they do not meet.
 * @param {Clip} clip
 * @param {{ from: number, to: number }} within
 */
export function part({ from, to, bytes }, within) {
	const [a, b] = [Math.max(from, within.from), Math.min(to, within.to)];
	if (a > b) return null;
	return { from: a, to: b, bytes: to > from ? Math.round((bytes * (b - a)) / (to - from)) : bytes };
}

/**
 * The lines of chat of the people chosen, the oldest first.
 * @param {Frozen | null} frozen
 * @param {{ join: string, at: number, text: string, to: string | null }[]} heard what the page was shown, where nothing is frozen
 * @param {Set<string>} chosen
 * @returns {{ key: string, join: string, at: number, text: string, to: string | null, index: number }[]}
 */
export function lines(frozen, heard, chosen) {
	const all = frozen ? frozen.senders.flatMap((s) => s.lines.map((l) => ({ ...l, join: s.j }))) : heard.map((l, index) => ({ ...l, index }));
	return all.filter((l) => chosen.has(l.join)).map((l) => ({ ...l, key: `${l.join} ${l.index}` })).sort((a, b) => a.at - b.at);
}

/**
 * Chosen lines as the frame worker takes them.
 * @param {{ join: string, index: number }[]} chosen
 * @returns {{ j: string, indexes: number[] }[]}
 */
export function byWriter(chosen) {
	const writers = [...new Set(chosen.map((l) => l.join))];
	return writers.map((j) => ({ j, indexes: chosen.filter((l) => l.join === j).map((l) => l.index).sort((a, b) => a - b) }));
}

/**
 * The words of a report with the lines of chat that go with it, as they were on this device. Nobody can check them.
 * @param {string} words
 * @param {{ name: string, at: number, text: string, to: string | null }[]} chosen
 */
export function withLines(words, chosen) {
	if (chosen.length === 0) return words.trim();
	const list = chosen.map((l) => `[${new Date(l.at).toISOString().slice(0, 19).replace("T", " ")} UTC] ${l.name}${l.to ? " (to one person)" : ""}: ${l.text}`);
	return [words.trim(), "Lines of chat, as the reporter’s device showed them (not verified):", ...list].filter((l) => l !== "").join("\n");
}

/**
 * What is missing before it can be sent, in the order of the form.
 * @param {{ people: number, policy: string, words: string, clips: number, declared: boolean }} form
 * @param {{ people: number, clips: number, words: number }} most
 * @returns {{ field: string, words: string }[]}
 */
export function missing(form, most) {
	const all = [
		[form.people === 0, "people", "Choose whom you report."],
		[form.people > most.people, "people", `A report takes ${most.people} people. File one report for each group.`],
		[form.policy === "", "policy", "Choose what it is about."],
		[form.clips > most.clips, "clips", `A report takes ${most.clips} clips. Take some out.`],
		[form.words === "" && form.clips === 0, "words", "Say what happened in a few words, or send a clip."],
		[[...form.words].length > most.words, "words", `That is ${[...form.words].length} characters with the lines of chat; ${most.words} fit. Take something out.`],
		[!form.declared, "declared", "Tick that it is true: a report has to be made in good faith."],
	];
	return all.filter(([is]) => is).map(([, field, words]) => ({ field: String(field), words: String(words) }));
}

/** A file's name from a person's. @param {string} name @param {string} what */
export const fileName = (name, what) => `${name.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 60) || "somebody"}-${what}`;

/**
 * The state machine of one upload row, and what the form says of all rows together. Pure.
 *
 *	waiting ─► hashing ─► sending ◄─► paused
 *	                        │ ▲
 *	                        ▼ │        any ─► removed
 *	                       lost        sending ─► done, refused
 *	unfinished (from the server, after a reload) ─► hashing
 *	detached (sealed before, not part of this report) ◄─► done
 */

/** @typedef {"waiting" | "hashing" | "sending" | "paused" | "lost" | "done" | "refused" | "failed" | "unfinished" | "detached" | "removed"} UploadState */

/** @type {Record<UploadState, UploadState[]>} */
const MOVES = {
	waiting: ["hashing", "removed", "refused"],
	hashing: ["sending", "failed", "refused", "removed", "unfinished"],
	sending: ["paused", "lost", "done", "refused", "failed", "removed"],
	paused: ["sending", "removed"],
	lost: ["sending", "done", "refused", "failed", "paused", "removed"],
	failed: ["hashing", "removed"],
	unfinished: ["hashing", "removed"],
	done: ["detached", "removed"],
	detached: ["done", "removed"],
	refused: ["removed"],
	removed: [],
};

/**
 * @param {UploadState} from
 * @param {UploadState} to
 */
export function mayMove(from, to) {
	return MOVES[from].includes(to);
}

/** Which buttons a row shows. @type {Record<UploadState, string[]>} */
export const BUTTONS = {
	waiting: ["cancel"],
	hashing: ["cancel"],
	sending: ["pause", "cancel"],
	paused: ["resume", "cancel"],
	lost: ["resume", "cancel"],
	failed: ["resume", "cancel"],
	unfinished: ["pick", "cancel"],
	done: ["cancel"],
	detached: ["attach"],
	refused: ["cancel"],
	removed: [],
};

/** The chip of a row: its words and its tone. @type {Record<UploadState, [string, string]>} */
export const CHIPS = {
	waiting: ["Waiting", "quiet"],
	hashing: ["Fingerprinting", "active"],
	sending: ["Sending", "active"],
	paused: ["Paused", "warn"],
	lost: ["Connection lost", "warn"],
	failed: ["Failed", "problem"],
	unfinished: ["Unfinished", "warn"],
	done: ["Sealed", "done"],
	detached: ["Not attached", "quiet"],
	refused: ["Refused", "problem"],
	removed: ["Removed", "off"],
};

/** States that keep a report from being sent. @type {UploadState[]} */
const BLOCKING = ["waiting", "hashing", "sending", "paused", "lost", "failed", "unfinished", "refused"];

/**
 * Why the form cannot be sent yet, or "" when it can.
 * @param {UploadState[]} states of all rows
 */
export function whyNot(states) {
	const open = states.filter((s) => BLOCKING.includes(s));
	if (open.length === 0) return "";
	const one = open.length === 1;
	if (open.every((s) => s === "refused")) return one ? "One clip was refused. Remove it, then send the report." : `${open.length} clips were refused. Remove them, then send the report.`;
	if (open.every((s) => s === "unfinished")) return one ? "One upload is unfinished. Choose its file again, or remove it." : `${open.length} uploads are unfinished. Choose their files again, or remove them.`;
	if (open.every((s) => s === "refused" || s === "unfinished" || s === "failed")) return `${open.length} ${one ? "clip needs" : "clips need"} something from you: see what stands beside ${one ? "it" : "them"}, or remove ${one ? "it" : "them"}.`;
	return one ? "One clip is still on its way. You can send the report once it is sealed." : `${open.length} clips are still on their way. You can send the report once they are sealed.`;
}

/**
 * What is wrong with a file before anything is read, or "".
 * @param {{ name: string, size: number, type: string }} file
 * @param {{ maxBytes: number, maxClips: number, clips: number }} limits clips is how many the form has
 */
export function fileProblem(file, limits) {
	if (limits.clips >= limits.maxClips) return `A report takes ${limits.maxClips} clips. Add the others after filing.`;
	if (file.size === 0) return "This file is empty.";
	if (file.size > limits.maxBytes) return `This file is larger than ${Math.floor(limits.maxBytes / (1 << 20))} MiB. Cut it to the part that shows the abuse.`;
	if (!/^video\/|^$/.test(file.type) && !/\.(webm|mp4)$/i.test(file.name)) return "This is not a video. Send WebM or MP4.";
	return "";
}

/**
 * The id at the end of an upload's address.
 * @param {string | null | undefined} url
 */
export function uploadID(url) {
	return (url ?? "").split(/[?#]/)[0].replace(/\/+$/, "").split("/").pop() ?? "";
}

/**
 * The key under which tus-js-client remembers an upload: one person, one content.
 * @param {string} account
 * @param {string} sha256
 * @param {number} size
 */
export function fingerprint(account, sha256, size) {
	return `proffer-${account}-${sha256}-${size}`;
}

/**
 * How long to wait before the next try after a failure, in milliseconds.
 * @param {number} tries how many failed since something last got through
 */
export function patience(tries) {
	return Math.min(30_000, 1_000 * 2 ** Math.min(tries, 5));
}

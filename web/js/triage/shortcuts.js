/** The one table of keys, and what a key press means. Pure; keys.js ties it to the page. */

/** @typedef {"queue" | "case" | "any"} Scope */
/** @typedef {{ action: string, keys: string[], scope: Scope, group: string, words: string, typing?: boolean, shown?: string }} Shortcut typing: also while a field has the focus; shown: how the overlay prints the keys */

/** @type {Shortcut[]} */
export const SHORTCUTS = [
	{ action: "help", keys: ["?"], scope: "any", group: "Everywhere", words: "Show or hide these keys" },
	{ action: "palette", keys: ["Ctrl+k", "Meta+k"], scope: "any", group: "Everywhere", words: "Commands: go to a case, search, or do something", typing: true },
	{ action: "next", keys: ["n"], scope: "any", group: "Everywhere", words: "Take the next case" },
	{ action: "undo", keys: ["z"], scope: "any", group: "Everywhere", words: "Undo, where the page offers it" },
	{ action: "search", keys: ["/"], scope: "queue", group: "Queue", words: "Search" },
	{ action: "rowDown", keys: ["j"], scope: "queue", group: "Queue", words: "Next row" },
	{ action: "rowUp", keys: ["k"], scope: "queue", group: "Queue", words: "Row before" },
	{ action: "rowOpen", keys: ["Enter", "o"], scope: "queue", group: "Queue", words: "Open the marked row" },
	{ action: "rowClaim", keys: ["c"], scope: "queue", group: "Queue", words: "Claim the marked row" },
	{ action: "pick", keys: ["x"], scope: "queue", group: "Queue", words: "Select the marked case, or let it go" },
	{ action: "pickRange", keys: ["Shift+X"], scope: "queue", group: "Queue", words: "Select from the last one to the marked one" },
	{ action: "bulk", keys: ["b"], scope: "queue", group: "Queue", words: "Decide the selected cases together" },
	{ action: "view", keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"], shown: "1 – 9", scope: "queue", group: "Queue", words: "Open a saved view" },
	{ action: "saveView", keys: ["s"], scope: "queue", group: "Queue", words: "Save these filters as a view" },
	{ action: "showNews", keys: ["r"], scope: "queue", group: "Queue", words: "Show what changed meanwhile" },
	{ action: "claim", keys: ["c"], scope: "case", group: "Case", words: "Claim" },
	{ action: "escalate", keys: ["e"], scope: "case", group: "Case", words: "Escalate" },
	{ action: "defer", keys: ["l"], scope: "case", group: "Case", words: "Put off until later" },
	{ action: "place", keys: ["q"], scope: "case", group: "Case", words: "Move to another queue" },
	{ action: "skip", keys: ["s"], scope: "case", group: "Case", words: "Skip; others will be offered it" },
	{ action: "release", keys: ["r"], scope: "case", group: "Case", words: "Give back to the queue" },
	{ action: "decision", keys: ["d"], scope: "case", group: "Case", words: "Go to the decision" },
	{ action: "rung", keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"], shown: "1 – 9", scope: "case", group: "Case", words: "Choose what is done" },
	{ action: "suggested", keys: ["y"], scope: "case", group: "Case", words: "Fill in what is suggested; Enter then decides" },
	{ action: "decide", keys: ["Ctrl+Enter", "Meta+Enter"], scope: "case", group: "Case", words: "Decide, and go on to the next case", typing: true },
	{ action: "note", keys: ["w"], scope: "case", group: "Case", words: "Write a note" },
	{ action: "events", keys: ["v"], scope: "case", group: "Case", words: "Show or hide custody events" },
	{ action: "queue", keys: ["u"], scope: "case", group: "Case", words: "Back to the queue" },
	{ action: "exhibitNext", keys: ["x"], scope: "case", group: "Case", words: "Next exhibit" },
	{ action: "exhibitBefore", keys: ["Shift+X"], scope: "case", group: "Case", words: "Exhibit before" },
	{ action: "play", keys: ["Space", "k"], scope: "case", group: "Clip", words: "Play or pause" },
	{ action: "stills", keys: ["t"], scope: "case", group: "Clip", words: "Stills or clip" },
	{ action: "blur", keys: ["b"], scope: "case", group: "Clip", words: "Blur on or off" },
	{ action: "grey", keys: ["g"], scope: "case", group: "Clip", words: "Grey on or off" },
	{ action: "mute", keys: ["m"], scope: "case", group: "Clip", words: "Sound off or on" },
	{ action: "back", keys: ["ArrowLeft"], scope: "case", group: "Clip", words: "Back 5 seconds" },
	{ action: "forward", keys: ["ArrowRight"], scope: "case", group: "Clip", words: "Forward 5 seconds" },
	{ action: "frameBack", keys: [","], scope: "case", group: "Clip", words: "One frame back" },
	{ action: "frameForward", keys: ["."], scope: "case", group: "Clip", words: "One frame forward" },
	{ action: "slower", keys: ["["], scope: "case", group: "Clip", words: "Slower" },
	{ action: "faster", keys: ["]"], scope: "case", group: "Clip", words: "Faster" },
	{ action: "markIn", keys: ["i"], scope: "case", group: "Clip", words: "Evidence begins here" },
	{ action: "markOut", keys: ["o"], scope: "case", group: "Clip", words: "Evidence ends here: it goes into the decision" },
	{ action: "start", keys: ["Home"], scope: "case", group: "Clip", words: "To the beginning" },
	{ action: "end", keys: ["End"], scope: "case", group: "Clip", words: "To the end" },
];

/** @typedef {{ key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, shiftKey: boolean, repeat?: boolean }} Press */

/** Actions that a held key may repeat. */
const REPEATS = new Set(["rowDown", "rowUp", "back", "forward", "frameBack", "frameForward"]);

/**
 * The name of a press as the table writes it.
 * @param {Press} p
 */
export function nameOf(p) {
	const key = p.key === " " ? "Space" : p.key;
	if (p.ctrlKey) return `Ctrl+${key}`;
	if (p.metaKey) return `Meta+${key}`;
	if (p.altKey) return `Alt+${key}`;
	return p.shiftKey && /^[A-Z]$/.test(key) ? `Shift+${key}` : key.length === 1 ? key.toLowerCase() : key;
}

/**
 * What a press means, or null.
 * @param {Press} press
 * @param {{ scope: Scope, typing: boolean, on: boolean }} now typing: the focus is where keys have a meaning of their own; on: single keys are wanted
 * @returns {string | null} the action
 */
export function actionOf(press, now) {
	const name = nameOf(press);
	const hit = SHORTCUTS.find((s) => s.keys.includes(name) && (s.scope === "any" || s.scope === now.scope));
	if (!hit) return null;
	if (now.typing && !hit.typing) return null;
	if (!now.on && !hit.typing && hit.action !== "help") return null;
	if (press.repeat && !REPEATS.has(hit.action)) return null;
	return hit.action;
}

/** How keys are printed. @type {Record<string, string>} */
const PRINTED = { ArrowLeft: "←", ArrowRight: "→", "Shift+X": "⇧ X", "Ctrl+Enter": "Ctrl ⏎", "Meta+Enter": "⌘ ⏎", "Ctrl+k": "Ctrl K", "Meta+k": "⌘ K", Enter: "⏎" };

/** @param {string} key */
export function printed(key) {
	return PRINTED[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}

/**
 * The first key of an action, as buttons show it; "" for an unknown one.
 * @param {string} action
 */
export function keyOf(action) {
	const hit = SHORTCUTS.find((s) => s.action === action);
	return hit ? printed(hit.keys[0]) : "";
}

/**
 * The keys of an action as aria-keyshortcuts writes them.
 * @param {string} action
 */
export function ariaKeys(action) {
	return (SHORTCUTS.find((s) => s.action === action)?.keys ?? []).map((k) => k.replace("Ctrl+", "Control+")).join(" ");
}

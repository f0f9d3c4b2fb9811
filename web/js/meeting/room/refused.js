/** What this client has refused, as people should hear of it: without what is dropped though nobody has done wrong. Pure. */

/** Frames, at a change of key, of layer, or of the mode. */
const FRAMES = new Set(["injected", "noEpoch", "noMember", "noJoin", "otherLayer", "stale", "afterGap"]);

/** Messages that come twice, late, or for others: a connection that is resumed, a board that is read from its beginning. */
const MESSAGES = new Set([
	"entry seen before", "entry too early", "join seen before, or too many", "live", "live seen before", "leave", "deny", "leader", "keys", "keys of another epoch",
	"grant of an epoch that is known", "link in a standard meeting",
]);

/** @param {string} kind of the core's */
const innocent = (kind) => MESSAGES.has(kind) || kind.startsWith("cause: ") || (kind.startsWith("line: ") && FRAMES.has(kind.slice(6)));

/**
 * @param {Record<string, number>} dropped by kind
 * @param {(kind: string) => boolean} but
 */
const sum = (dropped, but) => Object.entries(dropped).reduce((n, [kind, more]) => n + (but(kind) ? 0 : more), 0);

/** How many frames did not hold. @param {Record<string, number>} dropped */
export const frames = (dropped) => sum(dropped, (kind) => FRAMES.has(kind));

/** How many messages of the board, of others and of the server did not hold. @param {Record<string, number>} dropped */
export const messages = (dropped) => sum(dropped, innocent);

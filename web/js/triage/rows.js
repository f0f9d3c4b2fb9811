/** What a fresh list means for the one that is shown. Pure. */

/**
 * @param {string[]} shown ids in order
 * @param {string[]} fresh ids in order
 * @returns {{ calm: boolean, gone: string[], changes: number }} calm: no row that is shown would change its place; changes: how many rows come, go or move
 */
export function compare(shown, fresh) {
	const before = new Set(shown);
	const now = new Set(fresh);
	const gone = shown.filter((id) => !now.has(id));
	const come = fresh.filter((id) => !before.has(id));
	const stay = shown.filter((id) => now.has(id));
	const order = fresh.filter((id) => before.has(id));
	const moved = stay.filter((id, i) => order[i] !== id);
	return { calm: shown.every((id, i) => fresh[i] === id), gone, changes: gone.length + come.length + moved.length };
}

/**
 * The row to mark when somebody comes back to the list: the one they left, or what took its place.
 * @param {string[]} ids
 * @param {{ id: string, index: number }} left
 * @returns {number} its index, -1 in an empty list
 */
export function comeBack(ids, left) {
	const at = ids.indexOf(left.id);
	return at >= 0 ? at : Math.min(Math.max(0, left.index), ids.length - 1);
}

/**
 * Reads what was kept of a place in the queue.
 * @param {string | null} text
 * @returns {{ address: string, id: string, index: number } | null} null where there is none or it is damaged
 */
export function readPlace(text) {
	try {
		const { address, id, index } = JSON.parse(text ?? "null") ?? {};
		const good = typeof address === "string" && /^\/queue(\?|$)/.test(address) && typeof id === "string" && Number.isInteger(index);
		return good ? { address, id, index } : null;
	} catch {
		return null;
	}
}

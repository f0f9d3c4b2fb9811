/** How long a claim still lasts, and when to renew it. Pure: times come in. */

/** Between two renewals while the page is open and visible, in ms. */
export const RENEW = 120_000;

/** From when on the countdown warns, in ms. */
export const WARN = 120_000;

/**
 * How long a claim lasts from now by the server's own clock, so that a wrong clock here does no harm.
 * @param {string | null} end when it ends, as the server says
 * @param {string | null} date the server's Date header
 * @returns {number | null} ms, or null where the server did not say
 */
export function remaining(end, date) {
	const ends = Date.parse(end ?? "");
	const now = Date.parse(date ?? "");
	return Number.isNaN(ends) || Number.isNaN(now) ? null : Math.max(0, ends - now);
}

/**
 * @param {number} left ms until the claim ends
 * @returns {"lost" | "short" | "good"}
 */
export function standing(left) {
	return left <= 0 ? "lost" : left <= WARN ? "short" : "good";
}

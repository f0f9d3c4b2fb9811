/** For how long a ring keeps what came (media/PROTOCOL.md section 16): a leaf, since the core and the page say it and the ring does it. */

// In milliseconds.
export const DEFAULT_WINDOW = 60_000;
export const MIN_WINDOW = 15_000;
export const MAX_WINDOW = 120_000;

/** A window brought into its bounds: a server that says more gets no more. @param {number} ms */
export const windowOf = (ms) => Math.min(Math.max(ms, MIN_WINDOW), MAX_WINDOW);

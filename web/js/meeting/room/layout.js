/** How tiles share the stage. Pure. */

/**
 * How many columns make the largest tiles of 16:9 in an area.
 * @param {number} n tiles, at least 1
 * @param {number} width in CSS pixels, as height
 * @param {number} height
 */
export function columns(n, width, height) {
	let best = 1;
	let size = 0;
	for (let c = 1; c <= n; c++) {
		const w = width / c;
		const h = height / Math.ceil(n / c);
		const area = Math.min(w, (h * 16) / 9);
		if (area > size + 1) [best, size] = [c, area];
	}
	return best;
}

/**
 * Who is large in the speaker view: what is pinned, else a screen, else who spoke last and is not oneself, else the first.
 * @template {{ key: string, screen: boolean, me: boolean }} T
 * @param {T[]} tiles
 * @param {string} pinned
 * @param {string} spoke
 * @returns {T[]} the same tiles, the large one first
 */
export function order(tiles, pinned, spoke) {
	const first = tiles.find((t) => t.key === pinned) ?? tiles.find((t) => t.screen && !t.me) ?? tiles.find((t) => t.key === spoke && !t.me)
		?? tiles.find((t) => !t.me) ?? tiles[0];
	return first ? [first, ...tiles.filter((t) => t !== first)] : [];
}

/** As many tiles are shown at once: with more, none shows anything. */
export const MOST_TILES = 49;

/**
 * Which tiles are shown where there are too many: first those that have something to show or that one looks at, then the others as they come.
 * @template T
 * @param {T[]} tiles
 * @param {(tile: T) => boolean} matters
 * @param {number} [most]
 * @returns {T[]} of the same tiles, in their order
 */
export function fitting(tiles, matters, most = MOST_TILES) {
	if (tiles.length <= most) return tiles;
	const first = tiles.filter(matters);
	const shown = new Set([...first, ...tiles.filter((t) => !matters(t))].slice(0, most));
	return tiles.filter((t) => shown.has(t));
}

/** The letters in the place of a picture. @param {string} name */
export function initials(name) {
	const words = name.trim().split(/\s+/).filter((w) => /\p{L}|\p{N}/u.test(w));
	const letters = words.length > 1 ? [words[0], words[words.length - 1]] : words;
	return letters.map((w) => [...(w.match(/[\p{L}\p{N}]/u)?.[0] ?? "")][0]?.toUpperCase() ?? "").join("") || "?";
}

/** A colour for a device, the same on every screen. @param {string} key in hexadecimal */
export function colour(key) {
	const hue = Number.parseInt(key.slice(0, 4) || "0", 16) % 360;
	return `oklch(0.47 0.075 ${hue})`;
}

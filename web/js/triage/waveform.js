/** The waveform as an SVG path, and the watched strip. Pure. */

/** Size of the drawing, in units of the SVG's viewBox. */
export const WIDTH = 1000;
export const HEIGHT = 64;

/**
 * Reads the server's waveform (media/derive.Waveform): the least and the greatest sample of each part, full scale ±127.
 * @param {unknown} value
 * @returns {number[]} how loud each part is, from 0 to 1; none where there is no sound or the answer is not understood
 */
export function readPeaks(value) {
	const raw = value !== null && typeof value === "object" ? /** @type {Record<string, unknown>} */ (value).peaks : null;
	if (!Array.isArray(raw)) return [];
	const loud = (/** @type {unknown} */ p) => (typeof p === "number" && Number.isFinite(p) ? Math.min(1, Math.abs(p) / 127) : 0);
	const parts = [];
	for (let i = 0; i + 1 < raw.length; i += 2) parts.push(Math.max(loud(raw[i]), loud(raw[i + 1])));
	return parts;
}

/**
 * @param {number[]} peaks from 0 to 1, from beginning to end
 * @param {number} [bars] at most so many are drawn
 * @returns {string} the d attribute: one vertical stroke for each bar
 */
export function wavePath(peaks, bars = 300) {
	const n = Math.min(bars, peaks.length);
	if (n === 0) return `M0 ${HEIGHT / 2}H${WIDTH}`;
	let d = "";
	for (let i = 0; i < n; i++) {
		const from = Math.floor((i * peaks.length) / n);
		const to = Math.max(from + 1, Math.floor(((i + 1) * peaks.length) / n));
		let top = 0;
		for (let j = from; j < to; j++) top = Math.max(top, peaks[j]);
		const half = Math.max(0.75, (top * HEIGHT * 0.92) / 2);
		const x = ((i + 0.5) * WIDTH) / n;
		d += `M${x.toFixed(1)} ${(HEIGHT / 2 - half).toFixed(1)}V${(HEIGHT / 2 + half).toFixed(1)}`;
	}
	return d;
}

/**
 * Where an interval lies in the drawing.
 * @param {{ from: number, to: number }} interval seconds
 * @param {number} duration seconds
 */
export function place(interval, duration) {
	if (!(duration > 0)) return { x: 0, width: 0 };
	const x = (Math.min(Math.max(interval.from, 0), duration) / duration) * WIDTH;
	const end = (Math.min(Math.max(interval.to, 0), duration) / duration) * WIDTH;
	return { x, width: Math.max(0, end - x) };
}

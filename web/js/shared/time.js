/** Times in words: the page says UTC, the reader's own time is added here. Pure. */

/**
 * A length of time in its largest unit, as the server writes it.
 * @param {number} ms
 */
export function span(ms) {
	const minutes = Math.floor(ms / 60_000);
	if (minutes < 1) return "under 1 min";
	if (minutes < 60) return `${minutes} min`;
	const hours = Math.floor(minutes / 60);
	return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

/**
 * @param {number} then milliseconds since the epoch
 * @param {number} now
 */
export function ago(then, now) {
	return now >= then ? `${span(now - then)} ago` : `in ${span(then - now)}`;
}

/**
 * A moment in the reader's time.
 * @param {Date} at
 * @param {Date} now
 * @param {string} [zone] IANA name; the reader's own without it
 */
export function local(at, now, zone) {
	/** @param {Date} d */
	const day = (d) => d.toLocaleDateString("en-CA", { timeZone: zone });
	const time = at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
	if (day(at) === day(now)) return `today ${time}`;
	const year = at.getFullYear() === now.getFullYear() ? undefined : "numeric";
	return `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short", year, timeZone: zone })} ${time}`;
}

/** The reader's zone as people write it: Europe/Berlin. */
export function zone() {
	return (Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC").replaceAll("_", " ");
}

/**
 * A position in a clip: 1:02:03 or 2:03.
 * @param {number} seconds
 */
export function clock(seconds) {
	const s = Math.max(0, Math.round(Number.isFinite(seconds) ? seconds : 0));
	const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
	return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

/**
 * A size in binary units, as the server writes it.
 * @param {number} n bytes
 */
export function size(n) {
	if (n < 1 << 10) return `${n} B`;
	if (n < 1 << 20) return `${Math.round(n / (1 << 10))} KiB`;
	if (n < 1 << 30) return `${(n / (1 << 20)).toFixed(1)} MiB`;
	return `${(n / (1 << 30)).toFixed(2)} GiB`;
}

/** Storage that may be refused (private windows, full disks): then nothing is remembered, and nothing breaks. */

/**
 * @param {() => Storage} which
 * @returns {{ get: (key: string) => string | null, set: (key: string, value: string) => void, drop: (key: string) => void }}
 */
function careful(which) {
	/** @template T @param {() => T} f @param {T} otherwise @returns {T} */
	const attempt = (f, otherwise) => {
		try {
			return f();
		} catch {
			return otherwise;
		}
	};
	return {
		get: (key) => attempt(() => which().getItem(key), null),
		set: (key, value) => attempt(() => which().setItem(key, value), undefined),
		drop: (key) => attempt(() => which().removeItem(key), undefined),
	};
}

/** Kept until the person clears it. */
export const kept = careful(() => localStorage);

/** Kept until the tab is closed. */
export const session = careful(() => sessionStorage);

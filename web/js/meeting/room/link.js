/** The secret of an end-to-end encrypted meeting's link: in the address's fragment, which browsers do not send. */
import { base64, unbase64 } from "../core/bytes.js";

/**
 * Reads a fragment.
 * @param {string} hash with or without the #
 * @returns {Uint8Array | null | "damaged"} null if there is none
 */
export function readSecret(hash) {
	const text = hash.replace(/^#/, "");
	if (text === "") return null;
	if (!/^[A-Za-z0-9_-]{43}$/.test(text)) return "damaged";
	try {
		const bytes = unbase64(text);
		return writeSecret(bytes) === text ? bytes : "damaged"; // one spelling only
	} catch {
		return "damaged";
	}
}

/** @param {Uint8Array} secret */
export const writeSecret = (secret) => base64(secret);

/** Takes the fragment out of the address bar, and out of what the browser remembers. */
export function takeSecret() {
	const secret = readSecret(location.hash);
	if (secret !== null) history.replaceState(history.state, "", location.pathname + location.search);
	return secret;
}

/** The plaintext of a line of chat (media/PROTOCOL.md section 8), as a report shows it. media/clip/lines.go is the same in Go. */
import { hex } from "../core/bytes.js";
import { decode } from "../cbor.js";
import { HASH } from "../frame.js";

const MAX_TEXT = 4000; // characters

/**
 * Reads a plaintext; undefined if it is no line.
 * @param {Uint8Array} plaintext
 * @returns {{ text: string, to: string | null } | undefined} to: J of whom alone it is for, or null
 */
export function readLine(plaintext) {
	let line;
	try {
		line = decode(plaintext);
	} catch {
		return undefined;
	}
	if (!Array.isArray(line) || line.length !== 3 || line[0] !== "line") return undefined;
	const [, text, to] = line;
	if (typeof text !== "string" || !(to instanceof Uint8Array) || (to.length !== 0 && to.length !== HASH)) return undefined;
	if ([...text].length > MAX_TEXT || /(?![\n\t])\p{Cc}/u.test(text)) return undefined;
	return { text, to: to.length > 0 ? hex(to) : null };
}

/** What the server says of one's exposure in its answers to what was watched. */
import { toast } from "../shared/page.js";

/** Said once a page each, and again when the number went up by so many minutes. */
const AGAIN = 10;
let said = 0;
let warned = false;

/**
 * @param {Headers} headers
 * @param {() => void} spent called when nothing more may be watched
 */
export function heed(headers, spent) {
	const left = headers.get("Proffer-Exposure-Left");
	const since = Number(headers.get("Proffer-Break") ?? 0);
	if (left !== null && Number(left) <= 0) return spent();
	if (left !== null && Number(left) <= 300 && !warned) {
		warned = true;
		toast(`${Math.max(1, Math.round(Number(left) / 60))} minutes of clips like these are left in your shift.`);
	}
	if (since > 0 && since >= said + (said ? AGAIN : 0)) {
		said = since;
		toast(`You have watched for ${since} minutes without a break. Take five away from the screen; the case waits.`);
	}
}

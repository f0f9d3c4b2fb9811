/** The security code (media/PROTOCOL.md section 4). media/e2ee/code.go is the same in Go. */
import { encode } from "../cbor.js";
import { unhex } from "./bytes.js";
import { CODE, hash } from "./context.js";

/**
 * The 39 digits by which people see that they share a leader, in 13 groups of three.
 * @param {string} meeting
 * @param {string} device of the join that leads
 * @param {string} leader that join
 */
export function securityCode(meeting, device, leader) {
	const n = BigInt("0x" + hash(CODE, encode([meeting, unhex(device), unhex(leader)]))) % 10n ** 39n;
	return String(n).padStart(39, "0").replace(/...(?=.)/g, "$& ");
}

/** The security code (media/PROTOCOL.md section 4). media/e2ee/code.go is the same in Go. */
import { encode } from "../cbor.js";
import { unhex } from "./bytes.js";
import { CODE, hash } from "./context.js";

/**
 * The 39 digits by which people see that they share a leader, in 13 groups of three.
 * @param {string} meeting
 * @param {string} leader the leader's device
 */
export function securityCode(meeting, leader) {
	const n = BigInt("0x" + hash(CODE, encode([meeting, unhex(leader)]))) % 10n ** 39n;
	return String(n).padStart(39, "0").replace(/...(?=.)/g, "$& ");
}

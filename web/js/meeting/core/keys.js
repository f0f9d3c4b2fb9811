/** How an epoch's secret reaches the members (media/PROTOCOL.md section 3.2). media/e2ee/keys.go is the same in Go. */
import { encode } from "../cbor.js";
import { HASH, J, MAX_EPOCH, MAX_KEYS, MAX_MEMBERS, MAX_TERM, NONCE, between, body, bytes, fail, list, meetingNumber, record, text, uint } from "./body.js";
import { concat, unhex } from "./bytes.js";
import { BOX, COMMITMENT, hash } from "./context.js";
import * as hpke from "./hpke.js";

const CIPHERTEXT = 2 * 32 + 16;

/** live: the newest liveness nonce of the receiver. @typedef {{ to: string, live: string, enc: Uint8Array, ciphertext: Uint8Array }} Box */

/** link: of the link that named the epoch first. @typedef {{ meeting: string, term: number, epoch: number, link: string, boxes: Box[] }} Keys */

/** @type {import("./body.js").Body<Keys>} */
export const keys = body(
	"keys",
	[
		["meeting", text],
		["term", uint],
		["epoch", uint],
		["link", HASH],
		["boxes", list(record(["to", J], ["live", NONCE], ["enc", bytes(hpke.ENC)], ["ciphertext", bytes(CIPHERTEXT)]))],
	],
	(/** @type {Keys} */ k) => {
		if (k.boxes.length < 1 || k.boxes.length > MAX_MEMBERS) fail("keys that have not 1 to 1,000 boxes");
		meetingNumber(k.meeting);
		between(1, MAX_TERM, k.term);
		between(1, MAX_EPOCH, k.epoch);
	},
	MAX_KEYS,
);

/**
 * The HPKE info of a box: everything that the secret is bound to.
 * @param {{ meeting: string, term: number, epoch: number, leader: string }} link
 * @param {string} named the hash of the link that named the epoch first
 * @param {string} to
 */
export const infoOf = ({ meeting, term, epoch, leader }, named, to) => encode([BOX, meeting, term, epoch, unhex(leader), unhex(to), unhex(named)]);

/**
 * Seals an epoch's secret and the link's secret to a join.
 * @param {import("./xwing.js").Recipient} to
 * @param {Uint8Array} info
 * @param {string} j
 * @param {string} live
 * @param {Uint8Array} epoch
 * @param {Uint8Array} link
 * @returns {Promise<Box>}
 */
export async function sealBox(to, info, j, live, epoch, link) {
	return { to: j, live, ...(await hpke.seal(to, info, concat(epoch, link))) };
}

/**
 * The two secrets of a box. Rejects one that does not open.
 * @param {Box} box
 * @param {CryptoKey} key
 * @param {Uint8Array} info
 */
export async function openBox(box, key, info) {
	const out = await hpke.open(key, info, box.enc, box.ciphertext);
	return { epoch: out.slice(0, 32), link: out.slice(32) };
}

/**
 * What ties a list link to its epoch secret (section 4).
 * @param {string} meeting
 * @param {number} term
 * @param {number} epoch
 * @param {Uint8Array} secret
 */
export function commitment(meeting, term, epoch, secret) {
	const number = new TextEncoder().encode(meeting);
	const rest = new DataView(new ArrayBuffer(16));
	rest.setBigUint64(0, BigInt(term));
	rest.setBigUint64(8, BigInt(epoch));
	return hash(COMMITMENT, concat(Uint8Array.of(number.length), number, new Uint8Array(rest.buffer), secret));
}

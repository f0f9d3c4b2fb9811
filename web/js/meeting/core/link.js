/** One link of the participant list: the whole list (media/PROTOCOL.md section 4). media/e2ee/link.go is the same in Go. */
import { HASH, J, MAX_EPOCH, MAX_INDEX, MAX_MEMBERS, MAX_SUCCESSORS, MAX_TERM, between, body, bool, fail, list, meetingNumber, record, repeats, text, uint } from "./body.js";
import { LINK, LINK_MAC, hash, mac, macHolds } from "./context.js";
import { encodeMessage, open } from "./message.js";

/** A member's place in the list. @typedef {{ index: number, j: string }} Seat */

/**
 * next: the next index to be given; members: by rising index; secret: commitment to the epoch's; previous: hash of the link before it.
 * @typedef {{ meeting: string, version: number, term: number, epoch: number, locked: boolean, leader: string, successors: string[], next: number,
 *   members: Seat[], secret: string, previous: string, time: number }} LinkBody
 */

export const NONE = "00".repeat(32);

/** @type {import("./body.js").Body<LinkBody>} */
export const link = body(
	"link",
	[
		["meeting", text],
		["version", uint],
		["term", uint],
		["epoch", uint],
		["locked", bool],
		["leader", J],
		["successors", list(J)],
		["next", uint],
		["members", list(record(["index", uint], ["j", J]))],
		["secret", HASH],
		["previous", HASH],
		["time", uint],
	],
	(/** @type {LinkBody} */ l) => {
		if ((l.version === 1) !== (l.previous === NONE)) fail("a link that follows none and is not the first, or the other way round");
		meetingNumber(l.meeting);
		between(1, Number.MAX_SAFE_INTEGER, l.version);
		between(1, MAX_TERM, l.term);
		between(1, MAX_EPOCH, l.epoch);
		between(1, MAX_INDEX + 1, l.next);
		checkSeats(l);
	},
);

/**
 * Holds the list against rule 2 of section 4, as far as it needs nothing else.
 * @param {LinkBody} l
 */
function checkSeats({ members, successors, next, leader }) {
	if (members.length < 1 || members.length > MAX_MEMBERS || successors.length > MAX_SUCCESSORS) fail("a list that has not 1 to 1,000 members and at most 16 successors");
	if (members.some((s, i) => s.index >= next || (i > 0 && s.index <= members[i - 1].index))) fail("a list whose indexes do not rise or reach the next one (§4, 2)");
	const seats = new Set(members.map((s) => s.j));
	if (seats.size !== members.length) fail("a list that has a join twice (§4, 2)");
	if (!seats.has(leader) || repeats(successors)) fail("a list whose leader is no member, or that names a successor twice (§4, 2)");
	if (successors.some((s) => !seats.has(s) || s === leader)) fail("a list with a successor that is no member, or the leader (§4, 2)");
}

/** A link as it came: who signed it, the bytes that were signed, and the mac. */
export class LinkMessage {
	#raw;
	#mac;

	/**
	 * @param {LinkBody} value
	 * @param {string} signer
	 * @param {Uint8Array} raw
	 * @param {Uint8Array} tag
	 */
	constructor(value, signer, raw, tag) {
		this.body = value;
		this.signer = signer;
		this.hash = hash(LINK, raw);
		this.#raw = raw;
		this.#mac = tag;
	}

	/** @param {Uint8Array} secret of the meeting's link */
	macHolds(secret) {
		return macHolds(secret, LINK_MAC, this.#raw, this.#mac);
	}
}

/**
 * Checks form, signature and the inner half of rule 2. Rejects what does not hold.
 * @param {import("./message.js").Message} m
 */
export async function openLink(m) {
	const { signed, value } = await open(m.signed, link);
	return new LinkMessage(value, signed.signer, signed.body, m.mac);
}

/**
 * Makes the message of a link.
 * @param {import("./device.js").Device} device
 * @param {LinkBody} b
 * @param {Uint8Array} secret of the meeting's link
 */
export async function signLink(device, b, secret) {
	const { signed, raw } = await device.sign(link, b);
	return { message: encodeMessage("link", signed, mac(secret, LINK_MAC, raw)), hash: hash(LINK, raw) };
}

/** Standard meetings, whose key the server draws (media/PROTOCOL.md section 9). media/e2ee/standard.go is the same in Go. */
import { encode } from "../cbor.js";
import { J, MAX_EPOCH, MAX_INDEX, MAX_MEMBERS, MAX_NAME, between, body, bytes, fail, list, meetingNumber, record, repeats, text, uint, visible } from "./body.js";
import { CONNECTOR, STANDARD, hash } from "./context.js";
import { Epoch } from "./epoch.js";

/** The kinds of participants. */
export const PERSON = 0;
export const RECORDER = 1;
export const TELEPHONE = 2;
/** Of the service, visibly: a person, with a join. */
export const STAFF = 3;

/** @typedef {{ meeting: string, epoch: number, key: Uint8Array }} Grant */
/** @typedef {{ index: number, kind: number, j: string, name: string }} RosterSeat */
/** hosts: who may upgrade the meeting. @typedef {{ meeting: string, epoch: number, hosts: string[], members: RosterSeat[] }} Roster */

/** @type {import("./body.js").Body<Grant>} */
export const grant = body("grant", [["meeting", text], ["epoch", uint], ["key", bytes(32)]], (/** @type {Grant} */ g) => {
	meetingNumber(g.meeting);
	between(1, MAX_EPOCH, g.epoch);
});

/** @type {import("./body.js").Body<Roster>} */
export const roster = body(
	"roster",
	[["meeting", text], ["epoch", uint], ["hosts", list(J)], ["members", list(record(["index", uint], ["kind", uint], ["j", J], ["name", text]))]],
	(/** @type {Roster} */ r) => {
		if (r.members.length > MAX_MEMBERS || r.hosts.length > MAX_MEMBERS) fail("a roster of more than 1,000");
		r.members.forEach((s, i) => {
			if (i > 0 && s.index <= r.members[i - 1].index) fail("a roster whose indexes do not rise");
			between(0, MAX_INDEX, s.index);
			between(PERSON, STAFF, s.kind);
			visible(s.name, MAX_NAME);
		});
		if (repeats(r.members.map((s) => s.j)) || repeats(r.hosts)) fail("a roster that has a join twice");
		meetingNumber(r.meeting);
		between(1, MAX_EPOCH, r.epoch);
	},
);

/**
 * The epoch of a grant; its term is 0 (section 5).
 * @param {Grant} g
 */
export function standardEpoch({ meeting, epoch, key }) {
	return new Epoch({ term: 0, epoch, link: hash(STANDARD, encode([meeting, epoch])) }, meeting, key.slice());
}

/**
 * What takes the place of a join for a connector.
 * @param {string} number
 */
export const connectorJ = (number) => hash(CONNECTOR, new TextEncoder().encode(number));

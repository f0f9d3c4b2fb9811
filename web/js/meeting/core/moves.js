/** The smaller signed bodies (media/PROTOCOL.md sections 3.3 to 3.5 and 10). media/e2ee/moves.go is the same in Go. */
import { HASH, J, KEY, MAX_MEMBERS, MAX_TERM, NONCE, between, body, fail, list, meetingNumber, repeats, text, uint } from "./body.js";
import { NONE } from "./link.js";

/** version and link: of the newest link that the sender has accepted, or 0 and zeros. @typedef {{ meeting: string, j: string, nonce: string, version: number, link: string, time: number }} Live */
/** @typedef {{ meeting: string, j: string, time: number }} Leave */
/** @typedef {{ meeting: string, version: number, link: string, time: number }} End */
/** last: the newest link that it has accepted. @typedef {{ meeting: string, term: number, j: string, last: string, time: number }} Leader */
/** carried: who stays; the host first. @typedef {{ meeting: string, host: string, carried: string[], time: number }} Upgrade */
/** @typedef {{ meeting: string, nonce: string, device: string }} Session */
/** report: SHA-256 of its bytes. @typedef {{ meeting: string, report: string, time: number }} Testimony */

const meetingAlone = (/** @type {{ meeting: string }} */ { meeting }) => meetingNumber(meeting);

/** A sign of life. @type {import("./body.js").Body<Live>} */
export const live = body(
	"live",
	[["meeting", text], ["j", J], ["nonce", NONCE], ["version", uint], ["link", HASH], ["time", uint]],
	(/** @type {Live} */ l) => {
		if ((l.version === 0) !== (l.link === NONE)) fail("a sign of life that does not name a link with its version or none");
		meetingNumber(l.meeting);
	},
);

/** A join is over, by its own device. @type {import("./body.js").Body<Leave>} */
export const leave = body("leave", [["meeting", text], ["j", J], ["time", uint]], meetingAlone);

/** A join is not admitted, by the leader. @type {import("./body.js").Body<Leave>} */
export const deny = body("deny", [["meeting", text], ["j", J], ["time", uint]], meetingAlone);

/** The meeting is over for all, by the leader. @type {import("./body.js").Body<End>} */
export const end = body("end", [["meeting", text], ["version", uint], ["link", HASH], ["time", uint]], meetingAlone);

/** A successor leads from the next term on. @type {import("./body.js").Body<Leader>} */
export const leader = body("leader", [["meeting", text], ["term", uint], ["j", J], ["last", HASH], ["time", uint]], (/** @type {Leader} */ l) => {
	meetingNumber(l.meeting);
	between(2, MAX_TERM, l.term);
});

/** A standard meeting becomes an end-to-end encrypted one, for good (section 9). @type {import("./body.js").Body<Upgrade>} */
export const upgrade = body("upgrade", [["meeting", text], ["host", J], ["carried", list(J)], ["time", uint]], (/** @type {Upgrade} */ u) => {
	if (u.carried.length < 1 || u.carried.length > MAX_MEMBERS || u.carried[0] !== u.host || repeats(u.carried)) {
		fail("an upgrade that does not carry its host first, and everyone once");
	}
	meetingNumber(u.meeting);
});

/** Proves to the server that a control session is a device's. @type {import("./body.js").Body<Session>} */
export const session = body("session", [["meeting", text], ["nonce", NONCE], ["device", KEY]], meetingAlone);

/** Proves to the server that a report in words is by the guest who joined with a device (section 19). @type {import("./body.js").Body<Testimony>} */
export const testimony = body("testimony", [["meeting", text], ["report", HASH], ["time", uint]], meetingAlone);

/** Where a client stands in a meeting, and what moves it on (media/PROTOCOL.md section 11). media/e2ee/state.go is the same in Go. */

/**
 * new: nothing is known yet; standard: a meeting whose key the server holds; waiting: end-to-end encrypted, not on a list yet; listed: on the list, without
 * a key; in: holds the newest epoch's key; rekeying: the list names an epoch whose key has not come yet; out: over, to come back is a new join.
 * @typedef {"new" | "standard" | "waiting" | "listed" | "in" | "rekeying" | "out"} State
 */

/**
 * What moves a client. letter: opened by a link with a secret, or noted as end-to-end encrypted; listed: a first link that holds; epoch: a link that
 * names a new epoch; keys: keys that hold.
 * @typedef {"letter" | "grant" | "upgrade" | "listed" | "epoch" | "keys" | Ending} Cause
 */

/** @typedef {keyof typeof ENDINGS} Ending */

/** @type {State[]} */
export const STATES = ["new", "standard", "waiting", "listed", "in", "rekeying", "out"];

/** The reasons for out in words; they say what to do next. */
export const ENDINGS = {
	left: "You left the meeting.",
	"not carried": "The meeting is end-to-end encrypted now and you were not carried over. Ask for the new link and open it.",
	denied: "The host did not let you in.",
	removed: "You are no longer on the list of participants. To come back, open the link again.",
	ended: "The host ended the meeting for everyone.",
	equivocation: "Participants were shown different lists. Somebody may be trying to listen. Do not go on in this meeting; make a new one and send its link another way.",
	gap: "The server kept back a part of the participant list for half a minute. Open the link again.",
	"no keys": "You were let in, but the key did not come. Open the link again.",
	"no leader": "Nobody leads the meeting any more. Open the link again when the host is back.",
	"cut off": "What you sent did not reach the others for half a minute, and another participant may lead now. Open the link again.",
	forged: "The one who upgraded this meeting gave another link's secret than it proved. Do not go on in this meeting.",
};

/**
 * @param {Partial<Record<Cause, State>>} to
 * @param {...Ending} endings
 * @returns {Partial<Record<Cause, State>>}
 */
const or = (to, ...endings) => ({ ...to, ...Object.fromEntries(endings.map((e) => [e, "out"])) });

/** The whole state machine: what is not here cannot happen. Nothing leads back to standard. @type {Record<State, Partial<Record<Cause, State>>>} */
const LIFECYCLE = {
	new: or({ letter: "waiting", grant: "standard" }, "left"),
	standard: or({ grant: "standard", upgrade: "waiting" }, "left"),
	waiting: or({ listed: "listed" }, "left", "not carried", "denied", "ended", "gap"),
	listed: or({ epoch: "listed", keys: "in" }, "left", "removed", "ended", "equivocation", "gap", "no keys", "no leader", "cut off", "forged"),
	in: or({ epoch: "rekeying" }, "left", "removed", "ended", "equivocation", "gap", "no leader", "cut off"),
	rekeying: or({ epoch: "rekeying", keys: "in" }, "left", "removed", "ended", "equivocation", "gap", "no leader", "cut off"),
	out: {},
};

/**
 * Where a cause leads, or undefined where it cannot happen.
 * @param {State} s
 * @param {Cause} c
 */
export const apply = (s, c) => LIFECYCLE[s][c];

/** What people are told, by its code. */
export const WARNINGS = {
	leader: "Somebody else leads the meeting now, so the security code is another. Compare it again.",
	split: "This participant is shown another list of participants and should be left out within seconds. If not, leave.",
	apart: "Somebody who was in this meeting goes on with another list of participants. The server may be splitting the meeting.",
	unheard: "This participant is on the list but has not been heard of for a minute.",
	"no keys": "The new key has not come. You are not sending until it does.",
	"bad keys": "A key that the leader sent does not fit the list and was refused.",
	stale: "The participant list has not been renewed. You are not sending until it is.",
	downgrade: "The server offered a key of its own for this end-to-end encrypted meeting. It was refused.",
	"not noted": "This browser could not note that the meeting is end-to-end encrypted. It stays so on this page; do not reload it.",
	"needs link": "This meeting is end-to-end encrypted. Open its link again: the part after # is missing.",
	"new device": "This account takes part with a device that this client has not met before.",
	"not leader": "Only the one who leads the meeting can do this.",
	full: "The meeting is full: nobody more can be let in.",
	"not allowed": "This cannot be done now.",
};

/** @typedef {keyof typeof WARNINGS} WarningCode */

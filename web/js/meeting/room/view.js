/** What the core tells the page: a snapshot of the meeting as this client has checked it. The page only shows it. */

/**
 * One participant. join is J in hexadecimal; device the first groups of the device key; heard the milliseconds since its last sign of life, or since
 * it was first listed if it has given none; strange: an account with a device that this browser has not met.
 * @typedef {{
 *   join: string, index: number, kind: "person" | "recorder" | "telephone" | "staff", name: string, organisation: string, account: string, guest: boolean,
 *   device: string, strange: boolean, heard: number | null, me: boolean, leader: boolean, host: boolean,
 * }} Member
 */

/** @typedef {"new" | "standard" | "waiting" | "listed" | "in" | "rekeying" | "out"} State */

/**
 * ring: for how many seconds hosts' devices keep what they received, 0 before the server has said it;
 * noted: whether it outlives this page that the meeting is end-to-end encrypted; differ: somebody has named another list than this client's.
 * @typedef {{
 *   state: State, cause: string, words: string, mode: "standard" | "e2ee", me: string, sending: boolean, leads: boolean, host: boolean,
 *   locked: boolean, lobbyOn: boolean, leader: string, successors: string[], members: Member[],
 *   waiting: { join: string, name: string, organisation: string, guest: boolean }[],
 *   code: string, compared: boolean, ring: number, link: boolean, upgraded: boolean,
 *   terms: { may: boolean, why: string, lost: string[] } | null, phone: { number: string, pin: string } | null, dropped: Record<string, number>, identityChanged: boolean, noted: boolean, differ: boolean,
 * }} View
 */

/**
 * Whether this person may let in, remove, lock and end.
 * @param {View} view
 */
export const commands = (view) => (view.mode === "e2ee" ? view.leads : view.host);

/**
 * Whether this device keeps a ring, of which a report can be made.
 * @param {View} view
 */
export const keeps = (view) => commands(view) || view.members.some((m) => m.me && m.kind === "staff");

/**
 * Whether media flows at all.
 * @param {View | null} view
 */
export const inside = (view) => view !== null && ["standard", "in", "rekeying"].includes(view.state);

/** A view before the core has said anything. @returns {View} */
export function nothing() {
	return {
		state: "new", cause: "", words: "", mode: "standard", me: "", sending: false, leads: false, host: false, locked: false, lobbyOn: false,
		leader: "", successors: [], members: [], waiting: [], code: "", compared: false, ring: 0, link: false, upgraded: false, terms: null, phone: null, dropped: {},
		identityChanged: false, noted: true, differ: false,
	};
}

/** The server's word for who uses a device (media/PROTOCOL.md section 2). It lets nobody in. media/e2ee/certificate.go is the same in Go. */
import { KEY, MAX_NAME, body, fail, text, uint, visible } from "./body.js";
import { open } from "./message.js";

/**
 * account and organisation: "" for a guest, whose name is what the guest chose; meeting: the only one it is for, or "" for any.
 * @typedef {{ device: string, account: string, name: string, organisation: string, meeting: string, issued: number, expires: number }} Certificate
 */

/** @type {import("./body.js").Body<Certificate>} */
export const certificate = body(
	"certificate",
	[["device", KEY], ["account", text], ["name", text], ["organisation", text], ["meeting", text], ["issued", uint], ["expires", uint]],
	(/** @type {Certificate} */ c) => {
		for (const s of [c.account, c.name, c.organisation]) visible(s, MAX_NAME);
		visible(c.meeting, 64);
		if (!c.name) fail("a certificate of nobody");
		if (isGuest(c) && (!c.meeting || c.organisation)) fail("a guest's certificate that is not for one meeting alone");
	},
);

/** Whether nobody vouches for the name. @param {Certificate} c */
export const isGuest = (c) => c.account === "";

/** What turns the direction of the words around it, and shows nothing itself. */
const TURNS = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

/**
 * A name as it may stand among the page's own words: an honest server leaves nothing in it that would turn them around.
 * @param {string} name
 */
export const legible = (name) => name.replace(TURNS, "");

/** How far a client's clock may be behind the server's, in ms. */
const EARLY = 5 * 60_000;

/**
 * Whether it is valid at a time.
 * @param {Certificate} c
 * @param {number} now
 */
export const validAt = (c, now) => now + EARLY >= c.issued && now < c.expires;

/**
 * Checks a certificate: signed by one of the identity keys, for this device, this meeting and this time.
 * @param {Uint8Array} data
 * @param {string[]} identity
 * @param {string} device
 * @param {string} meeting
 * @param {number} now
 */
export async function openCertificate(data, identity, device, meeting, now) {
	const { signed, value } = await open(data, certificate);
	if (!identity.includes(signed.signer)) fail("a certificate that is not by an identity key that this client knows");
	if (value.device !== device) fail("a certificate for another device");
	if (value.meeting && value.meeting !== meeting) fail("a certificate for another meeting");
	if (!validAt(value, now)) fail("a certificate that is not valid at this time");
	return value;
}

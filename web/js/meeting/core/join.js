/** Joins (media/PROTOCOL.md section 3.1). media/e2ee/join.go is the same in Go. */
import { KEY, NONCE, body, bytes, fail, meetingNumber, text, uint } from "./body.js";
import { hex } from "./bytes.js";
import { openCertificate } from "./certificate.js";
import { JOIN, JOIN_MAC, hash, mac, macHolds } from "./context.js";
import { PUBLIC, keyPair, publicKey } from "./hpke.js";
import { sealBox } from "./keys.js";
import { decodeMessage, decodeSigned, encodeMessage, open } from "./message.js";

/** One appearance of a device. @typedef {{ meeting: string, device: string, hpke: Uint8Array, nonce: string, time: number, certificate: Uint8Array }} JoinBody */

/** @type {import("./body.js").Body<JoinBody>} */
export const join = body(
	"join",
	[["meeting", text], ["device", KEY], ["hpke", bytes(PUBLIC)], ["nonce", NONCE], ["time", uint], ["certificate", bytes()]],
	(/** @type {JoinBody} */ j) => meetingNumber(j.meeting),
);

/** A join whose signature and certificate have been checked. The mac has not: see lettered. */
export class Join {
	#raw;
	#mac;

	/**
	 * @param {string} j
	 * @param {string} device
	 * @param {import("./certificate.js").Certificate} certificate
	 * @param {import("./xwing.js").Recipient} hpke
	 * @param {Uint8Array} raw the body as signed
	 * @param {Uint8Array} tag
	 */
	constructor(j, device, certificate, hpke, raw, tag) {
		this.j = j;
		this.device = device;
		this.certificate = certificate;
		this.hpke = hpke;
		this.#raw = raw;
		this.#mac = tag;
	}

	/**
	 * Whether the join proves that its device knew the link.
	 * @param {Uint8Array} link
	 */
	lettered(link) {
		return macHolds(link, JOIN_MAC, this.#raw, this.#mac);
	}

	/**
	 * Whether a box can be sealed to the join. A hostile key, of low order, must not keep the others from their keys, so the leader tries
	 * before it admits.
	 */
	async sealable() {
		const nothing = new Uint8Array(32);
		return sealBox(this.hpke, new Uint8Array(), this.j, "", nothing, nothing).then(() => true, () => false);
	}
}

/**
 * J of a message of the board that is a join; undefined of others. Its signature is not looked at.
 * @param {Uint8Array} data
 */
export function joinOf(data) {
	try {
		const { kind, signed } = decodeMessage(data);
		return kind === "join" ? hash(JOIN, decodeSigned(signed).body) : undefined;
	} catch {
		return undefined;
	}
}

/**
 * Checks form, signature, meeting and certificate of a join. The certificate must have been valid when the join was made.
 * @param {import("./message.js").Message} m
 * @param {string} meeting
 * @param {string[]} identity
 */
export async function openJoin(m, meeting, identity) {
	if (m.kind !== "join") fail("not a join");
	const { signed, value } = await open(m.signed, join);
	if (value.meeting !== meeting) fail("a join for another meeting");
	if (value.device !== signed.signer) fail("a join that is not signed by its own device");
	const c = await openCertificate(value.certificate, identity, value.device, meeting, value.time);
	return new Join(hash(JOIN, signed.body), value.device, c, await publicKey(value.hpke), signed.body, m.mac);
}

/** What a join keeps to itself, in memory only. @typedef {{ j: string, hpke: CryptoKey | undefined }} Private */

/**
 * Draws a join of a device.
 * @param {import("./device.js").Device} device
 * @param {string} meeting
 * @param {Uint8Array} certificate
 * @param {Uint8Array | undefined} link the link's secret; undefined in a standard meeting
 * @param {(size: number) => Uint8Array} rand
 * @param {number} now
 * @returns {Promise<{ me: Private, message: Uint8Array }>}
 */
export async function newJoin(device, meeting, certificate, link, rand, now) {
	const seed = rand(32);
	const nonce = hex(rand(16));
	const pair = await keyPair(seed);
	seed.fill(0);
	const { signed, raw } = await device.sign(join, { meeting, device: device.key, hpke: pair.publicKey, nonce, time: now, certificate });
	const message = encodeMessage("join", signed, link && mac(link, JOIN_MAC, raw));
	return { me: { j: hash(JOIN, raw), hpke: pair.privateKey }, message };
}

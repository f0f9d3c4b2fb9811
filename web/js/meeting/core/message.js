/** What is signed, and what the board carries (media/PROTOCOL.md sections 1 and 3). media/e2ee/message.go is the same in Go. */
import { encode } from "../cbor.js";
import { KEY, MAX_KEYS, MAX_MESSAGE, bytes, fail, record, strict, text, unmarshal } from "./body.js";
import * as context from "./context.js";
import { signatureHolds } from "./context.js";

/** A body as it was signed; its bytes are kept and passed on as they are. @typedef {{ body: Uint8Array, signer: string, signature: Uint8Array }} Signed */

/** mac: 32 bytes for a link and an E2EE join, else empty. @typedef {{ kind: string, signed: Uint8Array, mac: Uint8Array }} Message */

const SIGNED = record(["body", bytes()], ["signer", KEY], ["signature", bytes(64)]);
const MESSAGE = record(["kind", text], ["signed", bytes()], ["mac", bytes()]);

/** The contexts of the signatures over each kind of body (section 12). @type {Record<string, string>} */
export const CONTEXTS = {
	certificate: context.CERTIFICATE,
	join: context.JOIN,
	keys: context.KEYS,
	live: context.LIVE,
	leave: context.LEAVE,
	deny: context.DENY,
	end: context.END,
	leader: context.LEADER,
	upgrade: context.UPGRADE,
	link: context.LINK,
	session: context.SESSION,
	testimony: context.TESTIMONY,
};

/** The kinds that an entry of the board may have; a sign of life is relayed and not kept (section 3.3). */
export const BOARD = new Set(["join", "link", "keys", "leave", "deny", "end", "leader", "upgrade"]);

/**
 * Reads what an entry carries. Its signature is not yet checked.
 * @param {Uint8Array} data
 * @returns {Message}
 */
export function decodeMessage(data) {
	/** @type {Message} */
	const m = strict(MESSAGE, data, MAX_KEYS);
	if (!BOARD.has(m.kind)) fail("of a kind that the board does not have");
	if (m.kind !== "keys" && data.length > MAX_MESSAGE) fail("longer than the protocol allows");
	const macs = m.kind === "link" ? [32] : m.kind === "join" ? [0, 32] : [0];
	if (!macs.includes(m.mac.length)) fail("one whose mac has the wrong length");
	return m;
}

/**
 * @param {string} kind
 * @param {Uint8Array} signed
 * @param {Uint8Array} [mac]
 */
export const encodeMessage = (kind, signed, mac = new Uint8Array()) => encode(MESSAGE.write({ kind, signed, mac }));

/**
 * Reads a signed body. Its signature is not yet checked.
 * @param {Uint8Array} data
 * @returns {Signed}
 */
export const decodeSigned = (data) => strict(SIGNED, data, MAX_KEYS);

/** @param {Signed} s */
export const encodeSigned = (s) => encode(SIGNED.write(s));

/**
 * Checks the signature and reads the body. It gives the signed bytes apart, for hashes and macs over them.
 * @template T
 * @param {Uint8Array} data
 * @param {import("./body.js").Body<T>} b
 * @returns {Promise<{ signed: Signed, value: T }>}
 */
export async function open(data, b) {
	const signed = decodeSigned(data);
	if (!(await signatureHolds(signed.signer, CONTEXTS[b.kind], signed.body, signed.signature))) fail("one whose signature does not hold");
	return { signed, value: unmarshal(b, signed.body) };
}

/**
 * The same, undefined where it does not hold.
 * @template T
 * @param {Uint8Array} data
 * @param {import("./body.js").Body<T>} b
 */
export const tryOpen = (data, b) => open(data, b).catch(() => undefined);

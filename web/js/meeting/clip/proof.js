/** The proof beside a clip, and the file of lines of chat (media/PROTOCOL.md section 18). media/clip/proof.go and lines.go are the same in Go. */
import { encode } from "../cbor.js";
import { concat } from "../core/bytes.js";

const subtle = globalThis.crypto.subtle;
const CONTEXT = new TextEncoder().encode("proffer proof v1");

/**
 * Who a proof is between. reporter and sender: the messages of their joins, of a connector its J; device: the reporter's
 * Ed25519 public key; sign: signs with its private one; now: milliseconds
 * @typedef {{ meeting: string, reporter: Uint8Array, device: Uint8Array, sign: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>,
 *   now: number }} Reporter
 * @typedef {Reporter & { sender: Uint8Array }} Parties
 *
 * @typedef {import("./ring.js").StampedRun} StampedRun
 * @typedef {import("./track.js").Held} Held
 * @typedef {{ source: number, codec: number, width: number, height: number, frames: Held[], runs: StampedRun[] }} ProofTrack
 */

/** @param {Uint8Array} bytes */
const sha256 = async (bytes) => new Uint8Array(await subtle.digest("SHA-256", /** @type {BufferSource} */ (bytes)));

/**
 * @param {Uint8Array} body
 * @param {Reporter} reporter
 */
async function seal(body, { device, sign }) {
	const toSign = concat(await sha256(CONTEXT), await sha256(body));
	return encode([body, device, await sign(toSign)]);
}

/**
 * @param {Uint8Array} clip
 * @param {ProofTrack[]} tracks
 * @param {Parties} parties
 */
export async function signProof(clip, tracks, parties) {
	const { meeting, reporter, sender, now } = parties;
	const body = encode(["proof", meeting, reporter, sender, await sha256(clip), clip.length, tracks.map(trackItem), now]);
	return seal(body, parties);
}

/**
 * @param {{ sender: Uint8Array, lines: Held[], runs: StampedRun[] }[]} senders sender: the message of the join
 * @param {Reporter} parties
 */
export async function signLines(senders, parties) {
	const items = senders.map(({ sender, lines, runs }) => [sender, lines.map(lineItem), runs.map(runItem)]);
	return seal(encode(["lines", parties.meeting, parties.reporter, items, parties.now]), parties);
}

/** @param {ProofTrack} track */
const trackItem = ({ source, codec, width, height, frames, runs }) => [source, codec, width, height, frames.map(frameItem), runs.map(runItem)];

/** @param {Held} frame */
const frameItem = ({ stream, counter, time, key, term, epoch, data, opening }) => [stream, counter, time, key, term, epoch, data.length, opening];

/** @param {Held} line */
const lineItem = ({ counter, time, term, epoch, data, opening }) => [counter, time, term, epoch, data, opening];

/** @param {StampedRun} run */
const runItem = ({ key, at, stream, sequence, first, commitments, mac }) => [key, at, stream, sequence, first, commitments, mac];

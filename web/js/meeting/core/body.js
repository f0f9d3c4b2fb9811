/**
 * How messages are written and read (media/PROTOCOL.md section 1). A body is described once, by its fields, and is written and read by that.
 * media/e2ee/cbor.go is the same in Go. Whatever reads throws at what the protocol does not allow.
 */
import { decode, encode } from "../cbor.js";
import { equal } from "../commitment.js";
import { hex, unhex } from "./bytes.js";

export const MAX_MESSAGE = 64 << 10;
export const MAX_KEYS = 2 << 20;
export const MAX_NAME = 100;
export const MAX_MEMBERS = 1000;
export const MAX_SUCCESSORS = 16;
export const MAX_INDEX = 2 ** 12 - 1;
export const MAX_TERM = 2 ** 12 - 1;
export const MAX_EPOCH = 2 ** 24 - 1;
export const MAX_STREAM = 2 ** 16 - 1;
export const MAX_LINE = 4000;

/** @typedef {import("../cbor.js").Item} Item */
/** @typedef {import("../cbor.js").Decoded} Decoded */

/** How a value stands in CBOR. @typedef {{ read: (item: Decoded) => any, write: (value: any) => Item }} Type */

/** @typedef {[name: string, type: Type][]} Fields */

/**
 * An array whose first element is its kind. check holds the values against the page; form alone has been checked.
 * @template T
 * @typedef {{ kind: string, fields: Fields, limit: number, check: (value: T) => void }} Body
 */

/**
 * @param {string} what
 * @param {(item: Decoded) => boolean} is
 * @returns {Type}
 */
const plain = (what, is) => ({ read: (item) => (is(item) ? item : fail(`not ${what}`)), write: (value) => value });

export const uint = plain("an integer", (i) => typeof i === "number");
export const text = plain("a text", (i) => typeof i === "string");
export const bool = plain("true or false", (i) => typeof i === "boolean");

/**
 * A byte string, of one size if that is given.
 * @param {number} [size]
 */
export const bytes = (size) => plain("bytes of this size", (i) => i instanceof Uint8Array && (size === undefined || i.length === size));

/**
 * A byte string that names something: in hexadecimal on this side.
 * @param {number} size
 * @returns {Type}
 */
export const name = (size) => ({ read: (item) => hex(bytes(size).read(item)), write: unhex });

export const J = name(32);
export const HASH = name(32);
export const KEY = name(32);
export const NONCE = name(16);

/**
 * @param {Type} of
 * @returns {Type}
 */
export const list = (of) => ({
	read: (item) => (Array.isArray(item) ? item.map(of.read) : fail("not an array")),
	write: (/** @type {any[]} */ all) => all.map(of.write),
});

/**
 * An array of exactly these elements.
 * @param {...[name: string, type: Type]} fields
 * @returns {Type}
 */
export const record = (...fields) => ({
	read: (item) => {
		if (!Array.isArray(item) || item.length !== fields.length) return fail("not an array of the right length");
		return Object.fromEntries(fields.map(([key, type], i) => [key, type.read(item[i])]));
	},
	write: (value) => fields.map(([key, type]) => type.write(value[key])),
});

/**
 * @param {string} kind
 * @param {Fields} fields
 * @param {(value: any) => void} [check]
 * @param {number} [limit] the most bytes that it may have
 * @returns {Body<any>}
 */
export const body = (kind, fields, check = () => {}, limit = MAX_MESSAGE) => ({ kind, fields, check, limit });

/** @param {string} why @returns {never} */
export function fail(why) {
	throw new Error(`the message is ${why}`);
}

/**
 * Encodes a body under its kind.
 * @template T
 * @param {Body<T>} b
 * @param {T} value
 */
export const marshal = ({ kind, fields }, value) => encode([kind, .../** @type {Item[]} */ (record(...fields).write(value))]);

/**
 * Reads a body and refuses every input that does not encode to itself.
 * @template T
 * @param {Body<T>} b
 * @param {Uint8Array} data
 * @returns {T}
 */
export function unmarshal(b, data) {
	const { kind, ...value } = strict(record(["kind", text], ...b.fields), data, b.limit);
	if (kind !== b.kind) fail(`not a ${b.kind}`);
	b.check(value);
	return value;
}

/**
 * @param {Type} type
 * @param {Uint8Array} data
 * @param {number} limit
 */
export function strict(type, data, limit) {
	if (data.length > limit) fail("longer than the protocol allows");
	const value = type.read(decode(data));
	if (!equal(encode(type.write(value)), data)) fail("not in its one deterministic encoding");
	return value;
}

/**
 * Checks integers against a range; all must be in it.
 * @param {number} low
 * @param {number} high
 * @param {...number} values
 */
export function between(low, high, ...values) {
	if (values.some((v) => v < low || v > high)) fail("one with an integer out of its range");
}

/**
 * Checks words that people see: at most so many characters, no control characters. That they are in normal form C, the decoder has checked.
 * @param {string} s
 * @param {number} max
 */
export function visible(s, max) {
	if ([...s].length > max) fail("one with a text that is too long");
	if (/\p{Cc}/u.test(s)) fail("one with control characters");
}

/**
 * Checks what people write to each other: text that may have several lines.
 * @param {string} s
 * @param {number} max
 */
export const words = (s, max) => visible(s.replace(/[\n\t]/g, " "), max);

/** @param {string} s */
export function meetingNumber(s) {
	const size = new TextEncoder().encode(s).length;
	if (size < 1 || size > 64) fail("one whose meeting has not 1 to 64 bytes");
	visible(s, 64);
}

/**
 * @param {unknown[]} all
 */
export const repeats = (all) => new Set(all).size !== all.length;

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { decode, encode } from "../cbor.js";
import { unmarshal, marshal } from "./body.js";
import { hex, unhex } from "./bytes.js";
import { certificate, openCertificate } from "./certificate.js";
import { JOIN, hash } from "./context.js";
import * as control from "./control.js";
import { Device } from "./device.js";
import { Kept } from "./kept.js";
import { decodeMessage, decodeSigned, open } from "./message.js";
import { session as sessionProof, testimony } from "./moves.js";
import { Session } from "./session.js";
import { connectorJ, grant, roster } from "./standard.js";

// Sessions as the worker runs them, against a server that is played here: real messages, a socket and a store in memory, model time.

const MEETING = "M-3K9QA-77ZPW";
const ADDRESS = `wss://meet.example.org/m/${MEETING}/session`;
const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));
const base64 = (/** @type {Uint8Array} */ b) => Buffer.from(b).toString("base64url");

/** What IndexedDB would keep. */
class Shelf {
	/** @type {Map<string, any>} */
	kept = new Map();
	broken = false;

	/** @param {string} key */
	async get(key) {
		if (this.broken) throw new Error("nothing is kept here");
		return this.kept.get(key);
	}

	/** @param {string} key @param {(old: any) => any} change */
	async update(key, change) {
		if (this.broken) throw new Error("nothing is kept here");
		const value = change(this.kept.get(key));
		if (value === undefined) this.kept.delete(key);
		else this.kept.set(key, value);
		return value;
	}
}

/** One side of a connection as a page's WebSocket shows it; server is what the played server holds. */
class Socket {
	binaryType = "blob";
	readyState = 0;
	/** @type {((e: any) => void) | null} */
	onmessage = null;
	/** @type {((e: any) => void) | null} */
	onclose = null;
	nonce = hex(crypto.getRandomValues(new Uint8Array(16)));
	j = "";
	said = false;
	/** @type {Promise<unknown>} */
	#last = Promise.resolve();

	/** @param {Server} server */
	constructor(server) {
		this.server = server;
		setTimeout(() => this.#begin(), 1);
	}

	#begin() {
		if (this.readyState !== 0) return;
		if (!this.server.up) return this.lose();
		this.readyState = 1;
		this.server.sockets.add(this);
		this.tell(control.welcome, { meeting: MEETING, mode: 0, nonce: this.nonce, identity: this.server.identity.key, window: this.server.window });
	}

	/** @param {Uint8Array} b */
	send(b) {
		assert.equal(this.readyState, 1);
		const copy = b.slice();
		setTimeout(() => (this.#last = this.#last.then(() => this.server.heard(this, copy))), 1);
	}

	/** @template T @param {import("./body.js").Body<T>} b @param {T} value */
	tell(b, value) {
		const data = marshal(b, value);
		setTimeout(() => this.readyState === 1 && this.onmessage?.({ data: data.buffer.slice(data.byteOffset, data.byteOffset + data.length) }), 1);
	}

	close() {
		const was = this.readyState;
		this.readyState = 3;
		if (was !== 3) setTimeout(() => this.server.sockets.delete(this), 5); // what was sent before still arrives
	}

	/** The network is gone. */
	lose() {
		this.readyState = 3;
		this.server.sockets.delete(this);
		this.onclose?.({});
	}
}

/** The server, as honest as it need be. */
class Server {
	now = 1_800_000_000_000;
	up = true;
	/** @type {Uint8Array[]} */
	board = [];
	/** @type {Set<Socket>} */
	sockets = new Set();
	/** @type {string[]} */
	faults = [];
	/** @type {any[]} */
	orders = [];
	/** @type {Page[]} */
	pages = [];
	/** The account that asks next; "" is a guest. */
	account = "";
	denies = "";
	window = 60; // of rings, in seconds
	/** What the notary stamps of a run; null: it is away. @type {((run: import("./control.js").Run) => import("./control.js").Run) | null} */
	notary = (run) => run;
	/** What came while the notary was away. @type {[Socket, import("./control.js").Run[]][]} */
	missed = [];
	/** Joins that the server does not go on with. @type {Set<string>} */
	out = new Set();
	identity = /** @type {Device} */ (/** @type {unknown} */ (undefined));

	static async make() {
		const s = new Server();
		s.identity = await Device.fromSeed(crypto.getRandomValues(new Uint8Array(32)));
		return s;
	}

	/** POST /m/{id}/certificate. @param {any} address @param {any} init */
	async certify(address, init) {
		assert.equal(String(address), `https://meet.example.org/m/${MEETING}/certificate`);
		if (this.denies) return new Response(JSON.stringify({ error: this.denies }), { status: 403 });
		const { device, name } = JSON.parse(init.body);
		const guest = !this.account;
		const c = { device: hex(Buffer.from(device, "base64url")), account: this.account, name: guest ? name : `Name of ${this.account}`, organisation: guest ? "" : "Northwind School",
			meeting: guest ? MEETING : "", issued: this.now - 1000, expires: this.now + 86_400_000 };
		const { signed } = await this.identity.sign(certificate, c);
		return new Response(JSON.stringify({ certificate: base64(signed), identity: base64(unhex(this.identity.key)) }));
	}

	/** @param {Socket} s @param {Uint8Array} data */
	async heard(s, data) {
		const kind = control.kindOf(data);
		if (!s.said) {
			if (kind !== "hello") return void this.faults.push(`${kind} before hello`);
			const { certificate: c, proof } = unmarshal(control.hello, data);
			const { signed, value } = await open(proof, sessionProof);
			await openCertificate(c, [this.identity.key], signed.signer, MEETING, this.now);
			if (value.nonce !== s.nonce || value.device !== signed.signer) this.faults.push("a proof of another session");
			s.said = true;
			return;
		}
		switch (kind) {
			case "post":
				return this.post(unmarshal(control.post, data).message, s);
			case "fetch":
				for (let n = unmarshal(control.fetch, data).from; n <= this.board.length; n++) this.entry(s, n);
				return;
			case "live":
				return this.others(s, control.liveMessage, unmarshal(control.liveMessage, data));
			case "line":
				return this.others(s, control.lineFrom, { j: s.j, ...unmarshal(control.line, data) });
			case "batch":
				return this.stamp(s, unmarshal(control.batch, data).runs);
			case "order":
				return void this.orders.push(unmarshal(control.order, data));
			default:
				this.faults.push(`what is a ${kind}?`);
		}
	}

	/** Stamps as the notary does, while it does. @param {Socket} s @param {import("./control.js").Run[]} runs */
	stamp(s, runs) {
		if (!this.notary) return void this.missed.push([s, runs]);
		const stamped = { j: s.j, key: 1, at: this.now, runs: runs.map((run) => ({ run: this.notary?.(run) ?? run, mac: new Uint8Array(32) })) };
		this.others(s, control.stamped, stamped);
		s.tell(control.stamped, stamped);
	}

	/** @param {Uint8Array} message @param {Socket} s */
	post(message, s) {
		const m = decodeMessage(message);
		if (m.kind === "join") {
			s.j = hash(JOIN, decodeSigned(m.signed).body);
			const known = this.board.some((b) => hex(b) === hex(message));
			if (known && this.out.has(s.j)) return s.tell(control.refused, { what: "join", why: "This join is over. Reload the page to come back." });
			if (known) return; // the session is resumed
		}
		this.board.push(message);
		for (const other of this.sockets) if (other.said) this.entry(other, this.board.length);
	}

	/** @param {Socket} s @param {number} number */
	entry(s, number) {
		s.tell(control.entry, { number, at: this.now, message: this.board[number - 1] });
	}

	/** @param {Socket} s @param {import("./body.js").Body<any>} b @param {any} value */
	others(s, b, value) {
		for (const other of this.sockets) if (other !== s && other.said) other.tell(b, value);
	}

	/** @param {...string} kinds */
	count(...kinds) {
		return this.board.filter((b) => kinds.includes(decodeMessage(b).kind)).length;
	}

	/** @param {string} account @param {Partial<import("./session.js").Opened> & { shelf?: Shelf }} [options] */
	async page(account, { shelf = new Shelf(), ...opened } = {}) {
		this.account = account;
		const p = new Page(this, shelf, { meeting: MEETING, url: ADDRESS, secret: null, made: false, name: "Zoë", ...opened });
		this.pages.push(p);
		await p.session.open();
		return p;
	}

	/** Lets model time pass until something holds. @param {() => unknown} holds @param {string} what */
	async until(holds, what, seconds = 100) {
		for (let i = 0; i < seconds * 4; i++) {
			if (holds()) return;
			this.now += 250;
			for (const p of this.pages) if (!p.closed) await p.session.tick();
			await pause(8);
		}
		assert.fail(`not within ${seconds} s: ${what}; ${JSON.stringify(this.pages.map((p) => [p.view?.state, p.view?.cause, p.view?.dropped]))}`);
	}

	/** @param {number} seconds */
	async pass(seconds) {
		const end = this.now + seconds * 1000;
		await this.until(() => this.now >= end, "", seconds + 1);
		await pause(60);
	}

	/** Grants a standard key to pages; the first is the host. @param {number} epoch @param {...Page} pages */
	grant(epoch, ...pages) {
		const members = pages.map((p, index) => ({ index, kind: 0, j: p.session.member?.j ?? "", name: "by the roster" }));
		members.push({ index: pages.length, kind: 2, j: connectorJ("phone 1"), name: "+1 555 0100" });
		for (const s of this.sockets) {
			if (!members.some((m) => m.j === s.j)) continue;
			s.tell(roster, { meeting: MEETING, epoch, hosts: [members[0].j], members });
			s.tell(grant, { meeting: MEETING, epoch, key: new Uint8Array(32).fill(epoch) });
		}
	}

	/** @param {Page} p */
	socketOf(p) {
		return /** @type {Socket} */ ([...this.sockets].find((s) => s.j === p.session.member?.j));
	}
}

/** A page with what it is told, and what its frame worker is told. */
class Page {
	/** @type {any[]} */
	told = [];
	/** @type {any[]} */
	frames = [];
	closed = false;
	offline = false;

	/** @param {Server} server @param {Shelf} shelf @param {import("./session.js").Opened} opened */
	constructor(server, shelf, opened) {
		this.shelf = shelf;
		this.session = new Session(opened, {
			socket: (url, protocol) => {
				assert.deepEqual([url, protocol], [ADDRESS, "proffer.meeting.v1"]);
				const s = new Socket(server);
				if (this.offline) setTimeout(() => s.lose(), 0);
				return s;
			},
			fetch: /** @type {any} */ ((/** @type {any} */ a, /** @type {any} */ i) => server.certify(a, i)),
			store: shelf,
			toPage: (m) => this.told.push(structuredClone(m)),
			toFrames: (m) => this.frames.push(structuredClone(m)),
			now: () => server.now,
			pauses: [5, 10],
		});
	}

	/** @returns {ReturnType<typeof import("./view.js").view> | undefined} */
	get view() {
		return this.told.filter((m) => m.type === "view").at(-1)?.view;
	}

	/** @param {string} type */
	all(type) {
		return this.told.filter((m) => m.type === type);
	}

	/** @param {string} what @param {object} [about] */
	decide(what, about) {
		return this.session.asked({ type: "decide", what, ...about });
	}

	get in() {
		return this.view?.state === "in" && this.view.sending;
	}

	get epoch() {
		return this.frames.filter((m) => m.type === "install").at(-1)?.epoch;
	}
}


/** A meeting from the link, of a host and a guest who was let in. */
async function begun() {
	const server = await Server.make();
	const secret = crypto.getRandomValues(new Uint8Array(32));
	const host = await server.page("hanna", { secret, made: true });
	await server.until(() => host.in, "the host is in");
	const guest = await server.page("", { secret });
	await server.until(() => host.view?.waiting.length, "the guest knocks");
	assert.deepEqual(host.view?.waiting, [{ join: guest.session.member?.j, name: "Zoë", organisation: "", guest: true }]);
	await host.decide("admit", { join: guest.session.member?.j, on: true });
	await server.until(() => guest.in && host.in && host.view?.members.length === 2, "the guest is in");
	return { server, secret, host, guest };
}

test("a meeting from the link: both are in, under one key, and say so", async () => {
	const { server, host, guest } = await begun();
	assert.deepEqual(server.faults, []);
	assert.equal(host.view?.code, guest.view?.code);
	assert.match(host.view?.code ?? "", /^(\d{3} ){12}\d{3}$/);
	assert.deepEqual([host.view?.mode, host.view?.leads, guest.view?.leads, host.view?.upgraded, guest.view?.link], ["e2ee", true, false, false, true]);
	const me = guest.view?.members.find((m) => m.me);
	assert.deepEqual([me?.name, me?.guest, me?.index, me?.kind, me?.host], ["Zoë", true, 1, "person", false]);
	assert.match(me?.device ?? "", /^[0-9A-F]{4} [0-9A-F]{4}$/);
	const leader = guest.view?.members.find((m) => m.leader);
	assert.deepEqual([leader?.name, leader?.organisation, leader?.account], ["Name of hanna", "Northwind School", "hanna"]);

	assert.deepEqual(guest.frames.map((m) => m.type), ["begin", "mode", "members", "install", "sending"]);
	assert.deepEqual(guest.frames[0], { type: "begin", meeting: MEETING, join: unhex(guest.session.member?.j ?? ""), mode: "e2ee" });
	assert.deepEqual(host.epoch, guest.epoch);
	assert.equal(guest.epoch.secret.length, 32);
	assert.deepEqual(guest.epoch.members.map((/** @type {any} */ m) => m.index), [0, 1]);
	assert.ok(guest.epoch.secret.some((/** @type {number} */ b) => b !== 0));
	for (const m of [...guest.told, ...host.told]) assert.ok(!JSON.stringify(m).includes(hex(guest.epoch.secret)), "the page is told no key");
});

test("chat goes to everyone or to one, and comes with the list's names", async () => {
	const { server, secret, host, guest } = await begun();
	const third = await server.page("ben", { secret });
	await server.until(() => host.view?.waiting.length, "Ben knocks");
	await host.decide("admit", { join: third.session.member?.j });
	await server.until(() => third.in && guest.view?.members.length === 3, "Ben is in");
	await guest.session.asked({ type: "say", text: "Grüße\n👋", to: null });
	await guest.session.asked({ type: "say", text: "only you", to: host.session.member?.j });
	await host.session.asked({ type: "say", text: "and back", to: null });
	await server.until(() => host.all("line").length === 3 && guest.all("line").length === 3 && third.all("line").length === 2, "the lines come");
	assert.deepEqual(host.all("line").map((l) => [l.text, l.to, l.name, l.join]).sort(), [
		["Grüße\n👋", null, "Zoë", guest.session.member?.j],
		["and back", null, "Name of hanna", host.session.member?.j],
		["only you", host.session.member?.j, "Zoë", guest.session.member?.j],
	].sort());
	assert.ok(third.all("line").every((l) => l.text !== "only you"));

	await guest.session.asked({ type: "say", text: "x".repeat(4001), to: null });
	await guest.session.asked({ type: "say", text: "a\u0000b", to: null });
	assert.equal(guest.all("refused").length, 2);
	// What the server makes up, or plays again, is not shown.
	const socket = server.socketOf(host);
	const frame = { at: 0 };
	server.others = (s, b, value) => {
		if (b === control.lineFrom) Object.assign(frame, value);
		Server.prototype.others.call(server, s, b, value);
	};
	await guest.session.asked({ type: "say", text: "once", to: null });
	await server.until(() => host.all("line").length === 4, "the line comes");
	const { j, frame: sealed } = /** @type {any} */ (frame);
	socket.tell(control.lineFrom, { j, frame: sealed });
	sealed[20] ^= 1;
	socket.tell(control.lineFrom, { j, frame: sealed });
	socket.tell(control.lineFrom, { j, frame: new Uint8Array(10) });
	await server.pass(1);
	assert.equal(host.all("line").length, 4);
	await server.until(() => host.view?.dropped["line: replayed"] === 2 && host.view.dropped["line: short"] === 1, "they are counted");
});

test("a connection that is lost is resumed as the same join", async () => {
	const { server, host, guest } = await begun();
	const j = guest.session.member?.j;
	const joins = server.count("join");
	const socket = server.socketOf(guest);
	guest.offline = true;
	socket.lose();
	await server.pass(3);
	assert.equal(guest.view?.online, false);
	await guest.session.asked({ type: "say", text: "nobody hears", to: null });
	assert.equal(guest.all("refused").length, 1);
	await host.decide("lock", { on: true });
	await server.pass(1);
	assert.equal(guest.view?.locked, false);
	guest.offline = false;
	await server.until(() => guest.view?.online && guest.view.locked && guest.in, "the guest is back");
	assert.equal(guest.session.member?.j, j);
	assert.equal(server.count("join"), joins);
	assert.equal(guest.all("rejoin").length, 0);
	assert.equal(host.view?.members.length, 2);
	await host.session.asked({ type: "say", text: "welcome back", to: null });
	await server.until(() => guest.all("line").length === 1, "a line comes");
	assert.deepEqual(server.faults, []);
});

test("what was posted when the connection was lost is posted again", async () => {
	const { server, host, guest } = await begun();
	const socket = server.socketOf(host);
	host.offline = true;
	socket.lose();
	await host.decide("remove", { join: guest.session.member?.j }); // makes a link
	await pause(20);
	const before = server.count("link");
	host.offline = false;
	await server.until(() => guest.view?.state === "out", "the guest is removed");
	assert.equal(guest.view?.cause, "removed");
	assert.equal(server.count("link"), before + 1);
});

test("a connection that says nothing is opened anew", async () => {
	const { server, guest } = await begun();
	const socket = server.socketOf(guest);
	socket.tell = () => {}; // nothing comes, and no word that it is over
	await server.until(() => guest.session.member && server.socketOf(guest) !== socket && server.socketOf(guest)?.said, "another connection", 30);
	await server.until(() => guest.in && guest.view?.online, "the guest is in");
	assert.equal(guest.all("rejoin").length, 0);
});

test("who was away too long joins anew, and is known", async () => {
	const { server, host, guest } = await begun();
	const j = guest.session.member?.j;
	guest.offline = true;
	server.socketOf(guest).lose();
	await server.until(() => guest.all("rejoin").length > 0, "a new join", 70);
	assert.equal(host.view?.members.length, 1);
	guest.offline = false;
	await server.until(() => guest.in && host.view?.members.length === 2, "the guest is in again", 30); // without the host's word
	assert.notEqual(guest.session.member?.j, j);
	assert.equal(guest.frames.filter((m) => m.type === "begin").length, 2);
	assert.equal(guest.view?.epochs.length, 1);
	assert.deepEqual(guest.told.filter((m) => m.type === "view" && m.view.state === "out"), []); // the page is not told of an end
});

test("a join that the server does not go on with is made anew, but not after a host's removal from a standard meeting", async () => {
	const { server, host, guest } = await begun();
	const j = guest.session.member?.j ?? "";
	server.out.add(j);
	server.socketOf(guest).lose();
	await server.until(() => guest.in && guest.session.member?.j !== j && host.view?.members.length === 2, "the guest is in again");
	assert.equal(guest.all("rejoin").length, 1);

	const { server: another, other } = await standard();
	another.out.add(other.session.member?.j ?? "");
	another.socketOf(other).lose();
	await another.until(() => other.view?.state === "out", "out");
	assert.deepEqual([other.view?.words, other.view?.epochs, other.all("rejoin")], ["This join is over. Reload the page to come back.", [], []]);
});

test("a certificate that has run out is asked for again", async () => {
	const { server, guest } = await begun();
	let asked = 0;
	const certify = server.certify.bind(server);
	server.certify = (a, i) => (asked++, certify(a, i));
	server.socketOf(guest).lose();
	await server.until(() => server.socketOf(guest)?.said && guest.view?.online, "back");
	assert.equal(asked, 0);
	server.now += 86_400_000;
	server.socketOf(guest)?.lose();
	for (const s of [...server.sockets]) s.lose();
	await server.until(() => asked > 0, "asked again");
	assert.deepEqual(server.faults, []);
});

test("a frame worker that has lost its record makes a new join", async () => {
	const { server, host, guest } = await begun();
	const j = guest.session.member?.j;
	await guest.session.lost();
	await server.until(() => guest.in && host.view?.members.length === 2 && guest.session.member?.j !== j && !host.session.member?.list?.has(j ?? ""), "the guest is in again");
	assert.equal(server.count("leave"), 1);
});

test("a reload finds device, link and comparison again", async () => {
	const { server, host, guest } = await begun();
	const code = guest.view?.code;
	await guest.session.asked({ type: "compared", code });
	await server.until(() => guest.view?.compared, "compared");
	await guest.session.asked({ type: "leave" });
	await server.until(() => host.view?.members.length === 1, "the guest has left");
	assert.equal(guest.view?.cause, "left");
	guest.closed = true;
	const again = await server.page("", { shelf: guest.shelf });
	await server.until(() => again.in, "the guest is in again"); // a device that left by itself is let in
	assert.equal(again.session.member?.config.device.key, guest.session.member?.config.device.key);
	await server.until(() => again.view?.compared, "still compared");
	assert.equal(again.view?.code, code);
	await again.session.asked({ type: "link" });
	assert.equal(again.all("link")[0].secret, base64(again.session.member?.secret ?? new Uint8Array()));
	// The end of the meeting ends that.
	await host.decide("end");
	await server.until(() => again.view?.state === "out", "over");
	assert.equal(again.view?.cause, "ended");
	assert.equal(await new Kept(guest.shelf).link(MEETING), undefined);
	assert.equal(await new Kept(guest.shelf).remembered(MEETING), true);
});

/** A standard meeting of a host and another. */
async function standard() {
	const server = await Server.make();
	const host = await server.page("hanna", { made: true });
	const other = await server.page("ben");
	await server.until(() => server.count("join") === 2 && host.session.member?.joins.size === 2 && other.session.member?.joins.size === 2, "both joined");
	server.grant(1, host, other);
	await server.until(() => [host, other].every((p) => p.view?.state === "standard" && p.view.sending), "both have the key");
	return { server, host, other };
}

test("a standard meeting: the roster is shown, orders go to the server, the upgrade has no way back", async () => {
	const { server, host, other } = await standard();
	assert.deepEqual(other.view?.members.map((m) => [m.name, m.kind, m.host, m.index]), [["Name of hanna", "person", true, 0], ["Name of ben", "person", false, 1], ["+1 555 0100", "telephone", false, 2]]);
	assert.deepEqual([host.view?.host, host.view?.leads, other.view?.host, host.view?.mode, host.view?.code, host.view?.leader], [true, false, false, "standard", "", ""]);
	assert.equal(other.epoch.term, 0);
	assert.deepEqual(other.epoch.members[1].device, unhex(other.session.member?.config.device.key ?? ""));
	assert.deepEqual(other.epoch.members[2].device, new Uint8Array(32));

	const socket = server.socketOf(host);
	socket.tell(control.lobby, { meeting: MEETING, locked: true, on: true, waiting: [{ j: "aa".repeat(32), name: "Wanda" }] });
	socket.tell(control.terms, { meeting: MEETING, may: true, why: "", lost: ["The telephone will be shown out."] });
	await server.until(() => host.view?.terms && host.view.waiting.length === 1, "lobby and terms");
	assert.deepEqual([host.view?.locked, host.view?.lobbyOn, host.view?.waiting[0].name, host.view?.terms?.lost], [true, true, "Wanda", ["The telephone will be shown out."]]);
	for (const [what, about] of /** @type {[string, object][]} */ ([["admit", { join: "aa".repeat(32) }], ["refuse", { join: "aa".repeat(32) }], ["lock", { on: false }], ["host", { join: other.view?.me, on: true }], ["remove", { join: other.view?.me }], ["end", {}]])) await host.decide(what, about);
	await pause(20);
	assert.deepEqual(server.orders.map((o) => [o.what, hex(o.j).slice(0, 4), o.on]), [["admit", "aaaa", true], ["admit", "aaaa", false], ["lock", "", false],
		["host", other.view?.me.slice(0, 4), true], ["remove", other.view?.me.slice(0, 4), true], ["end", "", true]]);

	await other.session.asked({ type: "say", text: "by the server's key", to: null });
	await server.until(() => host.all("line").length === 1, "a line");
	const mark = other.frames.length;
	await host.decide("upgrade", { joins: [host.view?.me, other.view?.me] });
	await server.until(() => host.in && other.in, "both are in");
	const next = other.frames.slice(mark).filter((m) => !["service", "stamped"].includes(m.type)).slice(0, 3);
	assert.deepEqual(next.map((m) => m.type), ["sending", "drop", "mode"]);
	assert.equal(next[0].on, false);
	assert.deepEqual([other.view?.mode, other.view?.upgraded, other.view?.members.length, other.view?.host, other.view?.terms], ["e2ee", true, 2, false, null]);
	server.grant(7, host, other);
	await server.until(() => other.all("warning").some((w) => w.code === "downgrade"), "the offer is refused");
	assert.equal(other.view?.mode, "e2ee");
	await other.session.asked({ type: "say", text: "end to end", to: null });
	await server.until(() => host.all("line").length === 2, "a line of the new epoch");
	assert.deepEqual(await new Kept(other.shelf).link(MEETING), other.session.member?.secret);
});

test("who comes while others are in a standard meeting is told to the frame worker", async () => {
	const { server, host, other } = await standard();
	const third = await server.page("carl");
	await server.until(() => host.session.member?.joins.size === 3, "Carl joined");
	server.grant(2, host, other, third);
	await server.until(() => third.view?.sending && host.epoch.epoch === 2, "Carl has the key");
	assert.equal(host.epoch.members.length, 4);
	const before = host.frames.length;
	const members = [{ index: 0, kind: 0, j: host.view?.me ?? "", name: "Hanna" }, { index: 2, kind: 0, j: third.view?.me ?? "", name: "Carl" }];
	server.socketOf(host).tell(roster, { meeting: MEETING, epoch: 2, hosts: [host.view?.me ?? ""], members });
	await server.until(() => host.view?.members.length === 2, "Ben is gone");
	const told = host.frames.slice(before).filter((m) => !["service", "stamped"].includes(m.type));
	assert.deepEqual(told.map((m) => [m.type, m.members.length]), [["members", 2]]);
});

test("who waits at the door of a standard meeting is shown as waiting", async () => {
	const server = await Server.make();
	const p = await server.page("");
	await server.until(() => server.socketOf(p)?.said, "hello");
	server.socketOf(p).tell(control.lobby, { meeting: MEETING, locked: false, on: true, waiting: [] });
	await server.until(() => p.view?.state === "waiting", "waiting");
	assert.equal(p.view?.mode, "standard");
	server.socketOf(p).tell(control.over, { cause: "denied", why: "The host did not let you in." });
	await server.until(() => p.view?.state === "out", "out");
	assert.deepEqual([p.view?.cause, p.view?.words, p.view?.mode], ["denied", "The host did not let you in.", "standard"]);
	await server.pass(2);
	assert.equal(server.sockets.size, 0); // it does not come back by itself
});

test("the server's last word ends an end-to-end encrypted session: every key is erased", async () => {
	const { server, guest } = await begun();
	server.socketOf(guest).tell(control.over, { cause: "refused", why: "Too many messages. Open the link again." });
	await server.until(() => guest.view?.state === "out", "out");
	assert.deepEqual([guest.view?.cause, guest.view?.words, guest.view?.mode, guest.view?.epochs], ["refused", "The server ended this session: Too many messages. Open the link again.", "e2ee", []]);
	assert.equal(guest.frames.filter((m) => m.type === "install").length, guest.frames.filter((m) => m.type === "drop").length);
});

test("a strange device and another identity key are shown until somebody takes note", async () => {
	const { server, secret, host } = await begun();
	const first = await server.page("ben", { secret });
	await server.until(() => host.view?.waiting.length, "Ben knocks");
	await host.decide("admit", { join: first.session.member?.j });
	await server.until(() => first.in, "Ben is in");
	const second = await server.page("ben", { secret });
	await server.until(() => host.view?.waiting.length, "Ben knocks from another device");
	await host.decide("admit", { join: second.session.member?.j });
	const strange = () => host.view?.members.filter((m) => m.strange).map((m) => m.join);
	await server.until(() => second.in && strange()?.length, "the device is shown");
	assert.deepEqual(strange(), [second.session.member?.j]);
	assert.ok(host.all("warning").some((w) => w.code === "new device" && w.about === second.session.member?.j));
	await host.session.asked({ type: "acknowledge", join: second.session.member?.j });
	await server.until(() => strange()?.length === 0, "taken note of");
	assert.equal(await new Kept(host.shelf).meet("ben", second.session.member?.config.device.key ?? ""), false);

	host.closed = true;
	const other = await Server.make();
	const again = await other.page("hanna", { secret, shelf: host.shelf, made: true });
	await other.until(() => again.in, "in another meeting");
	assert.equal(again.view?.identityChanged, true);
	await again.session.asked({ type: "acknowledge" });
	await other.until(() => again.view?.identityChanged === false, "taken note of");
});

test("another identity key is shown where nothing is kept, too", async () => {
	const server = await Server.make();
	const shelf = new Shelf();
	shelf.broken = true;
	const p = await server.page("hanna", { shelf, secret: new Uint8Array(32).fill(1), made: true });
	await server.until(() => p.in, "the host is in");
	assert.equal(p.view?.identityChanged, false);
	const { key } = await Device.fromSeed(new Uint8Array(32).fill(9));
	server.socketOf(p).tell(control.welcome, { meeting: MEETING, mode: 0, nonce: "00".repeat(16), identity: key, window: 60 });
	await server.until(() => p.view?.identityChanged, "the change is shown");
	await p.session.asked({ type: "acknowledge" });
	await server.until(() => p.view?.identityChanged === false, "taken note of");
});

test("that a meeting was upgraded is not forgotten with a join", async () => {
	const { server, host, other } = await standard();
	await host.decide("upgrade", { joins: [host.view?.me, other.view?.me] });
	await server.until(() => host.in && other.in, "both are in");
	const j = other.session.member?.j;
	await other.session.lost();
	await server.until(() => other.in && other.view?.me !== j, "another join");
	assert.equal(other.view?.upgraded, true);
});

test("a line that the server gives back to its sender is not shown again", async () => {
	const { server, guest } = await begun();
	const sent = { frame: new Uint8Array() };
	server.others = (s, b, value) => {
		if (b === control.lineFrom) Object.assign(sent, value);
		Server.prototype.others.call(server, s, b, value);
	};
	await guest.session.asked({ type: "say", text: "once", to: null });
	await server.until(() => sent.frame.length > 0, "the line is sent");
	server.socketOf(guest).tell(control.lineFrom, { j: guest.session.member?.j ?? "", frame: sent.frame });
	await server.until(() => guest.view?.dropped["line: own"] === 1, "it is counted");
	assert.equal(guest.all("line").length, 1);
});

test("a name does not turn the page's words around", async () => {
	const { server, secret, host } = await begun();
	const guest = await server.page("", { secret, name: "Ugly\u202E name" });
	await server.until(() => host.view?.waiting.length, "the guest knocks");
	assert.equal(host.view?.waiting[0].name, "Ugly name");
	await host.decide("admit", { join: guest.session.member?.j });
	await server.until(() => guest.in && host.view?.members.length === 3, "the guest is in");
	await guest.session.asked({ type: "say", text: "hello", to: null });
	await server.until(() => host.all("line").length === 1, "a line");
	assert.deepEqual([host.view?.members[2].name, host.all("line")[0].name], ["Ugly name", "Ugly name"]);
});

test("a certificate that is refused is told", async () => {
	const server = await Server.make();
	server.denies = "The meeting has ended.";
	const p = await server.page("");
	assert.deepEqual(p.told, [{ type: "refused", what: "certificate", why: "The meeting has ended." }]);
	server.certify = () => Promise.reject(new TypeError("fetch failed"));
	const q = await server.page("");
	assert.equal(q.told[0].what, "certificate");
});

test("where nothing is kept, no meeting is taken for a standard one", async () => {
	const server = await Server.make();
	const shelf = new Shelf();
	shelf.broken = true;
	const p = await server.page("hanna", { shelf, secret: new Uint8Array(32).fill(1), made: true });
	await server.until(() => p.in, "the host is in");
	assert.ok(p.all("warning").some((w) => w.code === "not noted"));
	p.closed = true;
	const other = await Server.make();
	const q = await other.page("ben", { shelf });
	assert.deepEqual(q.told.map((m) => [m.type, m.what]), [["refused", "storage"]]);
	assert.match(q.told[0].why, /^This browser keeps nothing .* ordinary window/);
	assert.equal(other.sockets.size, 0);
	assert.equal(q.session.member, undefined);
});

test("where the memory goes while a standard meeting is joined, its key is not taken", async () => {
	const server = await Server.make();
	const shelf = new Shelf();
	const p = await server.page("ben", { shelf });
	await server.until(() => p.view, "a view");
	shelf.broken = true;
	server.grant(1, p);
	await server.pass(1);
	assert.equal(p.view?.state, "waiting");
	assert.ok(p.all("warning").some((w) => w.code === "needs link"));
	assert.equal(p.frames.filter((m) => m.type === "install").length, 0);
});

test("what the server makes up does not break a session", async () => {
	const { server, guest } = await begun();
	const socket = server.socketOf(guest);
	for (let i = 0; i < 300; i++) {
		const data = i % 3 === 0 ? encode(["entry", 99_999, 0, crypto.getRandomValues(new Uint8Array(40))]) : crypto.getRandomValues(new Uint8Array(1 + (i % 60)));
		socket.onmessage?.({ data: data.buffer.slice(0, data.length) });
	}
	socket.onmessage?.({ data: "text" });
	assert.deepEqual(guest.all("error"), []);
	assert.ok(Array.isArray(decode(encode([]))));
	await server.until(() => guest.in, "still in");
});

test("the window is what the server says, within its bounds, and a session that follows may change it", async () => {
	for (const [said, is] of [[15, 15], [90, 90], [0, 15], [3600, 120], [2 ** 53 - 1, 120]]) {
		const server = await Server.make();
		server.window = said;
		const p = await server.page("A-1");
		await server.until(() => server.count("join") === 1 && p.session.member?.joins.size === 1, "a join");
		server.grant(1, p);
		await server.until(() => p.frames.some((f) => f.type === "ring"), "a host keeps a ring");
		assert.deepEqual(p.frames.filter((f) => f.type === "ring"), [{ type: "ring", on: true, window: is * 1000 }]);
		await server.until(() => p.view?.ring === is, "the page is told");
		server.window = 40;
		server.socketOf(p).lose();
		await server.until(() => p.view?.ring === 40, "the new window");
		await server.until(() => p.frames.some((f) => f.window === 40_000), "the frame worker is told");
		await p.session.asked({ type: "leave" });
	}
});

test("a line is shown once it is stamped; what is not stamped, or stamped as something else, is withheld with the reason", async () => {
	const { server, host, guest } = await begun();
	const lines = () => host.all("line").map((l) => [l.text, l.withheld]);
	server.notary = null;
	await guest.session.asked({ type: "say", text: "read me and forget", to: null });
	await pause(60);
	assert.deepEqual(lines(), [], "it waits");
	await server.until(() => lines().length === 1, "it is handed on as withheld");
	assert.deepEqual(lines(), [["read me and forget", "overdue"]]);
	server.notary = (run) => run;
	for (const [socket, runs] of server.missed.splice(0)) server.stamp(socket, runs); // within two seconds of the line
	await server.until(() => host.all("proven").length === 1, "its stamp comes late");
	assert.equal(host.all("proven")[0].id, host.all("line")[0].id);

	await guest.session.asked({ type: "say", text: "stamped", to: null });
	await server.until(() => lines().length === 2, "a line");
	assert.deepEqual(lines()[1], ["stamped", null]);
	server.notary = (run) => ({ ...run, commitments: run.commitments.map((b) => b ^ 1) });
	await guest.session.asked({ type: "say", text: "something else", to: null });
	await server.until(() => lines().length === 3, "a line");
	assert.deepEqual(lines()[2], ["something else", "conflicting"]);
	server.notary = (run) => run;
	await guest.session.asked({ type: "say", text: "honest again?", to: null });
	await server.until(() => lines().length === 4, "a line");
	assert.deepEqual(lines()[3], ["honest again?", "conflicting"], "for good");
});

test("where stamps do not come for oneself either, nobody is blamed for a line in none", async () => {
	const { server, host, guest } = await begun();
	server.notary = null;
	await host.session.asked({ type: "say", text: "mine", to: null });
	await guest.session.asked({ type: "say", text: "yours", to: null });
	await server.until(() => host.all("line").length === 2, "a line");
	assert.deepEqual(host.all("line").map((l) => [l.text, l.withheld]), [["mine", null], ["yours", "ours"]]);
});

test("a guest's device proves that a report in words is its own, also when it has left", async () => {
	const server = await Server.make();
	const p = await server.page("");
	await server.until(() => server.count("join") === 1 && p.session.member?.joins.size === 1, "a join");
	const device = p.session.member?.joins.get(p.session.member.j)?.device;
	assert.ok(device);
	const report = JSON.stringify({ words: "Über alles 👋" });
	for (const id of [1, 2]) {
		await p.session.asked({ type: "testify", id, report });
		const { proof } = p.all("testimony").find((m) => m.id === id);
		const { signed, value } = await open(new Uint8Array(Buffer.from(proof, "base64url")), testimony);
		assert.deepEqual(value, { meeting: MEETING, report: createHash("sha256").update(report).digest("hex"), time: server.now });
		assert.equal(signed.signer, device);
		await p.session.asked({ type: "leave" });
	}
});

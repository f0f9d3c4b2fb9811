import assert from "node:assert/strict";
import { test } from "node:test";
import { hex, unhex } from "./bytes.js";
import { certificate } from "./certificate.js";
import { Device } from "./device.js";
import { Member } from "./member.js";
import { upgrade } from "./moves.js";
import { connectorJ } from "./standard.js";

// Meetings of JavaScript clients alone, in model time, over a board that is honest unless a test says otherwise.

const START = 1_800_000_000_000;
const MEETING = "M-3K9QA-77ZPW";
const LAG = 50;

/** Randomness that is the same in every run (mulberry32). */
class Dice {
	/** @param {number} seed */
	constructor(seed) {
		this.state = seed;
	}

	/** Below n. @param {number} n */
	roll(n) {
		this.state = (this.state + 0x6d2b79f5) | 0;
		let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) % n;
	}

	/** @template T @param {T[]} all */
	pick(all) {
		return all[this.roll(all.length)];
	}

	/** @param {number} size */
	bytes(size) {
		return Uint8Array.from({ length: size }, () => this.roll(256));
	}

	/** @template T @param {T[]} all */
	shuffle(all) {
		for (let i = all.length - 1; i > 0; i--) {
			const k = this.roll(i + 1);
			[all[i], all[k]] = [all[k], all[i]];
		}
	}
}

/** A Memory in memory. */
class Note {
	/** @type {Set<string>} */
	meetings = new Set();
	/** @type {Map<string, Set<string>>} */
	devices = new Map();
	fails = false;

	/** @param {string} meeting */
	async remember(meeting) {
		if (this.fails) throw new Error("the disk is full");
		this.meetings.add(meeting);
	}

	/** @param {string} meeting */
	async remembered(meeting) {
		return this.meetings.has(meeting);
	}

	/** @param {string} account @param {string} device */
	async meet(account, device) {
		const met = this.devices.get(account) ?? new Set();
		this.devices.set(account, met);
		const strange = met.size > 0 && !met.has(device);
		met.add(device);
		return strange;
	}
}

class World {
	now = START;
	/** @type {Uint8Array[]} */
	board = [];
	/** @type {Peer[]} */
	peers = [];
	/** Names of epochs by their secrets, and the other way round: nobody may hold another secret of one, and no two may share one. @type {Map<string, string>} */
	secrets = new Map();
	/** Whether entries and signs of life come in any order, late, and twice. */
	disorder = false;

	/** @param {number} seed */
	static async make(seed) {
		const w = new World();
		w.dice = new Dice(seed);
		w.identity = await Device.fromSeed(w.dice.bytes(32));
		w.link = w.dice.bytes(32);
		return w;
	}

	/** @type {Dice} */
	dice = new Dice(0);
	/** @type {Device} */
	identity = /** @type {any} */ (undefined);
	link = new Uint8Array(32);

	/**
	 * @param {string} name
	 * @param {Partial<import("./member.js").Config> & { admits?: boolean, memory?: Note }} [options]
	 */
	async join(name, options = {}) {
		const device = options.device ?? (await Device.fromSeed(this.dice.bytes(32)));
		const c = { device: device.key, account: `account of ${name}`, name, organisation: "", meeting: "", issued: this.now - 1000, expires: this.now + 86_400_000 };
		const p = new Peer(this, name, options.memory ?? new Note());
		p.admits = options.admits ?? options.host === true;
		const { signed } = await this.identity.sign(certificate, c);
		const base = { meeting: MEETING, device, certificate: signed, identity: [this.identity.key], secret: this.link, host: false, rand: (/** @type {number} */ n) => this.dice.bytes(n), memory: p.memory };
		const { admits: _, ...config } = options;
		const { member, actions } = await Member.join({ ...base, ...config, act: (a) => p.perform(a) }, this.now);
		p.m = member;
		p.device = device;
		this.peers.push(p);
		for (const a of actions) p.deliver(a);
		p.check();
		return p;
	}

	/** Hands out a standard key to all, the first of whom is the host. @param {number} epoch @param {...Peer} all */
	grant(epoch, ...all) {
		const members = all.map((p, index) => ({ index, kind: 0, j: p.m.j, name: p.name }));
		members.push({ index: all.length, kind: 2, j: connectorJ("phone 1"), name: "+1 555 0100" });
		const key = this.dice.bytes(32);
		for (const p of all) {
			p.send({ type: "roster", meeting: MEETING, epoch, hosts: [all[0].m.j], members });
			p.send({ type: "grant", meeting: MEETING, epoch, key });
		}
	}

	/** Lets model time pass. @param {number} ms */
	async run(ms) {
		for (const end = this.now + ms; this.now < end; ) {
			this.now += 250;
			for (const p of [...this.peers]) await p.turn();
		}
	}

	/** These are in one epoch with one code, and hold the same keys. @param {...Peer} peers */
	async together(...peers) {
		const [first] = peers;
		for (const p of peers) {
			assert.equal(p.m.state, "in", `${p.name}: ${p.m.cause}, ${JSON.stringify(p.m.dropped)}, ${p.warnings}`);
			assert.deepEqual(p.m.list?.epoch, first.m.list?.epoch);
			assert.equal(p.m.code, first.m.code);
			const epoch = p.m.sendingEpoch;
			assert.ok(epoch, p.name);
			const sent = await epoch.keys(p.m.j, 1);
			for (const q of peers) {
				const source = q.m.source({ term: epoch.name.term, epoch: epoch.name.epoch, index: /** @type {number} */ (p.m.index), stream: 1 });
				assert.ok(typeof source === "object", `${q.name} has no key for ${p.name}`);
				assert.equal(source.j, p.m.j);
				assert.deepEqual(await source.epoch.keys(source.j, 1), sent);
			}
		}
	}
}

class Peer {
	/** @type {Member} */
	m = /** @type {any} */ (undefined);
	/** @type {Device} */
	device = /** @type {any} */ (undefined);
	/** @type {{ at: number, event: import("./member.js").Event }[]} */
	inbox = [];
	/** @type {string[]} */
	warnings = [];
	/** @type {string[]} */
	states = ["new"];
	/** @type {string[]} */
	knocks = [];
	admits = false;
	gone = false;
	sending = false;
	/** Nothing it sends arrives. */
	mute = false;

	/** @param {World} world @param {string} name @param {Note} memory */
	constructor(world, name, memory) {
		this.w = world;
		this.name = name;
		this.memory = memory;
	}

	/** @param {import("./member.js").Event} event */
	send(event) {
		const late = this.w.disorder ? this.w.dice.roll(4) * 400 : 0;
		this.inbox.push({ at: this.w.now + LAG + late, event });
		if (this.w.disorder && this.w.dice.roll(8) === 0) this.inbox.push({ at: this.w.now + LAG + this.w.dice.roll(3000), event });
	}

	/** @param {import("./member.js").Action} a */
	perform(a) {
		if (!this.m) return; // the first actions are delivered by join
		this.deliver(a);
	}

	/** @param {import("./member.js").Action} a */
	deliver(a) {
		const { w } = this;
		switch (a.type) {
			case "post":
				if (this.mute) return;
				w.board.push(a.message);
				for (const p of w.peers) p.send({ type: "entry", number: w.board.length, at: w.now, message: a.message });
				break;
			case "live":
				if (!this.mute) for (const p of w.peers) if (p !== this) p.send({ type: "live", signed: a.signed });
				break;
			case "fetch":
				for (let n = a.from; n <= w.board.length; n++) this.send({ type: "entry", number: n, at: w.now, message: w.board[n - 1] });
				break;
			case "install":
				this.installed(a.epoch);
				break;
			case "sending":
				this.sending = a.on;
				break;
			case "warning":
				this.warnings.push(a.code);
				break;
			case "changed":
				assert.equal(a.from, this.states.at(-1));
				assert.notEqual(a.from, "out");
				assert.ok(a.to !== "standard" || a.from === "new", "nothing leads back to standard");
				if (a.from === "standard" && a.to === "waiting") assert.ok(this.memory.meetings.has(MEETING) || this.memory.fails, "the note comes first");
				this.states.push(a.to);
				break;
			case "knock":
				this.knocks.push(a.join.j);
				if (this.admits) this.send({ type: "admit", j: a.join.j });
				break;
		}
	}

	/** @param {import("./epoch.js").Epoch} e */
	installed(e) {
		if (e.gone) return;
		const name = JSON.stringify(e.name);
		const secret = hex(e.secret());
		assert.equal(this.w.secrets.get(name) ?? secret, secret, "two secrets of one epoch");
		assert.equal(this.w.secrets.get(secret) ?? name, name, "one secret of two epochs");
		this.w.secrets.set(name, secret);
		this.w.secrets.set(secret, name);
	}

	/** @param {import("./member.js").Event} event */
	async step(event) {
		await this.m.step(this.w.now, event);
		this.check();
	}

	/** What holds after every step. */
	check() {
		const { m } = this;
		if (m.state === "out") assert.ok(!m.sending && m.epochs.length === 0);
		for (const e of m.epochs) assert.equal(e.name.term === 0, m.state === "standard");
		assert.equal(this.sending, m.sending);
		if (m.state !== "standard") assert.equal(typeof m.source({ term: 0, epoch: 1, index: 0, stream: 1 }), "string");
	}

	async turn() {
		if (this.gone) return;
		const due = this.inbox.filter((d) => d.at <= this.w.now);
		this.inbox = this.inbox.filter((d) => d.at > this.w.now);
		if (this.w.disorder) this.w.dice.shuffle(due);
		for (const { event } of due) await this.step(event);
		await this.step({ type: "tick" });
	}

	/** @param {string} cause */
	out(cause) {
		assert.equal(this.m.state, "out", this.name);
		assert.equal(this.m.cause, cause, this.name);
	}
}

/** @param {number} seed @param {...string} names */
async function begun(seed, ...names) {
	const w = await World.make(seed);
	const all = [await w.join("Hanna", { host: true })];
	await w.run(1000);
	for (const n of names) all.push(await w.join(n));
	await w.run(3000);
	await w.together(...all);
	return { w, all };
}

test("a meeting from the link: joins, a leave, a removal", async () => {
	const { w, all } = await begun(1, "Alice", "Bob", "Carl");
	const [host, alice, bob, carl] = all;
	assert.equal(host.m.list?.body.epoch, 2); // joins of one moment make one epoch
	await alice.step({ type: "leave" });
	await w.run(2000);
	alice.out("left");
	await w.together(host, bob, carl);
	await host.step({ type: "remove", j: bob.m.j });
	await w.run(2000);
	bob.out("removed");
	await w.together(host, carl);
	// Who was removed waits for the human when it comes back, who left does not.
	host.admits = false;
	host.knocks = [];
	const again = await w.join("Bob", { device: bob.device, memory: bob.memory });
	const back = await w.join("Alice", { device: alice.device, memory: alice.memory });
	await w.run(3000);
	assert.equal(again.m.state, "waiting");
	assert.deepEqual(host.knocks, [again.m.j]);
	await w.together(host, carl, back);
	assert.deepEqual(all.flatMap((p) => p.warnings), []);
});

test("epochs change with time", async () => {
	const { w, all } = await begun(2, "Alice");
	const epoch = all[0].m.list?.body.epoch ?? 0;
	await w.run(300_000);
	await w.together(...all);
	assert.equal(all[0].m.list?.body.epoch, epoch + 1);
});

test("the leader crashes, the next leads, and hands over", async () => {
	const { w, all } = await begun(3, "Alice", "Bob", "Carl");
	const [host, ...rest] = all;
	const code = rest[0].m.code;
	host.gone = true;
	await w.run(34_000);
	await w.together(...rest);
	const leader = rest.find((p) => p.m.leads);
	assert.ok(leader && leader.m.list?.body.term === 2 && leader.m.code !== code);
	assert.ok(rest.every((p) => p.warnings.includes("leader")));
	const heir = rest.find((p) => p !== leader);
	await leader.step({ type: "handover", j: /** @type {Peer} */ (heir).m.j });
	await w.run(4000);
	leader.out("left");
	await w.together(...rest.filter((p) => p !== leader));
	assert.ok(heir?.m.leads);
});

test("a leader that is cut off goes out, and so do others without a leader", async () => {
	const { w, all } = await begun(4, "Alice");
	all[0].mute = true;
	await w.run(33_000);
	all[0].out("cut off");
	await w.run(3000);
	assert.ok(all[1].m.leads);
});

/** @param {number} seed */
async function standard(seed) {
	const w = await World.make(seed);
	const all = [];
	for (const n of ["Hanna", "Alice", "Bob"]) all.push(await w.join(n, { secret: undefined, admits: n === "Hanna" }));
	await w.run(1000);
	w.grant(1, ...all);
	await w.run(500);
	for (const p of all) assert.ok(p.m.state === "standard" && p.m.sending, p.name);
	return { w, all };
}

test("an upgrade carries who was confirmed, and there is no way back", async () => {
	const { w, all } = await standard(5);
	const [host, alice, bob] = all;
	await host.step({ type: "upgrade", carry: [alice.m.j, connectorJ("phone 1")] });
	assert.deepEqual([host.m.state, host.m.epochs.length, host.sending], ["waiting", 0, false]);
	await w.run(3000);
	await w.together(host, alice);
	bob.out("not carried");
	assert.deepEqual(alice.m.secret, host.m.secret);
	assert.ok(!host.m.list?.has(connectorJ("phone 1")));
	w.grant(9, host, alice);
	await w.run(1000);
	await w.together(host, alice);
	assert.ok(alice.warnings.includes("downgrade"));
	// The new link lets in; a reload without it does not go back.
	w.link = /** @type {Uint8Array} */ (host.m.secret);
	const late = await w.join("Late");
	const reload = await w.join("Bob", { secret: undefined, device: alice.device, memory: alice.memory });
	w.grant(10, reload);
	await w.run(3000);
	await w.together(host, alice, late);
	assert.equal(reload.m.state, "waiting");
	assert.ok(reload.warnings.includes("needs link"));
});

test("however many upgrades others sign, that of a host is obeyed", async () => {
	const { w, all } = await standard(46);
	const [host, alice, bob] = all;
	for (let i = 0; i < 200; i++) {
		const u = { meeting: alice.m.config.meeting, host: alice.m.j, carried: [alice.m.j], time: w.now + i };
		alice.deliver({ type: "post", message: await alice.device.message(upgrade, u) });
	}
	await w.run(1000);
	await host.step({ type: "upgrade", carry: [bob.m.j] });
	await w.run(3000);
	await w.together(host, bob);
	alice.out("not carried");
});

test("sending stops at once at an upgrade, before the note is written", async () => {
	const { w, all } = await standard(6);
	const [host, alice, bob] = all;
	/** @type {() => void} */
	let written = () => {};
	alice.memory.remember = (meeting) => new Promise((resolve) => (written = () => resolve(void alice.memory.meetings.add(meeting))));
	await host.step({ type: "upgrade", carry: [alice.m.j, bob.m.j] });
	const message = w.board.at(-1);
	assert.ok(message);
	const stepping = alice.m.step(w.now + 100, { type: "entry", number: w.board.length, at: 0, message });
	await new Promise((resolve) => setTimeout(resolve, 50));
	assert.equal(alice.sending, false);
	assert.equal(alice.m.epochs.length, 1); // still there, while the disk is slow
	written();
	await stepping;
	assert.equal(alice.m.epochs.length, 0);
	assert.equal(alice.m.state, "waiting");
});

test("a note that cannot be written does not keep the meeting from being upgraded", async () => {
	const { w, all } = await standard(7);
	all[1].memory.fails = true;
	await all[0].step({ type: "upgrade", carry: all.slice(1).map((p) => p.m.j) });
	await w.run(3000);
	await w.together(...all);
	assert.ok(all[1].warnings.includes("not noted"));
});

test("steps are taken one after the other, whoever waits for them", async () => {
	const { w, all } = await begun(8, "Alice");
	const from = w.board.length;
	await all[0].step({ type: "lock", on: true });
	const ticks = Array.from({ length: 20 }, (_, i) => all[0].m.step(w.now + i, { type: "tick" }));
	await Promise.all(ticks);
	assert.equal(w.board.length - from, 1); // one link, not twenty
});

test("while a leader seals many boxes, the worker does other things", async () => {
	const { w, all } = await begun(9);
	for (let i = 0; i < 24; i++) await w.join(`Guest ${i}`);
	let turns = 0;
	const timer = setInterval(() => turns++, 0);
	let most = 0;
	for (let i = 0; i < 12; i++) {
		turns = 0;
		w.now += 250;
		await all[0].turn();
		if (all[0].m.lead.sent?.keys) most = Math.max(most, turns);
		for (const p of w.peers.slice(1)) await p.turn();
	}
	clearInterval(timer);
	assert.equal(all[0].m.list?.body.members.length, 25);
	assert.ok(most >= 3, `${most} turns of the worker while 24 boxes were sealed`);
	await w.together(...w.peers.slice(0, 4));
});

/** What people do at random. @param {World} w */
async function human(w) {
	const p = w.dice.pick(w.peers);
	const other = w.dice.pick(w.peers);
	if (p.gone || p.m.isOut) return;
	switch (w.dice.roll(20)) {
		case 0:
			return p.step({ type: "leave" });
		case 1:
			p.gone = true;
			return;
		case 2: {
			const again = await w.join(p.name, { device: p.device, memory: p.memory, admits: true });
			p.gone = w.dice.roll(2) === 0;
			return void again;
		}
		case 3:
			return p.step({ type: "remove", j: other.m.j });
		case 4:
			return p.step({ type: "lock", on: w.dice.roll(4) === 0 });
		case 5:
			return p.step({ type: "handover", j: other.m.j });
		case 6:
		case 9:
		case 10:
		case 11:
			return void (await w.join(`Guest ${w.peers.length}`, { admits: true }));
		case 7:
			return p.step({ type: "succession", order: [other.m.j] });
		case 8:
			return w.grant(2 + w.dice.roll(50), p); // the server tries
	}
}

// After every step: nothing leads back to standard, out is final and holds nothing, epochs and secrets belong together (Peer.check, deliver, installed).
let met = 0;
for (let seed = 100; seed < 110; seed++) {
	test(`a random history over a board without order (${seed})`, async () => {
		const upgraded = seed % 2 === 1;
		const { w, all } = upgraded ? await standard(seed) : await begun(seed, "Alice", "Bob");
		for (const p of all) p.admits = true;
		if (upgraded) {
			await all[0].step({ type: "upgrade", carry: all.slice(1).map((p) => p.m.j) });
			w.link = /** @type {Uint8Array} */ (all[0].m.secret);
			await w.run(3000);
			await w.together(...all);
		}
		w.disorder = true;
		for (let i = 0; i < 25; i++) {
			await human(w);
			await w.run(250 + w.dice.roll(4000));
		}
		w.disorder = false;
		await w.run(75_000); // whoever was gone is taken out, whoever is next leads
		const here = w.peers.filter((p) => !p.gone && p.m.state !== "out" && p.m.state !== "waiting");
		for (const p of w.peers) {
			assert.ok(!["equivocation", "forged", "no keys"].includes(p.m.cause), `${p.name}: ${p.m.cause}`);
			for (const warning of ["split", "apart", "bad keys"]) assert.ok(!p.warnings.includes(warning), `${p.name}: ${warning}`);
		}
		if (here.length > 0) await w.together(...here);
		met += here.length;
	});
}

test("those histories did not leave everybody alone", () => assert.ok(met > 15, String(met)));

// What a member does must not depend on how entries come: any order, twice, late.
test("two members that get one board in different orders end alike", async () => {
	const { w } = await begun(10, "Alice", "Bob");
	await w.run(20_000);
	const twin = async (/** @type {boolean} */ shuffled) => {
		const device = await Device.fromSeed(unhex("07".repeat(32)));
		const dice = new Dice(77);
		const { signed } = await w.identity.sign(certificate, { device: device.key, account: "a", name: "Twin", organisation: "", meeting: "", issued: w.now, expires: w.now + 1e7 });
		const config = { meeting: MEETING, device, certificate: signed, identity: [w.identity.key], secret: w.link, host: false, rand: (/** @type {number} */ n) => dice.bytes(n), memory: new Note() };
		const { member } = await Member.join(config, w.now);
		const entries = w.board.map((message, i) => ({ type: /** @type {const} */ ("entry"), number: i + 1, at: 0, message }));
		const order = [...entries, ...entries.slice(0, 5)];
		if (shuffled) w.dice.shuffle(order);
		for (const e of order) await member.step(w.now, e);
		return { j: member.j, seen: member.seen?.hash, state: member.state, next: member.board.next, joins: [...member.joins.keys()].sort() };
	};
	const straight = await twin(false);
	for (let i = 0; i < 5; i++) assert.deepEqual(await twin(true), straight);
	assert.equal(straight.next, w.board.length + 1);
});

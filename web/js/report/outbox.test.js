import assert from "node:assert/strict";
import { test } from "node:test";
import { Outbox, PATIENCE } from "./outbox.js";

/** A browser's store, as much of it as is used. */
class Shelf {
	/** @type {Map<string, any>} */
	kept = new Map();

	/** @param {string} key */
	async get(key) {
		return this.kept.get(key);
	}

	/** @param {string} key @param {(old: any) => any} change */
	async update(key, change) {
		const value = change(this.kept.get(key));
		if (value === undefined) this.kept.delete(key);
		else this.kept.set(key, value);
		return value;
	}
}

const FORM = { form: { key: "k", words: "He shouted SECRETWORDS." }, clips: [{ clip: 0, proof: 1 }] };
const files = () => [new File(["SECRETCLIP"], "camera.webm", { type: "video/webm" }), new File(["SECRETPROOF"], "camera.proof")];

test("a report comes back as it was taken in, also for the next page", async () => {
	const shelf = new Shelf();
	const { id, kept } = await new Outbox(shelf).add("A-1", FORM, files(), 1000);
	assert.equal(kept, true);
	const next = new Outbox(shelf);
	assert.deepEqual(await next.waiting("A-1"), [{ id, account: "A-1", at: 1000, kept: true, items: [
		{ name: "camera.webm", type: "video/webm", size: 10, upload: "" }, { name: "camera.proof", type: "", size: 11, upload: "" }] }]);
	assert.deepEqual(await next.waiting("A-2"), []); // another person's on the same browser
	const back = await next.open(id);
	assert.deepEqual(back?.form, FORM);
	assert.deepEqual(await Promise.all((back?.files ?? []).map((f) => f.text())), ["SECRETCLIP", "SECRETPROOF"]);
	await next.uploaded(id, 1, "U-7");
	assert.deepEqual((await new Outbox(shelf).open(id))?.waiting.items.map((i) => i.upload), ["", "U-7"]);
});

test("what is kept cannot be read without its key, and the key is not given out", async () => {
	const shelf = new Shelf();
	const { id } = await new Outbox(shelf).add("A-1", FORM, files(), 1000);
	const plain = [...shelf.kept.values()].flatMap((v) => (v.sealed ? [Buffer.from(v.sealed).toString("latin1")] : []));
	assert.equal(plain.length, 3);
	for (const secret of ["SECRETWORDS", "SECRETCLIP", "SECRETPROOF"]) assert.ok(!plain.join().includes(secret) && !JSON.stringify([...shelf.kept]).includes(secret));
	const { key } = shelf.kept.get("reports")[0];
	assert.equal(key.extractable, false);
	await assert.rejects(crypto.subtle.exportKey("raw", key));
	// Parts are bound to their places.
	const one = shelf.kept.get(`${id} 1`);
	shelf.kept.set(`${id} 1`, shelf.kept.get(`${id} 2`));
	shelf.kept.set(`${id} 2`, one);
	assert.equal(await new Outbox(shelf).open(id), undefined);
});

test("nothing is left of a report that was sent, and of one that waited for a day", async () => {
	const shelf = new Shelf();
	const box = new Outbox(shelf);
	const { id } = await box.add("A-1", FORM, files(), 1000);
	await box.add("A-2", FORM, files(), 2000);
	await box.discard(id);
	assert.deepEqual((await box.waiting("A-2")).length, 1);
	assert.equal(shelf.kept.size, 1 + 3);
	await box.expire(2000 + PATIENCE - 1);
	assert.equal(shelf.kept.size, 1 + 3);
	await box.expire(2000 + PATIENCE);
	assert.deepEqual([...shelf.kept], [["reports", []]]);
});

test("where the browser keeps nothing, a report is held in memory, and that is said", async () => {
	const shelf = new Shelf();
	shelf.update = async () => { throw new Error("refused"); };
	shelf.get = shelf.update;
	const box = new Outbox(shelf);
	const { id, kept } = await box.add("A-1", FORM, files(), 1000);
	assert.equal(kept, false);
	await box.uploaded(id, 0, "U-1");
	assert.deepEqual((await box.waiting("A-1")).map((w) => [w.id, w.kept, w.items[0].upload]), [[id, false, "U-1"]]);
	assert.equal(await (await box.open(id))?.files[0].text(), "SECRETCLIP");
	await box.expire(1000 + PATIENCE);
	assert.deepEqual(await box.waiting("A-1"), []);
});

test("a report of which only a part could be kept leaves nothing behind", async () => {
	const shelf = new Shelf();
	const update = shelf.update.bind(shelf);
	shelf.update = async (key, change) => {
		if (key.endsWith(" 2") && change(undefined)) throw new Error("full");
		return update(key, change);
	};
	const { kept } = await new Outbox(shelf).add("A-1", FORM, files(), 1000);
	assert.equal(kept, false);
	assert.deepEqual([...shelf.kept], [["reports", []]]);
});

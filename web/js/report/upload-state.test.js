import assert from "node:assert/strict";
import { test } from "node:test";
import { BUTTONS, CHIPS, fileProblem, fingerprint, mayMove, patience, uploadID, whyNot } from "./upload-state.js";

const limits = { maxBytes: 512 << 20, maxClips: 10, clips: 0 };

test("a sealed upload never goes back on its way, and a removed one is gone", () => {
	assert.ok(!mayMove("done", "sending"));
	assert.ok(!mayMove("removed", "sending"));
	assert.ok(mayMove("lost", "sending"));
	assert.ok(mayMove("unfinished", "hashing"));
});

test("every state has buttons and a chip, and each but the last two can be left", () => {
	for (const state of Object.keys(BUTTONS)) assert.ok(state in CHIPS, state);
});

test("the form says why it cannot be sent", () => {
	assert.equal(whyNot([]), "");
	assert.equal(whyNot(["done", "detached", "removed"]), "");
	assert.match(whyNot(["done", "sending"]), /still on its way/);
	assert.match(whyNot(["refused"]), /refused/);
	assert.match(whyNot(["unfinished", "unfinished"]), /2 uploads are unfinished/);
	assert.match(whyNot(["unfinished", "refused"]), /2 clips need something/);
	assert.match(whyNot(["failed"]), /1 clip needs/);
	assert.match(whyNot(["unfinished", "paused"]), /2 clips are still/);
});

test("files are refused before they are read", () => {
	const video = { name: "a.webm", size: 5, type: "video/webm" };
	assert.equal(fileProblem(video, limits), "");
	assert.equal(fileProblem({ ...video, type: "" }, limits), "");
	assert.match(fileProblem({ ...video, size: 0 }, limits), /empty/);
	assert.match(fileProblem({ ...video, size: (512 << 20) + 1 }, limits), /larger than 512 MiB/);
	assert.match(fileProblem({ name: "a.pdf", size: 5, type: "application/pdf" }, limits), /not a video/);
	assert.match(fileProblem(video, { ...limits, clips: 10 }), /10 clips/);
});

test("ids come from addresses of any form", () => {
	assert.equal(uploadID("http://localhost:8080/uploads/U-ABCDE-FGHJK"), "U-ABCDE-FGHJK");
	assert.equal(uploadID("/uploads/U-1/?x=1"), "U-1");
	assert.equal(uploadID(null), "");
});

test("fingerprints differ by person and content; patience grows and ends", () => {
	assert.notEqual(fingerprint("A-1", "aa", 1), fingerprint("A-2", "aa", 1));
	assert.ok(patience(0) < patience(2) && patience(100) === 30_000);
});

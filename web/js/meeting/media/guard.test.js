import assert from "node:assert/strict";
import { test } from "node:test";
import { Room } from "livekit-client";
import { Guard, Manager } from "./guard.js";

test("the media server can neither turn on a microphone that its human has turned off, nor turn one off", () => {
	const room = new Room({ e2ee: { e2eeManager: /** @type {any} */ (new Manager(new Guard(() => {}), /** @type {any} */ ({}))) } });
	const { engine } = /** @type {any} */ (room);
	assert.ok(engine.listenerCount("localTrackUnpublished") > 0, "LiveKit's client listens to its engine");
	assert.equal(engine.listenerCount("remoteMute"), 0);
});

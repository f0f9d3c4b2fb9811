/**
 * The page of frames_test.go: one participant, with the real Media and the real frame worker. The test plays the core: it says over the port
 * what the meeting core would say.
 */
import { Media, missing } from "../../js/meeting/media.js";
import { Watch } from "./watch.js";

const bytes = (/** @type {string} */ hex) => Uint8Array.from(hex.match(/../g) ?? [], (x) => parseInt(x, 16));
const named = (/** @type {any} */ e) => ({ ...e, link: bytes(e.link) });
const seated = (/** @type {any[]} */ members) => members.map((m) => ({ ...m, join: bytes(m.join), device: bytes(m.device) }));

class Party {
	missing = missing();
	lost = 0;
	failed = "";
	/** @type {any} */
	counts = {};
	/** @type {Watch[]} */
	shown = [];
	speaking = 0; // how often somebody else was heard
	quality = "";
	/** @type {string[]} */
	states = [];
	muted = 0;

	/** @param {any} options */
	constructor(options) {
		this.worker = new Worker("/frame-worker.js", { type: "module" });
		const { port1, port2 } = new MessageChannel();
		this.worker.postMessage({ type: "port" }, [port1]);
		this.core = port2;
		this.core.onmessage = ({ data }) => {
			if (data.type === "lost") this.lost++;
		};
		this.media = new Media(
			this.worker,
			{
				shown: (remote) => this.shown.push(new Watch(remote)),
				gone: (remote) => this.shown.find((w) => w.remote === remote)?.end(),
				muted: (_, on) => (this.muted += on ? 1 : 0),
				speaking: (levels) => {
					if ([...levels.keys()].some((j) => j)) this.speaking++;
				},
				quality: (q) => (this.quality = q),
				state: (s) => this.states.push(s),
				counts: (c) => (this.counts = c),
				failed: (words) => (this.failed = words),
			},
			options,
		);
	}

	/** @param {any} message what the core would say, bytes in hexadecimal */
	tell(message) {
		const m = { ...message };
		if (m.join) m.join = bytes(m.join);
		if (m.members) m.members = seated(m.members);
		if (m.epoch) m.epoch = named(m.epoch);
		if (m.epoch?.secret) m.epoch = { ...m.epoch, secret: bytes(m.epoch.secret), members: seated(m.epoch.members) };
		this.core.postMessage(m);
	}

	state() {
		const { missing, lost, failed, counts, speaking, quality, states, muted } = this;
		return { missing, lost, failed, counts, speaking, quality, states, muted, shown: this.shown.map((w) => w.state()) };
	}
}

/** A smaller picture: these are many encoders on one machine. */
const devices = navigator.mediaDevices;
const getUserMedia = devices.getUserMedia.bind(devices);
devices.getUserMedia = (c) => getUserMedia(c?.video ? { ...c, video: { width: 640, height: 360, frameRate: 15 } } : c);

/** Every connection that LiveKit's client makes, for the test that misuses one. */
const connections = [];
const Real = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Real {
	/** @param {RTCConfiguration} c */
	constructor(c) {
		super(c);
		connections.push(this);
	}
};

Object.assign(window, { Party, connections });

/**
 * A meeting's media on the page's own thread: LiveKit's client, with our transforms on everything that it sends and receives. It knows no
 * keys. What it shows is whose the frame worker says, never whose LiveKit says.
 *
 * Fail closed: with an encryption manager, LiveKit makes its connections with encodedInsertableStreams, and then Chromium lets no frame of a
 * sender out, nor one to a decoder, before a transform is set. Other browsers do not promise that, so every sender is looked at whenever
 * something is negotiated, and one with a track and without our transform ends the connection. LiveKit's data channel is not used.
 */
import { ConnectionState, LocalVideoTrack, ParticipantEvent, Room, RoomEvent, Track, setLogLevel } from "livekit-client";
import { CAMERA, MICROPHONE, SCREEN, SCREEN_SOUND } from "./frame.js";
import { Guard, Manager } from "./media/guard.js";
import { Levels } from "./media/levels.js";
import { Remote } from "./media/remote.js";
import { Reporting } from "./media/reporting.js";

/** Our numbers for LiveKit's sources. @type {Partial<Record<Track.Source, number>>} */
const SOURCES = {
	[Track.Source.Camera]: CAMERA,
	[Track.Source.Microphone]: MICROPHONE,
	[Track.Source.ScreenShare]: SCREEN,
	[Track.Source.ScreenShareAudio]: SCREEN_SOUND,
};

/**
 * What the page is told.
 * - shown: a frame of a track has opened: it may be attached, and is of that join and source
 * - gone: it ended
 * - muted: the media server says so
 * - standing: whether it may be shown, by the notary's stamps; ours: the service of stamps is interrupted for this client
 * - speaking: who is heard, by J ("" is this device), and how loudly, from 0 to 1
 * - failed: the media have ended, and why, for people
 * @typedef {{
 *   shown?: (track: Remote) => void, gone?: (track: Remote) => void, muted?: (track: Remote, muted: boolean) => void,
 *   standing?: (track: Remote, standing: import("./frames/watch.js").Standing, ours: boolean) => void, ring?: (bytes: number) => void,
 *   local?: (source: number, track: MediaStreamTrack | undefined) => void, speaking?: (levels: Map<string, number>) => void,
 *   quality?: (quality: string) => void, state?: (state: string) => void, counts?: (counts: import("./frames/counts.js").Totals) => void,
 *   failed?: (words: string) => void }} Handlers
 */

/** Why this browser cannot take part, for people; nothing if it can. */
export function missing() {
	if (typeof RTCRtpScriptTransform !== "undefined" && window.crypto?.subtle) return undefined;
	return "This browser cannot encrypt calls. Use a current Chrome, Edge, Firefox or Safari: Chrome and Edge from version 141, Firefox from 117, Safari from 15.4.";
}

export class Media {
	#worker;
	#handlers;
	#room;
	#guard;
	#levels;
	/** By the name that the worker knows it by. @type {Map<string, Remote>} */
	#remotes = new Map();
	#number = 0;
	/** What a report is made of, where this device keeps a ring. */
	report;
	/** The sender of each of our sources. @type {Map<number, RTCRtpSender>} */
	#senders = new Map();

	/**
	 * @param {Worker} worker the frame worker
	 * @param {Handlers} handlers
	 * @param {{ adaptive?: boolean, codec?: "vp8" | "vp9" }} [options] adaptive: pause what is not seen; not where a ring of clips is kept
	 */
	constructor(worker, handlers, { adaptive = false, codec = "vp8" } = {}) {
		const lacks = missing();
		if (lacks) throw new Error(lacks);
		setLogLevel("warn");
		this.#worker = worker;
		this.#handlers = handlers;
		this.report = new Reporting(worker);
		this.#guard = new Guard((words) => this.#fail(words));
		this.#room = new Room({
			e2ee: { e2eeManager: new Manager(this.#guard, worker) },
			adaptiveStream: adaptive,
			// A second sender for another codec would have no transform; layers within a stream would leave gaps in what is committed to.
			dynacast: false,
			publishDefaults: { red: false, dtx: false, backupCodec: false, simulcast: true, videoCodec: codec, scalabilityMode: "L1T1", stopMicTrackOnMute: true },
		});
		this.#levels = new Levels((levels) => this.#handlers.speaking?.(levels));
		this.#listen();
	}

	/**
	 * Enters the room, unless it is in it. What was published in a connection that breaks is published again in the one that takes its place:
	 * LiveKit's client does so only where it comes back by itself, and says nothing of the tracks that it received in the old one.
	 * @param {string} url
	 * @param {string} token
	 */
	async connect(url, token) {
		if (this.#room.state === ConnectionState.Connected) return;
		this.#worker.addEventListener("message", this.#fromWorker);
		for (const remote of [...this.#remotes.values()]) this.#gone(remote);
		await this.#room.setE2EEEnabled(true);
		await this.#room.connect(url, token, { autoSubscribe: true });
		await this.#room.localParticipant.republishAllTracks(undefined, false);
		this.#levels.start();
	}

	/** Leaves the room, and lets go of camera and microphone. */
	async disconnect() {
		this.#levels.stop();
		await this.#room.disconnect(true);
		this.#worker.removeEventListener("message", this.#fromWorker);
		for (const remote of [...this.#remotes.values()]) this.#gone(remote);
	}

	/**
	 * Turns a source on, and publishes it if it is not yet, or off: the camera and the microphone are muted then (their devices are let go), the
	 * screen is unpublished.
	 * @param {"camera" | "microphone" | "screen"} what
	 * @param {boolean} on
	 * @param {{ device?: string, sound?: boolean }} [options] which device; whether the sound of the screen is shared too
	 */
	async turn(what, on, { device, sound = false } = {}) {
		const me = this.#room.localParticipant;
		const capture = device ? { deviceId: { exact: device } } : undefined;
		if (what === "camera") await me.setCameraEnabled(on, capture);
		else if (what === "microphone") await me.setMicrophoneEnabled(on, capture);
		else await me.setScreenShareEnabled(on, { audio: sound }, { simulcast: false, videoCodec: "vp8" });
	}

	/**
	 * Takes back what was published.
	 * @param {"camera" | "microphone" | "screen"} what
	 */
	async unpublish(what) {
		const me = this.#room.localParticipant;
		const sources = { camera: [Track.Source.Camera], microphone: [Track.Source.Microphone], screen: [Track.Source.ScreenShare, Track.Source.ScreenShareAudio] };
		for (const source of sources[what]) {
			const track = me.getTrackPublication(source)?.track;
			if (track) await me.unpublishTrack(track);
		}
	}

	/**
	 * @param {MediaDeviceKind} kind
	 * @param {string} device
	 */
	async switchDevice(kind, device) {
		await this.#room.switchActiveDevice(kind, device);
	}

	#listen() {
		const { localParticipant } = this.#room;
		localParticipant.on(ParticipantEvent.LocalSenderCreated, (sender, track) => this.#protect(sender, track.source));
		localParticipant.on(ParticipantEvent.LocalTrackPublished, ({ track, source }) => {
			if (track instanceof LocalVideoTrack) oneLayerEach(track.sender);
			this.#tellLocal(source, track?.mediaStreamTrack);
			this.#levels.local(track?.source === Track.Source.Microphone ? track.sender : undefined);
		});
		localParticipant.on(ParticipantEvent.LocalTrackUnpublished, ({ source }) => this.#tellLocal(source, undefined));
		localParticipant.on(ParticipantEvent.TrackMuted, ({ source }) => this.#tellLocal(source, undefined));
		localParticipant.on(ParticipantEvent.TrackUnmuted, ({ source, track }) => this.#tellLocal(source, track?.mediaStreamTrack));
		this.#room
			.on(RoomEvent.TrackSubscribed, (track, publication) => this.#receive(track, publication))
			.on(RoomEvent.TrackUnsubscribed, (track) => this.#withRemote(track, (remote) => this.#gone(remote)))
			.on(RoomEvent.TrackMuted, ({ track }) => this.#withRemote(track, (remote) => this.#handlers.muted?.(remote, true)))
			.on(RoomEvent.TrackUnmuted, ({ track }) => this.#withRemote(track, (remote) => this.#handlers.muted?.(remote, false)))
			.on(RoomEvent.ConnectionStateChanged, (state) => this.#handlers.state?.(state))
			.on(RoomEvent.ConnectionQualityChanged, (quality, who) => {
				if (who.isLocal) this.#handlers.quality?.(quality);
			});
	}

	/**
	 * Puts our transform on a sender, before anything is negotiated for it.
	 * @param {RTCRtpSender} sender
	 * @param {Track.Source} from
	 */
	#protect(sender, from) {
		const source = SOURCES[from];
		if (source === undefined) return; // it has no transform, so the guard ends the connection
		this.#senders.set(source, sender);
		const mime = sender.track?.kind === "audio" ? "audio/opus" : undefined;
		this.#guard.protect(sender, new RTCRtpScriptTransform(this.#worker, { side: "send", source, mime }));
	}

	/**
	 * @param {import("livekit-client").RemoteTrack} track
	 * @param {import("livekit-client").RemoteTrackPublication} publication
	 */
	#receive(track, publication) {
		if (!track.receiver) return;
		const name = String(++this.#number);
		this.#remotes.set(name, new Remote(name, track, publication));
		track.receiver.transform = new RTCRtpScriptTransform(this.#worker, { side: "receive", track: name, kind: track.kind });
	}

	#fromWorker = (/** @type {MessageEvent<any>} */ { data }) => {
		switch (data.type) {
			case "shown":
				return this.#shown(data);
			case "standing":
				return this.#stands(data);
			case "keyframe":
				return void askForKeyFrame(this.#senders.get(data.source));
			case "counts":
				return this.#handlers.counts?.(data);
			case "ring":
				return this.#handlers.ring?.(data.bytes);
		}
	};

	/** @param {{ track: string, standing: import("./frames/watch.js").Standing, ours: boolean }} told */
	#stands({ track, standing, ours }) {
		const remote = this.#remotes.get(track);
		if (remote) this.#handlers.standing?.(remote, standing, ours);
	}

	/** @param {{ track: string, join: string, source: number }} opened */
	#shown({ track, join, source }) {
		const remote = this.#remotes.get(track);
		if (!remote) return; // it ended in the meantime
		remote.opened(join, source);
		if (remote.kind === "audio") this.#levels.remote(track, join, remote.receiver);
		this.#handlers.shown?.(remote);
	}

	/** @param {Remote} remote */
	#gone(remote) {
		this.#remotes.delete(remote.name);
		this.#worker.postMessage({ type: "forget", track: remote.name });
		this.#levels.forget(remote.name);
		if (remote.join) this.#handlers.gone?.(remote);
	}

	/**
	 * @param {Track | undefined} track
	 * @param {(remote: Remote) => void} then
	 */
	#withRemote(track, then) {
		const remote = [...this.#remotes.values()].find((r) => r.is(track));
		if (remote) then(remote);
	}

	/**
	 * @param {Track.Source} from
	 * @param {MediaStreamTrack | undefined} track
	 */
	#tellLocal(from, track) {
		const source = SOURCES[from];
		if (source !== undefined) this.#handlers.local?.(source, track);
	}

	/** @param {string} words */
	#fail(words) {
		void this.disconnect();
		this.#handlers.failed?.(words);
	}
}

/**
 * Makes an encoder use no temporal layers: the media server would leave some out, and the receiver could not tell them from frames that were
 * kept from it.
 * @param {RTCRtpSender | undefined} sender
 */
async function oneLayerEach(sender) {
	if (!sender) return;
	const parameters = sender.getParameters();
	for (const encoding of parameters.encodings) /** @type {{ scalabilityMode?: string }} */ (encoding).scalabilityMode = "L1T1";
	await sender.setParameters(parameters).catch(() => {}); // a browser that cannot: its frames are committed to all the same
}

/**
 * Chromium's way; where the worker can ask itself, it does.
 * @param {RTCRtpSender | undefined} sender
 */
async function askForKeyFrame(sender) {
	if (!sender) return;
	const parameters = sender.getParameters();
	const options = { encodingOptions: parameters.encodings.map(() => ({ keyFrame: true })) };
	await /** @type {any} */ (sender).setParameters(parameters, options).catch(() => {}); // it is asked again
}

/** What keeps unsealed frames from leaving this browser through LiveKit's client. */

const WORDS = "Something in this browser tried to send media without encrypting them. The connection was closed, and nothing more is sent.";

/** Knows which senders have our transform, and closes every connection when one with a track has not. */
export class Guard {
	/** @type {WeakSet<RTCRtpScriptTransform>} */
	#ours = new WeakSet();
	/** @type {Set<RTCPeerConnection>} */
	#connections = new Set();
	#fail;

	/** @param {(words: string) => void} fail */
	constructor(fail) {
		this.#fail = fail;
	}

	/**
	 * @param {RTCRtpSender} sender
	 * @param {RTCRtpScriptTransform} transform
	 */
	protect(sender, transform) {
		this.#ours.add(transform);
		sender.transform = transform;
	}

	/**
	 * Looks at a connection whenever something is negotiated over it: at our offer, before anything new can flow, and after the answer.
	 * @param {RTCPeerConnection} connection
	 */
	watch(connection) {
		this.#connections.add(connection);
		connection.addEventListener("signalingstatechange", () => this.#look(connection));
	}

	/** @param {RTCPeerConnection} connection */
	#look(connection) {
		if (connection.signalingState === "closed") {
			this.#connections.delete(connection);
			return;
		}
		if (connection.getSenders().every((s) => !s.track || (s.transform && this.#ours.has(s.transform)))) return;
		for (const c of this.#connections) c.close();
		this.#connections.clear();
		this.#fail(WORDS);
	}
}

/**
 * What LiveKit's client takes for its encryption. That there is one makes it say that tracks are encrypted, leave out RED and backup codecs, and
 * ask for connections that let nothing through without a transform. It never encrypts a data channel, since none is used.
 * @implements {Pick<import("livekit-client").BaseE2EEManager, "setup" | "setupEngine" | "setSifTrailer">}
 */
export class Manager {
	isEnabled = true;
	#guard;
	#worker;

	/**
	 * @param {Guard} guard
	 * @param {Worker} worker
	 */
	constructor(guard, worker) {
		this.#guard = guard;
		this.#worker = worker;
	}

	get isDataChannelEncryptionEnabled() {
		return false;
	}

	set isDataChannelEncryptionEnabled(_) {}

	setup() {}

	/** @param {any} engine */
	setupEngine(engine) {
		engine.removeAllListeners("remoteMute"); // the server's word turns no microphone on: LiveKit's client would obey it
		engine.on("transportsCreated", (/** @type {({ _pc: RTCPeerConnection } | undefined)[]} */ ...transports) => {
			for (const transport of transports) if (transport) this.#guard.watch(transport._pc);
		});
	}

	setParticipantCryptorEnabled() {}

	/** @param {Uint8Array} trailer */
	setSifTrailer(trailer) {
		this.#worker.postMessage({ type: "trailer", trailer });
	}

	on() {
		return this;
	}

	/** @returns {Promise<never>} */
	encryptData() {
		return Promise.reject(new Error("nothing is sent over LiveKit's data channel"));
	}

	/** @returns {Promise<never>} */
	handleEncryptedData() {
		return Promise.reject(new Error("nothing is taken from LiveKit's data channel"));
	}
}

/** A WebSocket that comes back (media/PROTOCOL.md section 10): after a loss it is opened again, after ever longer pauses. */

export const PROTOCOL = "proffer.meeting.v1";

/** Pauses before it is tried again, in ms; the last is for all that follow. Up to a half is added by chance, so that not all come back at once. */
const PAUSES = [250, 500, 1000, 2000, 4000, 8000];

/** A connection that held for so long is not one of a row of failures, in ms. */
const HELD = 10_000;

/**
 * @typedef {{ received: (message: Uint8Array) => void, down: () => void }} Handlers
 * @typedef {Pick<WebSocket, "binaryType" | "onmessage" | "onclose" | "send" | "close" | "readyState">} Socket
 */

export class Connection {
	#open;
	#handlers;
	#pauses;
	/** @type {Socket | undefined} */
	#socket;
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	#timer;
	#failed = 0;
	#since = 0;

	/**
	 * @param {() => Socket} open
	 * @param {Handlers} handlers
	 * @param {number[]} [pauses]
	 */
	constructor(open, handlers, pauses = PAUSES) {
		this.#open = open;
		this.#handlers = handlers;
		this.#pauses = pauses;
		this.restart();
	}

	/** Begins anew at once: what was open is given up. */
	restart() {
		this.close();
		const socket = this.#open();
		this.#socket = socket;
		this.#since = performance.now();
		socket.binaryType = "arraybuffer";
		socket.onmessage = (e) => {
			if (socket === this.#socket && e.data instanceof ArrayBuffer) this.#handlers.received(new Uint8Array(e.data));
		};
		socket.onclose = () => {
			if (socket === this.#socket) this.#lost();
		};
	}

	/**
	 * Sends a message, or loses it where nothing is open.
	 * @param {Uint8Array} message
	 */
	send(message) {
		if (this.#socket?.readyState === 1) this.#socket.send(/** @type {BufferSource} */ (message));
	}

	/** Ends it; what was sent before still goes out. */
	close() {
		clearTimeout(this.#timer);
		const socket = this.#socket;
		this.#socket = undefined;
		socket?.close();
	}

	#lost() {
		this.#socket = undefined;
		if (performance.now() - this.#since >= HELD) this.#failed = 0;
		const pause = this.#pauses[Math.min(this.#failed++, this.#pauses.length - 1)];
		this.#timer = setTimeout(() => this.restart(), pause * (1 + Math.random() / 2));
		this.#handlers.down();
	}
}

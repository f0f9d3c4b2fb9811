import { Seen } from "../seen.js";
import { Streams } from "../sender.js";
import { Clock } from "./clock.js";
import { Keyring } from "./keyring.js";

/**
 * One appearance of this device in a meeting (media/PROTOCOL.md section 3.1): its stream numbers, its keys and what it has accepted. None of
 * it outlives the join.
 */
export class Join {
	streams = new Streams();
	seen = new Seen();
	clock = new Clock();
	/** Whether frames may be sent: not until the core says so. */
	sending = false;

	/**
	 * @param {string} meeting
	 * @param {Uint8Array} me J
	 * @param {boolean} e2ee whether the server's key is refused
	 */
	constructor(meeting, me, e2ee) {
		this.me = me;
		this.e2ee = e2ee;
		this.keyring = new Keyring(meeting, me, this.seen, e2ee);
	}

	/** Refuses the server's key from now on. There is no way back. */
	upgrade() {
		this.e2ee = true;
		this.keyring.upgrade();
	}
}

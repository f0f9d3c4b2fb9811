/** Tracks as the stage takes them: others' as the frame worker has opened them, and one's own. */

/** @typedef {import("./stage.js").Shown} Shown */

/** @param {import("../media/remote.js").Remote} t @returns {Shown} */
export function remote(t) {
	return { id: t.name, join: t.join, source: t.source, kind: t.kind, muted: false, proven: false, why: "", attach: (e) => t.attach(e), detach: (e) => t.detach(e) };
}

/**
 * @param {number} source
 * @param {MediaStreamTrack} track
 * @param {string} me J
 * @returns {Shown}
 */
export function own(source, track, me) {
	return {
		id: `own ${source}`, join: me, source, kind: track.kind, muted: false, proven: true, why: "",
		attach: (e) => {
			e.srcObject = new MediaStream([track]);
		},
		detach: (e) => {
			e.srcObject = null;
		},
	};
}

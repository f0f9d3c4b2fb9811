/** Takes frames through a transform in their order, though several may be worked on at once. */

/** How many frames of one transform may be worked on at once; the browser keeps the rest. */
const AT_ONCE = 64;

/**
 * A frame on its way. What work knows of it, for deliver: by is whom it leaves it to, and key whether it is a key frame (the browser takes its
 * time to tell).
 * @template Frame, Result, By
 * @typedef {{ frame: Frame, by?: By, key: boolean, result?: Result | "failed" }} Passage
 */

/**
 * Reads until the transform ends. work begins with a frame; deliver is called with its result, "failed" if it threw, in the order of the
 * frames, and says whether the frame goes on. What does not is dropped.
 *
 * @template Frame, Result, By
 * @param {{ readable: ReadableStream<Frame>, writable: WritableStream<Frame> }} transform
 * @param {(passage: Passage<Frame, Result, By>) => Promise<Result>} work
 * @param {(passage: Passage<Frame, Result, By> & { result: Result | "failed" }) => boolean} deliver
 */
export async function pump({ readable, writable }, work, deliver) {
	const reader = readable.getReader();
	const writer = writable.getWriter();
	writer.closed.catch(() => {}); // the track has ended; so will the reading
	/** @type {Passage<Frame, Result, By>[]} */
	const under = [];
	/** @type {(() => void) | undefined} */
	let room;
	const flush = () => {
		while (under.length > 0 && under[0].result !== undefined) {
			const passage = /** @type {Passage<Frame, Result, By> & { result: Result | "failed" }} */ (under.shift());
			if (deliver(passage)) writer.write(passage.frame).then(undefined, ended);
		}
		room?.();
	};
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return;
		/** @type {Passage<Frame, Result, By>} */
		const passage = { frame: value, by: undefined, key: false, result: undefined };
		const end = (/** @type {Result | "failed"} */ result) => {
			passage.result = result;
			flush();
		};
		under.push(passage);
		try {
			work(passage).then(end, () => end("failed"));
		} catch {
			end("failed");
		}
		if (under.length < AT_ONCE) continue;
		await /** @type {Promise<void>} */ (new Promise((resolve) => (room = resolve)));
		room = undefined;
	}
}

const ended = () => {};

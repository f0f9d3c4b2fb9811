/** Takes frames through a transform in their order, though several may be worked on at once. */

/** How many frames of one transform may be worked on at once; the browser keeps the rest. */
const AT_ONCE = 64;

/**
 * Reads until the transform ends. work begins with a frame and must not reject; deliver is called with its result in the order of the
 * frames, and says whether the frame goes on. What does not is dropped.
 *
 * @template Frame, Result
 * @param {{ readable: ReadableStream<Frame>, writable: WritableStream<Frame> }} transform
 * @param {(frame: Frame) => Promise<Result>} work
 * @param {(frame: Frame, result: Result) => boolean} deliver
 */
export async function pump({ readable, writable }, work, deliver) {
	const reader = readable.getReader();
	const writer = writable.getWriter();
	/** @type {{ frame: Frame, result?: Result, ready: boolean }[]} */
	const under = [];
	/** @type {(() => void) | undefined} */
	let room;
	const flush = () => {
		while (under.length > 0 && under[0].ready) {
			const { frame, result } = /** @type {{ frame: Frame, result: Result }} */ (under.shift());
			if (deliver(frame, result)) writer.write(frame).catch(() => {}); // the track has ended
		}
		room?.();
	};
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return;
		/** @type {{ frame: Frame, result?: Result, ready: boolean }} */
		const entry = { frame: value, ready: false };
		under.push(entry);
		work(value).then((result) => {
			entry.result = result;
			entry.ready = true;
			flush();
		});
		if (under.length >= AT_ONCE) {
			await new Promise((resolve) => {
				room = () => resolve(undefined);
			});
			room = undefined;
		}
	}
}

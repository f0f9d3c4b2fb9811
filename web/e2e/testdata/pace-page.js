/** The page of frames_bench_test.go: frame workers, each with a real frame of each kind. */
export {}; // it is a module, and gives nothing
const devices = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });

/** Starts a worker and gives it one real frame of each kind. */
async function start(/** @type {string} */ url) {
	const worker = new Worker(url, { type: "module" });
	worker.addEventListener("error", (e) => document.body.append(`${url}: ${e.message} ${e.filename}:${e.lineno} `));
	const [a, b] = [new RTCPeerConnection(), new RTCPeerConnection()];
	a.onicecandidate = (e) => e.candidate && b.addIceCandidate(e.candidate);
	b.onicecandidate = (e) => e.candidate && a.addIceCandidate(e.candidate);
	const captured = new Promise((resolve) => {
		let n = 0;
		worker.addEventListener("message", (e) => e.data.captured && ++n === 2 && resolve(undefined));
	});
	for (const track of devices.getTracks()) a.addTrack(track).transform = new RTCRtpScriptTransform(worker, { capture: track.kind });
	await a.setLocalDescription();
	await b.setRemoteDescription(/** @type {RTCSessionDescription} */ (a.localDescription));
	await b.setLocalDescription();
	await a.setRemoteDescription(/** @type {RTCSessionDescription} */ (b.localDescription));
	await captured;
	a.close();
	b.close();
	let id = 0;
	return (/** @type {any} */ act) =>
		new Promise((resolve) => {
			const mine = ++id;
			const answer = (/** @type {MessageEvent} */ e) => {
				if (e.data.id !== mine) return;
				worker.removeEventListener("message", answer);
				resolve(e.data.took);
			};
			worker.addEventListener("message", answer);
			worker.postMessage({ ...act, id: mine });
		});
}

const workers = {
	ours: await start("/pace-ours-worker.js"),
	sframe: await start("/pace-sframe-worker.js"),
	livekit: await start("/pace-livekit-worker.js"),
	aes: await start("/pace-floor-worker.js"),
	"aes+digest": await start("/pace-floor-worker.js?digest"),
};

/**
 * Has each worker do each thing with many batches, in turns, so that a busy machine is busy for all; gives the best time of each for a frame, in
 * microseconds. Batches are short: a machine that does other things too may leave one alone.
 */
async function pace(/** @type {string} */ kind, /** @type {number} */ size, /** @type {number} */ tracks, /** @type {number} */ batches) {
	/** @type {Record<string, number>} */
	const best = {};
	const n = 40;
	for (let i = 0; i < batches; i++) {
		for (const [who, ask] of Object.entries(workers)) {
			for (const act of ["make", "seal", "open", "bare seal", "bare open"]) {
				const took = (await ask({ act, kind, size, n, tracks })) / n;
				best[`${who} ${act}`] = Math.min(best[`${who} ${act}`] ?? Infinity, took);
			}
		}
	}
	return best;
}
Object.assign(window, { pace });

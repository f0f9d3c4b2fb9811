/** The page of frames_bench_test.go. */
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
	return (/** @type {any} */ pace) =>
		new Promise((resolve) => {
			const mine = ++id;
			const answer = (/** @type {MessageEvent} */ e) => {
				if (e.data.id !== mine) return;
				worker.removeEventListener("message", answer);
				resolve(e.data);
			};
			worker.addEventListener("message", answer);
			worker.postMessage(pace.probe ? { probe: mine } : { pace: { ...pace, id: mine } });
		});
}

const ours = await start("/pace-ours-worker.js");
const livekit = await start("/pace-livekit-worker.js");

/** Both workers in turns; the median of many rounds each. */
async function pace(/** @type {string} */ kind, /** @type {number} */ size, /** @type {boolean} */ atOnce, /** @type {number} */ rounds) {
	/** @type {any[][]} */
	const all = [[], []];
	for (let i = -5; i < rounds; i++) {
		for (const [n, one] of [ours, livekit].entries()) {
			const answer = await one({ kind, size, atOnce });
			if (i >= 0) all[n].push(answer);
		}
	}
	const median = (/** @type {any[]} */ list, /** @type {string} */ what) => Math.round(10 * Math.min(...list.map((x) => x[what]))) / 10;
	return {
		seal: median(all[0], "seal"),
		open: median(all[0], "open"),
		livekitSeal: median(all[1], "seal"),
		livekitOpen: median(all[1], "open"),
		bareSeal: median([...all[0], ...all[1]], "bareSeal"),
		bareOpen: median([...all[0], ...all[1]], "bareOpen"),
		bytes: all[0][0].bytes,
		livekitBytes: all[1][0].bytes,
	};
}
Object.assign(window, { pace });

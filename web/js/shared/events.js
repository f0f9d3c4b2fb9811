/**
 * Live events from the server. All tabs of one person share one connection: the tab that holds a Web Lock opens the
 * EventSource and hands events on through a BroadcastChannel, since browsers allow only six connections to a server.
 * The names hold the account, so that another person's tab in the same browser never hears them.
 */

/** @typedef {{ name: string, data: Record<string, unknown> }} LiveEvent */

/** The events that the server sends. */
const NAMES = ["case", "report", "package", "resync"];

/**
 * Reads the data of one event.
 * @param {string} text
 * @returns {Record<string, unknown>} what it says, or nothing where it is not a JSON object
 */
export function parseData(text) {
	try {
		const value = JSON.parse(text);
		return value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
	} catch {
		return {};
	}
}

/**
 * Listens until the page goes away.
 * @param {string} account whose events
 * @param {(event: LiveEvent) => void} heard
 */
export function listen(account, heard) {
	const name = `proffer-events-${account}`;
	const channel = new BroadcastChannel(name);
	channel.onmessage = (message) => heard(message.data);
	const lead = () => {
		open((event) => {
			heard(event);
			channel.postMessage(event);
		});
		return new Promise(() => {}); // held until the tab closes; then another tab leads
	};
	if (navigator.locks) navigator.locks.request(name, lead).catch(() => lead());
	else lead();
}

/**
 * @param {(event: LiveEvent) => void} heard
 */
function open(heard) {
	const source = new EventSource("/events");
	let lost = true; // what changed between the page and its first connection, too
	for (const name of NAMES) {
		source.addEventListener(name, (e) => heard({ name, data: parseData(/** @type {MessageEvent} */ (e).data) }));
	}
	source.addEventListener("error", () => { lost = true; });
	source.addEventListener("open", () => {
		if (lost) heard({ name: "resync", data: {} }); // what was said meanwhile was missed
		lost = false;
	});
	addEventListener("pagehide", () => source.close());
	addEventListener("pageshow", (e) => { if (e.persisted) location.reload(); });
}

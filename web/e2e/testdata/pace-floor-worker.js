/**
 * What no frame worker that does its cryptography with WebCrypto can be faster than, with the same streams: one call of AES-256-GCM for each frame
 * and nothing else, or (?digest) one of SHA-256 before it, as a commitment to the frame takes at least.
 */
import { capture, serve } from "./pace.js";

const { subtle } = crypto;
const key = await subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
const parameters = { name: "AES-GCM", iv: new Uint8Array(12), additionalData: new Uint8Array(55) };
const digests = location.search === "?digest";

/** @param {{ readable: ReadableStream<any>, writable: WritableStream<any>, options: "encrypt" | "decrypt" }} transformer */
async function transform({ readable, writable, options }) {
	const reader = readable.getReader();
	const writer = writable.getWriter();
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return;
		const crypt = () =>
			void subtle[options](parameters, key, value.data).then((bytes) => {
				value.data = bytes;
				writer.write(value);
			});
		if (digests) subtle.digest("SHA-256", value.data).then(crypt);
		else crypt();
	}
}

addEventListener("rtctransform", (/** @type {any} */ e) => capture(e.transformer));
serve({ transform, send: () => "encrypt", receive: () => "decrypt" });

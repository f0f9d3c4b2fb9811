/** Incremental SHA-256: WebCrypto has none that takes a stream. */
import { createSHA256 } from "hash-wasm";

/** @returns {Promise<import("./stream-hash.js").Hasher>} */
export async function sha256() {
	const h = await createSHA256();
	h.init();
	return { update: (bytes) => h.update(bytes), hex: () => h.digest("hex") };
}

/** What a passkey is asked and says, between the server's JSON and navigator.credentials (WebAuthn Level 3). */

/**
 * @typedef {{ type: "public-key", id: string }} Descriptor
 * @typedef {{ challenge: string, rpId: string, timeout: number, userVerification: UserVerificationRequirement, allowCredentials: Descriptor[] }} GetOptions
 * @typedef {{ challenge: string, rp: PublicKeyCredentialRpEntity, user: { id: string, name: string, displayName: string },
 *   pubKeyCredParams: PublicKeyCredentialParameters[], timeout: number, excludeCredentials: Descriptor[],
 *   authenticatorSelection: AuthenticatorSelectionCriteria, attestation: AttestationConveyancePreference }} CreateOptions
 */

/** @param {ArrayBuffer} bytes @returns {string} base64url without padding */
export function encode(bytes) {
	let text = "";
	for (const b of new Uint8Array(bytes)) text += String.fromCharCode(b);
	return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {string} text base64url @returns {ArrayBuffer} */
export function decode(text) {
	return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0)).buffer;
}

/** @param {Descriptor[]} list @returns {PublicKeyCredentialDescriptor[]} */
const known = (list) => list.map(({ type, id }) => ({ type, id: decode(id) }));

/** Whether this page can use passkeys at all. */
export const able = () => "PublicKeyCredential" in window;

/**
 * Has a passkey sign.
 * @param {GetOptions} o
 * @returns {Promise<string>} what the server reads
 */
export async function sign(o) {
	const got = /** @type {PublicKeyCredential} */ (await navigator.credentials.get({ publicKey: { ...o, challenge: decode(o.challenge), allowCredentials: known(o.allowCredentials) } }));
	const r = /** @type {AuthenticatorAssertionResponse} */ (got.response);
	return JSON.stringify({
		id: got.id, rawId: encode(got.rawId), type: got.type,
		response: {
			clientDataJSON: encode(r.clientDataJSON), authenticatorData: encode(r.authenticatorData), signature: encode(r.signature),
			...(r.userHandle ? { userHandle: encode(r.userHandle) } : {}),
		},
	});
}

/**
 * Makes a passkey.
 * @param {CreateOptions} o
 * @returns {Promise<string>} what the server reads
 */
export async function create(o) {
	const publicKey = { ...o, challenge: decode(o.challenge), user: { ...o.user, id: decode(o.user.id) }, excludeCredentials: known(o.excludeCredentials) };
	const made = /** @type {PublicKeyCredential} */ (await navigator.credentials.create({ publicKey }));
	const r = /** @type {AuthenticatorAttestationResponse} */ (made.response);
	return JSON.stringify({ id: made.id, rawId: encode(made.rawId), type: made.type, response: { clientDataJSON: encode(r.clientDataJSON), attestationObject: encode(r.attestationObject) } });
}

/**
 * What a failure means for the person.
 * @param {unknown} error
 */
export function why(error) {
	const name = error instanceof DOMException ? error.name : "";
	if (!able()) return "This browser cannot use passkeys here. They need an address with https (or localhost) and a current browser.";
	if (name === "NotAllowedError") return "No passkey was used: it was cancelled, it took too long, or this device has none of yours. Press the button again.";
	if (name === "InvalidStateError") return "This device has a passkey of yours for this site already.";
	if (name === "SecurityError") return `Passkeys do not work at the address ${location.host}. Open this site under its own name.`;
	if (name === "NotSupportedError") return "This device cannot make a passkey that verifies who you are. Use another one.";
	return error instanceof Error && error.message ? error.message : "The passkey could not be used. Press the button again.";
}

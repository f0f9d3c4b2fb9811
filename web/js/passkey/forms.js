/** Forms whose sender has to sign with a passkey, the making of passkeys, and signing in with one. */
import { all, toast } from "../shared/page.js";
import { able, create, sign, why } from "./webauthn.js";

/** The field in which the server finds what was signed. */
const FIELD = "passkey";

/**
 * @param {string} path
 * @param {URLSearchParams} [body]
 */
const post = (path, body) => fetch(path, { method: "POST", headers: { Accept: "application/json" }, body: body ?? new URLSearchParams() });

/**
 * @param {string} path
 * @param {URLSearchParams} [body]
 * @returns {Promise<any>} the answer, or an error in the server's words
 */
async function ask(path, body) {
	const res = await post(path, body);
	const answer = await res.json().catch(() => ({}));
	if (!res.ok) throw new Error(Object.values(answer.fields ?? {}).flat().join(" ") || answer.error || "The server could not do that. Reload the page.");
	return answer;
}

/**
 * Makes a passkey of the account that is signed in.
 * @param {string} name what to call it
 * @param {boolean} quiet whether the next page says nothing of it
 */
async function makeKey(name, quiet) {
	const asked = await ask("/me/passkeys/ask");
	const confirm = asked.confirm ? await sign(asked.confirm) : "";
	await ask("/me/passkeys", new URLSearchParams({ name, quiet: quiet ? "yes" : "", confirm, [FIELD]: await create(asked.create) }));
}

/** A name for a passkey that was made on the way to something else. */
const here = () => `Made on ${new Date().toISOString().slice(0, 10)}`;

/**
 * What a passkey signs of a form, or "" where nothing is to be signed, or the server has to say first what is wrong with the form.
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} submitter
 */
async function signature(form, submitter) {
	const path = form.dataset.signs ?? "";
	const body = () => new URLSearchParams(/** @type {any} */ (new FormData(form, submitter)));
	const again = async () => {
		const res = await post(path, body());
		return res.ok ? res.json() : { get: null };
	};
	let asked = await again();
	if (!asked.get) return "";
	if (asked.none) {
		toast("You have no passkey yet, and this needs one. Make it now.");
		await makeKey(here(), true);
		asked = await again();
	}
	try {
		return await sign(asked.get);
	} catch (error) {
		if (!asked.demo) throw error;
		toast("Anybody can be anyone in a demonstration: make a passkey in this browser.");
		await makeKey(here(), true);
		asked = await again();
		return asked.get ? sign(asked.get) : "";
	}
}

/** @param {HTMLFormElement} form */
function field(form) {
	let input = form.querySelector(`input[name=${FIELD}]`);
	if (!(input instanceof HTMLInputElement)) {
		input = document.createElement("input");
		input.setAttribute("type", "hidden");
		input.setAttribute("name", FIELD);
		form.append(input);
	}
	return /** @type {HTMLInputElement} */ (input);
}

/**
 * Does something that uses a passkey once at a time, and says why it did not work.
 * @param {HTMLElement} busy
 * @param {() => Promise<void>} f
 */
async function guarded(busy, f) {
	if (busy.hasAttribute("aria-busy")) return;
	busy.setAttribute("aria-busy", "true");
	try {
		await f();
	} catch (error) {
		toast(why(error), "problem");
	} finally {
		busy.removeAttribute("aria-busy");
	}
}

/** Sends forms with data-signs only once a passkey has signed what they say; until then no other press on the page sends anything. */
function signedForms() {
	let signing = false;
	let ready = false;
	document.addEventListener("submit", (e) => {
		const form = e.target;
		if (!(form instanceof HTMLFormElement) || form.method !== "post" || ready || !signing && !form.dataset.signs) return;
		e.preventDefault();
		e.stopImmediatePropagation(); // for the others it is not sent yet
		if (signing) return;
		signing = true;
		const submitter = e.submitter;
		void guarded(submitter ?? form, async () => {
			try {
				field(form).value = await signature(form, submitter);
				ready = true;
				form.requestSubmit(submitter);
				field(form).value = "";
			} finally {
				signing = ready = false;
			}
		});
	}, true);
}

function newKeys() {
	for (const form of all(document, "form[data-passkey-new]")) {
		if (!(form instanceof HTMLFormElement)) continue;
		form.addEventListener("submit", (e) => {
			e.preventDefault();
			void guarded(form, async () => {
				await makeKey(String(new FormData(form).get("name") ?? ""), false);
				if (form.dataset.then) location.assign(form.dataset.then);
				else location.reload();
			});
		});
	}
}

function signIn() {
	for (const button of all(document, "button[data-passkey-sign-in]")) {
		button.addEventListener("click", () => void guarded(button, async () => {
			const asked = await ask("/sign-in/passkey/ask");
			const { to } = await ask("/sign-in/passkey", new URLSearchParams({ [FIELD]: await sign(asked.get) }));
			location.assign(to);
		}));
	}
}

export function passkeys() {
	for (const el of all(document, "[data-passkeys]")) el.hidden = !able();
	for (const el of all(document, "[data-no-passkeys]")) {
		if (able()) el.hidden = true;
		else el.textContent = why(null);
	}
	signedForms();
	newKeys();
	signIn();
}

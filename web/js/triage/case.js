/** The case page: exhibits, keys, the claim, the decision, and what others do meanwhile. */
import { all, must, toast } from "../shared/page.js";
import { marks, suggested, suggestions, templates } from "./decide.js";
import { session } from "../shared/storage.js";
import { clock } from "../shared/time.js";
import { fresh } from "./fresh.js";
import { keys } from "./keys.js";
import { RENEW, remaining, standing } from "./lease.js";
import { Player } from "./player.js";
import { PLACE } from "./queue.js";
import { readPlace } from "./rows.js";

/** @param {HTMLElement} page */
export function casePage(page) {
	const players = all(page, "[data-exhibit]").map((x) => new Player(x, page.dataset.watch ?? "", soft(page)));
	let tabs = exhibitTabs(page, players);
	const mark = marks(page);
	page.addEventListener("proffer:span", (e) => {
		const { of, from } = /** @type {CustomEvent<{ of: string, from: number }>} */ (e).detail;
		const i = players.findIndex((p) => p.id === of);
		if (i < 0) return;
		tabs.move(i - tabs.current());
		players[i].seek(from);
		players[i].exhibit.scrollIntoView({ block: "start" });
	});
	lease(page);
	decision(page);
	news(page);
	coming(page, players);
	fresh(page, {
		busy: () => players.some((p) => p.video !== null && !p.video.paused),
		exhibits: () => {
			players.splice(0, players.length, ...all(page, "[data-exhibit]").map((x) => new Player(x, page.dataset.watch ?? "", soft(page))));
			tabs = exhibitTabs(page, players);
			document.dispatchEvent(new CustomEvent("proffer:fresh"));
		},
		joined: () => {
			const box = must(page, "#case-news");
			const line = document.createElement("p");
			line.textContent = "Another report on the same person and meeting has just joined this case. It is shown with the others.";
			box.replaceChildren(line);
			box.hidden = false;
		},
	});
	back();
	keys("case", (action, key) => {
		if (action === "markIn" || action === "markOut") return mark(action, players[tabs.current()]);
		if (action === "rung") return rung(page, Number(key));
		if (action === "suggested") return suggested(page);
		if (action === "exhibitNext" || action === "exhibitBefore") return tabs.move(action === "exhibitNext" ? 1 : -1);
		if (action === "decision") return goTo(page, "#decide input:checked, #decide input[type=radio], #approve textarea");
		if (action === "events") return toggleEvents(page);
		return players[tabs.current()]?.do(action) ?? false;
	});
}

/** What is softened at first: one's own defaults. @param {HTMLElement} page */
const soft = (page) => (page.dataset.soft ?? "blur grey mute stills").split(" ");

/**
 * @param {HTMLElement} page
 * @param {string} selector
 */
function goTo(page, selector) {
	const target = page.querySelector(selector);
	if (!(target instanceof HTMLElement)) return false;
	target.focus();
	target.scrollIntoView({ block: "center" });
	return true;
}

/** Leads back to the place in the queue that the case was opened from. */
function back() {
	const place = readPlace(session.get(PLACE));
	if (!place) return;
	for (const link of all(document, "a[data-to-queue]")) link.setAttribute("href", place.address);
	for (const field of all(document, "input[data-back]")) /** @type {HTMLInputElement} */ (field).value = place.address;
}

/**
 * Chooses what is done to a person: the one whose fields have the focus, or the first who has nothing chosen yet. The
 * focus goes on to what is to be filled in next.
 * @param {HTMLElement} page
 * @param {number} n from 1
 */
function rung(page, n) {
	const boxes = all(page, "[data-finding]");
	const box = boxes.find((b) => b.contains(document.activeElement)) ?? boxes.find((b) => !b.querySelector(".ladder :checked")) ?? boxes[0];
	const radio = box ? all(box, ".ladder input")[n - 1] : undefined;
	if (!radio) return false;
	radio.click();
	const next = all(box, "input[name^=days], [data-severity]:not([disabled]), textarea").find((f) => f.checkVisibility());
	next?.focus();
	next?.scrollIntoView({ block: "nearest" });
	return true;
}

/** @param {HTMLElement} page */
function toggleEvents(page) {
	const events = /** @type {HTMLDetailsElement} */ (must(page, "#events"));
	events.open = !events.open;
	if (events.open) events.scrollIntoView({ block: "start" });
	return true;
}

/**
 * @param {HTMLElement} page
 * @param {Player[]} players
 */
function exhibitTabs(page, players) {
	const tabs = all(page, "[data-tabs] [role=tab]");
	let at = 0;
	const show = (/** @type {number} */ i, /** @type {boolean} */ focus) => {
		players[at]?.video?.pause();
		at = i;
		players.forEach((p, n) => { p.exhibit.hidden = n !== i; });
		tabs.forEach((t, n) => {
			t.setAttribute("aria-selected", String(n === i));
			t.tabIndex = n === i ? 0 : -1;
		});
		if (focus) tabs[i]?.focus();
		players[i]?.show();
	};
	tabs.forEach((tab, i) => {
		tab.addEventListener("click", () => show(i, false));
		tab.addEventListener("keydown", (e) => {
			const by = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0;
			if (by === 0) return;
			e.preventDefault();
			show((i + by + tabs.length) % tabs.length, true);
		});
	});
	const named = players.findIndex((p) => `#${p.exhibit.id}` === location.hash);
	if (named > 0) show(named, false);
	else players[0]?.show();
	return {
		current: () => at,
		move: (/** @type {number} */ by) => {
			if (tabs.length < 2) return false;
			show((at + by + tabs.length) % tabs.length, false);
			return true;
		},
	};
}

/** Renews the claim while the page is looked at, and says when it is lost. @param {HTMLElement} page */
function lease(page) {
	const seconds = Number(page.dataset.lease);
	if (!("lease" in page.dataset)) return;
	const at = `/cases/${page.dataset.case}/renew`;
	let ends = performance.now() + seconds * 1000;
	let renewed = performance.now();
	let lost = false;
	const show = () => {
		const left = ends - performance.now();
		must(page, "[data-lease-clock]").textContent = clock(left / 1000);
		must(page, "[data-lease-here]").dataset.standing = standing(left);
		if (left <= 0) lose("Your claim on this case ran out, and somebody else may take it. Claim it again to go on; what you typed stays here.");
	};
	const lose = (/** @type {string} */ words) => {
		if (lost) return;
		lost = true;
		clearInterval(ticking);
		tell(page, words, { claim: true });
		for (const b of all(page, "[data-decision] button[type=submit]")) b.setAttribute("disabled", "");
	};
	const renew = async () => {
		renewed = performance.now();
		try {
			const answer = await fetch(at, { method: "POST", headers: { Accept: "application/json" } });
			if (answer.ok) {
				const left = remaining(answer.headers.get("Proffer-Lease"), answer.headers.get("Date"));
				if (left !== null) ends = performance.now() + left;
			} else if (answer.status < 500) {
				lose("You no longer hold this case. Reload the page to see who does; copy what you typed first.");
			}
		} catch {
			toast("The server cannot be reached. Your claim is renewed as soon as it answers.", "problem");
		}
	};
	const ticking = setInterval(() => {
		if (!document.hidden && performance.now() - renewed >= RENEW) renew();
		show();
	}, 1000);
	document.addEventListener("visibilitychange", () => { if (!document.hidden && !lost && performance.now() - renewed > RENEW / 2) renew(); });
}

/**
 * Says at the head of the case what changed.
 * @param {HTMLElement} page
 * @param {string} words
 * @param {{ claim?: boolean }} [offer]
 */
function tell(page, words, offer = {}) {
	const box = must(page, "#case-news");
	const line = document.createElement("p");
	line.textContent = `${words} `;
	const again = document.createElement(offer.claim ? "form" : "a");
	if (again instanceof HTMLFormElement) {
		again.method = "post";
		again.action = `/cases/${page.dataset.case}/claim`;
		const button = document.createElement("button");
		button.className = "button";
		button.textContent = "Claim it again";
		again.append(button);
	} else {
		again.setAttribute("href", `/cases/${page.dataset.case}`);
		again.textContent = "Reload";
	}
	box.replaceChildren(line, again);
	box.hidden = false;
}

/** What others do with this case, live. @param {HTMLElement} page */
function news(page) {
	const mine = "lease" in page.dataset;
	document.addEventListener("proffer:live", (e) => {
		const { name, data } = /** @type {CustomEvent<import("../shared/events.js").LiveEvent>} */ (e).detail;
		if (name !== "case" || data.case !== page.dataset.case || data.state === page.dataset.state) return;
		page.dataset.state = String(data.state);
		const who = typeof data.claimant === "string" && data.claimant ? data.claimant : "Somebody";
		if (data.state === "claimed") tell(page, mine ? `${who} holds this case now.` : `${who} has just claimed this case.`);
		else if (!submitting) tell(page, `This case has moved on: it is “${String(data.state).replace("_", " ")}” now.`);
	});
	let submitting = false;
	page.addEventListener("submit", () => { submitting = true; });
}

/**
 * Shows what is still being made of a clip as soon as it is there. Only what cannot be played yet is exchanged.
 * @param {HTMLElement} page
 * @param {Player[]} players
 */
function coming(page, players) {
	let looking = false;
	let again = false;
	const look = async () => {
		again = looking;
		if (looking || !page.querySelector("[data-coming]")) return;
		looking = true;
		try {
			const answer = await fetch(`/cases/${page.dataset.case}`);
			const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
			players.forEach((p, i) => {
				const next = fresh.getElementById(p.exhibit.id);
				if (!("coming" in p.exhibit.dataset) || !next || next.dataset.coming === p.exhibit.dataset.coming) return;
				next.hidden = p.exhibit.hidden;
				p.exhibit.replaceWith(next);
				players[i] = new Player(next, page.dataset.watch ?? "", soft(page));
				if (!next.hidden) players[i].show();
				const tab = fresh.getElementById(`tab-${next.dataset.exhibit}`);
				if (tab) document.getElementById(tab.id)?.replaceChildren(...tab.childNodes);
			});
			document.dispatchEvent(new CustomEvent("proffer:fresh"));
		} catch {
			// the next event, or a reload, shows it
		} finally {
			looking = false;
		}
		if (again) look();
	};
	document.addEventListener("proffer:live", (e) => {
		const { name, data } = /** @type {CustomEvent<import("../shared/events.js").LiveEvent>} */ (e).detail;
		if (name === "resync" || name === "case" && data.case === page.dataset.case) look();
	});
	look(); // what came between the page and its stream of events
}

/** Shows the days where they are wanted, and when a second person is. @param {HTMLElement} page */
function decision(page) {
	const form = page.querySelector("[data-decision]");
	if (!(form instanceof HTMLFormElement)) return;
	const most = Number(form.dataset.severeDays);
	const settle = () => {
		let severe = false;
		for (const box of all(form, "[data-finding]")) {
			const action = box.querySelector(".ladder input:checked");
			const kind = action instanceof HTMLInputElement ? action.value : "";
			const timed = action instanceof HTMLElement && action.dataset.timed === "true";
			const days = must(box, "[data-days]");
			days.hidden = !timed;
			const number = /** @type {HTMLInputElement} */ (must(days, "input"));
			severe ||= kind === "ban" || (kind === "suspend" && Number(number.value) > most);
			/** @type {HTMLSelectElement} */ (must(box, "[data-severity]")).disabled = kind === "none";
		}
		must(form, "[data-second-hint]").hidden = !severe;
	};
	form.addEventListener("input", settle);
	settle();
	suggestions(form);
	templates(form);
	const button = form.querySelector("[data-same]");
	if (!(button instanceof HTMLElement)) return;
	button.hidden = false;
	button.addEventListener("click", () => {
		const [first, ...others] = all(form, "[data-finding]");
		for (const box of others) same(first, box);
		settle();
		toast("Filled in for everybody; nothing is decided yet.");
	});
}

/**
 * Copies one person's finding to another's fields. An action that the other cannot be subject to stays unchosen.
 * @param {HTMLElement} from
 * @param {HTMLElement} to
 */
function same(from, to) {
	const chosen = from.querySelector(".ladder :checked");
	for (const radio of all(to, ".ladder input")) {
		if (radio instanceof HTMLInputElement) radio.checked = chosen instanceof HTMLInputElement && radio.value === chosen.value;
	}
	for (const field of ["days", "policy", "severity", "reasons"]) {
		const [a, b] = [from, to].map((box) => /** @type {HTMLInputElement} */ (must(box, `[name^="${field}-"]`)));
		b.value = a.value;
	}
}

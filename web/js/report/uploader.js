/** The file picker of a form with clips: rows, drag and drop, hidden fields, and whether the form may be sent. */
import { all, must, toast } from "../shared/page.js";
import { size } from "../shared/time.js";
import { UploadRow } from "./upload.js";
import { fileProblem, whyNot } from "./upload-state.js";

/**
 * @param {HTMLFormElement} form
 */
export function uploader(form) {
	const box = form.querySelector("[data-uploader]");
	if (!(box instanceof HTMLElement)) return;
	box.hidden = false;
	const list = must(box, "[data-uploads]");
	/** @type {UploadRow[]} */
	const rows = [];
	const around = {
		endpoint: box.dataset.endpoint ?? "/uploads/",
		account: box.dataset.account ?? "",
		worker: box.dataset.worker ?? "",
		changed: () => settle(form, rows),
	};
	for (const row of all(list, "[data-upload]")) {
		const upload = new UploadRow(row, around);
		rows.push(upload);
		upload.adopt("attached" in row.dataset || row.dataset.state !== "sealed" || rows.length <= Number(box.dataset.maxClips));
	}
	const add = (/** @type {Iterable<File>} */ files) => {
		for (const file of files) take(file, box, list, rows, around);
	};
	const input = /** @type {HTMLInputElement} */ (must(box, "[data-files]"));
	input.addEventListener("change", () => {
		add([...(input.files ?? [])]);
		input.value = "";
	});
	dropZone(must(box, "[data-drop]"), add);
	addEventListener("online", () => rows.forEach((r) => r.state === "lost" && r.resume()));
	addEventListener("beforeunload", (e) => {
		if (rows.some((r) => r.state === "sending" || r.state === "hashing")) e.preventDefault();
	});
	form.addEventListener("submit", (e) => {
		const why = whyNot(rows.map((r) => r.state));
		if (!why) return;
		e.preventDefault();
		toast(why, "problem");
	});
	settle(form, rows);
}

/**
 * @param {File} file
 * @param {HTMLElement} box
 * @param {HTMLElement} list
 * @param {UploadRow[]} rows
 * @param {import("./upload.js").Surroundings} around
 */
function take(file, box, list, rows, around) {
	const clips = rows.filter((r) => !["removed", "detached"].includes(r.state)).length;
	const problem = fileProblem(file, { maxBytes: Number(box.dataset.maxBytes), maxClips: Number(box.dataset.maxClips), clips });
	if (problem) return toast(`${file.name}: ${problem}`, "problem");
	const waiting = rows.find((r) => r.state === "unfinished" && r.row.dataset.name === file.name && Number(r.row.dataset.size) === file.size);
	if (waiting) return void waiting.send(file);
	const template = /** @type {HTMLTemplateElement} */ (must(box, "[data-upload-template]"));
	const row = /** @type {HTMLElement} */ (must(template.content, ".upload").cloneNode(true));
	must(row, "[data-name-here]").textContent = file.name;
	must(row, "[data-size-here]").textContent = size(file.size);
	list.append(row);
	const upload = new UploadRow(row, around);
	rows.push(upload);
	upload.send(file);
}

/**
 * @param {HTMLElement} zone
 * @param {(files: Iterable<File>) => void} add
 */
function dropZone(zone, add) {
	const over = (/** @type {boolean} */ is) => zone.classList.toggle("over", is);
	zone.addEventListener("dragover", (e) => {
		e.preventDefault();
		over(true);
	});
	zone.addEventListener("dragleave", () => over(false));
	zone.addEventListener("drop", (e) => {
		e.preventDefault();
		over(false);
		add([...(e.dataTransfer?.files ?? [])]);
	});
}

/**
 * Writes the hidden fields of finished uploads, and whether the form may be sent.
 * @param {HTMLFormElement} form
 * @param {UploadRow[]} rows
 */
function settle(form, rows) {
	for (const old of all(form, 'input[name="upload[]"]')) old.remove();
	const ids = new Set(rows.filter((r) => r.state === "done").map((r) => r.id));
	for (const id of ids) {
		const field = document.createElement("input");
		Object.assign(field, { type: "hidden", name: "upload[]", value: id });
		form.append(field);
	}
	const why = whyNot(rows.map((r) => r.state));
	const button = form.querySelector("button[type=submit]");
	if (button) button.setAttribute("aria-disabled", String(why !== ""));
	const place = form.querySelector("[data-submit-why]");
	if (place && place.textContent !== why) place.textContent = why;
}

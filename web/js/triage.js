/** The desk: the queue, the case page, the keys of both, and the commands of every page of the staff. */
import { casePage } from "./triage/case.js";
import { keys } from "./triage/keys.js";
import { queuePage } from "./triage/queue.js";

const page = document.querySelector("[data-case][data-watch]");
if (page instanceof HTMLElement) casePage(page);
else if (document.querySelector("[data-queue], [data-row], [data-shortcut=search]")) queuePage();
else keys("any", () => false);

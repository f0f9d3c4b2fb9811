/** The desk: the queue, the case page, and the keys of both. */
import { casePage } from "./triage/case.js";
import { queuePage } from "./triage/queue.js";

const page = document.querySelector("[data-case][data-watch]");
if (page instanceof HTMLElement) casePage(page);
else queuePage();

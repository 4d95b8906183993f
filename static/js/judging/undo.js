// For a minute the last judgment can be changed; what comes next waits meanwhile.
import { changeOf, show } from "./pairs.js";

const link = document.getElementById("undo");
const said = document.getElementById("said");
let waiting = null;

const label = link.querySelector("[data-last]");

export function offer(address, until) {
  label.textContent = label.dataset.last;
  link.href = address;
  link.dataset.until = until;
  count();
}

// A skip is not undone: what can be is the judgment before it.
export function afterSkip() {
  label.textContent = label.dataset.before;
}

function count() {
  const left = Math.ceil((Date.parse(link.dataset.until) - Date.now()) / 1_000);
  link.hidden = !(left > 0) || waiting !== null;
  link.querySelector(".seconds").textContent = left > 0 ? `${left} s` : "";
}

export async function undo() {
  if (link.hidden) return;
  try {
    waiting = show(await changeOf(link.href));
    said.textContent = said.dataset.changing;
    count();
  } catch {
    // The time is over, or there is no connection: the page says which.
    location.assign(link.href);
  }
}

// Back to the pair that waited; false when there is none, because the change has a page of its own.
export function back() {
  if (!waiting) return false;
  const next = waiting;
  waiting = null;
  show(next);
  count();
  return true;
}

link.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  undo();
});
setInterval(count, 1_000);
count();

// The pair on the screen and the one after it, which is fetched while this one is read.
import { restore } from "./drafts.js";
import { moment, tell } from "./progress.js";
import { begin, pair } from "./questions.js";

const RENEW = 5 * 60_000; // a lease is much longer
let coming = null;
let active = false;

const address = () => pair().dataset.study;
const shown = () => pair().dataset.token;

async function piece(url) {
  const since = moment();
  const response = await fetch(url, { headers: { "HX-Request": "true" } });
  if (response.status === 204) return null;
  if (!response.ok) throw new Error(`${response.status}`);
  const found = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("pair");
  if (!found) throw new Error("another page");
  found.dataset.since = since;
  return document.adoptNode(found);
}

export const changeOf = (url) => piece(url);

// Nothing depends on it: what could not be fetched ahead is fetched when it is needed.
export function lookAhead() {
  coming = piece(`${address()}ahead/?shown=${shown()}`).catch(() => null);
}

export async function showNext({ anew = false } = {}) {
  const ready = (anew ? null : await coming) ?? (await piece(address()).catch(() => null));
  // No pair came: the page itself says why.
  if (!ready) return location.assign(address());
  // It is judged by other guidelines than this page has.
  if (ready.dataset.guidelines !== pair().dataset.guidelines) return location.assign(`${address()}?guidelines=new`);
  show(ready);
  tell(ready.dataset);
  lookAhead();
}

export function show(element) {
  const before = pair();
  before.replaceWith(element);
  window.scrollTo(0, 0);
  restore();
  pair().focus({ preventScroll: true });
  begin();
  return before;
}

for (const event of ["keydown", "pointerdown", "scroll"]) {
  document.addEventListener(event, () => (active = true), { capture: true, passive: true });
}
// Somebody who reads for long keeps what they hold.
setInterval(() => {
  if (active && !("changing" in pair().dataset)) lookAhead();
  active = false;
}, RENEW);

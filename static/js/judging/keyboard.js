// Single keys, wherever the focus is, except where somebody writes; nothing with Ctrl, Alt or Meta.
import { choose, current, form, pair, step, unveil, veiled } from "./questions.js";
import { undo } from "./undo.js";

const WRITES = "textarea, select, input:not([type=radio], [type=checkbox])";
const PRESSES = "button, a[href], summary, [type=checkbox]";
const LINE = 60;

const actions = {
  d: meaning,
  "?": meaning,
  g: () => toggle("guidelines"),
  k: () => toggle("keys"),
  s: () => toggle("skip"),
  c: comment,
  p: () => document.getElementById("unfold")?.click(),
  u: undo,
  v: unveil,
  x: () => document.querySelector("#warning [data-key=x]")?.click(),
  escape: () => document.getElementById("keep")?.click(),
  arrowleft: () => step(-1),
  arrowright: () => step(1),
};

document.addEventListener("keydown", (event) => {
  const { target } = event;
  if (event.isComposing || event.altKey || pair().ariaBusy === "true") return;
  if (target.matches(WRITES)) return inText(event);
  const key = named(event);
  if (event.ctrlKey || event.metaKey || !key) return;
  const open = document.querySelector("[popover]:popover-open");
  if (open) return inPopover(event, key, open);
  if (scrolls(event, key)) return event.preventDefault();
  if (event.repeat) return;
  if (veiled() && /^(enter|\d)$/.test(key) && !target.matches(PRESSES)) return stillVeiled(event);
  if (key === "enter") {
    if (target.matches(PRESSES)) return;
    event.preventDefault();
    return form().requestSubmit();
  }
  // Arrow keys on a radio button are the browser's own.
  if (target.matches("[type=radio]") && key.startsWith("arrow")) return;
  if (actions[key]) actions[key]();
  else if (!choose(key)) return;
  event.preventDefault();
});

// Digits by their place, because on some keyboards they need Shift; letters without it.
function named({ code, key, shiftKey }) {
  if (/^Digit\d$/.test(code) && (!shiftKey || /^\d$/.test(key))) return code.at(-1);
  if (shiftKey && key !== "?" && key !== " ") return "";
  return key.toLowerCase();
}

function stillVeiled(event) {
  const said = document.getElementById("said");
  said.textContent = said.dataset.veiled;
  event.preventDefault();
}

function inText(event) {
  if (event.key === "Escape") document.getElementById("save").focus();
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form().requestSubmit();
}

function inPopover(event, key, open) {
  const pressed = open.querySelector(`[data-key="${CSS.escape(key)}"]`);
  const again = { guidelines: "g", keys: "k", skip: "s" }[open.id] ?? "d";
  if (pressed) pressed.click();
  else if (key === again || (again === "d" && key === "?")) open.hidePopover();
  else return;
  event.preventDefault();
}

function toggle(id) {
  const pop = document.getElementById(id);
  pop?.showPopover();
  pop?.focus({ preventScroll: true });
}

function meaning() {
  const question = current() ?? pair().querySelector(".question:last-of-type");
  toggle(`what-${question.dataset.criterion}`);
}

function comment() {
  form().querySelector("textarea").focus();
}

// Both answers together, by key: which one has the focus does not matter.
function scrolls({ target, shiftKey }, key) {
  if (target.matches("[type=radio]") || (key === " " && target.matches(PRESSES))) return false;
  if (target.matches(".prompt, .prompt *, .scroller *")) return false;
  const panels = [...pair().querySelectorAll(".scroller")];
  const page = 0.85 * panels[0].clientHeight;
  const by = { arrowup: -LINE, arrowdown: LINE, pageup: -page, pagedown: page, " ": shiftKey ? -page : page }[key];
  // On a narrow screen the page scrolls, not the panels.
  if (!by || panels.every((one) => one.scrollHeight <= one.clientHeight)) return false;
  for (const one of panels) one.scrollBy({ top: by });
  return true;
}

// The questions of the pair on the screen: which one is next, choosing by key, going on.

export const pair = () => document.getElementById("pair");
export const form = () => document.getElementById("judgment");
const all = () => [...pair().querySelectorAll(".question")];
const chosen = (question) => question.querySelector("input:checked");

export const veiled = () => "veiled" in pair().dataset;

// What carries a warning is shown when it is asked for, and not before.
export function unveil() {
  if (!veiled()) return;
  delete pair().dataset.veiled;
  const said = document.getElementById("said");
  if (said.textContent === said.dataset.veiled) said.textContent = "";
  document.getElementById("warning").querySelectorAll(".small, .row").forEach((one) => one.remove());
  for (const id of ["material", "judgment"]) document.getElementById(id).inert = false;
  begin();
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("#unveil")) return;
  event.preventDefault();
  unveil();
});

export const unanswered = () => all().find((one) => !chosen(one));

// The question that a key answers: the focused one, or the first without an answer.
export function current() {
  return all().find((one) => one.contains(document.activeElement)) ?? unanswered();
}

export function mark() {
  const now = current();
  for (const one of all()) one.toggleAttribute("data-current", one === now);
}

export function goTo(question) {
  (question ?? document.getElementById("save")).focus();
  mark();
}

// What is said at the top of the page is said at the question too: on a phone the top is out of sight.
export function point(question, words) {
  pair().querySelector(".missed")?.remove();
  const missed = Object.assign(document.createElement("p"), { className: "missed", textContent: words });
  question.querySelector("legend").after(missed);
  goTo(question);
  question.scrollIntoView({ block: "nearest" });
}

document.addEventListener("change", ({ target }) => {
  const missed = target.closest(".question")?.querySelector(".missed");
  if (!missed) return;
  const said = document.getElementById("said");
  if (said.textContent === missed.textContent) said.textContent = "";
  missed.remove();
});

// A judgment that is changed begins at its first question.
export function begin() {
  if (unanswered()) mark();
  else goTo(all()[0]);
}

function goOn(from) {
  goTo(unanswered() ?? all()[all().indexOf(from) + 1]);
}

export function step(by) {
  const at = all().indexOf(current());
  const wanted = at < 0 ? all().length + by : at + by;
  if (wanted >= 0) goTo(all()[wanted]);
}

export function choose(key) {
  const question = veiled() ? null : current();
  const inputs = question ? [...question.querySelectorAll("input")] : [];
  const input = inputs.find((one) => one.dataset.keys.split(" ").includes(key));
  if (!input) return false;
  input.checked = true;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  goOn(question);
  return true;
}

// A click or a touch goes on as a key does; arrow keys inside a question only try its choices.
document.addEventListener("click", (event) => {
  const label = event.detail && event.target.closest(".choices label");
  if (label && event.target.tagName !== "INPUT") setTimeout(() => goOn(label.closest(".question")));
});

// What the API takes: graded scales are numbers.
export function body() {
  const data = new FormData(form());
  const votes = {};
  for (const { dataset } of all()) {
    const value = data.get(dataset.criterion);
    if (value !== null) votes[dataset.criterion] = /^-?\d+$/.test(value) ? Number(value) : value;
  }
  return { votes, comment: data.get("comment") };
}

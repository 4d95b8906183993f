// The judging page: save, change, skip; each goes on only when the server has said that it is done.
import { forget, restore } from "./drafts.js";
import "./keyboard.js";
import { lookAhead, showNext } from "./pairs.js";
import { judgedOne, tell } from "./progress.js";
import { begin, body, form, mark, pair, point, unanswered } from "./questions.js";
import { send } from "./sending.js";
import { afterSkip, back, offer } from "./undo.js";

const said = document.getElementById("said");
const CREATED = 201;
let busy = false;

document.addEventListener("submit", async (event) => {
  if (event.target === form()) return act(event, save);
  if (event.target.id === "skip") return act(event, () => skip(event.submitter.value));
});

async function act(event, what) {
  event.preventDefault();
  if (busy) return;
  if ("preview" in pair().dataset) return (said.textContent = said.dataset.preview);
  busy = true;
  pair().ariaBusy = "true";
  try {
    await what();
  } finally {
    busy = false;
    pair().ariaBusy = null;
  }
}

async function save() {
  const missing = unanswered();
  if (missing) {
    said.textContent = said.dataset.missing.replace("{label}", missing.dataset.label);
    return point(missing, said.textContent);
  }
  said.textContent = said.dataset.saving;
  const { token, api, study } = pair().dataset;
  const changing = "changing" in pair().dataset;
  const answer = await send(`${api}judgment/`, changing ? "PUT" : "POST", body());
  if (answer.status === 400) return show(answer.body);
  forget(token);
  if (answer.status < 300) {
    said.textContent = changing ? said.dataset.changed : said.dataset.saved;
    offer(`${study}${token}/change/`, answer.body.undo_until);
    if (!changing) judgedOne();
  } else if (answer.body.code === "study_closed") {
    // What was fetched ahead cannot be judged either.
    return location.assign(`${study}?late=yes`);
  } else {
    // It was judged before, or given to somebody else: nothing to save, and the next one comes.
    said.textContent = answer.body.detail ?? "";
  }
  // Unless this call stored it: what was fetched ahead knows nothing of another tab's judgments.
  if (!changing) return showNext({ anew: answer.status !== CREATED });
  if (!back()) location.assign(`${study}?changed=yes`);
}

async function skip(reason) {
  const { token, api } = pair().dataset;
  const answer = await send(`${api}skip/`, "POST", { reason });
  forget(token);
  afterSkip();
  said.textContent = answer.status < 300 ? said.dataset.skipped : (answer.body.detail ?? "");
  await showNext({ anew: answer.status >= 300 });
}

function show({ detail, errors = [] }) {
  said.textContent = "";
  const lines = [detail, ...errors.map((one) => `${one.column}: ${one.message}`)];
  form().querySelector(".wrong").replaceChildren(
    ...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })),
  );
}

document.addEventListener("click", (event) => {
  if (event.target.closest("#keep") && back()) {
    event.preventDefault();
    said.textContent = said.dataset.unchanged;
  }
});
document.addEventListener("focusin", mark);
form().noValidate = true;
restore();
begin();
document.querySelector("#guidelines[data-open]")?.showPopover();
if (!("changing" in pair().dataset) && !("preview" in pair().dataset)) {
  tell({ ...pair().dataset, since: 0 });
  lookAhead();
}

// What was chosen and not yet sent outlives a reload, in this tab only: no text of an answer.
import { form, pair } from "./questions.js";

const name = () => `draft ${pair().dataset.token}`;
const keeps = () => pair() && !("changing" in pair().dataset) && !("preview" in pair().dataset);

export function forget(token) {
  sessionStorage.removeItem(`draft ${token}`);
}

export function restore() {
  const kept = keeps() && sessionStorage.getItem(name());
  if (!kept) return;
  for (const [key, value] of JSON.parse(kept)) {
    for (const field of form().querySelectorAll(`[name="${CSS.escape(key)}"]`)) {
      if (field.type === "radio") field.checked = field.value === value;
      else field.value = value;
    }
  }
}

document.addEventListener("input", keep);
document.addEventListener("change", keep);

function keep({ target }) {
  if (!keeps() || target.form !== form()) return;
  const data = [...new FormData(form())].filter(([key]) => key !== "csrfmiddlewaretoken");
  sessionStorage.setItem(name(), JSON.stringify(data));
}

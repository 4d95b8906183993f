// Says so when a form could not be kept, and keeps a form that does something from being sent twice.
"use strict";

for (const event of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(event, ({ target }) => {
    const form = target.closest("[data-keeping]");
    if (!form) return;
    const said = document.createElement("p");
    said.className = "notice";
    said.textContent = form.dataset.failed;
    document.querySelector(form.dataset.keeping).prepend(said);
  });
}

document.addEventListener("submit", ({ target }) => {
  const button = target.matches("[data-once]") && target.querySelector("[data-busy]");
  if (!button) return;
  button.disabled = true;
  button.textContent = button.dataset.busy;
});

// How many of a file's rows an import has read. Before it tells, the bar only shows that it is at work.
"use strict";

document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.target.closest("form[data-import]");
  if (!form) return;
  const bar = form.querySelector(".busy progress");
  const asking = setInterval(async () => {
    if (!form.isConnected || !form.classList.contains("htmx-request")) return clearInterval(asking);
    const answer = await fetch(form.dataset.import).catch(() => null);
    if (!answer?.ok) return;
    const { rows } = await answer.json();
    if (rows) bar.value = rows;
  }, 300);
});

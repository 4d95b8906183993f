// Files by drag and drop, and how far an upload is. Without it, the file field and the form do.
"use strict";

const size = (bytes) => (bytes < 1e5 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

function describe(input) {
  const note = input.closest(".drop").querySelector(".picked");
  const file = input.files[0];
  const tooLarge = file && input.dataset.mostBytes && file.size > Number(input.dataset.mostBytes);
  input.setCustomValidity(tooLarge ? note.dataset.tooLarge : "");
  // The field itself shows the name.
  note.textContent = file ? size(file.size) + (tooLarge ? ` · ${note.dataset.tooLarge}` : "") : "";
}

document.addEventListener("change", (event) => {
  if (event.target.matches(".drop input[type=file]")) describe(event.target);
});

// Chosen before this was here, or put back by the browser.
document.querySelectorAll(".drop input[type=file]").forEach(describe);

for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    // A file that misses the field must not replace the page.
    event.preventDefault();
    const zone = event.target.closest?.(".drop");
    document.querySelectorAll(".drop").forEach((one) => one.classList.toggle("over", one === zone && kind === "dragover"));
    if (kind !== "drop" || !zone || !event.dataTransfer.files.length) return;
    const input = zone.querySelector("input[type=file]");
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

document.addEventListener("htmx:xhr:progress", (event) => {
  const form = event.target.closest("form[data-upload]");
  if (!form || !event.detail.lengthComputable) return;
  const bar = form.querySelector(".busy progress");
  const step = form.querySelector(".busy .step");
  const share = event.detail.loaded / event.detail.total;
  if (share < 1) {
    bar.value = 100 * share;
  } else if (step.textContent !== step.dataset.after) {
    // The server is at work now: how long is not known, so the bar only shows that it is.
    step.textContent = step.dataset.after;
    bar.removeAttribute("value");
  }
});

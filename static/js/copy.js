// A button beside a field that is shown once: copies it. Without scripts the button stays hidden.
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-copy]")) {
    const field = document.getElementById(button.dataset.copy);
    button.hidden = false;
    field.addEventListener("focus", () => field.select());
    button.addEventListener("click", async () => {
      field.select();
      // The clipboard is there on https and loopback only; elsewhere the selection is copied.
      if (navigator.clipboard) {
        await navigator.clipboard.writeText(field.value);
      } else {
        document.execCommand("copy");
      }
      button.textContent = button.dataset.done;
    });
  }
});

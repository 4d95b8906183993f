// What was chosen before the scripts were there is asked for now: on a slow line, or when the browser
// puts back what a form held before a reload.
"use strict";

function changed(field) {
  if (field.options) {
    // Without a choice of the server's, a list shows its first.
    const given = [...field.options].findIndex((one) => one.defaultSelected);
    return field.selectedIndex !== Math.max(given, 0);
  }
  if (["checkbox", "radio"].includes(field.type)) return field.checked !== field.defaultChecked;
  return field.defaultValue !== undefined && field.value !== field.defaultValue;
}

// After htmx has attached itself, which it does when the document is ready.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[hx-trigger*=change]")) {
    if ([...form.elements].some(changed)) htmx.trigger(form, "change");
  }
});

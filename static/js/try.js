// Sends what a form of the API's documentation says, with the session, and shows the answer.
"use strict";

const MOST_SHOWN = 200_000;

function request(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const input of form.querySelectorAll("[data-in]")) {
    if (input.dataset.in === "path") path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else if (input.value !== "") query.set(input.name, input.value);
  }
  const headers = JSON.parse(document.body.getAttribute("hx-headers"));
  const options = { method: form.dataset.method, headers, credentials: "same-origin" };
  const body = form.querySelector("#body");
  const file = form.querySelector("#file");
  if (body) {
    options.body = body.value;
    headers["Content-Type"] = "application/json";
  } else if (file?.files.length) {
    options.body = new FormData();
    options.body.set("file", file.files[0]);
  }
  return [String(query) ? `${path}?${query}` : path, options];
}

async function show(answer, shown, box) {
  const type = answer.headers.get("Content-Type") ?? "";
  shown.replaceChildren();
  if (type.includes("json") && !type.includes("ndjson")) {
    shown.textContent = JSON.stringify(await answer.json(), null, 2).slice(0, MOST_SHOWN);
  } else if (answer.headers.has("Content-Disposition")) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"))?.[1] ?? "answer";
    link.textContent = `${box.dataset.save}: ${link.download}`;
    shown.append(link);
  } else {
    shown.textContent = (await answer.text()).slice(0, MOST_SHOWN);
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form.try");
  if (!form) return;
  event.preventDefault();
  const box = form.querySelector(".answer");
  const [status, shown] = [box.querySelector(".status"), box.querySelector("pre")];
  box.hidden = false;
  status.textContent = box.dataset.busy;
  try {
    const started = performance.now();
    const answer = await fetch(...request(form));
    await show(answer, shown, box);
    status.textContent = `${answer.status} ${answer.statusText} · ${Math.round(performance.now() - started)} ms`;
  } catch {
    status.textContent = box.dataset.failed;
    shown.replaceChildren();
  }
});

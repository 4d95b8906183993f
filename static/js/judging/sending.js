// Send until the server has answered: the same judgment twice is one judgment, so trying again is safe.

const PATIENCE = 15_000;
const LONGEST_WAIT = 30_000;
const trouble = document.getElementById("trouble");
let wake = () => {};

export const csrf = () => document.querySelector("[name=csrfmiddlewaretoken]").value;

// Resolves with the first answer that settles the matter: {status, body}.
export async function send(url, method, body) {
  for (let wait = 1_000; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    const answer = await ask(url, method, body);
    if (answer && answer.status < 500 && answer.status !== 401 && answer.status !== 429) {
      trouble.hidden = true;
      return answer;
    }
    complain(answer);
    await rest(wait);
  }
}

async function ask(url, method, body) {
  try {
    const response = await fetch(url, {
      method,
      body: JSON.stringify(body),
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() },
      signal: AbortSignal.timeout(PATIENCE),
    });
    return { status: response.status, body: await response.json().catch(() => ({})) };
  } catch {
    return null;
  }
}

function complain(answer) {
  const kind = !answer ? "offline" : answer.status === 401 ? "signedOut" : "server";
  trouble.querySelector("p").textContent = trouble.dataset[kind];
  trouble.querySelector("[data-sign-in]").hidden = kind !== "signedOut";
  trouble.hidden = false;
}

function rest(wait) {
  return new Promise((resolve) => {
    wake = resolve;
    setTimeout(resolve, wait);
  });
}

window.addEventListener("online", () => wake());
trouble.querySelector("[data-again]").addEventListener("click", () => wake());

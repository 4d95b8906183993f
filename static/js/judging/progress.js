// How far the rater is: as the server said with the newest pair, and what was judged here since then.

const bar = document.querySelector("[data-progress]");
let judged = 0;
let last = null;

// Which judgments of this tab the server may know of now.
export const moment = () => judged;

export function tell({ done, target, since }) {
  last = { done: Number(done), target: Number(target), since: Number(since) };
  render();
}

export function judgedOne() {
  judged += 1;
  render();
}

function render() {
  if (!bar || !last) return;
  const done = last.done + judged - last.since;
  const target = Math.max(done, last.target);
  Object.assign(bar.querySelector("progress"), { max: target, value: done });
  const text = bar.querySelector("[data-said]");
  text.textContent = text.dataset.said.replace("{done}", done).replace("{left}", target - done);
}

// Rows of a table: j and k move, Enter opens, x selects; Shift selects all between two.

import { all, one } from "./dom.js";

const rows = () => all("[data-rows] > tr");
export const current = () => one("[data-rows] > tr.current");
export const opener = (row) => row && one("th a[href], a[href]", row);

export function mark(row) {
  current()?.classList.remove("current");
  row?.classList.add("current");
}

export const rowOf = (href) => rows().find((row) => opener(row)?.getAttribute("href") === href);

export function move(step) {
  const list = rows();
  if (!list.length) return;
  const next = list[Math.min(Math.max(list.indexOf(current()) + step, 0), list.length - 1)];
  mark(next);
  opener(next)?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

export function countSelected() {
  const boxes = all("[data-select]");
  const chosen = boxes.filter((box) => box.checked).length;
  for (const bar of all("[data-bulk]")) {
    bar.hidden = chosen === 0;
    one("[data-bulk-count]", bar).textContent = chosen;
  }
  for (const box of all("[data-select-all]")) {
    box.checked = chosen > 0 && chosen === boxes.length;
    box.indeterminate = chosen > 0 && chosen < boxes.length;
  }
}

export function select(boxes, checked) {
  for (const box of boxes) box.checked = checked;
  countSelected();
}

export const selectNone = () => select(all("[data-select]"), false);

export function toggleCurrent() {
  const box = current() && one("[data-select]", current());
  if (box) select([box], !box.checked);
}

let lastBox = null;

function clickedBox(event) {
  const box = event.target.closest("[data-select]");
  const boxes = all("[data-select]");
  if (box && event.shiftKey && boxes.includes(lastBox)) {
    const [from, to] = [boxes.indexOf(lastBox), boxes.indexOf(box)].sort((a, b) => a - b);
    select(boxes.slice(from, to + 1), box.checked);
  }
  if (box) lastBox = box;
}

document.addEventListener("click", clickedBox);
document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-select-all]")) select(all("[data-select]"), target.checked);
  if (target.matches("[data-select]")) countSelected();
});

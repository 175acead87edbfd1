// Relative times that stay fresh, by the rules of shared/web/words.py.

import { all, words } from "./dom.js";

const [YEAR, DAY, HOUR, MINUTE] = (words.units || "y d h min").split(" ");

function span(milliseconds) {
  const seconds = Math.floor(Math.abs(milliseconds) / 1000);
  if (seconds >= 730 * 86400) return `${Math.floor(seconds / (365 * 86400))} ${YEAR}`;
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor((seconds % 86400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  let parts = [[minutes, MINUTE]];
  if (days >= 10) parts = [[days, DAY]];
  else if (days) parts = [[days, DAY], [hours, HOUR]];
  else if (hours) parts = [[hours, HOUR], [minutes, MINUTE]];
  return parts.filter(([count]) => count).map((part) => part.join(" ")).join(" ") || `0 ${MINUTE}`;
}

export function refreshTimes() {
  const now = Date.now();
  for (const time of all("time[data-time]")) {
    const distance = Date.parse(time.dateTime) - now;
    const shown = time.firstElementChild;
    if (!shown || Number.isNaN(distance) || time.closest("[data-as-at]")) continue;
    let pattern = distance >= 0 ? words.left : words.late;
    if (time.dataset.time === "when") pattern = distance > 0 ? words.in : words.ago;
    const text = time.dataset.time === "when" && Math.abs(distance) < 60000
      ? words.now : pattern.replace("{}", span(distance));
    if (shown.textContent !== text) shown.textContent = text;
  }
}

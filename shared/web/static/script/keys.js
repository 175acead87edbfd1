// Keys: single ones only outside fields, dialogs and menus, and only if the reader wants them.

import { all, one, store } from "./dom.js";
import { openPalette } from "./palette.js";
import { current, move, opener, selectNone, toggleCurrent } from "./rows.js";
import { closeMenus } from "./shell.js";

let goes = false;
const keysOff = () => store.get("keys") === "off";

const keys = {
  j: () => move(1),
  k: () => move(-1),
  o: () => opener(current())?.click(),
  x: toggleCurrent,
  "/": () => { const field = one("[data-search]"); field?.focus(); field?.select(); },
  "?": () => one("#shortcuts")?.showModal(),
  g: () => { goes = true; setTimeout(() => { goes = false; }, 1200); },
};

// A panel is opened at the first field of what it sends, a field is gone to, and everything else is clicked.
function use(element) {
  const panel = element.matches("summary") && element.parentElement;
  const field = panel ? one("form[method=post] :is(textarea, select, input:not([type=hidden]))", panel) : element.matches("input, textarea, select") && element;
  if (panel && field) panel.open = true;
  if (field) field.focus();
  else element.click();
}

function pressed(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && one("[data-palette]")) {
    event.preventDefault();
    openPalette();
    return;
  }
  const inside = event.target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  if (event.key === "Escape") {
    if (inside?.matches("[data-search]")) inside.blur();
    else if (one(".menu[open]")) closeMenus();
    else if (!one("dialog[open]")) selectNone();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || inside || one("dialog[open], .menu[open]") || keysOff()) return;
  if (goes) {
    goes = false;
    const link = one(`[data-go="${CSS.escape(event.key)}"]`);
    if (link) { event.preventDefault(); link.click(); }
    return;
  }
  const extra = all("[data-key]").find((element) => element.dataset.key === event.key);
  const act = keys[event.key] ?? (extra && (() => use(extra)));
  if (act) { event.preventDefault(); act(); }
}

for (const box of all("[data-keys-switch]")) box.checked = !keysOff();
document.addEventListener("keydown", pressed);
document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-keys-switch]")) store.set("keys", target.checked ? "on" : "off");
});

// What stands around every page: menus, dialogs, the theme, and the figures of the rail.

import { all, fetched, one, parsed, remember, root, words } from "./dom.js";

export function closeMenus(except) {
  for (const menu of all(".menu[open]")) if (menu !== except) menu.open = false;
}

function chooseTheme(theme) {
  remember("theme", theme);
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  for (const button of all("[data-theme-choice]")) button.ariaPressed = String(button.dataset.themeChoice === theme);
}

function clicked(event) {
  const { target } = event;
  closeMenus(target.closest(".menu"));
  const theme = target.closest("[data-theme-choice]");
  if (theme) chooseTheme(theme.dataset.themeChoice);
  if (target.closest("[data-open-shortcuts]")) { closeMenus(); one("#shortcuts").showModal(); }
  const opens = target.closest("[data-dialog]");
  const dialog = opens && document.getElementById(opens.dataset.dialog);
  if (dialog) { event.preventDefault(); dialog.showModal(); }
}

// Only the pages of cases know how many wait for whom: every other page takes bell and figures from the shortest of them.
async function showCounts() {
  if (!words.account || !one("[data-rail]") || one("[data-bell]")) return;
  const known = parsed(await fetched("/cases?page[size]=1") ?? "");
  const bell = one("[data-bell]", known);
  if (!bell) return;
  one(".bar-end > .menu").before(bell);
  one('[data-rail] [data-go="c"]').append(...all('[data-rail] [data-go="c"] .dot', known));
}

export function unhide() {
  for (const element of all("[data-needs-script]")) element.hidden = false;
}

showCounts();
document.addEventListener("click", clicked);
document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-auto] :is(select, input)")) target.form.requestSubmit();
});

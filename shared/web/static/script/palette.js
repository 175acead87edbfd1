// The palette: every link of the rail and everything marked data-command, by typing a part of its name.

import { all, one } from "./dom.js";

const dialog = one("[data-palette]");
const input = dialog && one("input", dialog);
let commands = [];
let chosen = 0;

export function openPalette() {
  if (dialog.open) return;
  commands = all("[data-rail] a, [data-command]").map((element) => ({
    element, text: (one("span:not(.dot)", element) || element).textContent.trim(), hint: element.dataset.key || "",
  }));
  input.value = "";
  dialog.showModal();
  listCommands();
}

function listCommands() {
  const typed = input.value.trim().toLowerCase();
  const found = commands.filter(({ text }) => text.toLowerCase().includes(typed));
  chosen = Math.min(Math.max(chosen, 0), Math.max(found.length - 1, 0));
  one("ul", dialog).replaceChildren(...found.map(({ element, text, hint }, index) => {
    const item = document.createElement("li");
    item.id = `command-${index}`;
    item.role = "option";
    item.ariaSelected = String(index === chosen);
    item.textContent = text;
    if (hint) item.append(Object.assign(document.createElement("kbd"), { textContent: hint }));
    item.addEventListener("click", () => run(element));
    return item;
  }));
  one(".palette-none", dialog).hidden = found.length > 0;
  const active = one("[aria-selected=true]", dialog);
  input.setAttribute("aria-activedescendant", active?.id ?? "");
  active?.scrollIntoView({ block: "nearest" });
  return found;
}

function run(element) {
  dialog.close();
  if (element.matches("input, textarea, select")) element.focus();
  else element.click();
}

function pressed(event) {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    chosen += event.key === "ArrowDown" ? 1 : -1;
    listCommands();
  } else if (event.key === "Enter") {
    const found = listCommands();
    if (found.length) run(found[chosen].element);
    else location.assign(`/cases?q=${encodeURIComponent(input.value)}`);
  } else return;
  event.preventDefault();
}

input?.addEventListener("keydown", pressed);
input?.addEventListener("input", () => { chosen = 0; listCommands(); });
dialog?.addEventListener("click", ({ target }) => { if (target === dialog) dialog.close(); });

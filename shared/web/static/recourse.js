// What a page gains from a script: live updates, keys, a palette, drafts, undo and a theme. Every page works without it.

const root = document.documentElement;
const words = root.dataset;
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector, within = document) => within.querySelector(selector);
const main = () => one("main");
const remember = (name, value) => {
  document.cookie = `${name}=${value};path=/;max-age=${value ? 31536000 : 0};samesite=lax`;
};

// Storage can be forbidden or full; a page must not stop for it.
const storage = (kind) => ({
  get(key) { try { return window[kind].getItem(key); } catch { return null; } },
  set(key, value) { try { window[kind].setItem(key, value); return true; } catch { return false; } },
  drop(key) { try { window[kind].removeItem(key); } catch { /* nothing to drop */ } },
  dropAll(start) { try { Object.keys(window[kind]).filter((key) => key.startsWith(start)).forEach(this.drop); } catch { /* none */ } },
});
const store = storage("localStorage");
const tab = storage("sessionStorage");

// Relative times: the same rules as shared/web/words.py.

const [YEAR, DAY_WORD, HOUR_WORD, MINUTE_WORD] = (words.units || "y d h min").split(" ");

function span(milliseconds) {
  const seconds = Math.floor(Math.abs(milliseconds) / 1000);
  if (seconds >= 730 * 86400) return `${Math.floor(seconds / (365 * 86400))} ${YEAR}`;
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor((seconds % 86400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  let parts = [[minutes, MINUTE_WORD]];
  if (days >= 10) parts = [[days, DAY_WORD]];
  else if (days) parts = [[days, DAY_WORD], [hours, HOUR_WORD]];
  else if (hours) parts = [[hours, HOUR_WORD], [minutes, MINUTE_WORD]];
  return parts.filter(([count]) => count).map((part) => part.join(" ")).join(" ") || `0 ${MINUTE_WORD}`;
}

function refreshTimes() {
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

// Live updates: the old content stays until the new one is here, and nobody loses a word or a selection.

let changedSince = false;

// Whether it differs from what the server sent; a select without a chosen option shows its first.
function touched(field) {
  if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
  if (!field.matches("select")) return field.value !== field.defaultValue;
  const options = [...field.options];
  return field.value !== (options.find((option) => option.defaultSelected) ?? options[0])?.value;
}

function isBusy() {
  const active = document.activeElement;
  const typing = active && main().contains(active) && active.matches("input:not([type=checkbox]), textarea, select");
  const fields = all("textarea, select, input:not([type=hidden], [data-select-all])", main());
  return typing || fields.some(touched) || one("dialog[open]") || one("[data-select]:checked");
}

function offerChanges() {
  if (one(".stale")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-quiet stale";
  button.textContent = main().dataset.stale || "This page has been updated. Refresh";
  button.addEventListener("click", () => location.reload());
  main().prepend(button);
}

async function fetched(address) {
  const response = await fetch(address, { headers: { "X-Live": "1" } }).catch(() => null);
  if (!response?.ok || response.redirected) return null;
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

// Only the pages of cases know how many wait for whom: every other page takes bell and figures from the shortest of them.

async function showCounts() {
  if (!words.account || !one("[data-rail]") || one("[data-bell]")) return;
  const known = await fetched("/cases?page[size]=1");
  const bell = known && one("[data-bell]", known);
  if (!bell) return;
  one(".bar-end > .menu").before(bell);
  one('[data-rail] [data-go="c"]').append(...all('[data-rail] [data-go="c"] .dot', known));
}

async function refresh() {
  if (isBusy()) { offerChanges(); return; }
  const fresh = await fetched(location.href);
  if (!fresh || !one("main", fresh)) return;
  if (isBusy()) { offerChanges(); return; }
  const link = main().contains(document.activeElement) && document.activeElement.getAttribute("href");
  const row = current()?.dataset.href || opener(current())?.getAttribute("href");
  const open = all("details[open][id]", main()).map((details) => details.id);
  main().replaceChildren(...one("main", fresh).childNodes);
  const rail = one("[data-rail]", fresh);
  if (rail && one("[data-bell]", fresh)) one("[data-rail]")?.replaceChildren(...rail.childNodes);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (link) one(`a[href="${CSS.escape(link)}"]`, main())?.focus({ preventScroll: true });
  if (row) rows().find((each) => opener(each)?.getAttribute("href") === row)?.classList.add("current");
  prepare();
}

function listen() {
  const address = main()?.dataset.live;
  if (!address || !window.EventSource) return;
  let waiting = 0;
  const source = new EventSource(address);
  source.addEventListener("message", () => {
    if (document.hidden) { changedSince = true; return; }
    waiting ||= setTimeout(() => { waiting = 0; refresh(); }, 300);
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && changedSince) { changedSince = false; refresh(); }
  });
  addEventListener("pagehide", () => source.close());
}

// Rows: j and k move, Enter opens, x selects.

const rows = () => all("[data-rows] > tr");
const current = () => one("[data-rows] > tr.current");
const opener = (row) => row && one("th a[href], a[href]", row);

function move(step) {
  const list = rows();
  if (!list.length) return;
  const at = list.indexOf(current());
  const next = list[Math.min(Math.max(at + step, 0), list.length - 1)];
  current()?.classList.remove("current");
  next.classList.add("current");
  opener(next)?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function countSelected() {
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

function select(boxes, checked) {
  for (const box of boxes) box.checked = checked;
  countSelected();
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

// Keys: single ones only outside fields, dialogs and menus, and only if the reader wants them.

let goes = false;
const keysOff = () => store.get("keys") === "off";

const keys = {
  j: () => move(1),
  k: () => move(-1),
  o: () => opener(current())?.click(),
  x: () => { const box = one("[data-select]", current() ?? document.createElement("i")); if (box) select([box], !box.checked); },
  "/": () => { const field = one("[data-search]"); field?.focus(); field?.select(); },
  "?": () => one("#shortcuts")?.showModal(),
  g: () => { goes = true; setTimeout(() => { goes = false; }, 1200); },
};

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
    else if (!one("dialog[open]")) select(all("[data-select]"), false);
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
  const act = keys[event.key] ?? (extra && (() => (extra.matches("input, textarea, select") ? extra.focus() : extra.click())));
  if (act) { event.preventDefault(); act(); }
}

// The palette: every link of the rail and everything marked data-command, by typing a part of its name.

let commands = [];
let chosen = 0;

function openPalette() {
  const dialog = one("[data-palette]");
  if (dialog.open) return;
  commands = all("[data-rail] a, [data-command]").map((element) => ({
    element, text: (one("span:not(.dot)", element) || element).textContent.trim(), hint: element.dataset.key || "",
  }));
  one("input", dialog).value = "";
  dialog.showModal();
  listCommands();
}

function listCommands() {
  const dialog = one("[data-palette]");
  const typed = one("input", dialog).value.trim().toLowerCase();
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
  one("input", dialog).setAttribute("aria-activedescendant", active?.id ?? "");
  active?.scrollIntoView({ block: "nearest" });
  return found;
}

function run(element) {
  one("[data-palette]").close();
  if (element.matches("input, textarea, select")) element.focus();
  else element.click();
}

function inPalette(event) {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    chosen += event.key === "ArrowDown" ? 1 : -1;
    listCommands();
  } else if (event.key === "Enter") {
    const found = listCommands();
    if (found.length) run(found[chosen].element);
    else location.assign(`/cases?q=${encodeURIComponent(event.target.value)}`);
  } else return;
  event.preventDefault();
}

// Drafts: kept while writing, restored into an empty field, dropped when the page that answers the form refuses nothing.
// Each is its account's alone and gone with its sign-out; a stranger's lasts as long as their tab.

const here = () => location.href.split("#")[0];
const kept = words.account ? store : tab;
const ours = words.account ? `draft:${words.account}:` : "draft:";
const draftKey = (field) => ours + field.dataset.draft;
let sending = false;

function draftState(field, text) {
  const state = one(`[data-draft-state="${CSS.escape(field.dataset.draft)}"]`);
  if (state) state.textContent = state.dataset[text] ?? "";
}

function restoreDraft(field) {
  const draft = kept.get(draftKey(field));
  if (draft && !field.value.trim()) { field.value = draft; draftState(field, "restored"); }
}

let saving = 0;

function wrote(event) {
  const field = event.target;
  if (field.matches?.("[data-palette] input")) { chosen = 0; listCommands(); }
  if (!field.matches?.("textarea[data-draft]")) return;
  clearTimeout(saving);
  saving = setTimeout(() => {
    if (!field.value) kept.drop(draftKey(field));
    draftState(field, field.value && kept.set(draftKey(field), field.value) ? "saved" : "");
  }, 600);
}

function leaving(event) {
  const unsaved = all("textarea").some((field) => field.value !== field.defaultValue && field.value.trim());
  if (unsaved && !sending) event.preventDefault();
}

function sent(event) {
  if (event.defaultPrevented || [event.target.method, event.submitter?.formMethod].includes("dialog")) return;
  clearTimeout(saving);
  if (event.target.matches("[data-sign-out]")) { kept.dropAll(ours); return; }
  sending = true;
  const drafts = all("textarea[data-draft]", event.target);
  for (const field of drafts) kept.set(draftKey(field), field.value);
  tab.set("sent", JSON.stringify({ from: here(), drafts: drafts.map(draftKey) }));
  setTimeout(() => { sending = false; }, 3000);
}

// Only the page that a form led to is its answer: where none came, somebody goes back or opens a page anew.
function answered() {
  const { from, drafts } = JSON.parse(tab.get("sent") ?? "{}");
  tab.drop("sent");
  const back = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  if (!from || back || document.referrer !== from || one(".trouble, .error-summary")) return;
  drafts.forEach(kept.drop);
}

// Toasts leave after ten seconds, but never from under a pointer or the focus.

function prepareToast(toast) {
  const close = one("[data-close]", toast);
  close.hidden = false;
  close.addEventListener("click", () => toast.remove());
  if (toast.closest("main")) return;
  const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 1000) : toast.remove());
  setTimeout(leave, 10000);
}

function closeMenus(except) {
  for (const menu of all(".menu[open]")) if (menu !== except) menu.open = false;
}

function chooseTheme(theme) {
  remember("theme", theme);
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  for (const button of all("[data-theme-choice]")) button.ariaPressed = String(button.dataset.themeChoice === theme);
}

function clicked(event) {
  const target = event.target;
  closeMenus(target.closest(".menu"));
  const theme = target.closest("[data-theme-choice]");
  if (theme) chooseTheme(theme.dataset.themeChoice);
  if (target.closest("[data-open-shortcuts]")) { closeMenus(); one("#shortcuts").showModal(); }
  const opens = target.closest("[data-dialog]");
  const dialog = opens && document.getElementById(opens.dataset.dialog);
  if (dialog) { event.preventDefault(); dialog.showModal(); }
  if (target.matches("dialog[data-palette]")) target.close();
  clickedBox(event);
}

function changed(event) {
  const target = event.target;
  if (target.matches("[data-select-all]")) select(all("[data-select]"), target.checked);
  if (target.matches("[data-select]")) countSelected();
  if (target.matches("[data-keys-switch]")) store.set("keys", target.checked ? "on" : "off");
  if (target.matches("[data-auto] :is(select, input)")) target.form.requestSubmit();
}

// What is done for the content of a page, when it arrives and each time it is replaced.

function prepare() {
  countSelected();
  refreshTimes();
  all("textarea[data-draft]").forEach(restoreDraft);
}

answered();
for (const element of all("[data-needs-script]")) element.hidden = false;
for (const box of all("[data-keys-switch]")) box.checked = !keysOff();
all("[data-toast]").forEach(prepareToast);
prepare();
one("main [data-focus]:not([data-quiet] *)")?.focus();
listen();
showCounts();
setInterval(refreshTimes, 30000);
document.addEventListener("keydown", pressed);
document.addEventListener("click", clicked);
document.addEventListener("change", changed);
document.addEventListener("input", wrote);
document.addEventListener("submit", sent);
one("[data-palette] input")?.addEventListener("keydown", inPalette);
addEventListener("beforeunload", leaving);

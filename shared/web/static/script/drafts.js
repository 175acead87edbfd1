// Drafts: kept while writing, restored into an empty field, dropped when what answers the form refuses nothing.
// Each is its account's alone and gone with its sign-out; a stranger's lasts as long as their tab.

import { all, one, store, tab, words } from "./dom.js";

const here = () => location.href.split("#")[0];
const kept = words.account ? store : tab;
const ours = words.account ? `draft:${words.account}:` : "draft:";
const draftKey = (field) => ours + field.dataset.draft;
const draftsOf = (form) => all("textarea[data-draft]", form);
let sending = false;
let saving = 0;

function draftState(field, text) {
  const state = one(`[data-draft-state="${CSS.escape(field.dataset.draft)}"]`);
  if (state) state.textContent = state.dataset[text] ?? "";
}

export function restoreDrafts() {
  for (const field of draftsOf(document)) {
    const draft = kept.get(draftKey(field));
    if (draft && !field.value.trim()) { field.value = draft; draftState(field, "restored"); }
  }
}

// Its words are with the server: none comes back as a draft.
export function dropDrafts(form) {
  clearTimeout(saving);
  for (const field of draftsOf(form)) { kept.drop(draftKey(field)); draftState(field, ""); }
}

function wrote({ target: field }) {
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
  const drafts = draftsOf(event.target);
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

answered();
document.addEventListener("input", wrote);
document.addEventListener("submit", sent);
addEventListener("beforeunload", leaving);

// Forms that are answered in place, and pages that follow what others do: htmx changes what differs in <main>.
// The server answers with whole pages, as it does without a script; <body> says which part of them is taken.

import htmx from "../htmx/htmx.esm.min.js";
import { FIELD, fetched, main, one, parsed, touched, words } from "./dom.js";
import { dropDrafts } from "./drafts.js";
import { tell } from "./notices.js";
import { current, mark, opener, rowOf } from "./rows.js";

// No history of its own, as no address changes; what is open stays open. Version 4 has no `allowEval`: this is it.
Object.assign(htmx.config, { history: false, morphIgnore: [...htmx.config.morphIgnore, "open"] });
function noEval() { throw new EvalError("htmx runs no code that a page carries"); }
htmx.registerExtension("ours", { init: (api) => api.initSecurity(null, noEval, noEval), htmx_before_morph_node: keeps });

let swapping = null;

// A form in work is left as it is by what others do, its version with it, so that it overwrites nobody unseen.
// What somebody does themselves keeps the words of their other forms, which are then of the new version.
function keeps(node) {
  if (node.matches("form") && swapping.live) return ![...node.elements].some((field) => field.matches(FIELD) && touched(field));
  return !node.matches(FIELD) || !touched(node) || node.form === swapping.sourceElement;
}

function answered(event) {
  const { ctx } = event.detail;
  const { raw, status } = ctx.response;
  const elsewhere = raw.redirected && new URL(raw.url).pathname !== location.pathname;
  if (status < 400 && !elsewhere || [409, 422].includes(status)) return;
  event.preventDefault();
  if (elsewhere) { location.assign(raw.url); return; }
  const trouble = one(".trouble", parsed(ctx.text));
  tell(...(trouble ? trouble.children : [words.unsent]));
}

let place = null;

function beforeSwap({ detail: { ctx } }) {
  const active = document.activeElement;
  swapping = ctx;
  place = { within: [], href: active.getAttribute("href"), row: opener(current())?.getAttribute("href") };
  for (let element = active; element && element !== document.body; element = element.parentElement) {
    if (element.id) place.within.push(element.id);
  }
  const form = ctx.sourceElement;
  if (ctx.live || ctx.response.status >= 400) return;
  dropDrafts(form);
  form.reset();
  const panel = form.closest("details:not([name])");
  if (panel?.contains(active)) { panel.open = false; one("summary", panel)?.focus({ preventScroll: true }); }
}

// The focus stays; where what had it is gone, it goes to the nearest that is still there.
function afterSwap({ detail: { ctx } }) {
  const refused = !ctx.live && one("main [data-focus]");
  mark(place.row && rowOf(place.row));
  const active = document.activeElement;
  if (refused) { refused.focus(); return; }
  const same = place.href && active.getAttribute("href") !== place.href && one(`a[href="${CSS.escape(place.href)}"]`, main());
  const lost = active === document.body && place.within.map((id) => document.getElementById(id)).find(Boolean);
  const near = same || lost;
  if (!near) return;
  if (near.tabIndex < 0) near.tabIndex = -1;
  near.focus({ preventScroll: true });
}

export async function refresh() {
  const text = await fetched(location.href);
  const place = { target: "main", select: "main", selectOOB: "#rail:innerHTML,#bell", swap: "outerMorph" };
  if (text) htmx.swap({ ...place, text, live: true, sourceElement: document.body });
}

export function onSwap(prepare) {
  document.addEventListener("htmx:after:request", answered);
  document.addEventListener("htmx:before:swap", beforeSwap);
  document.addEventListener("htmx:after:swap", (event) => { afterSwap(event); prepare(); });
  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => ctx.sourceElement.closest("dialog")?.close());
  document.addEventListener("htmx:error", ({ detail: { ctx } }) => { if (ctx) tell(words.unsent); });
}

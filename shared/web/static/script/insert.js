// A template is inserted where it is, as if it were typed: nothing written before is lost, and it is kept as a draft.

import { one, parsed } from "./dom.js";

// A field of one line takes the whole text; a longer one takes it at the cursor.
function insert(field, text) {
  if (field.matches("textarea")) field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  else field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

async function chosen(event) {
  const form = event.target;
  if (!form.matches("[data-inserts]")) return;
  event.preventDefault();
  const address = new URL(form.action);
  address.search = new URLSearchParams(new FormData(form));
  const response = await fetch(address, { headers: { "X-Live": "1" } }).catch(() => null);
  const page = parsed(await response?.text() ?? "");
  const [answer, from] = [form.id, form.dataset.inserts].map((id) => page.getElementById(id));
  if (!answer || !from) { form.submit(); return; }
  form.replaceWith(answer);
  const into = document.getElementById(answer.dataset.inserts);
  if (!response.ok) { one("select", answer).focus(); return; }
  for (const field of from.querySelectorAll("textarea, input:not([type=hidden])")) insert(into.elements[field.name], field.value);
  one("textarea", into).focus();
}

document.addEventListener("submit", chosen, true);

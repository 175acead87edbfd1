// Notices: what has just been done, with its undo. They leave after ten seconds, but never from under a pointer or the focus.

import { all, one } from "./dom.js";

function prepare(toast) {
  toast.dataset.ready = "";
  const close = one("[data-close]", toast);
  close.hidden = false;
  close.addEventListener("click", () => toast.remove());
  if (toast.closest("main, [role=alert]")) return;
  const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 1000) : toast.remove());
  setTimeout(leave, 10000);
}

export const prepareNotices = () => all("[data-toast]:not([data-ready])").forEach(prepare);

// What went wrong, above the page as it was: nothing that was typed is lost, and the notice stays until it is closed.
export function tell(...parts) {
  const toast = one("[data-failed]").content.firstElementChild.cloneNode(true);
  one("[data-said]", toast).replaceChildren(...parts);
  one("[data-toasts]").replaceChildren(toast);
  prepareNotices();
}

// Short names for what every module does with the page, and storage that never stops it.

export const root = document.documentElement;
export const words = root.dataset;
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];
export const one = (selector, within = document) => within.querySelector(selector);
export const main = () => one("main");
export const parsed = (text) => new DOMParser().parseFromString(text, "text/html");

// A page as it is now, for the script rather than for its reader; null where it cannot be had.
export async function fetched(address) {
  const response = await fetch(address, { headers: { "X-Live": "1" } }).catch(() => null);
  return response?.ok && !response.redirected ? response.text() : null;
}

export const remember = (name, value) => {
  document.cookie = `${name}=${value};path=/;max-age=${value ? 31536000 : 0};samesite=lax`;
};

// Storage can be forbidden or full.
const storage = (kind) => ({
  get(key) { try { return window[kind].getItem(key); } catch { return null; } },
  set(key, value) { try { window[kind].setItem(key, value); return true; } catch { return false; } },
  drop(key) { try { window[kind].removeItem(key); } catch { /* nothing to drop */ } },
  dropAll(start) { try { Object.keys(window[kind]).filter((key) => key.startsWith(start)).forEach(this.drop); } catch { /* none */ } },
});
export const store = storage("localStorage");
export const tab = storage("sessionStorage");

export const FIELD = "input:not([type=hidden], [data-select-all]), textarea, select";

// Whether a field differs from what the server sent; a select without a chosen option shows its first.
export function touched(field) {
  if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
  if (!field.matches("select")) return field.value !== field.defaultValue;
  const options = [...field.options];
  return field.value !== (options.find((option) => option.defaultSelected) ?? options[0])?.value;
}

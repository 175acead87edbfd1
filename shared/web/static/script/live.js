// Live updates: one stream for all pages of the browser that follow the same views, and none while no page is seen.

// The page that holds the lock has the stream, and tells the others what it hears: a position that moves with the views.
export function listen(address, changed) {
  if (!address || !window.EventSource || !window.BroadcastChannel) return;
  const name = `live ${address}`;
  const channel = new BroadcastChannel(name);
  let known, waiting = 0, leads = false, stop = () => {};

  function heard(position) {
    if (document.hidden) return;
    const moved = known !== undefined && position !== known;
    known = position;
    if (moved) waiting ||= setTimeout(() => { waiting = 0; changed(); }, 300);
  }

  const lead = () => new Promise((release) => {
    const source = new EventSource(address);
    leads = true;
    stop = () => { leads = false; source.close(); release(); };
    source.addEventListener("message", ({ data }) => { heard(data); channel.postMessage(data); });
  });

  function follow() {
    stop();
    if (document.hidden) return;
    const asked = new AbortController();
    stop = () => asked.abort();
    if (!navigator.locks) { lead(); return; } // a page without https has a stream of its own
    navigator.locks.request(name, { signal: asked.signal }, lead).catch(() => {});
    channel.postMessage("");
  }

  channel.addEventListener("message", ({ data }) => {
    if (data) heard(data);
    else if (leads && known !== undefined) channel.postMessage(known);
  });
  document.addEventListener("visibilitychange", follow);
  addEventListener("pagehide", () => stop());
  addEventListener("pageshow", ({ persisted }) => { if (persisted) follow(); });
  follow();
}

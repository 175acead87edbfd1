// What a page gains from a script. Every page works without it.

import { main, one } from "./dom.js";
import { restoreDrafts } from "./drafts.js";
import "./insert.js";
import { onSwap, refresh } from "./in_place.js";
import "./keys.js";
import { listen } from "./live.js";
import { prepareNotices } from "./notices.js";
import { countSelected } from "./rows.js";
import { unhide } from "./shell.js";
import { refreshTimes } from "./times.js";

// What is done for the content of a page, when it arrives and each time it changes.
function prepare() {
  unhide();
  countSelected();
  refreshTimes();
  restoreDrafts();
  prepareNotices();
}

prepare();
one("main [data-focus]:not([data-quiet] *)")?.focus();
onSwap(prepare);
listen(main()?.dataset.live, refresh);
setInterval(refreshTimes, 30000);

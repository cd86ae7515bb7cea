// What every page loads: the stream, and the parts of this page that it keeps up to date.
import { listen } from "./stream.js";
import { show } from "./picture.js";
import { refresher } from "./refresh.js";

const live = document.querySelector("[data-live]");
const parts = [...document.querySelectorAll("[data-refresh]")];

const kinds = [...new Set(parts.map((part) => part.dataset.refresh))];

const spoken = document.documentElement.lang;
const told = spoken === "en" ? "node_data" : `node_data.${spoken}`; // the same in words of this page's language

if (live || parts.length) {
  listen({
    [told]: (changed) => live && show(live, changed),
    ...Object.fromEntries(kinds.map((kind) => [kind, refresher(parts.filter((p) => p.dataset.refresh === kind))])),
  });
}
if (document.querySelector("[data-again]")) setTimeout(() => location.reload(), 2_000); // what is asked for is being read
const boxes = document.querySelectorAll("[data-bars]"), charted = document.querySelector("[data-chart]");
if (boxes.length || charted) {
  const { bars, charts } = await import("./drawing.js");
  for (const box of boxes) bars(box);
  if (charted) charts(document);
}
addEventListener("load", () => navigator.serviceWorker?.register("/offline.js").catch(() => undefined)); // over plain HTTP there is none

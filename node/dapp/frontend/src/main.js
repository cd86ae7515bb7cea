// What every page loads: the stream, and the parts of this page that it keeps up to date.
import { listen } from "./stream.js";
import { show } from "./picture.js";
import { refresher } from "./refresh.js";

const live = document.querySelector("[data-live]");
const parts = [...document.querySelectorAll("[data-refresh]")];

const kinds = [...new Set(parts.map((part) => part.dataset.refresh))];

if (live || parts.length) {
  listen({
    node_data: (changed) => live && show(live, changed),
    ...Object.fromEntries(kinds.map((kind) => [kind, refresher(parts.filter((p) => p.dataset.refresh === kind))])),
  });
}
for (const box of document.querySelectorAll("[data-bars]")) {
  const { bars } = await import("./bars.js");
  bars(box);
}
if (document.querySelector("[data-chart]")) {
  const { charts } = await import("./charts.js");
  charts(document);
}

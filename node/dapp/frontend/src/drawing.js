// All that draws, in one file of its own: pages without a chart do not load it.
export { bars } from "./bars.js";
export { charts } from "./charts.js";

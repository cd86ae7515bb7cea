// Own and bought energy as stacked bars, drawn by uPlot; what a bar says is the server's.
import uPlot from "uplot";
import { axis, height, numbers, palette } from "./look.js";

export function bars(box) {
  let chart;
  const draw = async () => {
    const answer = await fetch(box.dataset.bars).catch(() => undefined);
    if (!answer?.ok) return;
    const found = await answer.json();
    chart?.destroy();
    chart = undefined;
    box.replaceChildren();
    if (found.empty) {
      box.append(Object.assign(document.createElement("p"), { className: "none", textContent: found.empty }));
      return;
    }
    const tip = Object.assign(document.createElement("p"), { className: "tip" });
    chart = new uPlot(options(box, found, tip), columns(found), box);
    box.append(tip);
  };
  new ResizeObserver(() => {
    if (chart && Math.abs(chart.width - box.clientWidth) > 1) chart.setSize({ width: box.clientWidth, height: height(box) });
  }).observe(box);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  if (box.dataset.liveEvery) {
    setInterval(() => document.visibilityState === "visible" && draw(), Number(box.dataset.liveEvery) * 1_000);
  }
  draw();
}

// One on the other: the sum is drawn first, in the colour of what is on top; the own energy over it.
function columns({ labels, series: [own, bought], threshold }) {
  const sums = own.values.map((value, i) =>
    value === null && bought.values[i] === null ? null : (value ?? 0) + (bought.values[i] ?? 0));
  return [labels.map((_, i) => i), sums, own.values, threshold ?? labels.map(() => null)];
}

function options(box, found, tip) {
  const colour = palette(), count = found.labels.length;
  const fitting = ({ width }) => {
    const every = Math.max(Math.ceil((count * 44) / Math.max(width - 60, 1)), 1);
    return found.labels.map((_, i) => i).filter((i) => i % every === 0);
  };
  const [own, bought] = found.series;
  const paths = uPlot.paths.bars({ size: [0.82, 56], radius: count > 31 ? 0 : 0.12 });
  const bar = (line, label) => ({ label, stroke: colour(line.colour), fill: colour(line.colour), width: 0, paths, points: { show: false } });
  return {
    width: box.clientWidth,
    height: height(box),
    legend: { show: false },
    scales: { x: { time: false, range: [-0.6, count - 0.4] }, y: { range: (_, low, high) => [0, Math.max(high ?? 0, found.threshold?.[0] ?? 0, 1e-6) * 1.1] } },
    axes: [
      { ...axis(colour), grid: { show: false }, splits: fitting, values: (_, splits) => splits.map((i) => found.labels[i]), size: 30 },
      { ...axis(colour), size: 52, values: numbers },
    ],
    series: [
      {},
      bar(bought, bought.label),
      bar(own, own.label),
      { label: "", stroke: colour("bad"), width: 1.5, dash: [6, 4], points: { show: false } },
    ],
    cursor: { points: { show: false }, y: false, drag: { x: false, y: false } },
    hooks: {
      setCursor: [({ cursor: { idx } }) => {
        tip.textContent = idx === null || idx === undefined ? ""
          : `${found.titles[idx]}: ${found.series.map((line) => `${line.label} ${line.says[idx]}`).join(", ")}`;
      }],
    },
  };
}

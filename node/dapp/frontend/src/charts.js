// Battery and power over time, drawn by uPlot in the page's own colours.
import uPlot from "uplot";
import { axis as plain, height, language, numbers, palette, written } from "./look.js";

const REFRESH = 15_000; // ms

export function charts(root) {
  const boxes = [...root.querySelectorAll("[data-chart]")];
  const buttons = [...root.querySelectorAll("[data-span]")];
  const drawn = new Map();
  let span = buttons.find((b) => b.getAttribute("aria-pressed") === "true")?.dataset.span ?? "1h";

  const read = async (address) => {
    const answer = await fetch(address).catch(() => undefined);
    return answer?.ok ? answer.json() : undefined;
  };
  const draw = (box, found) => {
    if (!found) return;
    drawn.get(box)?.destroy();
    drawn.delete(box);
    if (found.empty) {
      box.replaceChildren(Object.assign(document.createElement("p"), { className: "none", textContent: found.empty }));
      return;
    }
    box.replaceChildren();
    drawn.set(box, new uPlot(options(box, found), found.columns, box));
  };
  // What has no source of its own comes with one request for all of the page.
  const all = async () => {
    const own = boxes.filter((box) => box.dataset.source), shared = boxes.filter((box) => !box.dataset.source);
    await Promise.all(own.map(async (box) => draw(box, await read(box.dataset.source))));
    if (!shared.length) return;
    const found = await read(`/data/charts?span=${span}`);
    for (const box of shared) draw(box, found?.[box.dataset.chart]);
  };

  for (const button of buttons) {
    button.addEventListener("click", () => {
      span = button.dataset.span;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      all();
    });
  }
  new ResizeObserver(() => {
    for (const [box, chart] of drawn) {
      if (Math.abs(chart.width - box.clientWidth) > 1) chart.setSize({ width: box.clientWidth, height: height(box) });
    }
  }).observe(root.querySelector("main"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
  setInterval(() => document.visibilityState === "visible" && !document.querySelector(".u-over:hover") && all(), REFRESH);
  all();
}

function options(box, found) {
  const colour = palette(), axis = plain(colour);
  const unit = found.series[0]?.unit ?? "";
  const percent = unit === "%";
  return {
    width: box.clientWidth,
    height: height(box),
    scales: { x: { range: () => found.span }, y: found.range ? { range: () => found.range } : percent ? { range: () => [0, 100] } : { range: softly } },
    axes: [
      { ...axis, values: times(found.span[1] - found.span[0]), space: 70, size: 30 },
      { ...axis, size: 44, values: numbers },
    ],
    series: [
      { label: found.time, value: "{HH}:{mm}:{ss}" },
      ...found.series.map((line, index) => ({
        label: line.label,
        stroke: colour(line.colour),
        width: 2,
        dash: index > 0 && found.series.slice(0, index).some((l) => l.colour === line.colour) ? [6, 4] : undefined,
        fill: percent ? `color-mix(in srgb, ${colour(line.colour)} 14%, transparent)` : undefined,
        points: { show: false },
        spanGaps: false,
        value: (_, value) => (value === null ? "–" : `${written(value, line.unit === "V" ? 2 : 1)} ${line.unit}`),
      })),
    ],
    cursor: { points: { size: 7 } },
    hooks: { draw: [(chart) => marks(chart, found, colour)] },
  };
}

function softly(_, low, high) {
  const [from, to] = [Math.min(low ?? 0, 0), Math.max(high ?? 1, 1)];
  return [from * 1.1, to * 1.1];
}

function times(seconds) {
  const form = seconds > 60 * 86_400 ? { month: "short" }
    : seconds > 3 * 86_400
    ? { weekday: "short", day: "numeric" }
    : { hour: "2-digit", minute: "2-digit", hour12: false };
  const write = new Intl.DateTimeFormat(language, form);
  return (_, splits) => splits.map((at) => write.format(at * 1_000));
}

function marks(chart, { marks: levels = {}, tones: names = {} }, colour) {
  const { ctx, bbox } = chart;
  const tones = { limit: "bad", resume: "neighbours" };
  ctx.save();
  for (const [name, level] of Object.entries(levels)) {
    const y = chart.valToPos(level, "y", true);
    ctx.strokeStyle = ctx.fillStyle = colour(tones[names[name]] ?? "soft");
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textAlign = "right";
    ctx.fillText(name, bbox.left + bbox.width - 4 * devicePixelRatio, y - 4 * devicePixelRatio);
  }
  ctx.restore();
}

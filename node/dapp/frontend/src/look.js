// What all charts share: the page's own colours, and how tall they are.

export function palette() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}

export const height = (box) => (box.clientWidth < 500 ? 180 : 230);

export const axis = (colour) => ({
  stroke: colour("soft"),
  grid: { stroke: colour("line"), width: 1 },
  ticks: { show: false },
  font: "12px system-ui, sans-serif",
});

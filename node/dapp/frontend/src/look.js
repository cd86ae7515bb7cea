// What all charts share: the page's own colours, and how tall they are.

export function palette() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}

export const height = (box) => (box.clientWidth < 500 ? 180 : 230);

// Numbers and times in the page's language.
export const language = document.documentElement.lang;

export const written = (value, digits) =>
  new Intl.NumberFormat(language, digits === undefined ? {} : { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

export const numbers = (_, splits) => splits.map((value) => written(value));

export const axis = (colour) => ({
  stroke: colour("soft"),
  grid: { stroke: colour("line"), width: 1 },
  ticks: { show: false },
  font: "12px system-ui, sans-serif",
});

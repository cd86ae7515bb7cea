// Fetches this page again and puts some parts of it in place, at most once in two seconds.

const REST = 2_000;

export function refresher(parts) {
  // A part may say what it shows, and is told by `seen`; else the first event is taken to say what the page already shows.
  const seen = parts.find((part) => part.dataset.seen)?.dataset.seen;
  let known = seen && JSON.stringify({ seen }), waiting, last = Date.now();
  const refresh = async () => {
    waiting = undefined;
    last = Date.now();
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => undefined);
    if (!answer?.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of parts) replace(part, page.getElementById(part.id));
  };
  return (news) => {
    if (seen && news.seen === undefined) return;
    const told = JSON.stringify(seen ? { seen: news.seen } : news);
    if (known !== undefined && known !== told) waiting ??= setTimeout(refresh, Math.max(last + REST - Date.now(), 0));
    known = told;
  };
}

function replace(part, fresh) {
  const held = part.contains(document.activeElement) ? document.activeElement : undefined;
  // Whoever reads details, types or has the focus in it is not disturbed; a button with a name keeps the focus.
  if (!fresh || (held && !held.matches("button[id]")) || part.querySelector("details[open]") || typed(part)) return;
  part.replaceChildren(...fresh.childNodes);
  if (held) document.getElementById(held.id)?.focus();
}

// Whether something in its forms is not what the page came with.
function typed(part) {
  return [...part.querySelectorAll("input:not([type=hidden]), textarea, option")].some((field) =>
    field.matches("option") ? field.selected !== field.defaultSelected && field.parentElement.querySelector("[selected]")
      : field.type === "checkbox" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue);
}

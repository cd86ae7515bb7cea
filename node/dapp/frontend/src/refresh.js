// Fetches this page again and puts one part of it in place, at most once in two seconds.

const REST = 2_000;

export function refresher(part) {
  let known, waiting, last = Date.now();
  const refresh = async () => {
    waiting = undefined;
    last = Date.now();
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => undefined);
    if (!answer?.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
    // Whoever reads details or has the focus in it is not disturbed.
    if (!fresh || part.contains(document.activeElement) || part.querySelector("details[open]")) return;
    part.replaceChildren(...fresh.childNodes);
  };
  return (news) => {
    const seen = JSON.stringify(news);
    // The first event says what the page already shows.
    if (known !== undefined && known !== seen) waiting ??= setTimeout(refresh, Math.max(last + REST - Date.now(), 0));
    known = seen;
  };
}

// One connection to the household's events; it comes back by itself, and says when it is gone.

const SILENCE = 45_000; // ms: three heartbeats

export function listen(handlers, Source = EventSource) {
  const pulse = document.getElementById("pulse");
  let stream, heard;

  const tell = (lost) => {
    if (!pulse) return;
    pulse.hidden = false;
    pulse.classList.toggle("lost", lost);
    const says = pulse.querySelector("span");
    pulse.dataset.live ??= says.textContent;
    says.textContent = lost ? pulse.dataset.lost : pulse.dataset.live;
  };
  const open = () => {
    stream = new Source("/live");
    heard = Date.now();
    stream.onopen = () => tell(false);
    stream.onerror = () => {
      tell(true);
      // A refused connection is not tried again by the browser itself.
      if (stream.readyState === 2) setTimeout(open, 5_000);
    };
    const hear = (kind, handle) =>
      stream.addEventListener(kind, (event) => {
        heard = Date.now();
        tell(false);
        handle?.(JSON.parse(event.data));
      });
    hear("heartbeat");
    for (const [kind, handle] of Object.entries(handlers)) hear(kind, handle);
  };
  open();
  setInterval(() => {
    if (Date.now() - heard > SILENCE && stream.readyState !== 2) {
      stream.close();
      tell(true);
      open();
    }
  }, 5_000);
}

// The service worker: where the household does not answer, a page that says so. Nothing of a household is kept.
// The server puts the offline page's checksum above this text, so that a browser notices a new one.
const OFFLINE = "/offline";
const KEPT = `offline-${self.CHECKSUM}`;

self.addEventListener("install", (event) => {
  event.waitUntil(keep().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate" && request.method === "GET") {
    event.respondWith(fetch(request).catch(() => caches.match(OFFLINE, { ignoreVary: true })));
  } else if (new URL(request.url).pathname.startsWith("/static/")) {
    event.respondWith(fetch(request).catch(async () => (await caches.match(request, { ignoreVary: true })) ?? Response.error()));
  }
});

async function keep() {
  const cache = await caches.open(KEPT);
  const page = await fetch(OFFLINE, { cache: "no-store" });
  const text = await page.clone().text();
  await cache.put(OFFLINE, page);
  const files = [...text.matchAll(/(?:href|src)="(\/static\/[^"#]+)"/g)].map(([, address]) => address);
  await cache.addAll([...new Set(files)]);
}

/* The service worker of the field app: looks and scripts from the phone, pages from the network, else as last seen. */
(function () {
  "use strict";
  const assets = "aftercare-" + self.kept.version, OFFLINE = "/today/offline";
  const ours = (path) => path === "/today" || (path.startsWith("/today/") && !/^\/today\/(outbox|uploads\/|worker\.js|app\.webmanifest|offline)/.test(path));

  self.addEventListener("install", function (e) {
    const files = self.kept.files.concat(OFFLINE).map((file) => new Request(file, { cache: "no-cache" }));
    e.waitUntil(caches.open(assets).then((cache) => cache.addAll(files)).then(() => self.skipWaiting()));
  });
  self.addEventListener("activate", function (e) {
    const old = (names) => Promise.all(names.filter((name) => name.startsWith("aftercare-") && name !== assets).map((name) => caches.delete(name)));
    e.waitUntil(caches.keys().then(old).then(() => self.phoneStore.tidy()).then(() => self.clients.claim()));
  });
  self.addEventListener("sync", function (e) { if (e.tag === "outbox") { e.waitUntil(self.phoneStore.sendAll()); } });

  self.addEventListener("fetch", function (e) {
    const address = new URL(e.request.url);
    if (e.request.method !== "GET" || address.origin !== self.location.origin) { return; }
    if (self.kept.files.includes(address.pathname)) {
      e.respondWith(caches.open(assets).then((cache) => cache.match(address.pathname)).then((kept) => kept || fetch(e.request)));
    } else if (ours(address.pathname) && !address.search) { e.respondWith(answer(e, address.pathname)); }
  });

  async function answer(e, path) {
    const kept = await self.phoneStore.page(path).catch(() => null);
    try {
      const fresh = await within(kept ? 6000 : 60000, fetch(e.request));
      if (kept && fresh.status >= 500) { return asKept(kept); }
      if (fresh.type === "opaqueredirect") { e.waitUntil(self.phoneStore.forgetPages()); }  // signed out there: nothing to read here
      if (fresh.status === 404) { e.waitUntil(self.phoneStore.forgetPage(path)); }
      if (fresh.ok && !fresh.redirected && fresh.type === "basic") {
        const copy = fresh.clone();
        e.waitUntil(copy.text().then((html) => self.phoneStore.keepPage(path, html, fresh.headers.get("Content-Security-Policy"))).catch(() => {}));  // nobody is signed in, or no room
      }
      return fresh;
    } catch (error) {
      if (kept) { return asKept(kept); }
      if (e.request.mode !== "navigate") { return Response.error(); }
      return (await caches.match(OFFLINE)) || Response.error();
    }
  }
  function asKept(kept) {
    return new Response(kept.html.replace("data-staff=", 'data-kept="' + kept.at + '" data-staff='), {
      headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": kept.policy },
    });
  }
  function within(ms, promise) {
    return Promise.race([promise, new Promise(function (_done, fail) { setTimeout(function () { fail(new Error("slow")); }, ms); })]);
  }
})();

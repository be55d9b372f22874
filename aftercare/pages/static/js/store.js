/* What the phone keeps: pages, drafts and the outbox, all encrypted, and the one way of sending them. Page and worker share it. */
(function (scope) {
  "use strict";
  const PIECE = 256 * 1024, KEPT_SENT = 24 * 3600e3;
  const ANY_TIME = ["photo", "late", "ask_part"];  // wait for no earlier step that was refused
  let opened;

  function db() {
    opened = opened || new Promise(function (done, fail) {
      const ask = indexedDB.open("aftercare-field", 1);
      ask.onupgradeneeded = function () {
        const made = ask.result;
        made.createObjectStore("keys", { keyPath: "staff" });
        made.createObjectStore("pages", { keyPath: "path" });
        made.createObjectStore("drafts", { keyPath: "name" });
        made.createObjectStore("outbox", { keyPath: "seq", autoIncrement: true });
        made.createObjectStore("about", { keyPath: "name" });
      };
      ask.onsuccess = function () { done(ask.result); };
      ask.onerror = function () { fail(ask.error); };
    });
    return opened;
  }

  /* one request in a transaction of its own; written to the disk before it is called done */
  async function on(store, mode, act) {
    const made = await db();
    return new Promise(function (done, fail) {
      const work = made.transaction(store, mode, { durability: "strict" });
      const ask = act(work.objectStore(store));
      work.oncomplete = function () { done(ask && ask.result); };
      work.onerror = work.onabort = function () { fail(work.error || new Error("not stored")); };
    });
  }
  const get = (store, key) => on(store, "readonly", (s) => s.get(key));
  const all = (store) => on(store, "readonly", (s) => s.getAll());
  const put = (store, row) => on(store, "readwrite", (s) => s.put(row));
  const drop = (store, key) => on(store, "readwrite", (s) => s.delete(key));

  /* One key a person, which can be used here and never read: what is on the disk can't be opened elsewhere. It is made when
     their page opens and gone when they sign out, and without it nothing is kept: what was still on its way then is let go. */
  async function openFor(staff, until) {
    const longer = (s) => { const ask = s.get(staff); ask.onsuccess = function () { if (ask.result && (ask.result.until || 0) < until) { s.put(Object.assign(ask.result, { until: until })); } }; return ask; };
    if (await on("keys", "readwrite", longer)) { return; }
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    try { await on("keys", "readwrite", (s) => s.add({ staff: staff, key: key, made: crypto.randomUUID(), until: until })); } catch (error) { /* another page was first */ }
  }
  async function keyOf(staff) {
    const kept = await get("keys", staff);
    if (!kept) { throw new Error("signed-out"); }
    return kept;
  }
  /* a row of somebody who is signed in, in one transaction with the look at their key */
  async function keepFor(store, row) {
    const made = await db();
    return new Promise(function (done, fail) {
      const work = made.transaction([store, "keys"], "readwrite", { durability: "strict" }), ask = work.objectStore("keys").get(row.staff);
      let stored;
      ask.onsuccess = function () { if (ask.result && ask.result.made === row.made) { stored = work.objectStore(store).put(row); } else { work.abort(); } };
      work.oncomplete = function () { done(stored.result); };
      work.onerror = work.onabort = function () { fail(work.error || new Error("signed-out")); };
    });
  }
  async function sealBytes(kept, bytes) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    return { iv: iv, box: await crypto.subtle.encrypt({ name: "AES-GCM", iv: iv }, kept.key, bytes) };
  }
  async function openBytes(staff, sealed) {
    return crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv }, (await keyOf(staff)).key, sealed.box);
  }
  const seal = (kept, value) => sealBytes(kept, new TextEncoder().encode(JSON.stringify(value)));
  const unseal = async (staff, sealed) => JSON.parse(new TextDecoder().decode(await openBytes(staff, sealed)));

  /* pages: whose they are and until when they may stay stands in their HTML */
  async function keepPage(path, html, policy) {
    const whose = (html.match(/data-staff="(\d+)"/) || [])[1], until = Number((html.match(/data-until="(\d+)"/) || [])[1]) * 1000;
    if (!whose || !(until > Date.now())) { return; }
    const key = await keyOf(whose);
    for (const row of await all("pages")) { if (row.staff !== whose) { await drop("pages", row.path); } }
    await keepFor("pages", Object.assign({ path: path, staff: whose, made: key.made, until: until, at: Date.now(), policy: policy || "" }, await seal(key, html)));
  }
  async function page(path) {
    const row = await get("pages", path);
    if (!row || row.until < Date.now()) { return null; }
    return { html: await unseal(row.staff, row), at: row.at, policy: row.policy };
  }

  async function saveDraft(staff, name, values, until) {
    const key = await keyOf(staff);
    await keepFor("drafts", Object.assign({ name: name, staff: staff, made: key.made, until: until }, await seal(key, values)));
  }
  async function draft(staff, name) { const row = await get("drafts", name); return row && row.staff === staff ? unseal(staff, row) : null; }

  /* what is past its day goes by itself; an outbox that was never sent stays, encrypted, until it is */
  async function tidy() {
    const now = Date.now(), used = new Set();
    for (const store of ["pages", "drafts"]) {
      for (const row of await all(store)) { if (row.until < now) { await drop(store, store === "pages" ? row.path : row.name); } else { used.add(row.staff); } }
    }
    for (const row of await all("outbox")) {
      if (row.state === "sent" && row.sentAt < now - KEPT_SENT) { await drop("outbox", row.seq); } else if (row.state !== "sent") { used.add(row.staff); }
    }
    for (const row of await all("keys")) { if (!used.has(row.staff) && !(row.until > now)) { await drop("keys", row.staff); } }
  }
  /* all at once: a page that was on its way finds either everything, and is wiped with it, or no key */
  async function wipe() {
    const made = await db(), stores = ["pages", "drafts", "outbox", "keys", "about"];
    return new Promise(function (done, fail) {
      const work = made.transaction(stores, "readwrite", { durability: "strict" });
      stores.forEach((store) => work.objectStore(store).clear());
      work.oncomplete = () => done();
      work.onerror = work.onabort = function () { fail(work.error || new Error("not wiped")); };
    });
  }

  /* the outbox */
  async function add(staff, action, photo) {
    await openFor(staff, 0);  // a page left open over night has its taps kept too
    const key = await keyOf(staff), row = {
      id: crypto.randomUUID(), staff: staff, made: key.made, about: action.about, step: action.step, to: action.to || "", label: action.label,
      at: action.at || new Date().toISOString(), state: "waiting", problems: [], sealed: await seal(key, action.values),
      photo: photo ? await sealBytes(key, photo) : null, bytes: photo ? photo.byteLength : JSON.stringify(action.values).length,
    };
    if (action.seq) { row.seq = action.seq; }
    row.seq = await keepFor("outbox", row);
    tell({ changed: true });
    return row;
  }
  const rows = async (staff) => (await all("outbox")).filter((row) => row.staff === staff);
  const valuesOf = (row) => (row.sealed ? unseal(row.staff, row.sealed) : Promise.resolve({}));
  async function photoOf(row) { return row.photo ? new Blob([await openBytes(row.staff, row.photo)], { type: "image/jpeg" }) : null; }
  async function forget(seq) { await drop("outbox", seq); tell({ changed: true }); }

  async function device() {
    const kept = await get("about", "device");
    if (kept) { return kept.value; }
    const made = { name: "device", value: crypto.randomUUID() };
    await put("about", made);
    return made.value;
  }
  async function token() {
    if (scope.document) { return (scope.document.cookie.match(/csrftoken=([^;]+)/) || [])[1] || ""; }
    const cookie = scope.cookieStore ? await scope.cookieStore.get("csrftoken") : null;
    return cookie ? cookie.value : "";
  }
  async function ask(address, options) {
    const answer = await fetch(address, Object.assign({ headers: {} }, options, {
      headers: Object.assign({ "X-CSRFToken": await token(), "X-Requested-With": "fetch", "X-Background": "1" }, options.headers),
    }));
    if (answer.redirected || !(answer.headers.get("Content-Type") || "").includes("json")) { throw new Error(answer.status < 500 ? "signed-out" : "later"); }
    return answer;
  }

  async function upload(row) {
    const bytes = await openBytes(row.staff, row.photo), address = "/today/uploads/" + row.id + "?size=" + bytes.byteLength;
    let here = -1, next = 0;
    while (next < bytes.byteLength) {
      const answer = await ask(address + "&from=" + next, { method: "PUT", body: bytes.slice(next, next + PIECE) });
      if (!answer.ok) { return (await answer.json()).problems; }
      next = (await answer.json()).received;
      if (next === here) { throw new Error("later"); }
      here = next;
    }
    return [];
  }

  /* steps go in their order, behind no refused one of their job; photos may be overtaken, but not by the signature over them */
  function ready(waiting) {
    const stuck = new Set(), photos = new Set(), now = [];
    waiting.forEach(function (row) {
      if (row.state === "refused") { if (!ANY_TIME.includes(row.step)) { stuck.add(row.about); } return; }
      if (row.state !== "waiting") { return; }
      const free = ANY_TIME.includes(row.step) || !stuck.has(row.about);
      if (row.step === "photo") { photos.add(row.about); now.push(row); return; }
      if (free && !(row.step === "sign" && photos.has(row.about))) { now.push(row); } else { stuck.add(row.about); }
    });
    const steps = now.filter((row) => row.step !== "photo");
    return steps.length ? steps.slice(0, 20) : now.slice(0, 1);
  }

  async function post(batch) {
    const actions = [];
    for (const row of batch) {
      const values = await valuesOf(row);
      if (row.photo) { values.upload = [row.id]; }
      actions.push({ id: row.id, about: row.about, step: row.step, at: row.at, values: values });
    }
    const body = JSON.stringify({ device: await device(), now: new Date().toISOString(), actions: actions });
    const answer = await ask("/today/outbox", { method: "POST", body: body, keepalive: body.length < 60000, headers: { "Content-Type": "application/json" } });
    if (!answer.ok) { throw new Error("later"); }
    const said = new Map((await answer.json()).answers.map((one) => [one.id, one]));
    for (const row of batch) {
      const one = said.get(row.id);
      if (!one) { continue; }
      if (one.outcome === "done" || one.outcome === "known") {
        await keepFor("outbox", Object.assign(row, { state: "sent", outcome: one.outcome, sentAt: Date.now(), sealed: null, photo: null }));
      } else { await keepFor("outbox", Object.assign(row, { state: one.outcome, problems: one.problems })); }
    }
  }

  /* one sender at a time, however many pages are open; gives "" when all is sent, else what is in the way */
  function send(staff) {
    return navigator.locks.request("aftercare-outbox", async function () {
      let sent = false, trouble = "";
      try {
        for (let round = 0; round < 200; round++) {
          const batch = ready(await rows(staff));
          if (!batch.length) { break; }
          if (batch[0].step === "photo") {
            const problems = await upload(batch[0]);
            if (problems.length) { await keepFor("outbox", Object.assign(batch[0], { state: "refused", problems: problems })); continue; }
          }
          await post(batch);
          sent = true;
        }
      } catch (error) { trouble = error.message === "signed-out" || error.message === "later" ? error.message : "offline"; }
      tell({ changed: true, sent: sent });
      return trouble;
    });
  }
  async function sendAll() { for (const row of await all("keys")) { await send(row.staff); } }

  const others = new BroadcastChannel("aftercare-field"), listeners = [];
  others.onmessage = function (e) { listeners.forEach(function (act) { act(e.data); }); };
  function tell(what) { others.postMessage(what); listeners.forEach(function (act) { act(what); }); }

  scope.phoneStore = {
    openFor: openFor, keepPage: keepPage, page: page, keptAt: (path) => get("pages", path).then((row) => (row ? row.at : 0)), forgetPage: (path) => drop("pages", path), forgetPages: () => on("pages", "readwrite", (s) => s.clear()), saveDraft: saveDraft, draft: draft, forgetDraft: (name) => drop("drafts", name),
    add: add, rows: rows, valuesOf: valuesOf, photoOf: photoOf, forget: forget, send: send, sendAll: sendAll, tidy: tidy, wipe: wipe,
    listen: (act) => listeners.push(act),
  };
})(self);

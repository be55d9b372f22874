/* The engineer's pages without waiting for a network: what is tapped is kept on the phone first, then sent. */
(function () {
  "use strict";
  const doc = document, phone = doc.querySelector("[data-staff]"), store = self.phoneStore;
  if (!phone || !store || !self.isSecureContext || !("serviceWorker" in navigator) || !navigator.locks) { return; }
  const staff = phone.dataset.staff, job = phone.dataset.job || "", words = JSON.parse(doc.getElementById("words").textContent);
  const STAGES = ["pending", "booked", "travelling", "on_site", "diagnosed", "quoted", "agreed", "repaired", "tested", "finished"];
  const seenAt = Number(phone.dataset.kept) || performance.timeOrigin;
  const each = (selector, act, from) => Array.prototype.forEach.call((from || doc).querySelectorAll(selector), act);
  const el = function (tag, text, className) { const made = doc.createElement(tag); if (text) { made.textContent = text; } if (className) { made.className = className; } return made; };
  const clock = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
  const yuan = (fen) => (fen / 100).toFixed(2);
  let writing, trouble = phone.dataset.kept ? "offline" : "", fresh = seenAt, sending = false, place = null;

  /* where the job stands: what the server said, and what was done here since */
  function stageOf(about, base, rows) {
    return rows.filter((row) => row.about === about && row.to && (row.state === "waiting" || (row.state === "sent" && row.sentAt >= fresh)))
      .reduce((stage, row) => (row.to === "pending" || row.step === "requote" || STAGES.indexOf(row.to) > STAGES.indexOf(stage) ? row.to : stage), base);
  }

  async function show() {
    const rows = await store.rows(staff);
    if (job) {
      const stage = stageOf(job, phone.dataset.stage, rows);
      each("[data-when]", function (part) { part.hidden = !part.dataset.when.split(" ").includes(stage); });
      each("[data-open-at]", function (part) { if (part.dataset.at !== stage) { part.dataset.at = stage; part.open = part.dataset.openAt === stage; } });
      each("[data-reach]", function (step, n) {
        const steps = doc.querySelectorAll("[data-reach]"), here = STAGES.indexOf(stage) >= STAGES.indexOf(step.dataset.reach);
        const before = n === 0 || STAGES.indexOf(stage) >= STAGES.indexOf(steps[n - 1].dataset.reach);
        step.className = here ? "past" : before ? "now" : "";
        if (!here && before) { step.setAttribute("aria-current", "step"); } else { step.removeAttribute("aria-current"); }
      });
      await showContact();
      await showQuote(rows);
      await showPhotos(rows);
      await again(rows);
    } else {
      each("[data-leave]", function (part) { const left = (Date.parse(part.dataset.leave) - Date.now()) / 60e3; part.dataset.s = left < 0 ? "over" : left < 10 ? "crit" : "ok"; });
      for (const call of doc.querySelectorAll("[data-call-of]")) {
        const known = await store.draft(staff, "contact" + call.dataset.callOf).catch(() => null);
        if (known && known.phone) { call.href = "tel:" + known.phone; call.hidden = false; call.nextElementSibling.hidden = true; }
      }
      each("[data-past]", function (part) { part.hidden = Date.now() < Date.parse(part.dataset.past); });
      each("[data-about]", function (part) {
        const waiting = rows.filter((row) => row.about === part.dataset.about && row.state === "waiting"), mark = part.querySelector("[data-mark]");
        if (mark) { mark.textContent = waiting.length ? words.kept.replace("{what}", waiting[waiting.length - 1].label) : ""; mark.hidden = !waiting.length; }
        const begun = waiting.some((row) => row.to);
        each("[data-begun]", (link) => { link.hidden = !begun; }, part);
        each('[data-not-begun], form[data-step="depart"]', (form) => { form.hidden = begun; }, part);
        each("[data-not-arrived]", (form) => { form.hidden = waiting.some((row) => row.to && row.to !== "travelling"); }, part);
        if (part.dataset.about.startsWith("offer:")) { part.hidden = rows.some((row) => row.about === part.dataset.about && row.state === "waiting"); }
      });
    }
    showOutbox(rows);
  }

  /* the pill, and behind it everything that was done here today */
  function showOutbox(rows) {
    const waiting = rows.filter((row) => row.state === "waiting"), wrong = rows.filter((row) => row.state === "refused" || row.state === "held");
    const pill = doc.getElementById("out"), box = doc.getElementById("outbox"), list = el("ul");
    const away = trouble === "offline" || !navigator.onLine;
    pill.hidden = !away && !trouble && !waiting.length && !wrong.length;
    pill.dataset.s = wrong.length ? "wrong" : away || trouble ? "away" : "busy";
    const n = String(wrong.length || waiting.length);
    let text = wrong.length ? words.wrong : trouble === "signed-out" ? words.signed_out : away ? (waiting.length ? words.away : words.away_all) : sending || waiting.length ? words.sending : "";
    pill.querySelector("span").textContent = text.replace("{n}", n);
    rows.slice(-12).forEach(function (row, place, shown) {
      const next = shown[place + 1], together = row.state === "held" && next && next.state === "held" && next.about === row.about;
      const item = el("li"), end = el("span", "", "num ink3");
      item.dataset.s = row.state;
      item.append(el("span", clock(row.at), "num"), el("span", (job && row.about === job ? "" : row.about.replace("offer:", words.offer + " ") + " · ") + row.label));
      end.textContent = row.state === "sent" ? (row.outcome === "known" ? words.known : words.sent) : row.state === "waiting" ? size(row.bytes) : row.state === "held" ? words.held : words.refused;
      item.append(end);
      if (together) { list.append(item); return; }
      row.problems.forEach(function (p) { item.append(el("p", p.what + (p.expected ? "；" + p.expected : ""))); });
      if (row.state === "refused" || row.state === "held") {
        const acts = el("p", "", "acts");
        if (row.state === "refused" && !job && !row.about.startsWith("offer:") && row.step !== "photo") { const link = el("a", words.mend, "btn"); link.href = "/today/" + row.about; acts.append(link); }
        const seen = el("button", row.state === "held" ? words.seen : words.drop, "btn");
        seen.type = "button";
        seen.addEventListener("click", function () {
          rows.filter((r) => r === row || (row.state === "held" && r.state === "held" && r.about === row.about)).forEach((r) => store.forget(r.seq));
        });
        acts.append(seen);
        item.append(acts);
      }
      list.append(item);
    });
    box.replaceChildren(list, el("p", trouble === "signed-out" ? words.sign_in_again : waiting.length ? words.kept_here : wrong.length ? "" : rows.length ? words.all_sent : words.nothing));
    if (trouble === "signed-out") { const link = el("a", words.sign_in, "btn btn-primary"); link.href = "/accounts/login/?next=" + location.pathname; box.append(link); }
  }
  function size(bytes) { return bytes > 1e6 ? (bytes / 1e6).toFixed(1) + " MB" : Math.max(1, Math.round(bytes / 1e3)) + " KB"; }

  /* a quote made here: the same sum as the server's, from the prices on the page */
  async function showQuote(rows) {
    const box = doc.querySelector("[data-quote]"), form = doc.querySelector('form[data-step="quote"]');
    const row = rows.filter((r) => r.about === job && /^(re)?quote$/.test(r.step) && (r.state === "waiting" || (r.state === "sent" && r.sentAt >= fresh))).pop();
    if (!box || !form || !row) { return; }
    const sum = total(form, await store.valuesOf(row).then((values) => (Object.keys(values).length ? values : null)));
    if (!sum) { return; }
    const parts = sum.lines.map(function (line) {
      const q = el("div", "", "q");
      q.append(el("span", line.name + (line.count > 1 ? " ×" + line.count : "")), el("span", yuan(line.free ? 0 : line.fen * line.count), "v"));
      if (line.free) { q.append(el("span", line.free + " · " + yuan(line.fen), "t-meta")); }
      return q;
    });
    const last = el("div", "", "q sum");
    last.append(el("span", words.pays, "b"), el("span", yuan(sum.fen), "v"));
    box.hidden = false;
    box.replaceChildren(el("div", words.quote, "h"), ...parts, last);
    each("[data-amount]", function (field) { field.value = sum.fen; });
    each("[data-total]", function (text) { text.textContent = yuan(sum.fen); });
    each("[data-paid]", function (part) { part.hidden = !sum.fen; });
  }
  function total(form, values) {
    const value = (field) => (values ? (values[field.name] || [""])[0] : field.value), lines = [];
    if (values === null) { return null; }
    each("[data-price]", function (field) {
      const count = Number(value(field)) || 0;
      if (count) { lines.push({ name: field.dataset.name, count: count, fen: Number(field.dataset.price), free: field.dataset.free }); }
    }, form);
    const name = form.querySelector('[name="service"]'), price = form.querySelector('[name="service_price"]');
    if (value(name).trim()) { lines.push({ name: value(name).trim(), count: 1, fen: Math.round(Number(value(price)) * 100), free: "" }); }
    lines.push({ name: form.dataset.feeName, count: 1, fen: Number(form.dataset.fee), free: form.dataset.feeFree });
    return { lines: lines, fen: lines.reduce((sum, line) => sum + (line.free ? 0 : line.fen * line.count), 0) };
  }

  async function showPhotos(rows) {
    const box = doc.querySelector("[data-photos]");
    if (!box) { return; }
    each("[data-local]", (img) => img.remove(), box);
    for (const row of rows.filter((r) => r.about === job && r.step === "photo" && r.photo)) {
      const img = el("img"), reader = new FileReader();
      img.dataset.local = row.seq; img.alt = words.photo;
      reader.onload = function () { img.src = reader.result; };
      reader.readAsDataURL(await store.photoOf(row));
      box.append(img);
    }
  }

  /* what the server refused comes back to its form, with the reason, and nothing typed is lost */
  async function again(rows) {
    const row = rows.find((r) => r.about === job && r.state === "refused" && r.step !== "photo"), form = row && doc.querySelector('form[data-step="' + row.step.replace("requote", "quote") + '"]');
    if (!row || !form || form.dataset.seq === String(row.seq)) { return; }
    fill(form, await store.valuesOf(row));
    if (form.closest("details")) { form.closest("details").open = true; }
    form.dataset.seq = row.seq; form.dataset.at = row.at;
    complain(row.problems);
  }
  function fill(form, values) {
    Object.keys(values).forEach(function (name) {
      each('[name="' + CSS.escape(name) + '"]', function (field) {
        if (field.type === "checkbox" || field.type === "radio") { field.checked = values[name].includes(field.value); } else if (field.type !== "hidden") { field.value = values[name][0]; }
      }, form);
    });
  }
  function complain(problems) {
    const box = doc.getElementById("complaint");
    if (!box) { return; }
    box.hidden = !problems.length;
    box.querySelector("dl").replaceChildren(...problems.flatMap((p) => [el("dt", p.where), el("dd", p.what + (p.expected ? "；" + p.expected : ""))]));
    if (problems.length) { box.scrollIntoView({ block: "center" }); }
  }

  /* rules that can be told here are told here, at once; the server tells them all */
  function problemsOf(form) {
    const found = [];
    each("[data-measured]", function (f) { if (!new RegExp(f.dataset.measured).test(f.value)) { found.push({ where: f.dataset.where, what: f.dataset.problem }); } }, form);
    each("[data-signed]", function (f) { if (!f.value) { found.push({ where: f.dataset.where, what: f.dataset.problem }); } }, form);
    const because = form.querySelector("[data-because]");
    each("[data-reading]", function (f) {
      const value = parseFloat(f.value), low = parseFloat(f.dataset.low), high = parseFloat(f.dataset.high);
      if (f.value.trim() === "" || isNaN(Number(f.value))) { found.push({ where: f.dataset.where, what: words.no_value }); } else if ((value < low || value > high) && because.value.trim().length < 4) { found.push({ where: f.dataset.where, what: words.not_passed, expected: because.dataset.where }); }
    }, form);
    return found;
  }
  function valuesIn(form, button) {
    const values = {};
    new FormData(form).forEach(function (value, name) { if (typeof value === "string" && name !== "csrfmiddlewaretoken") { (values[name] = values[name] || []).push(value); } });
    if (button && button.name) { values[button.name] = [button.value]; }
    if (place) { values.lat = [place.lat]; values.lon = [place.lon]; } else { delete values.lat; delete values.lon; }
    return values;
  }

  doc.addEventListener("submit", function (e) {
    const form = e.target;
    if (form.matches("[data-signout]")) { e.preventDefault(); signOut(form); return; }
    if (!form.dataset.step || e.defaultPrevented) { return; }
    if (form.dataset.needs) {
      if (!navigator.onLine || phone.dataset.kept) { e.preventDefault(); delete form.dataset.sent; complain([{ where: form.dataset.label || "", what: words.needs_network }]); }
      return;
    }
    e.preventDefault();
    delete form.dataset.sent;
    const problems = problemsOf(form), values = valuesIn(form, e.submitter);
    complain(problems);
    if (problems.length) { return; }
    let to = form.dataset.to || "";
    const step = (e.submitter && e.submitter.dataset.step) || form.dataset.step;
    if (form.dataset.step === "quote" && total(form).fen === 0) { to = "agreed"; }
    if (/^(depart|arrive)$/.test(form.dataset.step)) { locate(true); }
    const action = { about: form.dataset.about, step: step, to: to, label: (e.submitter && e.submitter.dataset.label) || form.dataset.label || (e.submitter || form).textContent.trim(), values: values, seq: Number(form.dataset.seq) || 0, at: form.dataset.at };
    keep(action, null, form).then(function () { if (form.dataset.then) { location.assign(form.dataset.then); } });
  });
  async function keep(action, photo, form) {
    try { await store.add(staff, action, photo); } catch (error) { complain([{ where: action.label, what: words.no_room }]); return; }
    clearTimeout(writing);
    if (form) { await store.forgetDraft(draftName(form)); if (form.dataset.step !== "quote") { form.reset(); } delete form.dataset.seq; delete form.dataset.at; each("canvas", (c) => { c.width = 0; }, form); }
    if (job && action.to) { scrollTo(0, 0); }  // before the next step is shown, so that nothing moves under a finger
    await show();
    sync();
  }

  doc.addEventListener("change", async function (e) {
    const field = e.target;
    if (!field.matches("[data-photo]") || !field.files[0]) { return; }
    try {
      const picture = await createImageBitmap(field.files[0], { imageOrientation: "from-image" }), scale = Math.min(1, 1600 / Math.max(picture.width, picture.height));
      const canvas = el("canvas");
      canvas.width = Math.round(picture.width * scale); canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.82)), stage = stageOf(job, phone.dataset.stage, await store.rows(staff));
      const values = { taken_in: [stage] };
      if (place) { values.lat = [place.lat]; values.lon = [place.lon]; }
      field.value = "";
      await keep({ about: job, step: "photo", label: words.photo, values: values }, await blob.arrayBuffer());
    } catch (error) { complain([{ where: words.photo, what: words.no_picture }]); }
  });

  /* half-written forms survive a restart of the phone */
  const draftName = (form) => form.dataset.about + "/" + form.dataset.step;
  doc.addEventListener("input", function (e) {
    const form = e.target.form;
    if (!form || !form.dataset.step || form.dataset.needs) { return; }
    clearTimeout(writing);
    writing = setTimeout(function () { store.saveDraft(staff, draftName(form), valuesIn(form), Number(phone.dataset.until) * 1000).catch(() => {}); }, 300);
  });
  async function drafts() {
    for (const form of doc.querySelectorAll("form[data-step]")) {
      const values = form.dataset.needs ? null : await store.draft(staff, draftName(form)).catch(() => null);
      if (values) { fill(form, values); }
    }
  }

  /* send, then take the page anew where nobody is in the middle of something */
  async function sync() {
    sending = true;
    const rows = await store.rows(staff);
    if (!rows.some((row) => row.state === "waiting")) { sending = false; show(); return; }
    showOutbox(rows);
    trouble = await store.send(staff);
    sending = false;
    if (trouble && "sync" in (await ready)) { (await ready).sync.register("outbox").catch(() => {}); }
    if (!trouble) { await renew(); }
    await show();
  }
  async function renew() {
    const asked = Date.now();
    let html;
    try { const answer = await fetch(location.pathname, { headers: { "X-Background": "1" } }); if (!answer.ok || answer.redirected) { return; } html = await answer.text(); } catch (error) { return; }
    const made = new DOMParser().parseFromString(html, "text/html"), now = made.querySelector("[data-staff]");
    if (!now || now.dataset.kept) { return; }
    /* a page asked for before the last thing that was done or sent here, or before the page that is shown, comes too late */
    if (asked < fresh || (await store.rows(staff)).some((row) => Date.parse(row.at) >= asked || row.sentAt >= asked)) { return; }
    if (job) {
      each("[data-fresh]", function (old) { const next = made.querySelector('[data-fresh="' + old.dataset.fresh + '"]'); if (next && !next.isEqualNode(old) && !old.querySelector(":focus, [data-drawing]")) { old.replaceWith(doc.adoptNode(next)); } });
      each("[data-amount]", function (field) { field.value = made.querySelector("[data-amount]").value; });
      each("[data-total]", function (text) { text.textContent = made.querySelector("[data-total]").textContent; });
      each("[data-paid]", function (part) { part.hidden = made.querySelector("[data-paid]").hidden; });
    } else if (!doc.querySelector("main details[open], main :focus:not(button, a)")) {
      doc.querySelector("main").replaceWith(doc.adoptNode(made.querySelector("main")));
    }
    phone.dataset.stage = now.dataset.stage || ""; phone.removeAttribute("data-kept"); fresh = asked;
    doc.dispatchEvent(new CustomEvent("parts", { detail: doc }));
  }

  /* whom to call and where to go: asked for once a job and day, which leaves a fact, and kept like everything else */
  async function keepContact(path) {
    const name = "contact" + path;
    if (await store.draft(staff, name)) { return; }
    const answer = await fetch(path + "/contact", { method: "POST", headers: { "X-CSRFToken": (doc.cookie.match(/csrftoken=([^;]+)/) || [])[1] || "", "X-Background": "1", Accept: "application/json" } });
    if (answer.ok && !answer.redirected) { await store.saveDraft(staff, name, await answer.json(), Number(phone.dataset.until) * 1000); }
  }
  async function showContact() {
    const box = doc.querySelector("[data-contact]"), known = box && await store.draft(staff, "contact" + location.pathname).catch(() => null);
    if (!known) { return; }
    const call = doc.querySelector("[data-call]"), eye = doc.querySelector("[data-reveal]");
    box.replaceChildren(el("div", known.full_name + " ", "b"), el("div", known.address || "—", "t-meta"));
    box.firstChild.append(el("span", known.phone || "", "num"));
    if (known.phone) { call.href = "tel:" + known.phone; call.hidden = false; }
    if (eye) { eye.hidden = true; }
  }

  /* this page and all of today's jobs are put on the phone once the page is there, so that they open in a basement */
  async function keepAll() {
    const links = Array.prototype.map.call(doc.querySelectorAll('a[href^="/today/"]'), (a) => a.getAttribute("href"));
    for (const path of new Set(links.concat(location.pathname))) {  // jobs by number, and the van
      try {
        if (/\d/.test(path) && !doc.querySelector('a.past[href="' + path + '"]') && !/finished/.test(phone.dataset.stage || "")) { await keepContact(path); await showContact(); }
        if (Date.now() - await store.keptAt(path) < 300e3) { continue; }
        const answer = await fetch(path, { headers: { "X-Background": "1" } });
        if (answer.ok && !answer.redirected) { await store.keepPage(path, await answer.text(), answer.headers.get("Content-Security-Policy")); }
      } catch (error) { return; }
    }
    await show();
    doc.documentElement.dataset.field = "kept";
  }

  function locate(ask) {
    if (!navigator.geolocation || !navigator.permissions) { return; }
    navigator.permissions.query({ name: "geolocation" }).then(function (may) {
      if (may.state === "granted" || (ask && may.state === "prompt")) {
        navigator.geolocation.getCurrentPosition(function (p) { place = { lat: p.coords.latitude.toFixed(6), lon: p.coords.longitude.toFixed(6) }; }, function () {}, { maximumAge: 60000, timeout: 8000 });
      }
    }).catch(() => {});
  }

  /* signing out wipes the phone; what was not sent yet is not given up without being asked */
  async function signOut(form) {
    await store.send(staff);
    const left = (await store.rows(staff)).filter((row) => row.state === "waiting" || row.state === "refused"), ask = doc.getElementById("unsent");
    if (left.length && ask && !form.dataset.sure) {
      ask.querySelector("[data-n]").textContent = words.unsent.replace("{n}", left.length);
      ask.querySelector("[data-sure]").onclick = function () { form.dataset.sure = "1"; ask.close(); signOut(form); };
      ask.showModal();
      return;
    }
    await store.wipe();
    try { await fetch(form.action, { method: "POST", body: new FormData(form) }); } catch (error) { /* the session ends by itself; the phone is empty */ }
    location.assign("/accounts/login/");
  }

  doc.getElementById("out").addEventListener("click", function () {
    const box = doc.getElementById("outbox");
    box.hidden = !box.hidden;
    this.setAttribute("aria-expanded", String(!box.hidden));
  });
  addEventListener("beforeinstallprompt", function (e) {
    const button = doc.querySelector("[data-install]");
    if (!button) { return; }
    e.preventDefault(); button.hidden = false;
    button.onclick = function () { e.prompt(); button.hidden = true; };
  });
  /* codes on plates and parts, where the phone's browser reads them */
  doc.addEventListener("click", async function (e) {
    const button = e.target.closest && e.target.closest("[data-scan]");
    if (!button) { return; }
    const video = el("video", "", "scan"), reader = new self.BarcodeDetector();
    let stream;
    try { stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }); } catch (error) { complain([{ where: words.scan, what: words.no_camera }]); return; }
    video.srcObject = stream; video.muted = true; video.setAttribute("playsinline", "");
    button.after(video);
    await video.play();
    const stop = function () { stream.getTracks().forEach((track) => track.stop()); video.remove(); };
    video.onclick = stop;
    for (let tries = 0; tries < 300 && video.isConnected; tries++) {
      const codes = await reader.detect(video).catch(() => []);
      if (codes.length) { found(codes[0].rawValue, button.dataset.scan); break; }
      await new Promise((done) => setTimeout(done, 100));
    }
    stop();
  });
  function found(code, what) {
    if (what === "serial") { const field = doc.getElementById("se"); field.value = code.slice(0, 40); field.dispatchEvent(new Event("input", { bubbles: true })); return; }
    const part = Array.prototype.find.call(doc.querySelectorAll("[data-price]"), (field) => field.name === "part:" + code || field.dataset.model === code);
    if (!part) { complain([{ where: words.scan, what: words.no_part.replace("{code}", code) }]); return; }
    part.value = Number(part.value) + 1; part.dispatchEvent(new Event("input", { bubbles: true })); part.scrollIntoView({ block: "center" });
  }

  addEventListener("online", function () { trouble = ""; sync(); });
  addEventListener("offline", function () { trouble = "offline"; show(); });
  doc.addEventListener("visibilitychange", function () { if (!doc.hidden) { sync(); } });
  setInterval(function () { if (!doc.hidden) { sync(); } }, 15000);
  store.listen(function (what) { if (what.changed) { show(); } });
  const ready = navigator.serviceWorker.register("/today/worker.js", { scope: "/today", updateViaCache: "none" }).then(() => navigator.serviceWorker.ready);
  if (self.BarcodeDetector) { each("[data-scan]", (button) => { button.hidden = false; }); }
  each("[data-photo]", (field) => { delete field.dataset.submit; });  // kept here first, sent by the outbox
  locate(false);
  store.openFor(staff, Number(phone.dataset.until) * 1000).then(store.tidy).then(drafts).then(show).then(sync).then(function () { doc.documentElement.dataset.field = "ready"; if (!phone.dataset.kept) { ready.then(keepAll); } });
})();

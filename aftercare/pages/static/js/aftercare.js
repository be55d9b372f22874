/* The desk's and the phone's little script: counting clocks, palette, keys, signature pads. No framework, no inline code. */
(function () {
  "use strict";
  var doc = document, root = doc.documentElement;

  /* what is typed goes in the body, never in an address: it may be a phone number or a name */
  function post(url, data) {
    var token = (doc.cookie.match(/csrftoken=([^;]+)/) || [])[1] || (doc.querySelector('[name="csrfmiddlewaretoken"]') || {}).value;
    return fetch(url, { method: "POST", body: data, headers: { "X-Requested-With": "fetch", "X-CSRFToken": token } });
  }

  function each(selector, act, from) { Array.prototype.forEach.call((from || doc).querySelectorAll(selector), act); }

  /* A dialog over the page. The browser's own modal makes every element of the page inert and styles all of them anew, which on a full board
     takes longer than a press may; here the keyboard and the pointer are kept inside, and what had the focus has it again. */
  function over(dialog) {
    if (dialog.open) { return; }
    dialog.cameFrom = doc.activeElement; dialog.setAttribute("aria-modal", "true"); dialog.show(); root.classList.add("veiled");
  }
  /* at once, not when the browser tells that it is closed: by then the reader may be elsewhere, and would be called back */
  function leave(dialog) {
    var from = dialog.cameFrom;
    dialog.close(); dialog.cameFrom = null; root.classList.toggle("veiled", !!onTop());
    if (from && from.isConnected && from !== doc.body) { from.focus({ preventScroll: true }); }
  }
  /* the page is dimmed at once; what takes longer to lay out than a press may take follows in the next frame */
  function soonOver(dialog) { root.classList.add("veiled"); requestAnimationFrame(function () { setTimeout(function () { over(dialog); }); }); }
  window.openOver = over; window.closeOver = leave;
  function onTop() { return doc.querySelector('dialog[open][aria-modal="true"]'); }
  doc.addEventListener("keydown", function (e) {
    var dialog = onTop(); if (!dialog || e.isComposing) { return; }
    if (e.key === "Escape") { e.preventDefault(); e.stopPropagation(); leave(dialog); return; }
    if (e.key !== "Tab") { return; }
    var stops = Array.prototype.filter.call(dialog.querySelectorAll("a[href], button, input, select, textarea, [tabindex]"), function (el) { return !el.disabled && el.tabIndex >= 0 && el.offsetParent; });
    var first = stops[0] || dialog, last = stops[stops.length - 1] || dialog, at = doc.activeElement;
    if (!dialog.contains(at) || (e.shiftKey ? at === first : at === last)) { e.preventDefault(); (e.shiftKey ? last : first).focus(); }
  }, true);
  ["pointerdown", "click"].forEach(function (name) {
    doc.addEventListener(name, function (e) {
      var dialog = onTop(); if (!dialog || dialog.contains(e.target)) { return; }
      e.preventDefault(); e.stopPropagation(); if (name === "click") { leave(dialog); }
    }, true);
  });

  /* the server sends the seconds left; the page only counts: one tick for all clocks, however often parts are taken anew */
  function two(n) { return String(n).padStart(2, "0"); }
  function tick() {
    var now = Date.now();
    each("[data-due]", function (el) {
      if (!el.endsAt) { el.endsAt = now + el.dataset.due * 1000; }
      var s = Math.round((el.endsAt - now) / 1000), a = Math.abs(s), over = s < 0;
      el.textContent = (over ? el.dataset.late : el.dataset.left).replace("%s", two(Math.floor(a / 60)) + ":" + two(a % 60));
      if (over && el.dataset.s !== "over") { el.dataset.s = "over"; doc.dispatchEvent(new CustomEvent("overdue")); }
    });
    each("[data-up]", function (el) {
      if (!el.startedAt) { el.startedAt = now - el.dataset.up * 1000; }
      var s = Math.round((now - el.startedAt) / 1000);
      el.textContent = two(Math.floor(s / 60)) + ":" + two(s % 60);
    });
  }
  setInterval(tick, 1000);
  function countdown() { tick(); }

  function widths(from) { each("[data-o]", function (el) { el.style.setProperty("--o", el.dataset.o / 200); }, from); each("[data-p]", function (el) { el.style.setProperty("--p", el.dataset.p + "%"); if (el.dataset.w) { el.style.width = el.dataset.p + "%"; } }, from); }

  /* command palette */
  var palette = doc.getElementById("palette");
  function openPalette() { if (palette && !palette.open) { over(palette); var field = palette.querySelector(".in-cmd"); field.focus(); field.dispatchEvent(new Event("input")); } }
  if (palette) {
    each("[data-open-palette]", function (el) { el.addEventListener("click", openPalette); });
    var input = palette.querySelector(".in-cmd"), box = palette.querySelector("[data-results]"), wait, rows = [], at = 0, asked = 0, shown = 0, chosen = false;
    var choose = function (n) {
      at = n;
      rows.forEach(function (row, i) { row.setAttribute("aria-selected", String(i === at)); });
      if (rows[at]) { input.setAttribute("aria-activedescendant", rows[at].id); rows[at].scrollIntoView({ block: "nearest" }); } else { input.removeAttribute("aria-activedescendant"); }
    };
    var list = function () {
      rows = Array.prototype.slice.call(box.querySelectorAll("a.opt"));
      rows.forEach(function (row, i) { row.id = "found-" + i; row.setAttribute("role", "option"); });
      box.setAttribute("role", rows.length ? "listbox" : "status");
      input.setAttribute("aria-expanded", String(rows.length > 0));
      choose(0);
    };
    /* an answer that comes late does not take the place of a newer one; Enter waits for the list of what was typed */
    input.addEventListener("input", function () {
      var mine = ++asked;
      clearTimeout(wait); chosen = false;
      wait = setTimeout(function () {
        post(palette.dataset.url, new URLSearchParams({ q: input.value }))
          .then(function (answer) { return answer.text(); })
          .then(function (html) { if (mine !== asked) { return; } box.innerHTML = html; shown = mine; list(); if (chosen && rows.length) { rows[0].click(); } chosen = false; })
          .catch(function () { if (mine !== asked) { return; } box.textContent = palette.dataset.offline; shown = mine; list(); });
      }, 120);
    });
    palette.addEventListener("keydown", function (e) {
      if ((e.key === "ArrowDown" || e.key === "ArrowUp") && rows.length) {
        e.preventDefault();
        choose((at + (e.key === "ArrowDown" ? 1 : -1) + rows.length) % rows.length);
      } else if (e.key === "Enter" && !e.isComposing) {
        if (shown !== asked) { e.preventDefault(); chosen = true; } else if (rows.length) { e.preventDefault(); rows[at].click(); }
      }
    });
  }

  /* keys: off while typing or composing */
  var gTyped = 0;
  function typing(e) { return e.isComposing || /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName) || e.target.isContentEditable; }
  function go(name) { var link = doc.querySelector('[data-key="' + name + '"]'); if (link) { if (link.tagName === "SUMMARY") { link.parentNode.open = true; var f = link.parentNode.querySelector("input,textarea,select"); if (f) { f.focus(); } } else if (/^(TEXTAREA|INPUT)$/.test(link.tagName)) { link.focus(); } else { link.click(); } return true; } return false; }
  function step(by) {
    var rows = doc.querySelectorAll("[data-row]"); if (!rows.length) { return; }
    var at = Array.prototype.findIndex.call(rows, function (r) { return r.contains(doc.activeElement) || r.getAttribute("aria-current") === "true"; });
    var row = rows[Math.min(rows.length - 1, Math.max(0, at + by))], link = row.tagName === "A" ? row : row.querySelector("a");
    if (link) { link.focus(); link.scrollIntoView({ block: "nearest" }); }
  }
  addEventListener("keydown", function (e) {
    if ((e.ctrlKey || e.metaKey) && e.key === "k") { e.preventDefault(); openPalette(); return; }
    if ((e.ctrlKey || e.metaKey) && e.key === "Enter" && e.target.form) { e.preventDefault(); e.target.form.requestSubmit(); return; }
    if (typing(e) || e.ctrlKey || e.metaKey || e.altKey || doc.querySelector("dialog[open]")) { return; }
    var key = e.key.toLowerCase();
    if (e.key === "?") { var sheet = doc.getElementById("keys"); if (sheet) { soonOver(sheet); } return; }
    if (Date.now() - gTyped < 900 && go("g" + key)) { gTyped = 0; e.preventDefault(); return; }
    if (key === "g") { gTyped = Date.now(); return; }
    if (key === "j") { step(1); } else if (key === "k") { step(-1); }
    else if (/^[a-z0-9.\[\]]$/.test(key) && go(key)) { e.preventDefault(); }
  });
  each("dialog", function (d) { d.addEventListener("click", function (e) { if (e.target === d) { leave(d); } }); });
  each("[data-open]", function (el) { el.addEventListener("click", function () { over(doc.getElementById(el.dataset.open)); }); });
  each("[data-close]", function (el) { el.addEventListener("click", function () { leave(el.closest("dialog")); }); });

  /* a number looked for is carried to the new request without standing in its address */
  doc.addEventListener("click", function (e) { var link = e.target.closest && e.target.closest("[data-carry]"); if (link) { try { sessionStorage.setItem("carry", link.dataset.carry); } catch (error) { /* private mode */ } } });
  try { var phone = doc.querySelector(".intake #phone"), carried = sessionStorage.getItem("carry"); if (phone && carried) { phone.value = phone.value || carried; sessionStorage.removeItem("carry"); } } catch (error) { /* private mode */ }

  /* theme and language are cookies, so that the server renders them */
  each("[data-cookie]", function (el) {
    el.addEventListener("click", function () {
      doc.cookie = el.dataset.cookie + "; path=/; max-age=31536000; samesite=lax"; location.reload();
    });
  });
  each("[data-print]", function (el) { el.addEventListener("click", function () { print(); }); });
  each("[data-copy]", function (el) { el.addEventListener("click", function () { if (navigator.clipboard) { navigator.clipboard.writeText(el.dataset.copy); el.textContent = el.dataset.done; } }); });
  /* a phone's photo is made smaller before it is sent: a tenth of the bytes, and still every screw to be seen */
  function smaller(file) {
    if (!/^image\/(jpeg|png|webp)$/.test(file.type) || file.size < 400000) { return Promise.resolve(file); }
    return createImageBitmap(file, { imageOrientation: "from-image" }).then(function (picture) {
      var scale = Math.min(1, 1600 / Math.max(picture.width, picture.height)), canvas = doc.createElement("canvas");
      canvas.width = Math.round(picture.width * scale); canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      return new Promise(function (done) { canvas.toBlob(done, "image/jpeg", 0.75); });
    }).then(function (blob) { return blob && blob.size < file.size ? new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" }) : file; }).catch(function () { return file; });
  }
  doc.addEventListener("change", function (e) {
    var input = e.target;
    if (!input.matches("[data-files]") || !window.createImageBitmap || !window.DataTransfer) { return; }
    input.busy = Promise.all(Array.prototype.map.call(input.files, smaller)).then(function (files) {
      var kept = new DataTransfer(); files.forEach(function (f) { kept.items.add(f); }); input.files = kept.files;
    }).catch(function () {}).then(function () { input.busy = null; });
  });
  doc.addEventListener("submit", function (e) {
    var form = e.target, input = form.querySelector("[data-files]");
    if (!input || !input.busy) { return; }
    e.preventDefault(); e.stopImmediatePropagation();
    input.busy.then(function () { if (form.requestSubmit) { form.requestSubmit(); } else { form.submit(); } });
  });
  doc.addEventListener("change", function (e) { if (e.target.matches("[data-files]")) { var t = e.target.parentNode.querySelector("[data-named]"); t.textContent = e.target.files.length === 1 ? e.target.files[0].name.slice(-24) : t.dataset.named.replace("{n}", e.target.files.length); } });
  doc.addEventListener("change", function (e) { if (e.target.matches("select[data-submit], input[data-submit]")) { e.target.form.requestSubmit(); } });
  setTimeout(function () { each(".messages .toast-a", function (el) { el.hidden = true; }); }, 6000);

  /* a form is sent once */
  doc.addEventListener("submit", function (e) {
    var form = e.target;
    if (form.method !== "post") { return; }
    if (form.dataset.sent && !form.dataset.many) { e.preventDefault(); return; }
    form.dataset.sent = "1";
    var button = e.submitter, slow = form.enctype === "multipart/form-data";  /* files take their time on a slow line */
    if (slow && button) { button.setAttribute("aria-busy", "true"); }
    setTimeout(function () { delete form.dataset.sent; if (button) { button.removeAttribute("aria-busy"); } }, slow ? 90000 : 4000);
  });
  addEventListener("pageshow", function (e) { if (e.persisted) { each("form[data-sent]", function (f) { delete f.dataset.sent; }); each("[aria-busy]", function (b) { b.removeAttribute("aria-busy"); }); } });

  /* a form whose answer is put into the page */
  doc.addEventListener("submit", function (e) {
    var form = e.target, into = form.dataset.into && doc.querySelector(form.dataset.into);
    if (!into) { return; }
    e.preventDefault();
    into.textContent = into.dataset.waiting || "";
    post(form.action, new URLSearchParams(new FormData(form))).then(function (a) { return a.text(); }).then(function (html) { into.innerHTML = html; })
      .catch(function () { into.textContent = into.dataset.failed || ""; });
  });

  /* drafts survive a crash of the browser */
  each("form[data-draft]", function (form) {
    var key = "draft:" + form.dataset.draft, names = ["description", "remark", "text"];
    try {
      var saved = JSON.parse(localStorage.getItem(key) || "{}");
      names.forEach(function (n) { var f = form.elements[n]; if (f && !f.value && saved[n]) { f.value = saved[n]; } });
      form.addEventListener("input", function () { var now = {}; names.forEach(function (n) { if (form.elements[n]) { now[n] = form.elements[n].value; } }); localStorage.setItem(key, JSON.stringify(now)); });
      form.addEventListener("submit", function () { localStorage.removeItem(key); });
    } catch (error) { /* private mode has no storage */ }
  });

  /* parts of a page fetched as one types: data-fetch on the form names the address, data-into the place; data-at-once an event on which they are fetched anew */
  each("[data-fetch]", function (el) {
    var wait, into = doc.querySelector(el.dataset.into), asked = 0;
    function load() {
      var data = new URLSearchParams(), mine = ++asked;  /* an answer that comes late does not take the place of a newer one */
      el.dataset.with.split(" ").forEach(function (n) { each('[name="' + n + '"]', function (f) { if ((f.type !== "radio" && f.type !== "checkbox") || f.checked) { data.append(n, f.value); } }, el.form || doc); });
      post(el.dataset.fetch, data).then(function (a) { return a.ok ? a.text() : ""; })
        .then(function (html) { if (html && mine === asked) { into.innerHTML = html; widths(into); countdown(into); wire(into); } }).catch(function () { if (el.dataset.failed) { into.textContent = el.dataset.failed; } });
    }
    el.addEventListener("input", function () { clearTimeout(wait); wait = setTimeout(load, 250); });
    if (el.value || el.dataset.atOnce) { load(); }
    if (el.dataset.atOnce) { doc.addEventListener(el.dataset.atOnce, load); }
  });
  function wire(from) {
    each("[data-fill]", function (el) {
      el.addEventListener("change", function () {
        var values = JSON.parse(el.dataset.fill);
        Object.keys(values).forEach(function (n) { var f = doc.querySelector('[name="' + n + '"]'); if (f) { f.value = values[n]; } });
      });
      if (el.checked) { el.dispatchEvent(new Event("change")); }
    }, from);
  }

  /* parts that are looked up once the page stands: data-load names the address; what fails says so and can be tried again */
  function fetched(from) {
    each("[data-load]", function (el) {
      if (el.loading) { return; }
      el.loading = true;
      fetch(el.dataset.load, { headers: { "X-Requested-With": "fetch", "X-Background": "1" } })
        .then(function (a) { if (!a.ok) { throw new Error(a.status); } return a.text(); })
        .then(function (html) { el.innerHTML = html; widths(el); wire(el); })
        .catch(function () { el.loading = false; var p = el.querySelector("p"); if (p) { p.textContent = el.dataset.failed; } });
    }, from);
  }
  doc.addEventListener("click", function (e) {
    var put = e.target.closest && e.target.closest("[data-insert]");
    if (put) { var box = doc.querySelector(put.dataset.insert); if (box) { box.value = (box.value ? box.value + "\n" : "") + put.dataset.text; box.focus(); box.dispatchEvent(new Event("input", { bubbles: true })); } }
    /* what was asked goes with the reader to the answer, in the tab's memory, never in an address */
    if (e.target.closest && e.target.closest("[data-asked]")) { var asks = doc.querySelector("[data-asks]"); try { sessionStorage.setItem("asked", asks ? asks.value : ""); } catch (error) { /* private mode */ } }
    if (e.target.closest && e.target.closest("[data-say]")) { var says = doc.querySelector("[data-asks]"); try { sessionStorage.setItem("say", says ? says.value : ""); } catch (error) { /* private mode */ } }
  });
  try {
    each("[data-words]", function (el) { el.value = sessionStorage.getItem("asked") || ""; });
    var said = sessionStorage.getItem("say"), tell = doc.querySelector("[data-said]");
    if (said && tell && !tell.value) { tell.value = said; sessionStorage.removeItem("say"); tell.dispatchEvent(new Event("input")); }
  } catch (error) { /* private mode */ }
  doc.addEventListener("change", function (e) { if (e.target.dataset && e.target.dataset.again) { var f = e.target.form.elements[e.target.dataset.again]; if (f.value) { f.dispatchEvent(new Event("input")); } } });

  /* a form shows the fields of the kind that was chosen */
  each("form[data-kinds]", function (form) {
    function show() { var kind = (form.querySelector('[name="kind"]:checked') || {}).value; each("[data-of]", function (el) { el.hidden = el.dataset.of.split(" ").indexOf(kind) < 0; }, form); }
    form.addEventListener("change", show); show();
  });

  /* signature pads: drawn on the glass, sent as PNG; sized at the first touch, for they may have been hidden or taken anew */
  var drawn;
  function pad(e) { return e.target.closest && e.target.closest("[data-sign] canvas"); }
  function spot(canvas, e) { var r = canvas.getBoundingClientRect(); return [e.clientX - r.left, e.clientY - r.top]; }
  doc.addEventListener("pointerdown", function (e) {
    var canvas = pad(e); if (!canvas) { return; }
    var pen = canvas.getContext("2d");
    if (canvas.width !== canvas.clientWidth * 2) {
      canvas.width = canvas.clientWidth * 2; canvas.height = canvas.clientHeight * 2;
      pen.scale(2, 2); pen.lineWidth = 2.2; pen.lineCap = "round"; pen.lineJoin = "round"; pen.strokeStyle = "#000";
    }
    drawn = { canvas: canvas, pen: pen, moved: false };
    canvas.dataset.drawing = "1"; canvas.setPointerCapture(e.pointerId);
    var p = spot(canvas, e); pen.beginPath(); pen.moveTo(p[0], p[1]);
  });
  doc.addEventListener("pointermove", function (e) {
    if (!drawn) { return; }
    var p = spot(drawn.canvas, e); drawn.pen.lineTo(p[0], p[1]); drawn.pen.stroke(); drawn.moved = true;
  });
  doc.addEventListener("pointerup", function () {
    if (!drawn) { return; }
    var field = drawn.canvas.closest("form").querySelector('[name="' + drawn.canvas.closest("[data-sign]").dataset.sign + '"]');
    if (drawn.moved) { field.value = drawn.canvas.toDataURL("image/png"); } else { delete drawn.canvas.dataset.drawing; }
    drawn = null;
  });
  doc.addEventListener("click", function (e) {
    var clear = e.target.closest && e.target.closest("[data-sign] [data-clear]"); if (!clear) { return; }
    var box = clear.closest("[data-sign]"), canvas = box.querySelector("canvas");
    canvas.width = 0; delete canvas.dataset.drawing;
    clear.closest("form").querySelector('[name="' + box.dataset.sign + '"]').value = "";
  });

  /* the place of the phone, where the page asks for it and the customer agrees */
  each("[data-locate]", function (el) {
    el.addEventListener("click", function () {
      if (!navigator.geolocation) { return; }
      navigator.geolocation.getCurrentPosition(function (p) {
        doc.querySelector('[name="lat"]').value = p.coords.latitude.toFixed(6);
        doc.querySelector('[name="lon"]').value = p.coords.longitude.toFixed(6);
        el.textContent = el.dataset.done;
      });
    });
  });

  /* lists say what is new and never move under the pointer */
  var fresh = doc.querySelector("[data-live]");
  function look() {
    if (!fresh || doc.hidden) { return; }
    fetch(fresh.dataset.live, { headers: { "X-Requested-With": "fetch", "X-Background": "1" } }).then(function (a) { return a.json(); }).then(function (d) {
      var more = d.count - fresh.dataset.has;
      fresh.hidden = !(more > 0);
      if (more > 0) { fresh.querySelector("b").textContent = fresh.dataset.text.replace("{n}", more); }
    }).catch(function () {});
  }
  if (fresh) { setInterval(look, 15000); doc.addEventListener("counts", look); }
  doc.addEventListener("parts", function (e) { widths(e.detail); tick(); fetched(e.detail); });

  var talk = doc.querySelector(".mid .tl-box"); if (talk && innerWidth > 768) { talk.scrollTop = talk.scrollHeight; }
  countdown(); widths(); wire(doc); fetched(doc);
  root.dataset.ready = "1";
})();

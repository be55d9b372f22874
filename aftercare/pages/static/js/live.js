/* What happens while a page is open: counts, parts of the page, who else is here, and the alarm. One stream a visible page. */
(function () {
  "use strict";
  var doc = document, alarm = doc.querySelector("[data-alarm]");
  if (!alarm || !window.EventSource) { return; }
  var words = alarm.dataset, sign = doc.querySelector("[data-stream]:not([data-alarm])");
  var watch = doc.querySelector("[data-watch]"), caseNo = watch && watch.dataset.case, stream = null, poll = null;
  var token = (doc.querySelector('[name="csrfmiddlewaretoken"]') || {}).value || "";

  /* a page left behind by its tab is told to end when the tab's next page comes */
  var tab = String(Math.random()).slice(2);
  try { tab = sessionStorage.getItem("tab") || tab; sessionStorage.setItem("tab", tab); } catch (error) { /* private mode */ }

  /* what a page asks by itself keeps no session alive; once that has ended the page shows the way in */
  var QUIET = { "X-Requested-With": "fetch", "X-Background": "1" };
  function mine(answer) { if (answer.redirected) { location.reload(); throw new Error("signed out"); } return answer; }

  function each(selector, act, from) { Array.prototype.forEach.call((from || doc).querySelectorAll(selector), act); }

  /* at most one run at a time, and one more after it when something came meanwhile */
  function calmly(act, wait) {
    var busy = false, again = false;
    function run() {
      busy = true; again = false;
      setTimeout(function () { Promise.resolve(act()).catch(function () {}).then(function () { busy = false; if (again) { run(); } }); }, wait);
    }
    return function () { if (busy) { again = true; } else { run(); } };
  }

  var counts = calmly(function () {
    return fetch(words.counts, { headers: QUIET }).then(mine).then(function (a) { return a.json(); }).then(function (found) {
      each("[data-count]", function (el) {
        var n = found[el.dataset.count];
        if (n === undefined) { return; }
        el.textContent = n >= 1000 ? "999+" : n; el.hidden = !n;
      });
      doc.dispatchEvent(new CustomEvent("counts", { detail: found }));
    });
  }, 300);

  /* the parts named in the page are taken anew from the server, but never what somebody is writing in */
  function writing(part) {
    var at = doc.activeElement;
    return (at && part.contains(at) && /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)) || part.querySelector("details.act[open]");
  }
  /* where the page can be had again: what was posted to stands at an address that only takes posts */
  function address() {
    var own = watch && watch.dataset.url;
    return !own || own === location.pathname ? location.href : own;
  }
  var refresh = calmly(function () {
    return fetch(address(), { headers: QUIET }).then(mine).then(function (a) { return a.ok ? a.text() : ""; }).then(function (html) {
      if (!html) { return; }
      var fresh = new DOMParser().parseFromString(html, "text/html");
      each("[data-part]", function (part) {
        var other = fresh.querySelector('[data-part="' + part.dataset.part + '"]');
        if (!other || writing(part)) { return; }
        var down = part.scrollHeight - part.scrollTop - part.clientHeight < 40, top = part.scrollTop;
        part.innerHTML = other.innerHTML;
        part.scrollTop = down ? part.scrollHeight : top;
        doc.dispatchEvent(new CustomEvent("parts", { detail: part }));
      });
      here();
    });
  }, 200);

  /* who else has this request open */
  var here = calmly(function () {
    if (!caseNo) { return null; }
    return fetch(watch.dataset.presence, { headers: QUIET }).then(function (a) { return a.ok ? a.text() : ""; })
      .then(function (html) { each("[data-present]", function (el) { el.innerHTML = html; }); });
  }, 100);
  function say(doing) {
    if (!caseNo) { return; }
    var data = new URLSearchParams({ doing: doing, csrfmiddlewaretoken: token });
    if (doing === "gone" && navigator.sendBeacon) { navigator.sendBeacon(watch.dataset.presence, data); return; }
    fetch(watch.dataset.presence, { method: "POST", body: data, keepalive: true, headers: QUIET }).catch(function () {});
  }
  var doing = "reading", wroteAt = 0;
  function now(what) { if (doing !== what) { doing = what; say(what); } }
  if (caseNo) {
    watch.addEventListener("input", function () { wroteAt = Date.now(); now("writing"); });
    watch.addEventListener("submit", function () { doing = "reading"; });
    setInterval(function () { if (!doc.hidden) { if (doing === "writing" && Date.now() - wroteAt > 45000) { doing = "reading"; } say(doing); } }, 20000);
    setInterval(here, 30000);
  }

  /* the alarm: a red box that stays until it is seen, and a sound that can be muted */
  var muted = false, queue = [];
  try { muted = localStorage.getItem("mute") === "1"; } catch (error) { /* private mode */ }
  function showMute() { each("[data-mute]", function (b) { b.setAttribute("aria-pressed", muted); b.querySelector("[data-on]").hidden = muted; b.querySelector("[data-off]").hidden = !muted; }); }
  each("[data-mute]", function (b) { b.addEventListener("click", function () { muted = !muted; try { localStorage.setItem("mute", muted ? "1" : "0"); } catch (error) { /* private mode */ } showMute(); }); });
  showMute();
  function sound() {
    if (muted || !window.AudioContext) { return; }
    try {
      var box = new AudioContext(), at = box.currentTime;
      [880, 660, 880].forEach(function (hertz, n) {
        var tone = box.createOscillator(), loud = box.createGain();
        tone.frequency.value = hertz; loud.gain.value = 0.15; tone.connect(loud); loud.connect(box.destination);
        tone.start(at + n * 0.22); tone.stop(at + n * 0.22 + 0.16);
      });
      setTimeout(function () { box.close(); }, 1500);
    } catch (error) { /* a browser that lets no page sound before a click */ }
  }
  function next() {
    var first = queue[0];
    alarm.hidden = !first;
    if (!first) { return; }
    alarm.querySelector("b").textContent = words[first.kind].replace("{n}", first.number) + (queue.length > 1 ? " +" + (queue.length - 1) : "");
    alarm.querySelector("a").href = words.request.replace("N", encodeURIComponent(first.number));
  }
  alarm.querySelector("[data-hush]").addEventListener("click", function () { queue.shift(); next(); });
  function ring(news) {
    if (queue.some(function (known) { return known.number === news.number && known.kind === news.kind; })) { return; }
    queue.push(news); next(); sound();
  }

  function note(text, address) {
    var box = doc.querySelector(".messages");
    if (!box) { box = doc.createElement("div"); box.className = "messages"; box.setAttribute("role", "status"); doc.body.appendChild(box); }
    var line = doc.createElement(address ? "a" : "div"); line.className = "toast-a"; line.textContent = text; box.appendChild(line);
    if (address) { line.href = address; }
    setTimeout(function () { line.remove(); }, address ? 60000 : 6000);
  }

  function state(word) { if (sign) { sign.textContent = word; } doc.documentElement.dataset.online = word === words.on ? "1" : ""; }
  function open() {
    if (stream || doc.hidden) { return; }
    stream = new EventSource(words.stream + "?tab=" + tab + (caseNo ? "&case=" + encodeURIComponent(caseNo) : ""));
    stream.onopen = function () { state(words.on); clearInterval(poll); poll = null; counts(); if (caseNo) { say(doing); here(); } };
    stream.onerror = function () {
      if (stream && stream.readyState === 2) { stream = null; slowly(); } else { state(words.off); }
    };
    stream.addEventListener("news", function () { counts(); if (watch && watch.dataset.watch === "news") { refresh(); } });
    stream.addEventListener("case", function (e) {
      var news = JSON.parse(e.data);
      refresh();
      if (!news.mine && news.who) { note(news.who + " " + words.other); }
    });
    stream.addEventListener("presence", here);
    stream.addEventListener("warned", function (e) { var w = JSON.parse(e.data); note(words.warned.replace("{n}", w.number).replace("{p}", w.percent + " %")); });
    stream.addEventListener("call", function (e) { var c = JSON.parse(e.data); note(words.call.replace("{n}", c.caller), words.intake + "?call=" + encodeURIComponent(c.ref)); });
    stream.addEventListener("voice", function () { doc.dispatchEvent(new Event("voice")); });
    stream.addEventListener("urgent", function (e) { ring(JSON.parse(e.data)); });
  }
  function close() { if (stream) { stream.close(); stream = null; } }
  /* no stream to be had: ask now and then, and try for one again after a minute */
  function slowly() {
    state(words.polled);
    if (!poll) { poll = setInterval(function () { if (!doc.hidden) { counts(); if (watch) { refresh(); } } }, 15000); }
    setTimeout(open, 60000);
  }
  /* some pages are taken anew at fixed times, whatever is told */
  if (watch && watch.dataset.every) { setInterval(function () { if (!doc.hidden) { refresh(); } }, watch.dataset.every * 1000); }
  doc.addEventListener("visibilitychange", function () {
    if (doc.hidden) { close(); } else { open(); if (watch) { refresh(); } }
  });
  addEventListener("pagehide", function () { close(); say("gone"); });
  addEventListener("pageshow", function (e) { if (e.persisted) { open(); } });
  /* what passes zero counts at once, though no fact came */
  doc.addEventListener("overdue", function () { counts(); if (watch && watch.dataset.watch === "news") { refresh(); } });
  open();
})();

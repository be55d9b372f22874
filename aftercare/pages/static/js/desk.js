/* What only the desk needs: rows that are chosen together, and what is put into a text by / and @. */
(function () {
  "use strict";
  var doc = document;
  function each(selector, act, from) { Array.prototype.forEach.call((from || doc).querySelectorAll(selector), act); }

  /* rows chosen together: the bar says how many; X chooses, Shift chooses all between, Escape chooses none */
  var bar = doc.querySelector("[data-picked]"), last = null;
  if (bar) {
    var boxes = Array.prototype.slice.call(doc.querySelectorAll('input[name="numbers"]')), all = doc.querySelector("[data-pick-all]");
    var show = function () {
      var n = boxes.filter(function (b) { return b.checked; }).length, text = bar.querySelector("[data-n]");
      bar.hidden = !n; text.textContent = text.dataset.n.replace("{n}", n);
      if (all) { all.checked = n === boxes.length && n > 0; all.indeterminate = n > 0 && n < boxes.length; }
    };
    var none = function () { boxes.forEach(function (b) { b.checked = false; }); show(); };
    boxes.forEach(function (box) {
      box.addEventListener("click", function (e) {
        if (e.shiftKey && last) { var a = boxes.indexOf(last), b = boxes.indexOf(box); boxes.slice(Math.min(a, b), Math.max(a, b) + 1).forEach(function (one) { one.checked = box.checked; }); }
        last = box; show();
      });
    });
    if (all) { all.addEventListener("change", function () { boxes.forEach(function (b) { b.checked = all.checked; }); show(); }); }
    each("[data-pick-none]", function (b) { b.addEventListener("click", none); });
    addEventListener("keydown", function (e) {
      if (/^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName) && e.target.type !== "checkbox" || e.ctrlKey || e.metaKey || e.altKey || e.isComposing || doc.querySelector("dialog[open]")) { return; }
      if (e.key.toLowerCase() === "x") {
        var row = doc.activeElement.closest && doc.activeElement.closest("[data-row]"), box = row && row.querySelector('input[name="numbers"]');
        if (box) { box.checked = !box.checked; last = box; show(); e.preventDefault(); }
      } else if (e.key === "Escape" && !bar.hidden) { none(); }
    });
    addEventListener("pageshow", show);
  }

  /* what stands in the views above a list, counted anew when something happened */
  each("[data-view-counts]", function (tabs) {
    function count() {
      fetch(tabs.dataset.viewCounts, { headers: { "X-Requested-With": "fetch" } }).then(function (a) { if (!a.ok) { throw new Error(a.status); } return a.json(); })
        .then(function (found) { each("[data-view]", function (el) { el.textContent = found[el.dataset.view] || ""; }, tabs); }).catch(function () {});
    }
    count(); doc.addEventListener("counts", count);
  });

  /* menus close when one clicks elsewhere */
  doc.addEventListener("click", function (e) { each("details[data-menu][open]", function (d) { if (!d.contains(e.target)) { d.open = false; } }); });
  addEventListener("keydown", function (e) { if (e.key === "Escape") { each("details[data-menu][open]", function (d) { d.open = false; d.querySelector("summary").focus(); }); } });

  /* / puts in a canned text, @ calls a colleague; with a Chinese keyboard 、 is what the / key gives */
  function ask(url, data) {
    return fetch(url, { method: "POST", body: new URLSearchParams(data), headers: { "X-Requested-With": "fetch", "X-CSRFToken": (doc.querySelector('[name="csrfmiddlewaretoken"]') || {}).value } });
  }
  each("form[data-texts]", function (form) {
    var area = form.elements.text, box = form.querySelector(".pick-t"), wait, from = -1, turn = 0, isFresh = false, chosen = false;
    box.id = "pick-t"; area.setAttribute("aria-controls", "pick-t");
    function close() { box.hidden = true; from = -1; turn += 1; chosen = false; area.removeAttribute("aria-activedescendant"); }
    function options() { return Array.prototype.slice.call(box.querySelectorAll(".opt")); }
    function mark(n) { options().forEach(function (o, i) { o.id = "pick-" + i; o.setAttribute("aria-selected", String(i === n)); if (i === n) { area.setAttribute("aria-activedescendant", o.id); o.scrollIntoView({ block: "nearest" }); } }); }
    function at() { return options().findIndex(function (o) { return o.getAttribute("aria-selected") === "true"; }); }
    function look() {
      var upto = area.value.slice(0, area.selectionStart), found = /(^|\s)([\/／、@＠])([^\s\/@]{0,20})$/.exec(upto);
      clearTimeout(wait);
      if (!found) { close(); return; }
      from = upto.length - found[3].length - 1;
      var mine = turn += 1; isFresh = chosen = false;  // what is shown is of what was typed before; nobody is chosen from it
      wait = setTimeout(function () {
        ask(/[@＠]/.test(found[2]) ? form.dataset.colleagues : form.dataset.texts, { q: found[3] }).then(function (a) { if (!a.ok) { throw new Error(a.status); } return a.text(); })
          .then(function (html) { if (mine !== turn) { return; } box.innerHTML = html; box.hidden = false; isFresh = true; mark(0); if (chosen && options().length) { put(options()[0]); } })
          .catch(function () { if (mine === turn) { close(); } });
      }, 100);
    }
    /* what a macro does besides stands beside the button, each act to be left out by a click */
    function macro(option) {
      var shown = form.querySelector("[data-macro]"); if (!shown) { return; }
      shown.textContent = "";
      (option.dataset.acts || "").split("|").filter(Boolean).forEach(function (pair) {
        var at = pair.indexOf(":"), label = doc.createElement("label"), box = doc.createElement("input");
        box.type = "checkbox"; box.name = "acts"; box.value = pair.slice(0, at); box.checked = true;
        label.className = "check-v"; label.append(box, pair.slice(at + 1)); shown.append(label);
      });
      var name = doc.createElement("input"); name.type = "hidden"; name.name = "macro"; name.value = option.querySelector("b").textContent;
      if (option.dataset.acts) { shown.append(name); }
    }
    function put(option) {
      area.setRangeText(option.dataset.text, from, area.selectionStart, "end");
      var voice = option.dataset.as && form.querySelector('[name="as"][value="' + option.dataset.as + '"]');
      if (voice) { voice.checked = true; }
      if (option.dataset.id) { ask(form.dataset.texts + "/" + option.dataset.id, {}).catch(function () {}); }
      macro(option);
      close(); area.focus(); area.dispatchEvent(new Event("input", { bubbles: true }));
    }
    area.addEventListener("input", look);
    area.addEventListener("blur", function () { setTimeout(function () { if (!box.contains(doc.activeElement)) { close(); } }, 150); });
    area.addEventListener("keydown", function (e) {
      if (box.hidden || e.isComposing) { return; }
      var list = options();
      if (e.key === "Escape") { e.stopPropagation(); close(); }
      else if (list.length && (e.key === "ArrowDown" || e.key === "ArrowUp")) { e.preventDefault(); mark((at() + (e.key === "ArrowDown" ? 1 : -1) + list.length) % list.length); }
      else if (list.length && (e.key === "Enter" || e.key === "Tab") && !e.ctrlKey && !e.metaKey) { e.preventDefault(); if (isFresh) { put(list[Math.max(at(), 0)]); } else { chosen = true; } }
    });
    box.addEventListener("click", function (e) { var option = e.target.closest(".opt"); if (option) { put(option); } });
  });

  /* hints for newcomers: each until it is seen, all until they are switched off; kept in this browser */
  try {
    var off = localStorage.getItem("hints") === "off";
    each("[data-hint]", function (el) { el.hidden = off || localStorage.getItem("hint:" + el.dataset.hint) === "seen"; });
    doc.addEventListener("click", function (e) {
      var hint = e.target.closest && e.target.closest("[data-hint]"), all = e.target.closest && e.target.closest("[data-hints-on]");
      if (hint && e.target.matches("[data-hint-seen]")) { localStorage.setItem("hint:" + hint.dataset.hint, "seen"); hint.hidden = true; }
      if (hint && e.target.matches("[data-hint-off]")) { localStorage.setItem("hints", "off"); each("[data-hint]", function (el) { el.hidden = true; }); }
      if (all) { localStorage.removeItem("hints"); each("[data-hint]", function (el) { localStorage.removeItem("hint:" + el.dataset.hint); el.hidden = false; }); window.closeOver(all.closest("dialog")); }
    });
  } catch (error) { /* private mode has no storage: no hints */ }
})();

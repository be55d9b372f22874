/* The dispatch board: bars laid on the hours, an order dragged or chosen for somebody, and what that would do before it is done. */
(function () {
  "use strict";
  var doc = document, board = doc.querySelector(".day-b");
  if (!board) { return; }
  function each(selector, act, from) { Array.prototype.forEach.call((from || doc).querySelectorAll(selector), act); }
  each("[data-s]", function (el) { el.style.setProperty("--s", el.dataset.s + "%"); if (el.dataset.w2) { el.style.setProperty("--w", el.dataset.w2 + "%"); } }, board);
  each("[data-submit]", function (el) { el.addEventListener("change", function () { el.form.submit(); }); });

  /* what giving an order to somebody would do, asked once each */
  var known = {};
  function ask(order, staff) {
    var key = order + ":" + staff;
    if (!known[key]) {
      var query = new URLSearchParams({ order: order, staff: staff, day: board.dataset.day });
      known[key] = fetch(board.dataset.try + "?" + query, { headers: { "X-Requested-With": "fetch" } }).then(function (answer) {
        return answer.text().then(function (html) { return { ok: answer.ok && answer.headers.get("X-Possible") === "1", html: answer.ok ? html : "" }; });
      });
    }
    return known[key];
  }

  /* the dialog: for the keyboard, for touch, and to open or pin */
  var dialog = doc.getElementById("give"), form = dialog.querySelector("form"), pick = form.elements.staff, effects = dialog.querySelector(".drag-in"), give = dialog.querySelector("[data-give]");
  function show(card) {
    form.elements.order.value = card.dataset.order;
    dialog.querySelector("h2").textContent = card.getAttribute("aria-label") || card.title;
    var open = dialog.querySelector("a.btn");
    open.hidden = !card.dataset.url; open.href = card.dataset.url || "";
    if (pick) {
      pick.value = ""; effects.innerHTML = ""; give.disabled = true;
      var booked = card.classList.contains("jb"), movable = !booked || (card.draggable && card.dataset.k !== "done");
      pick.disabled = !movable;
      dialog.querySelector("[data-pin]").hidden = !booked || !!card.dataset.pinned || /^(done|doing|helping)$/.test(card.dataset.k);
      dialog.querySelector("[data-unpin]").hidden = !card.dataset.pinned;
    }
    window.openOver(dialog);
  }
  if (pick) {
    pick.addEventListener("change", function () {
      var staff = pick.value;
      give.disabled = true; effects.innerHTML = "";
      if (!staff) { return; }
      ask(form.elements.order.value, staff).then(function (found) { if (pick.value === staff) { effects.innerHTML = found.html; give.disabled = !found.ok; } });
    });
  }
  each(".jb, .card-j[data-order]", function (card) {
    card.addEventListener("click", function () { show(card); });
    card.addEventListener("keydown", function (e) { if ((e.key === "Enter" || e.key === " ") && card.tagName !== "BUTTON") { e.preventDefault(); show(card); } });
  });

  /* arrows walk along a row and from row to row */
  board.addEventListener("keydown", function (e) {
    var at = doc.activeElement;
    if (!at || !at.classList.contains("jb") || !/^Arrow/.test(e.key)) { return; }
    var lane = at.parentNode, jobs = Array.prototype.slice.call(lane.querySelectorAll(".jb")), n = jobs.indexOf(at), next = null;
    if (e.key === "ArrowRight") { next = jobs[n + 1]; } else if (e.key === "ArrowLeft") { next = jobs[n - 1]; } else {
      var row = lane.parentNode;
      do { row = e.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling; } while (row && !row.querySelector(".jb"));
      next = row && row.querySelector(".jb");
    }
    if (next) { e.preventDefault(); next.focus(); }
  });

  /* dragging */
  var pop = board.querySelector(".gantt > .drag"), dragged = null, target = null;
  function leave() { each(".rw", function (row) { row.classList.remove("target", "cannot"); }, board); pop.hidden = true; target = null; }
  each("[draggable=true][data-order]", function (card) {
    card.addEventListener("dragstart", function (e) { dragged = card; e.dataTransfer.setData("text/plain", card.dataset.order); e.dataTransfer.effectAllowed = "move"; card.classList.add("ghost"); });
    card.addEventListener("dragend", function () { card.classList.remove("ghost"); dragged = null; leave(); });
  }, board);
  each(".rw", function (row) {
    row.addEventListener("dragover", function (e) {
      if (!dragged || row.contains(dragged)) { return; }
      if (!row.classList.contains("cannot")) { e.preventDefault(); }
      if (target === row) { return; }
      leave(); target = row;
      ask(dragged.dataset.order, row.dataset.staff).then(function (found) {
        if (target !== row) { return; }
        row.classList.add(found.ok ? "target" : "cannot");
        pop.innerHTML = found.html; pop.hidden = !found.html;
        var top = row.offsetTop + row.parentNode.offsetTop + row.offsetHeight - row.parentNode.scrollTop;
        pop.style.top = Math.min(top, board.querySelector(".gantt").clientHeight - pop.offsetHeight - 8) + "px";
      });
    });
    row.addEventListener("drop", function (e) {
      e.preventDefault();
      if (!dragged || !pick) { return; }
      var order = dragged.dataset.order;
      ask(order, row.dataset.staff).then(function (found) {
        if (!found.ok) { return; }
        form.elements.order.value = order; pick.disabled = false; pick.value = row.dataset.staff; form.submit();
      });
    });
    row.addEventListener("mouseenter", function () { each(".rt", function (g) { g.classList.toggle("on", g.dataset.staff === row.dataset.staff); }, board); });
    row.addEventListener("focusin", function () { each(".rt", function (g) { g.classList.toggle("on", g.dataset.staff === row.dataset.staff); }, board); });
  }, board);
})();

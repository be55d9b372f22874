"""The dispatch board with 500 visits and 80 people on one screen: the page, and what the browser does with it.

Keys: server_p50_ms, server_p95_ms (the page as rendered, in process), html_kb, gzip_kb, laid_out_ms (from the answer to
the last layout, Chromium), drag_p95_ms and drag_longest_ms (time between two frames while an order is dragged over all rows),
scroll_longest_ms, try_p50_ms (what giving the order to somebody would do).
"""

from __future__ import annotations

import gzip
import random
import threading
import time
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from harness import company, finish, options, percentile
from instant import somewhere

BROWSER = "/usr/bin/chromium"
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
FRAMES = """async (act) => {
  const gaps = []; let last = performance.now(), on = true;
  const tick = (now) => { gaps.push(now - last); last = now; if (on) requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
  await new Function("return (" + act + ")()")();
  on = false;
  return gaps.slice(1);
}"""
DRAG = """async () => {
  const card = document.querySelector(".card-j[draggable=true]"), data = new DataTransfer();
  card.dispatchEvent(new DragEvent("dragstart", { dataTransfer: data, bubbles: true }));
  for (const row of document.querySelectorAll(".rw")) {
    row.dispatchEvent(new DragEvent("dragover", { dataTransfer: data, bubbles: true, cancelable: true }));
    await new Promise((done) => requestAnimationFrame(done));
  }
  card.dispatchEvent(new DragEvent("dragend", { bubbles: true }));
}"""
SCROLL = """async () => {
  const rows = document.querySelector(".gantt .rows");
  for (let y = 0; y < rows.scrollHeight; y += 60) { rows.scrollTop = y; await new Promise((done) => requestAnimationFrame(done)); }
}"""


def fill(people: int, visits: int, waiting: int) -> Any:
    """Store a region's day: engineers on shift, visits booked for them one after the other, and orders nobody has."""
    from django.contrib.auth.hashers import make_password

    from aftercare.intake.models import Request
    from aftercare.people.models import Shift, Staff, Unit
    from aftercare.policies.selectors import policy_for
    from aftercare.visits.models import Appointment
    from aftercare.workorders.models import WorkOrder

    luck = random.Random(5)
    region = Unit.objects.get(kind="region")
    stores = list(Unit.objects.filter(kind="store"))
    policy, password = policy_for(stores[0].pk), make_password("bench")
    morning = datetime.now(ZoneInfo("Asia/Shanghai")).replace(hour=0, minute=0, second=0, microsecond=0)
    Shift.objects.all().delete()
    staff = Staff.objects.bulk_create(
        [
            Staff(
                number=f"GX{n:08d}", full_name="工测试", name_masked="工*", name_key="gong", unit=luck.choice(stores), roles=["engineer"],
                password=password, home_lat=(spot := somewhere(luck))[0], home_lon=spot[1],
            )
            for n in range(people)
        ]
    )  # fmt: skip
    Shift.objects.bulk_create(
        [
            Shift(staff=one, starts_at=morning, ends_at=morning + timedelta(hours=23, minutes=59))
            for one in staff
        ]
    )
    begins = {one.pk: morning + timedelta(minutes=luck.randrange(30, 90)) for one in staff}
    for n in range(visits + waiting):
        lat, lon = somewhere(luck)
        who = staff[n % people] if n < visits else None
        at = begins[who.pk] if who else None
        if who:
            begins[who.pk] = at + timedelta(minutes=luck.randrange(120, 200))
        request = Request.objects.create(
            number=f"BX{n:08d}", kind="repair", channels=["phone"], description="空调开了半天不出冷风", unit=luck.choice(stores), lat=lat, lon=lon,
            category="", urgency="normal", state="open", state_since=morning, received_at=morning, policy_id=policy.id,
        )  # fmt: skip
        order = WorkOrder.objects.create(
            number=f"WX{n:08d}", request=request, unit_id=request.unit_id, service_type="visit", kind="repair", category="", urgency="normal",
            state="booked" if who else "pending", state_since=morning, opened_at=morning, lat=lat, lon=lon, policy_id=policy.id,
            assignee=who, window_starts_at=at, window_ends_at=at + timedelta(hours=2) if at else None,
        )  # fmt: skip
        if who:
            Appointment.objects.create(
                number=f"AX{n:08d}", order=order, engineer=who, unit_id=order.unit_id, state="booked", state_since=morning, starts_at=at,
                ends_at=at + timedelta(hours=2), planned_from=at, planned_to=at + timedelta(minutes=60), proposed_at=morning,
                policy_id=policy.id,
            )  # fmt: skip
    return region


def in_process(region: Any, rounds: int) -> tuple[dict[str, float], str]:
    from django.test import Client

    from aftercare.people.models import Staff

    client = Client()
    client.force_login(Staff.objects.get(number="PD2024001"))
    address = f"/dispatch/day?unit={region.pk}"
    page = client.get(address)
    times = []
    for _round in range(rounds):
        began = time.perf_counter()
        assert client.get(address).status_code == 200
        times.append((time.perf_counter() - began) * 1000)
    order, staff = "WX00000500", Staff.objects.filter(number__startswith="GX").first()
    tries = []
    for _round in range(10):
        began = time.perf_counter()
        assert client.get(f"/dispatch/try?order={order}&staff={staff.pk}").status_code == 200
        tries.append((time.perf_counter() - began) * 1000)
    return {
        "server_p50_ms": percentile(times, 0.5), "server_p95_ms": percentile(times, 0.95),
        "html_kb": len(page.content) / 1024, "gzip_kb": len(gzip.compress(page.content, 6)) / 1024, "try_p50_ms": percentile(tries, 0.5),
    }, client.cookies["sessionid"].value  # fmt: skip


def in_browser(address: str, cookie: str) -> dict[str, float]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=BROWSER, args=FLAGS)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": address}])
        page = context.new_page()
        page.goto(address)
        page.goto(address)  # assets are kept now
        assert page.locator(".rw").count() >= 80, page.title()
        laid_out = page.evaluate(
            "() => { const n = performance.getEntriesByType('navigation')[0]; return n.domComplete - n.responseEnd; }"
        )
        drag, scroll = page.evaluate(FRAMES, DRAG), page.evaluate(FRAMES, SCROLL)
        browser.close()
    return {
        "laid_out_ms": laid_out, "drag_p95_ms": percentile(drag, 0.95), "drag_longest_ms": max(drag), "scroll_longest_ms": max(scroll),
    }  # fmt: skip


def main() -> None:
    chosen = options(__doc__ or "", people=80, visits=500, waiting=40, rounds=20)
    with company():
        region = fill(chosen.people, chosen.visits, chosen.waiting)
        figures, cookie = in_process(region, chosen.rounds)
        print("  page", {key: round(value, 1) for key, value in figures.items()}, flush=True)
        from wsgiref.simple_server import WSGIRequestHandler, make_server

        from aftercare.config.wsgi import application

        class Silent(WSGIRequestHandler):
            def log_message(self, *_args: Any) -> None: ...

        server = make_server("127.0.0.1", 0, application, handler_class=Silent)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        figures |= in_browser(f"http://127.0.0.1:{server.server_port}/dispatch/day?unit={region.pk}", cookie)
        server.shutdown()
    finish("board", figures, chosen.json)


if __name__ == "__main__":
    main()

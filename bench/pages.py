"""Every page of the desk, the phone and the portal: kilobytes, axe and the sides in a browser after a demo day; queries and time among a million requests.

Keys: worst_kb (transferred but for kept assets), worst_queries, p95_ms (server side, whole Django stack, all pages), axe_violations,
off_side (pages that run off the side), looks. The baseline of the time is the same page among ten thousand requests: growth.
--pictures FOLDER keeps a picture of each page in each size, language and theme.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from itertools import product
from pathlib import Path

from harness import company, finish, percentile

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.live import Installation
from tests.look import DESK, FIELD, SIZES, look_at

PASSWORD = "demo-aftercare-2026"
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def look(pictures: Path | None, quick: bool) -> dict[str, float]:
    """Live a demo day in an installation of its own and look at every page in every size, language and theme."""
    from playwright.sync_api import sync_playwright

    made = Installation(Path(tempfile.mkdtemp(prefix="aftercare-pages-")))
    said = made.run("demo", "--once")
    portal = re.findall(r"http://[^/\s]+(/(?:c|r)/\S+)", said)
    made.start()
    worst, off, looks, errors = 0.0, 0, 0, 0
    found: Counter[str] = Counter()
    combinations = list(product(SIZES, ("light", "dark"), ("zh-hans", "en")))
    try:
        with sync_playwright() as player:
            browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            for width, theme, language in combinations[:1] if quick else combinations:
                for reader, addresses in {**DESK, **FIELD, "": ("/accounts/login/", *portal)}.items():
                    context = browser.new_context(
                        viewport={"width": width, "height": SIZES[width]}, bypass_csp=True
                    )
                    context.add_cookies(
                        [
                            {"name": n, "value": v, "url": made.url}
                            for n, v in (("language", language), ("theme", theme))
                        ]
                    )
                    page = context.new_page()
                    things = {"number": "", "order": ""}
                    if reader:
                        page.goto(f"{made.url}/accounts/login/")
                        page.fill("#id_login", reader)
                        page.fill("#id_password", PASSWORD)
                        page.click("button.btn-primary")
                        page.wait_for_load_state()
                        if reader in DESK:
                            things = _things(page, made.url)
                    for address in addresses:
                        name = address.strip("/").replace("/", "-")[:40] or "home"
                        where = f"{width}-{theme}-{language}/{name}-{reader or 'customer'}.png"
                        seen = look_at(
                            page,
                            made.url + address.format(**things),
                            picture=pictures / where if pictures else None,
                        )
                        looks, worst, off = looks + 1, max(worst, seen.kilobytes), off + (seen.off_side > 0)
                        errors += len(seen.errors)
                        found.update(v.split(":")[0] for v in seen.violations)
                        for line in (*seen.violations, *seen.errors):
                            print(f"  {width} {theme} {language} {seen.address}: {line}")
                    context.close()
            browser.close()
    finally:
        made.stop()
        shutil.rmtree(made.home, ignore_errors=True)
    return {
        "worst_kb": worst,
        "axe_violations": sum(found.values()),
        "off_side": off,
        "script_errors": errors,
        "looks": looks,
    }


def _things(page, url: str) -> dict[str, str]:
    page.goto(f"{url}/requests")
    number = re.search(r"/requests/(CR[\d-]+)", page.content())
    page.goto(f"{url}/work-orders")
    order = re.search(r"/work-orders/(WO[\d-]+)", page.content())
    return {"number": number[1] if number else "", "order": order[1] if order else ""}


def measure(sizes: list[int], rounds: int) -> dict[str, float]:
    """Open every page of the desk so often among so many requests: most queries, and the 95th percentile in ms."""
    figures: dict[str, float] = {}
    with company():
        from django.db import connection
        from django.test import Client

        from aftercare.cli.starting import now
        from aftercare.config.garbage import settle
        from aftercare.demo.bulk import add_bulk
        from aftercare.intake.models import Request
        from aftercare.people.models import Staff
        from aftercare.workorders.models import WorkOrder

        stored = 0
        for size in sizes:
            add_bulk(size - stored, at=now(), progress=lambda n: None, seed=size)
            stored, every, most = size, [], 0
            settle()  # as the server does after its first hundred answers
            things = {
                "number": Request.objects.order_by("-id")[17].number,
                "order": WorkOrder.objects.order_by("-id")[17].number,
            }
            for reader, addresses in DESK.items():
                client = Client()
                client.force_login(Staff.objects.get(number=reader))
                for address in addresses:
                    target, times = address.format(**things), []
                    client.get(target)
                    sent: list[str] = []
                    with connection.execute_wrapper(
                        lambda run, sql, *rest, sent=sent: (sent.append(sql), run(sql, *rest))[1]
                    ):
                        assert client.get(target).status_code == 200, target
                    asked = len(sent)
                    most = max(most, asked)
                    for _round in range(rounds):
                        began = time.perf_counter()
                        client.get(target)
                        times.append((time.perf_counter() - began) * 1000)
                    every += times
                    print(f"  {size:>8} {address:<24} p95 {percentile(times, 0.95):7.1f} ms  {asked} queries")
            figures[f"p95_{size}_ms"], figures[f"queries_{size}"] = percentile(every, 0.95), most
    first, last = (figures[f"p95_{size}_ms"] for size in (sizes[0], sizes[-1]))
    return {
        "worst_queries": max(figures[f"queries_{s}"] for s in sizes),
        "p95_ms": last,
        "growth": last / first,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", help="write every figure to this file")
    parser.add_argument("--pictures", type=Path, help="keep a picture of every look in this folder")
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--only", choices=["look", "time"])
    parser.add_argument("--quick", action="store_true", help="one size, theme and language")
    chosen = parser.parse_args()
    figures: dict[str, float] = {}
    if chosen.only != "time":
        figures |= look(chosen.pictures, chosen.quick)
    if chosen.only != "look":
        figures |= measure([chosen.small, chosen.large], chosen.rounds)
    keys = ("worst_kb", "worst_queries", "p95_ms", "axe_violations")
    finish("pages", {**{k: figures[k] for k in keys if k in figures}, **figures}, chosen.json)


if __name__ == "__main__":
    main()

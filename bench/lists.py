"""The work-order list, filters, search by phone, one request and the supervisor's board, at 10 thousand, 100 thousand and 1 million requests.

Keys: p95_10k_ms, p95_1m_ms (95th percentile over all these pages, server side, through the whole Django stack), growth.
"""

from __future__ import annotations

import random
import time

from harness import company, finish, options, percentile


def measure(rounds: int) -> tuple[dict[str, float], int]:
    """Open each page so many times with changing parameters; give p95 a page in ms, and the most queries any needed."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from aftercare.intake.models import Request
    from aftercare.people.models import Staff, Unit

    client = Client()
    client.force_login(Staff.objects.get(number="ZG2024001"))
    luck = random.Random(3)
    stores = list(Unit.objects.filter(kind="store").values_list("id", flat=True))
    last = Request.objects.order_by("-id").values_list("id", flat=True)[0]
    numbers = [
        n
        for n in (
            Request.objects.filter(id=luck.randrange(1, last)).values_list("number", flat=True).first()
            for _n in range(60)
        )
        if n
    ]
    pages = {
        "orders": lambda: "/work-orders",
        "orders_store_state": lambda: (
            f"/work-orders?unit={luck.choice(stores)}&state={luck.choice(['pending', 'completed', 'unfinished'])}"
        ),
        "phone": lambda: f"198{luck.randrange(2000):08d}",
        "words": lambda: luck.choice(["不出冷风 外机", "出冷", "没有人这样说过", "结冰"]),
        "request": lambda: f"/requests/{luck.choice(numbers)}",
        "home": lambda: "/?queue=all",
        "board": lambda: "/board",
        "papers": lambda: "/papers",
        "counts": lambda: "/live/counts",
    }
    figures: dict[str, float] = {}
    most = 0
    every: list[float] = []

    def open_page(name: str, target: str) -> object:
        return client.post("/search", {"q": target}) if name in ("phone", "words") else client.get(target)

    for name, address in pages.items():
        times = []
        open_page(name, address())
        with CaptureQueriesContext(connection) as queries:
            open_page(name, address())
        most = max(most, len(queries))
        for _round in range(rounds):
            began = time.perf_counter()
            answer = open_page(name, address())
            times.append((time.perf_counter() - began) * 1000)
            assert answer.status_code in (200, 302), (name, answer.status_code)
        figures[name] = percentile(times, 0.95)
        every += times
    return {**figures, "all": percentile(every, 0.95)}, most


def main() -> None:
    chosen = options(__doc__ or "", rounds=40, small=10_000, middle=100_000, large=1_000_000)
    found: dict[str, float] = {}
    with company():
        from aftercare.cli.starting import now
        from aftercare.demo.bulk import add_bulk

        stored = 0
        for name, size in (("10k", chosen.small), ("100k", chosen.middle), ("1m", chosen.large)):
            began = time.perf_counter()
            add_bulk(size - stored, at=now(), progress=lambda n: None, seed=size)
            print(f"  {size} requests stored, {(size - stored) / (time.perf_counter() - began):.0f} a second")
            stored = size
            figures, queries = measure(chosen.rounds)
            print("  " + name, {k: round(v, 1) for k, v in figures.items()}, f"most queries {queries}")
            found[f"p95_{name}_ms"] = figures["all"]
            found[f"queries_{name}"] = queries
            found |= {f"{page}_{name}_ms": value for page, value in figures.items() if page != "all"}
    shown = {
        "p95_10k_ms": found["p95_10k_ms"],
        "p95_1m_ms": found["p95_1m_ms"],
        "growth": found["p95_1m_ms"] / found["p95_10k_ms"],
        "p95_100k_ms": found["p95_100k_ms"],
    }
    finish("lists", {**shown, **{k: v for k, v in found.items() if k not in shown}}, chosen.json)


if __name__ == "__main__":
    main()

"""Run the demo: found the company, live the day, and say what happened."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aftercare.customers.services import make_link
from aftercare.dispatch.models import QueueEntry
from aftercare.dispatch.services import make_day_plan
from aftercare.followup.models import Recovery, Survey
from aftercare.intake.models import Request
from aftercare.intake.rules import RequestForm
from aftercare.intake.services import receive_request
from aftercare.ledger.services import deliver_until_idle
from aftercare.people.rules import MACHINE
from aftercare.people.selectors import actor_for, root_unit
from aftercare.sla.models import Clock
from aftercare.workorders.models import WorkOrder

from .day import Day
from .founding import Founded, found_company

Progress = Callable[[str, float], None]


@dataclass
class DemoResult:
    """The day's summary and how to look around."""

    founded: Founded
    lines: list[tuple[str, str]]
    tokens: list[tuple[str, str]]


def demo_exists() -> bool:
    """Say whether this database holds a company already."""
    return root_unit() is not None


def run_demo(
    pack: str,
    *,
    at: datetime,
    requests: int,
    run_schedule: Callable[[datetime], int],
    progress: Progress,
    seed: int = 20240520,
) -> DemoResult:
    """Found the company of `pack` and run a service day that ends at `at`, deterministically for a seed."""
    luck = random.Random(seed)
    starts_at = at - timedelta(hours=26)
    progress("founding", 0.0)
    founded = found_company(pack, at=starts_at - timedelta(days=1), luck=luck)
    _remember(founded, starts_at, luck)
    deliver_until_idle(at=starts_at)
    progress("founding", 1.0)
    day = Day(founded, starts_at, at, luck, run_schedule)
    day.run(requests, lambda share: progress("day", share))
    _plan_the_day(founded, at)
    return DemoResult(founded, _summary(day), _tokens(at))


def _plan_the_day(founded: Founded, at: datetime) -> None:
    """Have the engine propose a plan for today, or for tomorrow where the day is over, so that the board shows one."""
    region = founded.stores[0].parent
    assert region
    today = at.astimezone(ZoneInfo(region.zone)).date()
    any(
        make_day_plan(region.pk, today + timedelta(days=n), by=MACHINE, at=at, because="asked")
        for n in range(2)
    )


def _remember(founded: Founded, at: datetime, luck: random.Random) -> None:
    """Give some customers a past: earlier faults, closed long ago."""
    agent = actor_for(founded.agents[0])
    repairs = {s.category: s for s in founded.company.stories if s.kind == "repair"}
    for customer, items in founded.owners[:60]:
        story = repairs.get(items[0].product.category)
        if story is None:
            continue
        opened = at - timedelta(days=luck.uniform(40, 300))
        form = RequestForm(
            kind="repair", description=story.words, channels=("phone",), customer_id=customer.pk, item_id=items[0].pk,
            category=story.category, unit_id=customer.unit_id,
            history={"received_at": opened, "responded_at": opened + timedelta(minutes=luck.uniform(5, 40)),
                     "closed_at": opened + timedelta(hours=luck.uniform(5, 60))},
        )  # fmt: skip
        receive_request(form, by=agent, at=opened)


def _summary(day: Day) -> list[tuple[str, str]]:
    done = WorkOrder.objects.filter(state="completed").count()
    orders = WorkOrder.objects.count()
    answered = Survey.objects.filter(state="answered")
    scores = [score for score in answered.values_list("overall", flat=True) if score]
    t = day.tally
    return [
        ("requests", str(day.tally["requests"])),
        ("work_orders", f"{orders} ({done})"),
        (
            "offers",
            f"{t['offer.made']} / {t['offer.accepted']} / {t['offer.refused']} / {t['offer.expired']}",
        ),
        ("appointments", f"{t['appointment.booked']} ({t['appointment.rescheduled']})"),
        ("visits", str(t["visit.finished"])),
        ("pauses", str(t["work_order.paused"])),
        ("breaches", str(Clock.objects.filter(breached_at__isnull=False).count())),
        ("queue", str(QueueEntry.objects.filter(state="waiting").count())),
        ("surveys", f"{len(scores)} ({sum(scores) / len(scores):.2f} / 5)" if scores else "0"),
        ("recoveries", str(Recovery.objects.count())),
        ("papers", f"{t['paper.asked']} / {t['paper.filed']} / {t['paper.closed']}"),
    ]


def _tokens(at: datetime) -> list[tuple[str, str]]:
    """Give two customers' links: one who may choose or follow, one who may rate."""
    found: list[tuple[str, str]] = []
    waiting = Request.objects.filter(workorder__appointments__state="proposed").order_by("-id").first()
    rating = Request.objects.filter(workorder__survey__state="due").order_by("-id").first()
    for request, purpose in ((waiting, "slots"), (rating, "survey")):
        if request is not None and request.customer is not None:
            token = make_link(
                request.customer, case_id=request.pk, purpose=purpose, lives_for=7 * 86400, at=at
            )
            found.append((request.number, token))
    return found

"""The dispatch board: an order dragged to somebody and back, the keyboard's way, and what is refused while dragging."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BOOKED = """
from datetime import datetime, time, timedelta, UTC
from zoneinfo import ZoneInfo
from aftercare.dispatch.models import Offer
from aftercare.dispatch.services import accept_offer
from aftercare.intake.rules import RequestForm
from aftercare.intake.services import receive_request
from aftercare.people.models import Staff, Unit
from aftercare.people.selectors import actor_for
from aftercare.visits.services import book_visit
from tests.live import until
now = datetime.now(UTC)
li, zhou = (Staff.objects.get(number=number) for number in ("KF2024001", "GY2024001"))
form = RequestForm(kind="repair", description="空调开了半天不出冷风，外机一直嗡嗡响", channels=("phone",), name="钱望舒", phone="{phone}",
                   category="aircon", product_model="KFR-35GW", unit_id=Unit.objects.get(name="云溪店").pk, lat=30.29, lon=120.16)
request = receive_request(form, by=actor_for(li), at=now)
offers = Offer.objects.select_related("order").filter(order__request=request, state="offered")
offer = until(offers.first)
offers.update(staff=zhou)
offer.refresh_from_db()
accept_offer(offer, by=actor_for(zhou), at=now)
order = offer.order
day = now.astimezone(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=1)
starts = datetime.combine(day, time(10), tzinfo=ZoneInfo("Asia/Shanghai"))
book_visit(order, starts_at=starts, ends_at=starts + timedelta(hours=2), by=actor_for(li), at=now)
print(order.number, day)
"""


@pytest.fixture(scope="module")
def visit(installation):
    return installation.python(BOOKED.format(phone="13900000071")).splitlines()[-1].split()


def row_of(page, name: str):
    return page.locator(f".rw[data-name='{name}']")


def test_an_order_is_dragged_to_somebody_and_back_again(page_for, installation, visit):
    number, day = visit
    page = page_for("PD2024001")
    page.goto(f"{installation.url}/dispatch/day?day={day}")
    job = f".jb[data-order='{number}']"
    assert row_of(page, "周*").locator(job).count() == 1
    page.drag_and_drop(job, ".rw[data-name='陈*'] .lane")
    page.wait_for_selector(".gantt .ban")
    assert row_of(page, "陈*").locator(job).count() == 1
    page.click(".gantt .ban button")
    page.wait_for_selector(f".rw[data-name='周*'] {job}")


def test_hard_rules_are_looked_at_while_dragging(page_for, installation, visit):
    number, day = visit
    page = page_for("PD2024001")
    page.goto(f"{installation.url}/dispatch/day?day={day}")
    page.locator(f".jb[data-order='{number}']").hover()
    page.mouse.down()
    row_of(page, "黄*").locator(".lane").hover()
    row_of(page, "黄*").locator(".lane").hover(position={"x": 60, "y": 12})
    page.wait_for_selector(".rw.cannot[data-name='黄*']")
    assert re.search("证书?.*过期|证.*到期", page.inner_text(".gantt > .drag"))
    page.mouse.up()
    assert row_of(page, "周*").locator(f".jb[data-order='{number}']").count() == 1


def test_the_keyboard_gives_pins_and_lets_go(page_for, installation, visit):
    number, day = visit
    page = page_for("PD2024001")
    page.goto(f"{installation.url}/dispatch/day?day={day}")
    job = f".jb[data-order='{number}']"
    page.focus(job)
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    huang = page.locator(".rw[data-name='黄*']").get_attribute("data-staff")
    page.select_option("#give-to", huang)
    page.wait_for_selector(".drag-in li")
    assert page.is_disabled("[data-give]")
    page.click("[data-pin]")
    page.wait_for_selector(f"{job}[data-pinned='1']")
    assert page.get_attribute(job, "draggable") is None
    page.focus(job)
    page.keyboard.press("Enter")
    page.click("[data-unpin]")
    page.wait_for_selector(f"{job}[data-pinned='']")
    chen = page.locator(".rw[data-name='陈*']").get_attribute("data-staff")
    page.focus(job)
    page.keyboard.press("Enter")
    page.select_option("#give-to", chen)
    page.wait_for_selector("[data-give]:not([disabled])")
    page.keyboard.press("Tab")
    page.click("[data-give]")
    page.wait_for_selector(f".rw[data-name='陈*'] {job}")


def test_the_board_is_usable_on_a_phone(page_for, installation, visit):
    number, day = visit
    page = page_for("PD2024001", phone=True, language="en")
    page.goto(f"{installation.url}/dispatch/day?day={day}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator(f".jb[data-order='{number}']").scroll_into_view_if_needed()
    page.tap(f".jb[data-order='{number}']")
    page.wait_for_selector("dialog[open] >> text=Give to")


PROPOSED = """
from datetime import date, datetime, timedelta, UTC
from aftercare.dispatch.models import DayPlan
from aftercare.people.models import Staff
from aftercare.workorders.models import WorkOrder
at, order = datetime.now(UTC), WorkOrder.objects.get(number="{number}")
summed = dict(minutes=30, undone=0, price=30, urgent_undone=0, broken=0, most_minutes=200)
DayPlan.objects.create(
    unit=order.unit.parent, day=date.fromisoformat("{day}"), state_since=at, made_at=at, because="asked", frozen_until=at, seed=1, course=[1], inputs={{}},
    digest="", routes={{}}, before=summed, after=summed, took_ms=1,
    moves=[{{"order": order.pk, "number": order.number, "from": order.assignee_id, "to": Staff.objects.get(number="GY2024002").pk, "begins": (at + timedelta(days=1)).isoformat()}}],
)
print(order.unit.parent_id)
"""


def test_a_new_plan_is_compared_and_taken_in_parts_on_a_phone_too(page_for, installation, visit):
    number, day = visit
    unit = installation.python(PROPOSED.format(number=number, day=day)).splitlines()[-1]
    page = page_for("PD2024001", phone=True)
    page.goto(f"{installation.url}/dispatch/day?day={day}&unit={unit}")
    page.tap("a[href='#compare']")
    page.wait_for_selector("#compare:visible")
    assert page.locator(".side input[type=checkbox]:visible").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

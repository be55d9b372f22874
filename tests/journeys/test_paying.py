"""A repair tested and owed for: the customer signs on their own glass and pays by link, the engineer's phone knows of both."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .test_appliance import sign

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PICTURES = os.environ.get("AFTERCARE_PICTURES", "")
TESTED = """
from datetime import datetime, timedelta, UTC
from aftercare.customers.services import make_link
from aftercare.dispatch.models import Offer
from aftercare.dispatch.services import accept_offer
from aftercare.intake.rules import RequestForm
from aftercare.intake.services import receive_request
from aftercare.parts.models import Part
from aftercare.payments.models import Payment
from aftercare.people.models import Staff, Unit
from aftercare.people.rules import customer_actor
from aftercare.people.selectors import actor_for
from aftercare.visits.services import arrive, depart, diagnose, finish_repair, give_consent, measure_visit, quote_visit
from aftercare.workorders.models import WorkOrder
from tests.live import until
now = datetime.now(UTC)
li, zhou = (Staff.objects.get(number=number) for number in ("KF2024001", "GY2024001"))
form = RequestForm(kind="repair", description="空调开了半天不出冷风，外机一直嗡嗡响", channels=("phone",), name="钱望舒", phone="13900000091",
                   category="aircon", product_model="KFR-35GW", unit_id=Unit.objects.get(name="云溪店").pk, lat=30.29, lon=120.16,
                   purchased_on=(now - timedelta(days=1500)).date())
request = receive_request(form, by=actor_for(li), at=now)
offers = Offer.objects.select_related("order").filter(order__request=request, state="offered")
offer = until(offers.first)
offers.update(staff=zhou)
offer.refresh_from_db()
by = actor_for(zhou)
accept_offer(offer, by=by, at=now)
visit = depart(WorkOrder.objects.select_related("request").get(pk=offer.order_id), by=by, at=now)
arrive(visit, by=by, at=now)
diagnose(visit, phenomenon="不出冷风", cause="启动电容实测 12 µF（标称 35 µF）", by=by, at=now)
quote_visit(visit, parts=[("cap35", 1)], services=[], by=by, at=now)
give_consent(visit, amount_fen=visit.quote_fen, channel="link", by=customer_actor(request.customer_id, "钱*"), at=now)
finish_repair(visit, solution="更换启动电容 35 µF，固定外机支架", by=by, at=now)
measure_visit(visit, {"ambient": 30.0, "outlet": 16.0, "current": 4.7}, checklist=["on_time"], by=by, at=now)
until(Payment.objects.filter(visit=visit).first)
links = [make_link(request.customer, case_id=request.pk, purpose=purpose, lives_for=86400, at=now) for purpose in ("sign", "progress")]
print(offer.order.number, *links)
"""


def picture(page, name: str) -> None:
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def test_signed_and_paid_by_link_then_finished_with_one_signature(page_for, installation):
    number, to_sign, progress = installation.python(TESTED).splitlines()[-1].split()
    customer = page_for(phone=True)
    customer.goto(f"{installation.url}/c/{to_sign}")
    assert "更换启动电容" in customer.inner_text("main")
    picture(customer, "sign")
    sign(customer, "signature")
    customer.click("form[action$='/sign'] button.btn-primary")
    customer.wait_for_selector("text=已签字，谢谢")
    customer.goto(f"{installation.url}/c/{progress}")
    customer.click("form[action$='/pay'] button")
    customer.wait_for_url("**/sandbox/**")
    customer.click("button[value=paid]")
    customer.click("text=返回服务进度")
    customer.wait_for_selector("text=已在线支付")
    picture(customer, "paid")
    engineer = page_for("GY2024001", phone=True)
    engineer.goto(f"{installation.url}/today/{number}")
    engineer.wait_for_selector("text=已用链接签字")
    assert engineer.is_checked("[name=paid_by][value=online]")
    picture(engineer, "engineer")
    assert engineer.locator("[data-sign=customer_signature]").count() == 0
    sign(engineer, "engineer_signature")
    engineer.click("button[form=f-sign]")
    told = installation.python(
        f"from aftercare.visits.models import Visit\nv = Visit.objects.get(order__number='{number}')\n"
        "from tests.live import until\nuntil(lambda: v.refresh_from_db() or (v.state == 'finished') or None)\nprint(v.paid_by, v.signatures.count())"
    )
    assert told.splitlines()[-1] == "online 2"

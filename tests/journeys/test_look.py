"""Every page as its reader sees it: no violation of WCAG 2.2 AA that axe finds, nothing off the side, at most 150 KB."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cast import PASSWORD, WANG
from tests.look import DESK, FIELD, SIZES, look_at, violations_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PICTURES = os.environ.get("AFTERCARE_PICTURES", "")
SCRIPT = f"""
from datetime import UTC, datetime, timedelta
from aftercare.dispatch.models import Offer
from aftercare.dispatch.services import accept_offer
from aftercare.intake.rules import RequestForm
from aftercare.intake.services import hand_out_link, receive_request
from aftercare.people.models import Staff, Unit
from aftercare.people.selectors import actor_for
from aftercare.visits.services import book_visit
from tests.live import until
who, at = actor_for(Staff.objects.get(number="KF2024001")), datetime.now(UTC)
made = [receive_request(RequestForm(kind="repair", description=text, channels=("phone",), name="{WANG[0]}", phone=f"138000011{{n:02}}",
        address="{WANG[2]}", product_model="KFR-35GW", category="aircon", unit_id=Unit.objects.get(name="云溪店").pk), by=who, at=at)
        for n, text in enumerate(["空调开了半天不出冷风，外机一直嗡嗡响", "插座冒火花，跳闸三次", "遥控器没反应，换了电池也没用" * 12, "空调不制冷，昨天开始每次开机都这样"])]
offer = until(Offer.objects.select_related("order").filter(order__request=made[3], state="offered").first)
zhou = Staff.objects.get(number="GY2024001")
Offer.objects.filter(pk=offer.pk).update(staff=zhou)
offer.refresh_from_db()
accept_offer(offer, by=actor_for(zhou), at=at)
begins = at.replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
book_visit(offer.order, starts_at=begins, ends_at=begins + timedelta(hours=2), by=who, at=at)
print(made[0].number, *(hand_out_link(row, "progress", by=who, at=at) for row in (made[0], made[3])))
"""


@pytest.fixture(scope="module")
def shown(installation):
    number, waiting, booked = installation.python(SCRIPT).splitlines()[-1].split()
    return {"number": number, "waiting": f"/c/{waiting}", "booked": f"/c/{booked}"}


def sign_in(page, installation, reader="KF2024001"):
    page.goto(f"{installation.url}/accounts/login/")
    page.fill("#id_login", reader)
    page.fill("#id_password", PASSWORD)
    page.click("button.btn-primary")
    page.wait_for_url(lambda url: "login" not in url)


def looks():
    """Give who looks, how wide, in which colours and language; what is used on the road also on the smallest phone."""
    sizes = [(1440, "light", "zh-hans"), (390, "dark", "en")]
    return [(reader, *size) for reader in (*DESK, *FIELD, "") for size in sizes] + [
        (reader, 320, "light", "en") for reader in (*FIELD, "")
    ]


@pytest.mark.parametrize(("reader", "width", "theme", "language"), looks())
def test_a_page_can_be_read_by_everybody(browser, installation, shown, reader, width, theme, language):
    context = browser.new_context(viewport={"width": width, "height": SIZES.get(width, 844)}, bypass_csp=True)
    context.add_cookies(
        [
            {"name": n, "value": v, "url": installation.url}
            for n, v in (("language", language), ("theme", theme))
        ]
    )
    page = context.new_page()
    addresses = [
        "/accounts/login/",
        f"/r/{installation.point}",
        f"/r/{installation.point}/help",
        shown["waiting"],
        shown["booked"],
    ]
    if reader:
        sign_in(page, installation, reader)
        addresses = [a.format(**shown) for a in (DESK | FIELD)[reader] if "{order}" not in a]
    bad = []
    for address in addresses:
        name = address.strip("/").replace("/", "-").removeprefix("http:--")[-40:] or "home"
        picture = Path(PICTURES) / f"{name}-{width}-{theme}-{language}.png" if PICTURES else None
        seen = look_at(
            page, address if address.startswith("http") else installation.url + address, picture=picture
        )
        wrong = [*seen.violations, *seen.errors]
        wrong += [f"{seen.kilobytes:.0f} KB"] if seen.kilobytes > 150 else []
        wrong += [f"{seen.off_side} px off the side"] if seen.off_side > 0 else []
        bad += [(seen.address, wrong)] if wrong else []
    context.close()
    assert bad == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_found_can_be_read_and_chosen_by_everybody(browser, installation, shown, theme):
    """The palette is a combobox with its list; without scripts, the same as a page of links."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
    context.add_cookies([{"name": "theme", "value": theme, "url": installation.url}])
    page = context.new_page()
    sign_in(page, installation)
    page.keyboard.press("Control+k")
    page.fill("#palette .in-cmd", "空调")
    page.wait_for_selector("#found [role=option]")
    chosen = page.locator("#found [aria-selected=true]")
    assert chosen.count() == 1
    assert (
        page.get_attribute("#palette .in-cmd", "aria-activedescendant")
        == chosen.get_attribute("id")
        == "found-0"
    )
    page.keyboard.press("ArrowDown")
    assert (
        page.get_attribute("#palette .in-cmd", "aria-activedescendant")
        == chosen.get_attribute("id")
        == "found-1"
    )
    assert violations_of(page) == []
    page.fill("#palette .in-cmd", "没有这样的词")
    page.wait_for_selector("#found[role=status] .empty")
    assert violations_of(page) == []
    context.close()


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-hans"), (390, "en")])
def test_without_scripts_what_is_found_is_a_page(browser, installation, shown, width, language):
    context = browser.new_context(viewport={"width": width, "height": 844}, java_script_enabled=False)
    context.add_cookies([{"name": "language", "value": language, "url": installation.url}])
    page = context.new_page()
    sign_in(page, installation)
    page.goto(f"{installation.url}/search")
    page.fill("main [name=q]", "空调")
    page.click("main .filters button")
    rows = page.locator(".found a.opt")
    assert rows.count() >= 2
    boxes = [rows.nth(n).bounding_box() for n in range(2)]
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"] + 1, "one below the other"
    assert boxes[0]["x"] + boxes[0]["width"] <= width
    rows.first.click()
    page.wait_for_url("**/requests/**")
    context.close()

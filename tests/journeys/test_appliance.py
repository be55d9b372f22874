"""The checklist's example in a real browser: air conditioner, capacitor, out of warranty, quote, signature, survey 4, statistics."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import polib
import pytest

from tests.cast import NOISE, WANG
from tests.look import SIZES

CATALOGUE = Path(__file__).parents[2] / "aftercare" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
LOOKS = [(1440, "light", "zh-hans")]
if os.environ.get("AFTERCARE_LOOKS") == "all":
    LOOKS = list(product(SIZES, ("light", "dark"), ("zh-hans", "en")))
pytestmark = [pytest.mark.browser, pytest.mark.slow]


def wait_for(page, selector: str, *, reload: bool = True):
    """Wait until the worker's reaction shows on the page."""
    for _try in range(240):
        if page.locator(selector).count():
            return page.locator(selector).first
        time.sleep(0.25)
        if reload:
            page.reload()
    raise AssertionError(f"{selector} never came: {page.locator('main').inner_text()[:400]}")


def sign(page, field: str) -> None:
    """Draw a signature; once more where what the server said meanwhile has moved the page under the pen."""
    box, kept = page.locator(f'[data-sign="{field}"] canvas'), page.locator(f'input[name="{field}"]')
    for _try in range(5):
        box.scroll_into_view_if_needed()
        at = box.bounding_box()
        page.mouse.move(at["x"] + 30, at["y"] + 60)
        page.mouse.down()
        for step in range(1, 9):
            page.mouse.move(at["x"] + 30 + 22 * step, at["y"] + 60 + (18 if step % 2 else -18))
        page.mouse.up()
        if kept.input_value():
            return
    raise AssertionError("nothing was drawn")


def words_in(language: str):
    """Give what says a message of the source in a language: its longest piece between what is filled in."""
    chinese = {e.msgid: e.msgstr for e in polib.pofile(str(CATALOGUE)) if not e.msgctxt}

    def words(message: str) -> str:
        text = chinese[message] if language == "zh-hans" else message
        return max(re.split(r"%\(\w+\)s", text), key=len).strip()

    return words


def receive(desk, installation, *, phone: str, name: str, t=words_in("zh-hans")) -> str:
    desk.goto(f"{installation.url}/intake")
    desk.fill("#phone", phone)
    desk.fill("#name", name)
    desk.fill("#address", WANG[2])
    desk.fill("#description", "坏了")
    desk.click(f"text={t('Receive and dispatch')}")
    assert t("“%(word)s” is not a phenomenon") in desk.locator("#p-description").inner_text()
    assert desk.input_value("#name") == name, "nothing typed is lost"
    desk.fill("#description", NOISE)
    desk.wait_for_selector("#judgement .urg[data-u='3']")
    desk.fill("#model", "KFR-35GW")
    desk.fill("#serial", f"HF352001{phone[-5:]}")
    desk.fill("#bought", (datetime.now(UTC).date() - timedelta(days=1200)).isoformat())
    desk.select_option("#unit", label="云溪店")
    desk.click(f"text={t('Receive and dispatch')}")
    desk.wait_for_url(re.compile("/requests/CR"))
    return desk.url.rsplit("/", 1)[-1]


def link_for_now(desk, installation, number, t):
    """Let the desk make the link for what the customer has to decide at present."""
    desk.goto(f"{installation.url}/requests/{number}")
    desk.click(f"text={t('Link for the customer')}")
    return re.search(r"http://\S+/c/\S+", desk.locator(".why-box").first.inner_text())[0]


def decide_by_link(page, desk, installation, number, wanted: str, t) -> None:
    """Open a link for what there is to decide; made anew while the workers have not come so far yet."""
    for _try in range(20):
        page.goto(link_for_now(desk, installation, number, t))
        if page.locator(wanted).count():
            return
        time.sleep(0.5)
    raise AssertionError(f"{wanted} never came: {page.locator('main').inner_text()[:400]}")


@pytest.fixture
def parts(installation):
    """Have one part more in stock: each journey uses one."""
    installation.python(
        "from aftercare.parts.models import Part; from aftercare.parts.services import stock_part\n"
        "from aftercare.people.models import Unit; from aftercare.people.rules import MACHINE\n"
        "stock_part(Part.objects.get(code='cap35'), unit_id=Unit.objects.get(name='云溪店').pk, quantity=1, by=MACHINE)\n"
    )


@pytest.mark.usefixtures("parts")
@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_from_the_call_to_the_months_statistics(page_for, installation, width, theme, language):
    """Agent, engineer, customer and supervisor, each at this width, in this theme and language (`AFTERCARE_LOOKS=all`: in all twelve)."""
    look, t = {"width": width, "theme": theme, "language": language}, words_in(language)
    desk = page_for("KF2024001", **look)
    number = receive(
        desk, installation, phone=f"139000{LOOKS.index((width, theme, language)):02}678", name="赵初见", t=t
    )
    wait_for(desk, "a.fig[href*='/work-orders/WO']")
    desk.fill("textarea[name=text]", "工程师今天上门，保外先报价，您同意后再修")
    desk.click("form.reply button.btn")
    wait_for(desk, f"text={t('told the customer the plan')}", reload=False)
    wait_for(desk, "main:has-text('GY202400')")
    engineer = re.search(r"GY\d{7}", desk.locator("main").inner_text())[0]
    field = page_for(engineer, **look)
    field.goto(f"{installation.url}/today")
    wait_for(field, f"section[aria-label='{t('New')}'] button.btn-primary").click()

    portal = page_for(**look)
    decide_by_link(portal, desk, installation, number, ".slots input", t)
    portal.locator(".slots label").last.click()
    portal.click(f"text={t('Come at this time')}")
    wait_for(portal, f"text={t('%(who)s comes')}")

    field.goto(f"{installation.url}/today")
    wait_for(
        field, "section.card-a a[href^='/today/WO']"
    ).click()  # in the evening the last window is of another day
    field.wait_for_url(re.compile("/today/WO"))
    field.click(f"footer button:has-text('{t('Depart')}')")
    field.click(f"button:has-text('{t('Arrive')}')")
    field.fill("#ca", "启动电容坏了")
    field.click(f"text={t('Save the diagnosis')}")
    assert t("the cause has no measured value") in field.locator(".errbox").inner_text()
    field.fill("#ca", "启动电容实测 12 µF（标称 35 µF），电压 218 V")
    field.click(f"text={t('Save the diagnosis')}")
    field.fill("input[name='part:cap35']", "1")
    field.click(f"text={t('Make the quote')}")
    wait_for(field, ".q.sum:has-text('250.00')", reload=False)

    wait_for(portal, ".bill .sum:has-text('250.00')")
    assert portal.locator(f"button:has-text('{t('I agree, %(y)s yuan')}')").count() == 0, (
        "that link has decided"
    )
    portal.click(f"text={t('Send me a link')}")
    wait_for(portal, f"text={t('A fresh link is on its way to your phone.')}", reload=False)
    decide_by_link(portal, desk, installation, number, f"button:has-text('{t('I agree, %(y)s yuan')}')", t)
    portal.click(f"button:has-text('{t('I agree, %(y)s yuan')}')")
    field.reload()
    field.fill("#so", "更换启动电容，清洗外机")
    field.click(f"button:has-text('{t('Repaired')}')")
    for reading, value in (("ambient", "30"), ("outlet", "16"), ("current", "4.7")):
        field.fill(f"input[name='reading:{reading}']", value)
    field.click(f"text={t('Save the readings')}")
    sign(field, "customer_signature")
    sign(field, "engineer_signature")
    field.click(f"text={t('Both have signed')}")
    wait_for(field, f"text={t('Signed and closed')}", reload=False)

    wait_for(portal, f"text={t('To decide')}")
    decide_by_link(portal, desk, installation, number, ".rate label", t)
    portal.locator(".rate label").nth(3).click()
    portal.fill("textarea[name=opinion]", "来得快，讲得清楚")
    portal.click("form:has(.rate) button.btn-primary")
    wait_for(portal, f"text={t('Thank you')}", reload=False)

    boss = page_for("ZG2024001", **look)
    boss.goto(f"{installation.url}/report")
    rows = boss.locator("table.da").inner_text()
    assert re.search(rf"{t('Mean satisfaction')}\s*4\.00", rows)
    assert re.search(rf"{t('First-time fix rate')}\s*100\.0", rows)
    boss.goto(f"{installation.url}/requests/{number}")
    assert t("Closed") in boss.locator(".road").inner_text()
    boss.click(f"summary:has-text('{t('Forms')}')")
    boss.locator("a:has-text('SA-OS-004')").click()
    assert t("unchanged since both signed") in boss.locator(".tools").inner_text()
    assert "250.00" in boss.locator(".a4").inner_text()
    assert "赵*" in boss.locator(".a4").inner_text()
    assert "赵初见" not in boss.content()


def test_refused_matched_again_moved_and_unhappy(page_for, installation):
    desk = page_for("KF2024001", language="zh-hans")
    number = receive(desk, installation, phone="13700005678", name="钱若谷")
    first = page_for("GY2024001", phone=True)
    first.goto(f"{installation.url}/today")
    card = wait_for(first, "section[aria-label='新派']")
    card.locator("summary").click()
    card.locator("input[value=time]").check()
    card.locator("text=拒单，交给别人").click()

    second = page_for("GY2024002", phone=True)
    second.goto(f"{installation.url}/today")
    wait_for(second, "section[aria-label='新派'] button.btn-primary").click()

    desk.goto(f"{installation.url}/requests/{number}")
    wait_for(desk, "text=接单")
    assert "拒单" in desk.locator(".tl").inner_text()
    wait_for(desk, "text=时段已发给客户")
    order = desk.locator("a.fig[href*='/work-orders/WO']").first.inner_text()
    desk.goto(f"{installation.url}/work-orders/{order}")
    desk.click("text=按电话约定订下")
    wait_for(desk, "summary:has-text('改期或取消')", reload=False).click()
    desk.locator("details[open] .pick label").last.click()
    desk.locator("details[open] input[name=because]").fill("客户晚上才在家")
    desk.locator("details[open] button:has-text('改期')").first.click()
    wait_for(desk, "text=预约改期")

    second.goto(f"{installation.url}/today/{order}")
    second.click("footer button:has-text('出发')")
    second.click("button:has-text('到达')")
    second.fill("#ca", "外机固定螺栓松动，间隙 4 mm")
    second.click("text=保存诊断")
    second.click("text=生成报价")
    sign(second, "signature")
    second.click("button:has-text('客户同意')")
    second.fill("#so", "紧固螺栓，加减震垫")
    second.click("button:has-text('修好了')")
    for reading, value in (("ambient", "30"), ("outlet", "17"), ("current", "5.1")):
        second.fill(f"input[name='reading:{reading}']", value)
    second.click("text=保存读数")
    sign(second, "customer_signature")
    sign(second, "engineer_signature")
    second.click("text=双方已签字")
    wait_for(second, "text=已签字，已完工", reload=False)

    desk.goto(f"{installation.url}/follow-up")
    wait_for(desk, "form textarea[name=opinion]")
    desk.locator("label:has(input[name=overall][value='2'])").click()
    desk.fill("textarea[name=opinion]", "等了三天没人说一声")
    desk.locator("label:has(input[name=complaint][value=slow])").click()
    desk.click("form button.btn-primary")
    supervisor = page_for("ZG2024001")
    supervisor.goto(f"{installation.url}/follow-up")
    wait_for(supervisor, "button:has-text('接手')").click()
    supervisor.click("text=致歉并给方案")
    supervisor.fill("textarea[name=solution]", "已致电致歉，明天免费复检")
    supervisor.locator("details[open] button").click()
    supervisor.click("text=客户认可，关闭")
    supervisor.goto(f"{installation.url}/requests/{number}")
    story = supervisor.locator(".tl").inner_text()
    assert all(words in story for words in ("低分，启动补救", "接手补救", "给出方案", "补救关闭"))


def test_a_qr_code_report_takes_few_steps_on_a_phone(page_for, installation):
    phone = page_for(phone=True)
    started = time.monotonic()
    phone.goto(f"{installation.url}/r/{installation.point}")
    phone.fill("textarea[name=description]", "冰箱不停机，门缝能看到光，侧面很烫")
    phone.fill("#phone", "13600001234")
    phone.fill("#name", "孙晚晴")
    phone.click("text=报修")
    phone.wait_for_selector("text=收到了")
    assert re.search(r"CR\d{8}-\d{3}", phone.content())
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("phone", [False, True])
def test_no_page_scrolls_sideways(page_for, installation, language, phone):
    page = page_for("ZG2024001", phone=phone, language=language)
    for address in (
        "/",
        "/intake",
        "/requests",
        "/work-orders",
        "/dispatch",
        "/dispatch/day",
        "/board",
        "/board/late",
        "/readings",
        "/papers",
        "/defects",
        "/reviews",
        "/knowledge",
        "/knowledge/new",
        "/knowledge/import",
        "/follow-up",
        "/report",
        "/people",
        "/policy",
        "/import",
    ):
        page.goto(f"{installation.url}{address}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        assert page.locator("main").count() == 1

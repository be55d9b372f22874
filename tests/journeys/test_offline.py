"""The field app in a basement: the server gone in the middle of a visit, the phone restarted, everything sent an hour later."""

from __future__ import annotations

import io
import json
import re
import shutil
import time
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from tests.cast import PASSWORD

from .conftest import ARGS
from .test_appliance import sign, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.slow]

IN_HAND = """
from datetime import datetime, timedelta, UTC
from aftercare.dispatch.models import Offer
from aftercare.dispatch.services import accept_offer
from aftercare.intake.models import Request
from aftercare.intake.rules import RequestForm
from aftercare.intake.services import receive_request
from aftercare.people.models import Staff, Unit
from aftercare.people.selectors import actor_for
from tests.live import until
now = datetime.now(UTC)
li, zhou = (Staff.objects.get(number=number) for number in ("KF2024001", "GY2024001"))
form = RequestForm(kind="repair", description="空调开了半天不出冷风，外机一直嗡嗡响", channels=("phone",), name="{name}", phone="{phone}",
                   category="aircon", product_model="KFR-35GW", unit_id=Unit.objects.get(name="云溪店").pk, lat=30.29, lon=120.16)
request = receive_request(form, by=actor_for(li), at=now)
offers = Offer.objects.select_related("order").filter(order__request=request, state="offered")
offer = until(offers.first)
offers.update(staff=zhou)
offer.refresh_from_db()
accept_offer(offer, by=actor_for(zhou), at=now)
order = offer.order
Request.objects.filter(pk=request.pk).update(received_at=now - timedelta(hours=2))
print(order.number)
"""
TAKE_BACK = """
from datetime import datetime, UTC
from aftercare.dispatch.services import take_back_order
from aftercare.people.models import Staff
from aftercare.people.selectors import actor_for
from aftercare.workorders.models import WorkOrder
take_back_order(WorkOrder.objects.get(number="{number}"), by=actor_for(Staff.objects.get(number="PD2024001")), at=datetime.now(UTC), because="以为没人去")
"""
STORY = """
import json
from aftercare.ledger.models import Fact
from aftercare.sla.models import Clock
from aftercare.visits.models import Visit
visit = Visit.objects.prefetch_related("photos", "signatures").get(order__number="{number}")
sign = Clock.objects.get(order_id=visit.order_id, code="sign")
print(json.dumps(dict(state=visit.state, order=visit.order.state, solution=visit.solution, fen=visit.quote_fen, checklist=visit.checklist,
    departed=visit.departed_at.timestamp(), arrived=visit.arrived_at.timestamp(), tested=visit.tested_at.timestamp(), finished=visit.finished_at.timestamp(),
    photos=visit.photos.count(), photo_step=visit.photos.first().step, signatures=visit.signatures.count(), clock=sign.state, breached=str(sign.breached_at),
    facts=sorted(Fact.objects.filter(order_id=visit.order_id, subject_kind="visit").values_list("name", flat=True)))))
"""


@pytest.fixture
def phone_for(installation, tmp_path):
    """Give a function that switches the engineer's phone on: the same one each time, so that what it keeps is kept."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("no Chromium here: apt-get install chromium")
    if installation.process.poll() is not None:  # a test before this one failed while it was off
        installation.start()
    with sync_playwright() as player:
        running = []

        def switch_on(number="GY2024001"):
            context = player.chromium.launch_persistent_context(
                tmp_path / number, executable_path=chromium, args=ARGS, viewport={"width": 390, "height": 844}, has_touch=True,
                locale="zh-CN",
            )  # fmt: skip
            context.set_default_timeout(15000)
            running.append(context)
            return context.pages[0] if context.pages else context.new_page()

        yield switch_on
        for context in running:
            context.close()


def sign_in(page, installation, number="GY2024001"):
    page.goto(f"{installation.url}/accounts/login/?next=/today")
    page.fill("#id_login", number)
    page.fill("#id_password", PASSWORD)
    page.click("button.btn-primary")
    page.wait_for_selector("[data-staff]")


def at(page, instant):
    """Set the phone's clock."""
    page.clock.set_fixed_time(instant)


def jpeg():
    out = io.BytesIO()
    Image.effect_noise((2000, 1500), 90).convert("RGB").save(out, "JPEG", quality=92)
    return {"name": "capacitor.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


DRAFT = "(name) => phoneStore.draft(document.querySelector('[data-staff]').dataset.staff, name)"
ALL_SENT = """async () => {
  const rows = await phoneStore.rows(document.querySelector("[data-staff]").dataset.staff);
  return rows.every((row) => row.state === "sent");
}"""
EVERYTHING = """async () => {
  const db = await new Promise((done) => { const ask = indexedDB.open("aftercare-field"); ask.onsuccess = () => done(ask.result); });
  const read = (name) => new Promise((done) => { const ask = db.transaction(name).objectStore(name).getAll(); ask.onsuccess = () => done(ask.result); });
  const found = {};
  for (const name of db.objectStoreNames) {
    const rows = await read(name);
    found[name] = rows.length;
    found.text = (found.text || "") + rows.map((row) => JSON.stringify(row) + (row.box ? new TextDecoder().decode(row.box) : "") + (row.sealed ? new TextDecoder().decode(row.sealed.box) : "")).join();
    if (name === "keys" && rows.length) { found.readable = await crypto.subtle.exportKey("raw", rows[0].key).then(() => true, () => false); }
  }
  return found;
}"""


ON_THE_WAY = """
from aftercare.visits.services import depart
from aftercare.workorders.models import WorkOrder
depart(WorkOrder.objects.select_related("request").get(pk=order.pk), by=actor_for(zhou), at=now)
"""
TOLD = """
from aftercare.ledger.models import Fact
print([fact.values["minutes"] for fact in Fact.objects.filter(name="work_order.late").order_by("id")])
"""


def test_a_delay_is_told_in_one_tap_and_seen_to_be_told(installation, phone_for):
    installation.python(IN_HAND.format(name="郑小满", phone="13900000082") + ON_THE_WAY)
    page = phone_for()
    sign_in(page, installation)
    page.wait_for_selector("html[data-field=kept]")
    page.click(".next .late button[value='20']")
    page.wait_for_selector(".next .told:has-text('晚到约 20 分钟')")
    page.click(".next .late button[value='20']")  # again, by mistake
    page.wait_for_selector("#out", state="hidden")
    page.click(".next .late button[value='30']")
    page.wait_for_selector(".next .told:has-text('晚到约 30 分钟')")
    assert installation.python(TOLD).splitlines()[-1] == "[20, 30]"


QUOTED = """
from aftercare.visits.services import arrive, depart, diagnose, give_consent, quote_visit
from aftercare.demo.signature import SIGNATURE
from aftercare.workorders.models import WorkOrder
by = actor_for(zhou)
visit = depart(WorkOrder.objects.select_related("request").get(pk=order.pk), by=by, at=now)
arrive(visit, by=by, at=now)
diagnose(visit, phenomenon="不出冷风", cause="启动电容实测 12 µF（标称 35 µF）", by=by, at=now)
total = quote_visit(visit, parts=[("cap35", 2)], services=[("外机深度清洗", 5000)], by=by, at=now)
give_consent(visit, amount_fen=total, channel="glass", signature=SIGNATURE, by=by, at=now)
print(order.number)
"""
AGREED = """
from aftercare.visits.models import Visit
visit = Visit.objects.get(order__number="{number}")
print(visit.state, visit.quote_fen, [(line.name, line.quantity) for line in visit.lines.order_by("id")], visit.consents.count())
"""


def test_a_quote_is_changed_at_the_door_and_agreed_to_anew_without_a_network(installation, phone_for):
    """The customer had agreed to two pieces and a cleaning; at the door it becomes one piece."""
    number = installation.python(IN_HAND.format(name="孔雨晴", phone="13900000083") + QUOTED).splitlines()[-1]
    page = phone_for()
    sign_in(page, installation)
    page.wait_for_selector("html[data-field=kept]")
    installation.stop()
    page.goto(f"{installation.url}/today/{number}")
    page.wait_for_selector("#out:has-text('离线')")
    page.wait_for_selector("#f-repair:visible")
    page.click("summary:has-text('改报价')")
    assert page.input_value("input[name='part:cap35']") == "2", "it begins with what was quoted"
    assert (page.input_value("#sv"), page.input_value("[name=service_price]")) == ("外机深度清洗", "50.00")
    page.fill("input[name='part:cap35']", "1")
    page.fill("#sv", "")
    page.click("text=重新报价")
    page.wait_for_selector("#f-consent:visible")
    page.wait_for_selector(".q.sum:has-text('250.00')")
    assert page.locator("#f-repair").is_hidden(), "nothing is repaired without the customer's word"
    sign(page, "signature")
    page.click("footer button:has-text('客户同意 250.00')")
    page.wait_for_selector("#f-repair:visible")
    installation.start()
    page.reload()
    page.wait_for_selector("html[data-field]")
    page.wait_for_function(ALL_SENT)
    assert (
        installation.python(AGREED.format(number=number)).splitlines()[-1]
        == "agreed 25000 [('启动电容', 1), ('上门费', 1)] 2"
    )


def test_a_visit_without_a_network_survives_a_restart_and_arrives_whole(installation, phone_for):
    number = installation.python(IN_HAND.format(name="钱望舒", phone="13900000081")).splitlines()[-1]
    page = phone_for()
    sign_in(page, installation)
    page.wait_for_selector("html[data-field=kept]")
    began = datetime.now(UTC) - timedelta(minutes=70)
    installation.stop()

    page.goto(f"{installation.url}/today/{number}")
    page.wait_for_selector("#out:has-text('离线')")
    at(page, began)
    assert "13900000081" in page.inner_text("[data-contact]"), "whom to call is on the phone"
    page.check("input[value=tools]")
    page.click("text=客户在等：直接出发")
    page.wait_for_selector("#out:has-text('1 项待传')")
    at(page, began + timedelta(minutes=10))
    page.check("input[value=badge]")
    page.click("button:has-text('到达')")
    page.fill("#ca", "启动电容坏了")
    page.click("text=保存诊断")
    assert "实测" in page.inner_text("#complaint"), "what can be told on the phone is told there"
    at(page, began + timedelta(minutes=20))
    page.fill("#ca", "启动电容实测 12 µF（标称 35 µF）")
    page.click("text=保存诊断")
    page.set_input_files("#photo", jpeg())
    page.wait_for_selector(".photos img[data-local]")
    page.fill("input[name='part:cap35']", "1")
    page.click("text=生成报价")
    page.wait_for_selector(".q.sum:has-text('250.00')")
    sign(page, "signature")
    page.click("button:has-text('客户同意')")
    page.fill("#so", "更换启动电容，")
    deadline = time.monotonic() + 10
    while not page.evaluate(DRAFT, f"{number}/repair") and time.monotonic() < deadline:
        time.sleep(0.1)
    kept = page.evaluate(EVERYTHING)
    assert kept["outbox"] == 6 and kept["pages"] >= 2 and kept["readable"] is False
    assert not any(words in kept["text"] for words in ("空调开了半天", "启动电容", "钱*", "13900000081")), (
        "nothing lies there in clear"
    )
    page.context.close()

    page = phone_for()
    page.goto(f"{installation.url}/today")
    page.wait_for_selector(f"[data-about='{number}'] [data-mark]:has-text('待传')")
    page.click(f"a[href='/today/{number}']")
    page.wait_for_url(f"**/today/{number}")
    page.wait_for_selector("html[data-field]")
    page.wait_for_selector("#out:has-text('6 项待传')")
    assert page.input_value("#so") == "更换启动电容，", "the half-written text is there after the restart"
    at(page, began + timedelta(minutes=40))
    page.fill("#so", "更换启动电容，清洗外机")
    page.click("button:has-text('修好了')")
    for reading, value in (("ambient", "30"), ("outlet", "25"), ("current", "4.7")):
        page.fill(f"input[name='reading:{reading}']", value)
    page.click("text=保存读数")
    assert "不达标" in page.inner_text("#complaint")
    page.fill("input[name='reading:outlet']", "16")
    page.click("text=保存读数")
    page.wait_for_selector("[data-sign=customer_signature]:visible")
    at(page, began + timedelta(minutes=45))
    sign(page, "customer_signature")
    sign(page, "engineer_signature")
    page.click("text=双方已签字")
    page.wait_for_selector("text=已签字，已完工")
    page.click("#out")
    assert page.locator("#outbox li").count() == 9
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.context.close()

    installation.start()
    page = phone_for()
    page.goto(f"{installation.url}/today/{number}")
    wait_for(page, "a.fig:has-text('SA-OS-004')")
    story = json.loads(installation.python(STORY.format(number=number)).splitlines()[-1])
    assert (story["state"], story["order"], story["fen"]) == ("finished", "completed", 25000)
    assert story["solution"] == "更换启动电容，清洗外机"
    assert (story["photos"], story["photo_step"], story["signatures"]) == (1, "diagnosed", 2)
    assert {"tools", "badge"} <= set(story["checklist"])
    for name, minute in (("departed", 0), ("arrived", 10), ("tested", 40), ("finished", 45)):
        assert abs(story[name] - (began + timedelta(minutes=minute)).timestamp()) < 30, name
    assert (story["clock"], story["breached"]) == ("met", "None"), (
        "signed five minutes after the test, not an hour"
    )
    assert len(story["facts"]) == len(set(story["facts"])) == 9
    page.wait_for_selector("#out", state="hidden")
    page.click("text=给客户看服务档案")
    page.wait_for_selector("img.qr")


HOLD_THE_NEXT_PAGE = """() => {
  const real = self.fetch;
  let held = 0;
  self.fetch = async function (address, options) {
    const answer = await real(address, options);
    if (address === location.pathname && !held++) { document.documentElement.dataset.held = "1"; await new Promise((done) => { self.release = done; }); }
    return answer;
  };
}"""


def test_a_page_that_comes_late_takes_nothing_back(installation, phone_for):
    number = installation.python(IN_HAND.format(name="林秋水", phone="13900000084")).splitlines()[-1]
    page = phone_for()
    sign_in(page, installation)
    page.goto(f"{installation.url}/today/{number}")
    page.wait_for_selector("html[data-field=kept]")
    page.click("text=客户在等：直接出发")
    page.click("button:has-text('到达')")
    page.wait_for_selector("[data-staff][data-stage=on_site]")
    page.evaluate(HOLD_THE_NEXT_PAGE)
    page.fill("#ca", "外机固定螺栓松动，间隙 4 mm")
    page.click("text=保存诊断")
    page.wait_for_selector("html[data-held]")
    page.click("text=生成报价")
    page.wait_for_selector("[data-staff][data-stage=quoted]")
    amount = page.input_value("[data-amount]")
    assert int(amount) > 0
    page.evaluate("release()")
    page.wait_for_timeout(500)
    assert page.input_value("[data-amount]") == amount, "the page of before the quote came after it"
    sign(page, "signature")
    page.click("button:has-text('客户同意')")
    page.fill("#so", "紧固螺栓，加减震垫")
    page.wait_for_selector("button:has-text('修好了')")
    page.wait_for_selector("#out", state="hidden")


def test_what_was_done_on_an_order_that_had_gone_is_kept_explained_and_given_back(installation, phone_for):
    number = installation.python(IN_HAND.format(name="孙晚晴", phone="13900000082")).splitlines()[-1]
    page = phone_for()
    sign_in(page, installation)
    page.goto(f"{installation.url}/today/{number}")
    page.wait_for_selector("html[data-field]")
    page.context.set_offline(True)
    page.click("text=客户在等：直接出发")
    page.click("button:has-text('到达')")
    page.wait_for_selector("#out:has-text('2 项待传')")
    installation.python(TAKE_BACK.format(number=number))
    page.context.set_offline(False)
    page.goto(f"{installation.url}/today")
    page.wait_for_selector("#out[data-s=wrong]")
    page.click("#out")
    assert "已不在您手里" in page.inner_text("#outbox")

    desk = phone_for("PD2024001")
    desk.set_viewport_size({"width": 1440, "height": 900})
    desk.goto(f"{installation.url}/accounts/login/")
    desk.fill("#id_login", "PD2024001")
    desk.fill("#id_password", PASSWORD)
    desk.click("button.btn-primary")
    desk.wait_for_url(lambda url: "login" not in url)
    desk.goto(f"{installation.url}/dispatch")
    row = desk.locator(f".qrow:has-text('{number}')", has_text="做的人")
    assert "到达" in row.inner_text()
    row.locator("summary").click()
    row.locator("input[name=because]").fill("周工已经在现场")
    row.locator("button[value=adopt]").click()
    desk.wait_for_url(re.compile("/dispatch"))
    told = installation.python(
        f"from aftercare.visits.models import Visit\nv = Visit.objects.get(order__number='{number}')\nprint(v.state, v.engineer.number)"
    )
    assert told.splitlines()[-1] == "on_site GY2024001"


def test_signing_out_asks_for_what_is_not_sent_and_wipes_the_phone(installation, phone_for):
    number = installation.python(IN_HAND.format(name="吴若谷", phone="13900000083")).splitlines()[-1]
    page = phone_for("GY2024001")
    sign_in(page, installation)
    page.wait_for_selector("html[data-field=kept]")
    page.goto(f"{installation.url}/today/{number}")
    page.wait_for_selector("html[data-field]")
    page.context.set_offline(True)
    page.click("text=客户在等：直接出发")
    page.wait_for_selector("#out:has-text('待传')")
    page.goto(f"{installation.url}/today")
    page.wait_for_selector("html[data-field]")
    page.click("form[data-signout] button")
    page.wait_for_selector("dialog#unsent[open]:has-text('1')")
    page.click("dialog#unsent [data-close]")
    assert page.evaluate(EVERYTHING)["outbox"] == 1
    page.context.set_offline(False)
    page.wait_for_selector("#out", state="hidden")
    page.click("form[data-signout] button")
    page.wait_for_url(re.compile("/accounts/login"))
    kept = page.evaluate(EVERYTHING)
    assert [kept[name] for name in ("pages", "drafts", "outbox", "keys")] == [0, 0, 0, 0]
    page.goto(f"{installation.url}/today")
    assert "login" in page.url


def test_what_was_still_on_its_way_is_not_kept_after_signing_out(installation, phone_for):
    page = phone_for("GY2024001")
    sign_in(page, installation)
    page.wait_for_selector("html[data-field=kept]")
    late = page.evaluate("""async () => {
      const html = document.documentElement.outerHTML, staff = document.querySelector("[data-staff]").dataset.staff;
      await phoneStore.wipe();
      const keeping = [phoneStore.keepPage("/today", html, ""), phoneStore.saveDraft(staff, "contact", {phone: "1"}, Date.now() + 9e6)];
      return Promise.all(keeping.map((one) => one.then(() => "kept", (error) => error.message)));
    }""")
    assert late == ["signed-out", "signed-out"]
    kept = page.evaluate(EVERYTHING)
    assert [kept[name] for name in ("pages", "drafts", "outbox", "keys")] == [0, 0, 0, 0]


def test_pages_that_are_being_kept_while_the_phone_is_wiped_are_wiped_or_let_go(installation, phone_for):
    page = phone_for("GY2024001")
    sign_in(page, installation)
    page.wait_for_selector("html[data-field=kept]")
    left = page.evaluate("""async () => {
      const html = document.documentElement.outerHTML, staff = document.querySelector("[data-staff]").dataset.staff, until = Date.now() + 9e6;
      const count = () => new Promise((done) => { const ask = indexedDB.open("aftercare-field"); ask.onsuccess = () => {
        const all = ask.result.transaction("pages").objectStore("pages").count(); all.onsuccess = () => done(all.result); }; });
      const left = [];
      for (let n = 0; n < 8; n++) {
        await phoneStore.openFor(staff, until);
        const keeping = Array.from({ length: 30 }, (_none, i) => phoneStore.keepPage("/today/" + i, html, "").catch(() => {}));
        await new Promise((done) => setTimeout(done, n * 2));
        await Promise.all([phoneStore.wipe(), ...keeping]);
        left.push(await count());
      }
      return left;
    }""")
    assert left == [0] * 8


def test_the_pages_can_be_installed(installation, phone_for):
    page = phone_for()
    sign_in(page, installation)
    page.wait_for_selector("html[data-field]")
    manifest = page.evaluate("fetch(document.querySelector('link[rel=manifest]').href).then((a) => a.json())")
    assert manifest["start_url"] == manifest["scope"] == "/today" and manifest["display"] == "standalone"
    for icon in manifest["icons"]:
        assert page.evaluate("(src) => fetch(src).then((a) => a.status)", icon["src"]) == 200
    cdp = page.context.new_cdp_session(page)
    errors = cdp.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [e["errorId"] for e in errors if e["errorId"] != "in-incognito"] == []
    for width, height in ((820, 1180), (360, 640)):
        page.set_viewport_size({"width": width, "height": height})
        for address in page.eval_on_selector_all('a[href^="/today/WO"]', "all => all.map((a) => a.href)")[
            :1
        ] or [page.url]:
            page.goto(address)
            page.wait_for_selector("html[data-field]")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (width, address)

"""An agent's hands on the desk: palette, rows by keyboard, hand-over and back, texts and colleagues while writing, views."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MATTER = "空调开了半天不出冷风，外机一直嗡嗡响，重启过"


def receive(desk, url: str, phone: str) -> str:
    desk.goto(f"{url}/intake")
    for field, value in (
        ("phone", phone),
        ("name", "孙立"),
        ("address", "南屿市澄湖区槐荫街18号"),
        ("description", MATTER),
        ("model", "KFR-35GW"),
    ):
        desk.fill(f"#{field}", value)
    desk.select_option("#unit", label="云溪店")
    desk.press("#description", "Control+Enter")
    desk.wait_for_url(re.compile("/requests/CR"))
    return desk.url.rsplit("/", 1)[-1]


def test_a_phone_request_is_taken_in_under_45_seconds_of_the_machines_share(page_for, installation):
    """The agent types; what the machine adds (loading, judging, storing) stays far below the 45 seconds of the aim."""
    desk = page_for("KF2024001")
    began = time.monotonic()
    receive(desk, installation.url, "13900007001")
    assert time.monotonic() - began < 20


def test_the_palette_goes_anywhere_without_a_mouse(page_for, installation):
    desk = page_for("ZG2024001")
    number = receive(desk, installation.url, "13900007002")
    desk.goto(f"{installation.url}/requests")
    desk.keyboard.press("Control+k")
    desk.keyboard.type("mdd")
    desk.wait_for_selector("#palette a[href='/board/stores']")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/board/stores")
    desk.keyboard.press("Control+k")
    desk.keyboard.type(number)
    desk.wait_for_selector(f"#palette a[href='/requests/{number}']")
    desk.keyboard.press("Enter")
    desk.wait_for_url(f"**/requests/{number}")


def test_who_types_on_quickly_goes_where_they_mean(page_for, installation):
    """Enter waits for the list of what was typed, and an answer that comes late is left out."""
    desk = page_for("ZG2024001")
    desk.goto(f"{installation.url}/requests")
    desk.evaluate("""() => {
      const really = window.fetch;
      window.fetch = (url, how) => new Promise((then) => setTimeout(then, /q=$/.test(String(how && how.body)) ? 700 : 300)).then(() => really(url, how));
    }""")
    desk.keyboard.press("Control+k")
    desk.wait_for_timeout(200)  # the list of nothing typed is asked for, and comes after that of "mdd"
    desk.keyboard.type("mdd")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/board/stores")


def test_a_dialog_keeps_keyboard_and_pointer_and_gives_the_focus_back(page_for, installation):
    desk = page_for("ZG2024001")
    desk.goto(f"{installation.url}/requests")
    desk.focus("select[name=kind]")
    desk.keyboard.press("Control+k")
    desk.wait_for_selector("#palette[open]")
    for back in (False, True):
        for _stop in range(5):
            desk.keyboard.press("Shift+Tab" if back else "Tab")
            assert desk.evaluate("document.activeElement.closest('dialog') !== null")
    desk.keyboard.press("Escape")
    assert desk.locator("dialog[open]").count() == 0
    assert desk.evaluate("document.activeElement.name") == "kind"
    desk.evaluate("document.activeElement.blur()")
    desk.keyboard.press("?")
    desk.wait_for_selector("#keys[open]")
    desk.mouse.click(700, 880)
    assert desk.locator("dialog[open]").count() == 0
    assert desk.url.endswith("/requests"), "a click beside it closes it and does nothing else"


def test_who_goes_elsewhere_as_a_dialog_closes_is_not_called_back(page_for, installation):
    desk = page_for("ZG2024001")
    desk.goto(f"{installation.url}/requests")
    desk.focus("select[name=kind]")
    desk.keyboard.press("Control+k")
    desk.wait_for_selector("#palette[open]")
    stays = desk.evaluate("""() => {
      const escape = new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true });
      document.activeElement.dispatchEvent(escape);
      document.activeElement.blur();
      return new Promise((then) => setTimeout(() => then(document.activeElement === document.body), 200));
    }""")
    assert stays
    desk.keyboard.press("?")
    desk.wait_for_selector("#keys[open]")


def test_rows_are_chosen_by_keyboard_handed_over_and_taken_back(page_for, installation):
    desk = page_for("KF2024001")
    numbers = [receive(desk, installation.url, f"1390000701{n}") for n in range(2)]
    desk.goto(f"{installation.url}/requests?owner=me")
    desk.keyboard.press("j")
    desk.keyboard.press("x")
    desk.keyboard.press("j")
    desk.keyboard.press("x")
    assert desk.locator("[data-picked] b").inner_text() == "已选 2 件"
    desk.fill("#to", "ZG2024001")
    desk.click("text=查看移交结果")
    assert desk.locator("h1.t-title").inner_text().startswith("2 件移交给")
    desk.click("button:has-text('移交 2 件')")
    desk.wait_for_url(re.compile(r"/requests\?"))
    assert not any(number in desk.locator("table").inner_text() for number in numbers)
    desk.locator(".toast-a button").click()
    desk.wait_for_selector(f"td:has-text('{numbers[0]}')")


def test_a_text_and_a_colleague_are_put_in_while_writing(page_for, installation):
    desk = page_for("KF2024001")
    number = receive(desk, installation.url, "13900007031")
    desk.goto(f"{installation.url}/texts")
    desk.fill("#t-title", "稍等")
    desk.fill("#t-text", "请稍等，编号 {number} 正在安排")
    desk.select_option("#t-as", "out")
    desk.click("button:has-text('保存常用语')")
    desk.goto(f"{installation.url}/requests/{number}")
    area = desk.locator("form.reply textarea")
    area.click()
    desk.keyboard.type("/稍")
    desk.wait_for_selector(".pick-t .opt[aria-selected='true']")
    desk.keyboard.press("Enter")
    assert area.input_value() == f"请稍等，编号 {number} 正在安排"
    area.fill("")
    desk.keyboard.type("@")
    desk.wait_for_selector(".pick-t .opt:has-text('DZ2024001')")
    desk.keyboard.type("ZG2")
    desk.keyboard.press(
        "Tab"
    )  # sooner than the list can follow: who is meant, not who stands first in the old one
    expect(area).to_have_value("@ZG2024001 ")
    assert desk.locator("input[name='as'][value='internal']").is_checked()
    desk.keyboard.type("请看一下")
    desk.keyboard.press("Control+Enter")
    desk.wait_for_selector(".note:has-text('请看一下')")
    desk.keyboard.press("w")
    desk.wait_for_selector("text=已关注")


def test_a_view_is_kept_and_opened_by_its_address(page_for, installation):
    desk = page_for("ZG2024001")
    desk.goto(f"{installation.url}/requests")
    desk.select_option("select[name=urgency]", "critical")
    desk.wait_for_url(re.compile("urgency=critical"))
    desk.keyboard.press("v")
    desk.fill("#view-name", "特急")
    desk.check("input[name=columns][value=owner]")
    desk.click("text=保存视图")
    desk.wait_for_url(re.compile(r"\?view=\d+"))
    assert desk.locator("h1").inner_text() == "特急"
    assert desk.locator("th:has-text('首问负责')").count() == 1
    address = desk.url
    other = page_for("KF2024001")
    assert other.request.get(address).status == 404, "a view of one's own is nobody else's"


def test_hints_are_there_until_switched_off_and_come_back(page_for, installation):
    desk = page_for("KF2024001")
    desk.goto(f"{installation.url}/")
    hint = desk.locator("[data-hint]")
    assert hint.is_visible()
    desk.click("text=不再提示")
    desk.goto(f"{installation.url}/requests")
    assert not desk.locator("[data-hint]").is_visible()
    desk.keyboard.press("?")
    desk.click("text=重新显示提示")
    assert desk.locator("[data-hint]").is_visible()
    desk.click("text=知道了")
    desk.reload()
    assert not desk.locator("[data-hint]").is_visible()
